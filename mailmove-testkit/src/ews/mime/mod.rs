//! Messages in MIME: what the server reads out of them, and how it makes one of an item that has none.

mod compose;
mod replace;

use bytes::Bytes;

pub(crate) use compose::{compose, with_attachment};

use super::state::{Attachment, Content, Item};
use super::xml::Node;
use crate::mime::{self, Address, Part};

/// Gives an item its MIME, and all fields that follow from it.
pub(crate) fn store(item: &mut Item, mime: Bytes) {
    let whole = Part::read(&mime);
    let header = &whole.header;
    for (name, field) in [
        ("subject", "Subject"),
        ("message-id", "InternetMessageId"),
        ("in-reply-to", "InReplyTo"),
        ("references", "References"),
    ] {
        if let Some(value) = header.text(name) {
            item.set_text(field, value);
        }
    }
    for (name, field) in
        [("to", "ToRecipients"), ("cc", "CcRecipients"), ("bcc", "BccRecipients"), ("reply-to", "ReplyTo")]
    {
        let mailboxes = header.addresses(name);
        if !mailboxes.is_empty() {
            item.fields.insert(field.to_owned(), Node::t(field).children(mailboxes.iter().map(mailbox)));
        }
    }
    for (name, field) in [("from", "From"), ("sender", "Sender")] {
        if let Some(first) = header.addresses(name).first() {
            item.fields.insert(field.to_owned(), Node::t(field).child(mailbox(first)));
        }
    }
    if let (None, Some(from)) = (item.fields.get("Sender"), item.fields.get("From")) {
        let sender = Node::t("Sender").children(from.children.clone());
        item.fields.insert("Sender".to_owned(), sender);
    }
    match header.text("importance").map(|importance| importance.to_ascii_lowercase()).as_deref() {
        Some("high") => item.set_text("Importance", "High"),
        Some("low") => item.set_text("Importance", "Low"),
        _ => {}
    }
    item.sent = header.date("date");
    read(&whole, item);
    if whole.kind == "multipart/signed" {
        item.class = "IPM.Note.SMIME.MultipartSigned".to_owned();
    }
    item.mime = Some(mime);
}

/// Has the MIME say the subject that the item says.
pub(crate) fn rewrite_subject(item: &mut Item) {
    let Some(octets) = item.mime.take() else { return };
    let subject = item.text("Subject").unwrap_or_default();
    item.mime = Some(replace::replaced(&octets, "Subject", &mime::encoded(subject)));
}

fn mailbox((name, address): &Address) -> Node {
    let name = Node::t("Name").text(name.as_deref().unwrap_or(address));
    let node = Node::t("Mailbox").child(name);
    if address.is_empty() {
        return node;
    }
    node.child(Node::t("EmailAddress").text(address)).child(Node::t("RoutingType").text("SMTP"))
}

/// The text of a message, and what hangs on it.
fn read(part: &Part, item: &mut Item) {
    if part.kind.starts_with("multipart/") {
        return part.parts.iter().for_each(|part| read(part, item));
    }
    let attached = part.disposition().as_deref() == Some("attachment");
    let text = match part.kind.as_str() {
        "text/html" => Some("HTML"),
        "text/plain" => Some("Text"),
        _ => None,
    };
    let name = part.file_name();
    if let (Some(kind), false, None) = (text, attached, &name) {
        // The richest of several alternatives.
        let there = item.fields.get("Body").and_then(|body| body.attribute("BodyType"));
        if there.is_none_or(|there| there == "Text" && kind == "HTML") {
            item.fields.insert("Body".to_owned(), Node::t("Body").attr("BodyType", kind).text(part.text()));
        }
        return;
    }
    let content_id = part.header.value("content-id").map(|id| id.trim_matches(['<', '>']).to_owned());
    item.attach(Attachment {
        part: 0,
        name: name.unwrap_or_else(|| "attachment".to_owned()),
        content_type: part.kind.clone(),
        inline: content_id.is_some() && !attached,
        content_id,
        content: Content::File(part.content()),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attachments_are_told_apart() {
        let mime = b"Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\npreamble\r\n--b\r\n\r\nplain =41\r\n--b\r\n\
            Content-Type: application/x-y; name=\"a.bin\"\r\nContent-Transfer-Encoding: base64\r\n\
            Content-Disposition: attachment\r\n\r\nAAEC\r\n/w==\r\n--b\r\nContent-Type: text/html\r\n\
            Content-Transfer-Encoding: quoted-printable\r\n\r\n<b>=C3=A4=\r\n</b>\r\n--b--\r\n";
        let mut item = Item::new("IPM.Note");
        store(&mut item, Bytes::from_static(mime));
        let body = &item.fields["Body"];
        assert_eq!((body.attribute("BodyType"), body.text.as_str()), (Some("HTML"), "<b>ä</b>"));
        assert_eq!(item.attachments.len(), 1);
        assert_eq!(item.attachments[0].name, "a.bin");
        assert!(matches!(&item.attachments[0].content, Content::File(bytes) if bytes[..] == [0, 1, 2, 255]));
    }
}
