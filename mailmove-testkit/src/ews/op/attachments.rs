//! CreateAttachment, GetAttachment, DeleteAttachment.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Context, required, response};
use crate::ews::fields;
use crate::ews::mime;
use crate::ews::refusal::Refusal;
use crate::ews::show::{self, Base, Shape};
use crate::ews::state::{Content, Id, Kind, change_key};
use crate::ews::xml::Node;

pub(super) fn create(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let parent = required(request, "ParentItemId")?;
    let root = context.item(parent);
    let attachments = &required(request, "Attachments")?.children;
    let messages = context.each("CreateAttachment", attachments, |context, node| {
        let key = root.clone()?;
        let attachment = fields::attachment(node)?;
        let name = node.name.clone();
        let part = context.store.change_item(key, |item| {
            if let (Some(mime), true) = (&item.mime, item.has_read_state()) {
                item.mime = Some(mime::with_attachment(mime, &attachment));
            }
            item.attach(attachment)
        });
        let part = part.ok_or_else(Refusal::not_found)?;
        let id = attachment_id(context, key, part);
        Ok(vec![Node::m("Attachments").child(Node::t(&name).child(id))])
    });
    Ok(response("CreateAttachment", messages))
}

fn attachment_id(context: &Context<'_>, item: u64, part: u64) -> Node {
    let changed = context.store.item(item).map_or(0, |item| item.changed);
    Node::t("AttachmentId")
        .attr("Id", Id::attachment(item, part).text())
        .attr("RootItemId", Id::new(Kind::Item, item).text())
        .attr("RootItemChangeKey", change_key(changed))
}

/// The item and the number of the attachment that an AttachmentId names.
fn find(context: &Context<'_>, node: &Node) -> Result<(u64, u64), Refusal> {
    let id = Id::read(node.attribute("Id").unwrap_or_default())?;
    if id.kind != Kind::Attachment {
        return Err(Refusal::new("ErrorInvalidAttachmentId", "The attachment id is invalid."));
    }
    context.known(id.key).map(|_| (id.key, id.part))
}

fn gone() -> Refusal {
    Refusal::new("ErrorInvalidAttachmentId", "The attachment is not there.")
}

pub(super) fn get(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let shape = request.find("AttachmentShape");
    let mime =
        shape.and_then(|shape| shape.value("IncludeMimeContent")).is_some_and(|text| ["true", "1"].contains(&text));
    let paths = shape.and_then(|shape| shape.find("AdditionalProperties"));
    let body = shape.and_then(|shape| shape.value("BodyType")).filter(|body| *body != "Best").map(str::to_owned);
    let paths = paths.into_iter().flat_map(|paths| &paths.children).map(crate::ews::state::Path::read);
    let shape = Shape { base: Base::AllProperties, mime, body, paths: paths.collect::<Result<_, _>>()? };
    let ids = &required(request, "AttachmentIds")?.children;
    let messages = context.each("GetAttachment", ids, |context, id| {
        let (key, part) = find(context, id)?;
        let item = context.known(key)?;
        let attachment = item.attachments.iter().find(|attachment| attachment.part == part).ok_or_else(gone)?;
        let name = match attachment.content {
            Content::File(_) => "FileAttachment",
            Content::Item(_) => "ItemAttachment",
        };
        let node = Node::t(name)
            .child(Node::t("AttachmentId").attr("Id", show::attachment_id(key, attachment)))
            .child(Node::t("Name").text(&attachment.name))
            .child(Node::t("ContentType").text(&attachment.content_type))
            .child(attachment.content_id.as_ref().map(|id| Node::t("ContentId").text(id)));
        let node = match &attachment.content {
            Content::File(bytes) => node.child(Node::t("Content").text(STANDARD.encode(bytes))),
            Content::Item(item) => node.child(show::embedded(item, &shape, context.style)?),
        };
        Ok(vec![Node::m("Attachments").child(node)])
    });
    Ok(response("GetAttachment", messages))
}

pub(super) fn delete(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let ids = &required(request, "AttachmentIds")?.children;
    let messages = context.each("DeleteAttachment", ids, |context, id| {
        let (key, part) = find(context, id)?;
        if !context.known(key)?.attachments.iter().any(|attachment| attachment.part == part) {
            return Err(gone());
        }
        context.store.change_item(key, |item| {
            item.attachments.retain(|attachment| attachment.part != part);
            // What came as MIME is made anew of what is left.
            item.mime = None;
        });
        let changed = context.store.item(key).map_or(0, |item| item.changed);
        let root = Node::m("RootItemId").attr("RootItemId", Id::new(Kind::Item, key).text());
        Ok(vec![root.attr("RootItemChangeKey", change_key(changed))])
    });
    Ok(response("DeleteAttachment", messages))
}
