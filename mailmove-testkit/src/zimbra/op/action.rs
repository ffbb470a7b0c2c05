//! What is done with items that are there.

use super::{Context, answer};
use crate::zimbra::element::Element;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::state::{Adding, ItemKind};

pub(super) fn messages(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    act(context, request, Some(ItemKind::Message))
}

pub(super) fn contacts(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    act(context, request, Some(ItemKind::Contact))
}

pub(super) fn items(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    act(context, request, None)
}

/// One action on items of one kind, or of any. Deleting passes over items that are not there; everything else fails
/// for all when one is missing.
fn act(context: &mut Context<'_>, request: &Element, kind: Option<ItemKind>) -> Result<Element, Refusal> {
    let action = request.find("action").ok_or_else(|| Refusal::invalid("missing required element: action"))?;
    let need = |name: &str| {
        action.value(name).ok_or_else(|| Refusal::invalid(format_args!("missing required attribute: {name}")))
    };
    let (list, op) = (need("id")?, need("op")?);
    let mut ids = Vec::new();
    let mut missing = Vec::new();
    for text in list.split(',').filter(|id| !id.is_empty()) {
        let id = context.id(text)?;
        let known = context.mailbox()?.item(id).is_some_and(|item| kind.is_none_or(|kind| item.kind == kind));
        if known {
            ids.push(id);
        } else {
            missing.push(id);
        }
    }
    if let Some(first) = missing.first().filter(|_| op != "delete" && !action.flag("nei")) {
        return Err(Refusal::missing(kind.map_or("ITEM", ItemKind::missing), first));
    }
    let tags = context.tags(action)?;
    let tag = match (&tags, action.value("tag")) {
        (Some(tags), _) if op.ends_with("tag") => tags.first().copied(),
        (_, Some(number)) => Some(context.id(&number)?),
        _ => None,
    };
    let mailbox = context.mailbox()?;
    let to = action.value("l").map(|l| mailbox.folder_by(&l)).transpose()?;
    let (plain, on) = op.strip_prefix('!').map_or((op.as_str(), true), |plain| (plain, false));
    let mut made = Vec::new();
    for id in &ids {
        let id = *id;
        match plain {
            "delete" => mailbox.remove(id),
            "read" => mailbox.touch(id, |item| item.flag('u', !on)),
            "flag" => mailbox.touch(id, |item| item.flag('f', on)),
            "priority" => mailbox.touch(id, |item| item.flag('+', on)),
            "mute" => mailbox.touch(id, |item| item.flag('(', on)),
            "tag" => {
                let tag = tag.filter(|tag| mailbox.tags.contains_key(tag));
                let tag = tag.ok_or_else(|| Refusal::missing("TAG", action.value("tn").unwrap_or_default()))?;
                mailbox.touch(id, |item| {
                    item.tags.retain(|other| *other != tag);
                    item.tags.extend(on.then_some(tag));
                });
            }
            "move" => {
                let to = to.ok_or_else(|| Refusal::invalid("missing required attribute: l"))?;
                mailbox.touch(id, |item| item.folder = to);
            }
            "trash" => mailbox.touch(id, |item| item.folder = 3),
            "spam" => mailbox.touch(id, |item| item.folder = to.unwrap_or(if on { 4 } else { 2 })),
            "update" => mailbox.touch(id, |item| {
                item.folder = to.unwrap_or(item.folder);
                if let Some(letters) = action.value("f") {
                    set_flags(item, &letters);
                }
                item.tags = tags.clone().unwrap_or(std::mem::take(&mut item.tags));
            }),
            "copy" => {
                let to = to.ok_or_else(|| Refusal::invalid("missing required attribute: l"))?;
                let item = mailbox.items[&id].clone();
                let (kind, content, flags, date) = (item.kind, item.content, item.flags, Some(item.date));
                made.push(mailbox.add(Adding { folder: to, kind, content, flags, tags: item.tags, date })?);
            }
            _ => return Err(Refusal::invalid(format_args!("unknown operation: {op}"))),
        }
    }
    let shown = crate::zimbra::show::Ids::of(context).list(if made.is_empty() { &ids } else { &made });
    let mut element = Element::single("action").set("id", shown).set("op", op);
    if action.flag("nei") && !missing.is_empty() {
        element = element.set("nei", crate::zimbra::show::Ids::of(context).list(&missing));
    }
    Ok(answer().child(element))
}

/// Sets flags anew; what the server itself found out about a message stays.
fn set_flags(item: &mut crate::zimbra::state::Item, letters: &str) {
    let kept: String = item.flags.chars().filter(|letter| "av".contains(*letter)).collect();
    item.flags = String::new();
    format!("{kept}{letters}").chars().for_each(|letter| item.flag(letter, true));
}
