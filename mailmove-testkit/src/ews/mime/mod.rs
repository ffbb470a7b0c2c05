//! Messages in MIME: what the server reads out of them, and how it makes one of an item that has none.

mod compose;
mod header;
mod part;

use bytes::Bytes;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

pub(crate) use compose::{compose, with_attachment};
use header::Headers;

use super::state::Item;
use super::xml::Node;

/// Gives an item its MIME, and all fields that follow from it.
pub(crate) fn store(item: &mut Item, mime: Bytes) {
    let headers = Headers::read(&mime);
    let text = |name: &str| headers.text(name);
    for (header, field) in [
        ("subject", "Subject"),
        ("message-id", "InternetMessageId"),
        ("in-reply-to", "InReplyTo"),
        ("references", "References"),
    ] {
        if let Some(value) = text(header) {
            item.set_text(field, value);
        }
    }
    for (header, field) in
        [("to", "ToRecipients"), ("cc", "CcRecipients"), ("bcc", "BccRecipients"), ("reply-to", "ReplyTo")]
    {
        let mailboxes = headers.addresses(header);
        if !mailboxes.is_empty() {
            item.fields.insert(field.to_owned(), Node::t(field).children(mailboxes.iter().map(mailbox)));
        }
    }
    for (header, field) in [("from", "From"), ("sender", "Sender")] {
        if let Some(first) = headers.addresses(header).first() {
            item.fields.insert(field.to_owned(), Node::t(field).child(mailbox(first)));
        }
    }
    if let (None, Some(from)) = (item.fields.get("Sender"), item.fields.get("From")) {
        let sender = Node::t("Sender").children(from.children.clone());
        item.fields.insert("Sender".to_owned(), sender);
    }
    match text("importance").map(|importance| importance.to_ascii_lowercase()).as_deref() {
        Some("high") => item.set_text("Importance", "High"),
        Some("low") => item.set_text("Importance", "Low"),
        _ => {}
    }
    item.sent = text("date").and_then(|date| OffsetDateTime::parse(date.trim(), &Rfc2822).ok());
    let parts = part::read(&mime);
    if let Some((kind, body)) = parts.body {
        item.fields.insert("Body".to_owned(), Node::t("Body").attr("BodyType", kind).text(body));
    }
    parts.attachments.into_iter().for_each(|attachment| {
        item.attach(attachment);
    });
    if headers.text("content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/signed")) {
        item.class = "IPM.Note.SMIME.MultipartSigned".to_owned();
    }
    item.mime = Some(mime);
}

/// The octets of the header as text.
pub(crate) fn head(mime: &[u8]) -> String {
    String::from_utf8_lossy(&mime[..header::end(mime)]).into_owned()
}

/// The header's fields with their values unfolded, as they stand there.
pub(crate) fn fields(mime: &[u8]) -> Vec<(String, String)> {
    Headers::read(mime).raw()
}

/// Has the MIME say the subject that the item says.
pub(crate) fn rewrite_subject(item: &mut Item) {
    let Some(mime) = item.mime.take() else { return };
    let subject = item.text("Subject").unwrap_or_default();
    item.mime = Some(header::replace(&mime, "Subject", &header::encoded(subject)));
}

fn mailbox((name, address): &(Option<String>, String)) -> Node {
    let name = Node::t("Name").text(name.as_deref().unwrap_or(address));
    let node = Node::t("Mailbox").child(name);
    if address.is_empty() {
        return node;
    }
    node.child(Node::t("EmailAddress").text(address)).child(Node::t("RoutingType").text("SMTP"))
}
