//! A message made of an item's properties.

use bytes::Bytes;
use time::format_description::well_known::Rfc2822;

use crate::ews::state::{Attachment, Content, Item};
use crate::ews::xml::Node;
use crate::mime::{self, Header, encoded};

/// The MIME of an item: what it came as, or what its properties say.
pub(crate) fn compose(item: &Item) -> Bytes {
    if let Some(mime) = &item.mime {
        return mime.clone();
    }
    let mut head = String::new();
    for (field, name) in [
        ("From", "From"),
        ("Sender", "Sender"),
        ("ToRecipients", "To"),
        ("CcRecipients", "Cc"),
        ("BccRecipients", "Bcc"),
        ("ReplyTo", "Reply-To"),
    ] {
        if let Some(node) = item.fields.get(field) {
            let addresses: Vec<String> = node.children.iter().map(address).collect();
            head.push_str(&format!("{name}: {}\r\n", addresses.join(",\r\n ")));
        }
    }
    head.push_str(&format!("Subject: {}\r\n", encoded(item.text("Subject").unwrap_or_default())));
    if let Some(date) = item.sent.and_then(|date| date.format(&Rfc2822).ok()) {
        head.push_str(&format!("Date: {date}\r\n"));
    }
    for (field, name) in [
        ("InternetMessageId", "Message-ID"),
        ("InReplyTo", "In-Reply-To"),
        ("References", "References"),
        ("Importance", "Importance"),
    ] {
        if let Some(text) = item.text(field) {
            head.push_str(&format!("{name}: {text}\r\n"));
        }
    }
    head.push_str("MIME-Version: 1.0\r\n");
    let body = item.fields.get("Body");
    let html = body.and_then(|body| body.attribute("BodyType")) == Some("HTML");
    let kind = if html { "text/html" } else { "text/plain" };
    let text = body.map_or("", |body| body.text.as_str());
    head.push_str(&format!("Content-Type: {kind}; charset=\"utf-8\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"));
    let mime = Bytes::from(format!("{head}{}\r\n", wrapped(text.as_bytes())));
    item.attachments.iter().fold(mime, |mime, attachment| with_attachment(&mime, attachment))
}

/// A message with one part more.
pub(crate) fn with_attachment(mime: &Bytes, attachment: &Attachment) -> Bytes {
    let own = "=_simulator_mixed";
    let part = part(attachment);
    if Header::read(mime).parameter("content-type", "boundary").as_deref() == Some(own) {
        let closing = format!("--{own}--\r\n");
        let open = mime.strip_suffix(closing.as_bytes()).unwrap_or(mime);
        return [open, format!("--{own}\r\n{part}\r\n{closing}").as_bytes()].concat().into();
    }
    // What describes the content moves into the first part, the rest stays on top.
    let (mut outer, mut inner) = (String::new(), String::new());
    let head = mime::head(mime);
    let mut inside = false;
    for line in head.split_inclusive('\n').filter(|line| !line.trim().is_empty()) {
        if !line.starts_with([' ', '\t']) {
            let line = line.to_ascii_lowercase();
            inside = line.starts_with("content-");
        }
        if inside { inner.push_str(line) } else { outer.push_str(line) }
    }
    let mut out =
        format!("{outer}Content-Type: multipart/mixed; boundary=\"{own}\"\r\n\r\n--{own}\r\n{inner}\r\n").into_bytes();
    out.extend_from_slice(mime::body(mime));
    out.extend_from_slice(format!("\r\n--{own}\r\n{part}\r\n--{own}--\r\n").as_bytes());
    out.into()
}

fn part(attachment: &Attachment) -> String {
    let name = encoded(&attachment.name);
    let (kind, bytes) = match &attachment.content {
        Content::File(bytes) => (attachment.content_type.as_str(), bytes.clone()),
        Content::Item(item) => ("message/rfc822", compose(item)),
    };
    let id = attachment.content_id.as_ref().map_or_else(String::new, |id| format!("Content-ID: <{id}>\r\n"));
    let how = if attachment.inline { "inline" } else { "attachment" };
    if kind == "message/rfc822" {
        let text = String::from_utf8_lossy(&bytes);
        return format!("Content-Type: {kind}\r\nContent-Disposition: {how}; filename=\"{name}\"\r\n\r\n{text}");
    }
    format!(
        "Content-Type: {kind}; name=\"{name}\"\r\n{id}Content-Disposition: {how}; filename=\"{name}\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}",
        wrapped(&bytes)
    )
}

fn address(mailbox: &Node) -> String {
    let (name, address) = (mailbox.value("Name"), mailbox.value("EmailAddress").unwrap_or_default());
    match name.filter(|name| *name != address) {
        Some(name) if name.is_ascii() => format!("\"{}\" <{address}>", name.replace(['"', '\\'], "")),
        Some(name) => format!("{} <{address}>", encoded(name)),
        None => address.to_owned(),
    }
}

/// Base64 in lines, the last one open.
fn wrapped(bytes: &[u8]) -> String {
    String::from_utf8_lossy(mime::wrapped(bytes).trim_ascii_end()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ews::mime::store;

    fn attachment(name: &str) -> Attachment {
        Attachment {
            part: 1,
            name: name.to_owned(),
            content_type: "application/x-y".to_owned(),
            content_id: None,
            inline: false,
            content: Content::File(Bytes::from_static(b"\0\xff")),
        }
    }

    #[test]
    fn attachments_join_a_message_one_after_the_other() {
        let mime = Bytes::from_static(b"Subject: a\r\nContent-Type: text/html\r\n\r\n<p>hi</p>\r\n");
        let one = with_attachment(&mime, &attachment("a.bin"));
        let two = with_attachment(&one, &attachment("b.bin"));
        let mut item = Item::new("IPM.Note");
        store(&mut item, two);
        assert_eq!(item.fields["Body"].text, "<p>hi</p>\r\n");
        let names: Vec<&str> = item.attachments.iter().map(|attachment| attachment.name.as_str()).collect();
        assert_eq!(names, ["a.bin", "b.bin"]);
        assert!(matches!(&item.attachments[1].content, Content::File(bytes) if bytes[..] == [0, 255]));
    }
}
