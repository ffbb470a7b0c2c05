//! Tags.

use super::{Context, answer};
use crate::zimbra::element::Element;
use crate::zimbra::refusal::Refusal;

pub(super) fn create(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let spec = request.find("tag").ok_or_else(|| Refusal::invalid("missing required element: tag"))?;
    let name = spec.value("name").ok_or_else(|| Refusal::invalid("missing required attribute: name"))?;
    let id = context.mailbox()?.create_tag(&name, spec.number("color").unwrap_or(0), spec.value("rgb"))?;
    let shower = context.shower(context.target()?);
    Ok(answer().child(shower.tag(&shower.mailbox.tags[&id])))
}

pub(super) fn get(context: &mut Context<'_>, _: &Element) -> Result<Element, Refusal> {
    let shower = context.shower(context.target()?);
    Ok(answer().children(shower.mailbox.tags.values().map(|tag| shower.tag(tag))))
}

pub(super) fn act(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let action = request.find("action").ok_or_else(|| Refusal::invalid("missing required element: action"))?;
    let op = action.value("op").ok_or_else(|| Refusal::invalid("missing required attribute: op"))?;
    let mut tags = Vec::new();
    for id in action.value("id").unwrap_or_default().split(',').filter(|id| !id.is_empty()) {
        tags.push(context.id(id)?);
    }
    if tags.is_empty() {
        tags = context.tags(action)?.unwrap_or_default();
    }
    let mailbox = context.mailbox()?;
    for id in &tags {
        if !mailbox.tags.contains_key(id) {
            return Err(Refusal::missing("TAG", id));
        }
        let name = action.value("name").filter(|_| matches!(op.as_str(), "rename" | "update"));
        match op.as_str() {
            "delete" => mailbox.delete_tag(*id)?,
            "rename" | "color" | "update" => {
                let taken = name.as_ref().and_then(|name| mailbox.tag_named(name)).filter(|tag| tag.id != *id);
                if let Some(taken) = taken {
                    let words = format!("object with that name already exists: {}", taken.name);
                    return Err(Refusal::new("mail.ALREADY_EXISTS", words));
                }
                let change = mailbox.changed();
                mailbox.tags.entry(*id).and_modify(|tag| {
                    tag.name = name.unwrap_or(std::mem::take(&mut tag.name));
                    tag.color = action.number("color").unwrap_or(tag.color);
                    tag.rgb = action.value("rgb").or(tag.rgb.take());
                    tag.ms = change;
                });
            }
            _ => return Err(Refusal::invalid(format_args!("unknown operation: {op}"))),
        }
    }
    let ids: Vec<String> = tags.iter().map(i64::to_string).collect();
    Ok(answer().child(Element::single("action").set("id", ids.join(",")).set("op", op)))
}
