//! Messages, read within SOAP.

use super::{Context, answer};
use crate::mime;
use crate::zimbra::element::Element;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::state::{Item, ItemKind};

/// A message with its headers that were asked for and, raw, with its text as far as that is told.
pub(super) fn get(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let spec = request.find("m").ok_or_else(|| Refusal::invalid("missing required element: m"))?;
    let id = spec.value("id").ok_or_else(|| Refusal::invalid("missing required attribute: id"))?;
    let id = context.id(&id)?;
    context.known(id, ItemKind::Message)?;
    if spec.flag("read") {
        context.mailbox()?.touch(id, |item| item.flag('u', false));
    }
    let most = context.shared.settings.max_inline;
    let shower = context.shower(context.target()?);
    let item = &shower.mailbox.items[&id];
    let mut element = shower.message(item);
    let Some(blob) = item.stored() else { return Err(Refusal::missing("BLOB", id)) };
    for field in ["Message-ID", "In-Reply-To"] {
        let name = if field == "Message-ID" { "mid" } else { "irt" };
        if let Some(value) = mime::field(&blob, field) {
            element = element.content(name, value);
        }
    }
    for header in spec.all("header") {
        let name = header.value("n").unwrap_or_default();
        if let Some(value) = mime::field(&blob, &name) {
            element = element.child(Element::new("header").set("n", name).text(value));
        }
    }
    if spec.flag("raw") {
        let text = String::from_utf8_lossy(&blob[..blob.len().min(most)]).into_owned();
        element = element.child(Element::single("content").text(text));
    }
    Ok(answer().child(element))
}

pub(super) fn metadata(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let spec = request.find("m").ok_or_else(|| Refusal::invalid("missing required element: m"))?;
    let mut ids = Vec::new();
    for id in spec.value("ids").unwrap_or_default().split(',').filter(|id| !id.is_empty()) {
        let id = context.id(id)?;
        context.known(id, ItemKind::Message)?;
        ids.push(id);
    }
    let shower = context.shower(context.target()?);
    Ok(answer().children(ids.iter().map(|id| shower.message(&shower.mailbox.items[id]))))
}

impl Context<'_> {
    /// An item of this kind.
    pub(crate) fn known(&self, id: i64, kind: ItemKind) -> Result<&Item, Refusal> {
        let item = self.world.mailboxes[self.target()?].item(id).filter(|item| item.kind == kind);
        item.ok_or_else(|| Refusal::missing(kind.missing(), id))
    }
}
