//! What is done with folders that are there.

use super::{Context, answer};
use crate::zimbra::element::Element;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::state::Grant;

/// One action on one folder or on several.
pub(super) fn act(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let action = request.find("action").ok_or_else(|| Refusal::invalid("missing required element: action"))?;
    let need = |name: &str| {
        action.value(name).ok_or_else(|| Refusal::invalid(format_args!("missing required attribute: {name}")))
    };
    let (ids, op) = (need("id")?, need("op")?);
    for id in ids.split(',') {
        let id = context.mailbox()?.folder_by(id)?;
        one(context, id, &op, action)?;
    }
    Ok(answer().child(Element::single("action").set("id", ids).set("op", op)))
}

fn one(context: &mut Context<'_>, id: i64, op: &str, action: &Element) -> Result<(), Refusal> {
    let need = |name: &str| {
        action.value(name).ok_or_else(|| Refusal::invalid(format_args!("missing required attribute: {name}")))
    };
    let target = context.target()?;
    if matches!(op, "grant" | "!grant") {
        return grant(context, id, op, action);
    }
    let mailbox = &mut context.world.mailboxes[target];
    let (parent, name) = (mailbox.folder(id)?.parent, mailbox.folder(id)?.name.clone());
    match op {
        "delete" => mailbox.delete_folder(id),
        "trash" => mailbox.move_folder(id, 3, &name),
        "empty" => {
            mailbox.empty_folder(id);
            if action.flag("recursive") {
                let below: Vec<i64> = mailbox.children(id).map(|folder| folder.id).collect();
                return below.into_iter().try_for_each(|below| mailbox.delete_folder(below));
            }
            Ok(())
        }
        "rename" => {
            let to = action.value("l").map(|l| mailbox.folder_by(&l)).transpose()?.unwrap_or(parent);
            mailbox.move_folder(id, to, &need("name")?)
        }
        "move" => {
            let to = mailbox.folder_by(&need("l")?)?;
            mailbox.move_folder(id, to, &name)
        }
        "color" | "update" | "check" | "!check" | "url" | "fb" | "read" => {
            let to = action.value("l").map(|l| mailbox.folder_by(&l)).transpose()?;
            if op == "update" && (action.value("name").is_some() || to.is_some()) {
                mailbox.move_folder(id, to.unwrap_or(parent), &action.value("name").unwrap_or(name))?;
            }
            if op == "read" {
                let items: Vec<i64> =
                    mailbox.items.values().filter(|item| item.folder == id).map(|item| item.id).collect();
                items.into_iter().for_each(|item| mailbox.touch(item, |item| item.flag('u', false)));
            }
            mailbox.change_folder(id, |folder| {
                let set = |flags: &str, letter: char, on: bool| {
                    let without: String = flags.chars().filter(|other| *other != letter).collect();
                    if on { format!("{without}{letter}") } else { without }
                };
                match op {
                    "check" => folder.flags = set(&folder.flags, '#', true),
                    "!check" => folder.flags = set(&folder.flags, '#', false),
                    "fb" => folder.flags = set(&folder.flags, 'b', action.flag("excludeFreeBusy")),
                    _ => {}
                }
                folder.color = action.number("color").unwrap_or(folder.color);
                folder.rgb = action.value("rgb").or(folder.rgb.take());
                folder.url = action.value("url").or(folder.url.take());
                folder.flags = action.value("f").unwrap_or(std::mem::take(&mut folder.flags));
                folder.view = action.value("view").unwrap_or(std::mem::take(&mut folder.view));
            });
            Ok(())
        }
        _ => Err(Refusal::invalid(format_args!("unknown operation: {op}"))),
    }
}

fn grant(context: &mut Context<'_>, id: i64, op: &str, action: &Element) -> Result<(), Refusal> {
    let target = context.target()?;
    if op == "!grant" {
        let zid = action.value("zid").ok_or_else(|| Refusal::invalid("missing required attribute: zid"))?;
        context.world.mailboxes[target].change_folder(id, |folder| folder.grants.retain(|grant| grant.zid != zid));
        return Ok(());
    }
    let wanted = action.find("grant").ok_or_else(|| Refusal::invalid("missing required element: grant"))?;
    let text = |name: &str| wanted.value(name).unwrap_or_default();
    let (kind, name) = (text("gt"), text("d"));
    let zid = match kind.as_str() {
        "usr" => {
            let number = context.world.account(&name).or_else(|| context.world.account(&text("zid")));
            let words = format!("no such account: {name}");
            let number = number.ok_or_else(|| Refusal::new("account.NO_SUCH_ACCOUNT", words))?;
            context.world.accounts[number].id.clone()
        }
        _ => text("zid"),
    };
    let grant = Grant { zid, kind, name, perm: text("perm") };
    context.world.mailboxes[target].change_folder(id, |folder| {
        folder.grants.retain(|there| there.zid != grant.zid || there.kind != grant.kind);
        folder.grants.push(grant);
    });
    Ok(())
}
