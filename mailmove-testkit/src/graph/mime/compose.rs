//! A message made of what an item says.

use bytes::Bytes;
use serde_json::Value;
use time::format_description::well_known::Rfc2822;

use crate::graph::extended::Name;
use crate::graph::state::{Attachment, Content, Item};
use crate::mime::{encoded, wrapped};

/// The MIME of an item: what it came as, or what its properties say.
pub(crate) fn compose(item: &Item) -> Bytes {
    if let Some(mime) = &item.mime {
        return mime.clone();
    }
    let mut out = head(item).into_bytes();
    out.extend(content(item, 0));
    out.into()
}

fn head(item: &Item) -> String {
    let mut head = String::new();
    let mut put = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
    for (field, name) in [("from", "From"), ("sender", "Sender")] {
        if let Some(value) =
            item.fields.get(field).filter(|_| field == "from" || item.fields.get("from") != item.fields.get("sender"))
        {
            put(name, &address(value));
        }
    }
    for (field, name) in
        [("toRecipients", "To"), ("ccRecipients", "Cc"), ("bccRecipients", "Bcc"), ("replyTo", "Reply-To")]
    {
        let all = item.fields.get(field).and_then(Value::as_array).filter(|all| !all.is_empty());
        if let Some(all) = all {
            put(name, &all.iter().map(address).collect::<Vec<_>>().join(",\r\n\t"));
        }
    }
    put("Subject", &encoded(item.text("subject")));
    if let Some(date) = item.sent.and_then(|date| date.format(&Rfc2822).ok()) {
        put("Date", &date);
    }
    if !item.text("internetMessageId").is_empty() {
        put("Message-ID", item.text("internetMessageId"));
    }
    if let importance @ ("high" | "low") = item.text("importance") {
        put("Importance", importance);
    }
    let headers = item.fields.get("internetMessageHeaders").and_then(Value::as_array);
    for header in headers.into_iter().flatten() {
        let (spelled, value) =
            (header["name"].as_str().unwrap_or_default(), header["value"].as_str().unwrap_or_default());
        let name = spelled.to_ascii_lowercase();
        let own = ["from", "sender", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "importance"];
        let transported = item.properties.contains_key(&Name::Tag(0x007D))
            && !own.contains(&name.as_str())
            && !name.starts_with("content-")
            && name != "mime-version";
        if name.starts_with("x-") || transported {
            put(spelled, &encoded(value));
        }
    }
    put("MIME-Version", "1.0");
    head
}

/// Content-Type and what follows, down to the end.
fn content(item: &Item, depth: usize) -> Vec<u8> {
    let (inline, rest): (Vec<&Attachment>, Vec<&Attachment>) =
        item.attachments.iter().partition(|attachment| attachment.inline);
    let body = item.fields.get("body");
    let kind = body.map_or("text", |body| body["contentType"].as_str().unwrap_or("text"));
    let text = body.and_then(|body| body["content"].as_str()).unwrap_or_default();
    let kind = if kind == "html" { "text/html" } else { "text/plain" };
    let mut out =
        format!("Content-Type: {kind}; charset=\"utf-8\"\r\nContent-Transfer-Encoding: base64\r\n\r\n").into_bytes();
    out.extend(wrapped(text.as_bytes()));
    for (kind, attachments) in [("related", inline), ("mixed", rest)] {
        if !attachments.is_empty() {
            out = multipart(kind, depth, &out, &attachments);
        }
    }
    out
}

fn multipart(kind: &str, depth: usize, first: &[u8], attachments: &[&Attachment]) -> Vec<u8> {
    let boundary = format!("_=simulator_{kind}_{depth}");
    let mut out = format!("Content-Type: multipart/{kind};\r\n\tboundary=\"{boundary}\"\r\n\r\n").into_bytes();
    let size: usize = attachments.iter().map(|attachment| attachment.size()).sum();
    out.reserve(first.len() + size * 14 / 10);
    out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
    out.extend_from_slice(first);
    for attachment in attachments {
        out.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
        part(&mut out, attachment, depth);
    }
    out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    out
}

fn part(out: &mut Vec<u8>, attachment: &Attachment, depth: usize) {
    let name = encoded(&attachment.name.replace(['"', '\\', '\r', '\n'], "_"));
    let how = if attachment.inline { "inline" } else { "attachment" };
    let id = attachment.content_id.as_ref().map_or_else(String::new, |id| format!("Content-ID: <{id}>\r\n"));
    let place = attachment.content_location.as_ref();
    let place = place.map_or_else(String::new, |place| format!("Content-Location: {place}\r\n"));
    let own = format!("{id}{place}Content-Disposition: {how};\r\n\tfilename=\"{name}\"\r\n");
    match &attachment.content {
        Content::Item(item) => {
            out.extend_from_slice(format!("Content-Type: message/rfc822\r\n{own}\r\n").as_bytes());
            match &item.mime {
                Some(mime) => out.extend_from_slice(mime),
                None => {
                    out.extend_from_slice(head(item).as_bytes());
                    out.extend(content(item, depth + 1));
                }
            }
        }
        Content::File(bytes) => {
            let kind = attachment.content_type.as_deref().unwrap_or("application/octet-stream");
            let head =
                format!("Content-Type: {kind};\r\n\tname=\"{name}\"\r\n{own}Content-Transfer-Encoding: base64\r\n\r\n");
            out.extend_from_slice(head.as_bytes());
            out.extend(wrapped(bytes));
        }
        Content::Link => out.extend_from_slice(format!("Content-Type: text/plain\r\n{own}\r\n").as_bytes()),
    }
}

fn address(recipient: &Value) -> String {
    let own = &recipient["emailAddress"];
    let (name, address) = (own["name"].as_str().unwrap_or_default(), own["address"].as_str().unwrap_or_default());
    match name {
        "" => address.to_owned(),
        name if name == address => address.to_owned(),
        name if name.is_ascii() => format!("\"{}\" <{address}>", name.replace(['"', '\\'], "")),
        name => format!("{} <{address}>", encoded(name)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::read;
    use super::*;

    #[test]
    fn what_is_composed_is_read_as_it_was() {
        let mut item = Item::new("IPM.Note");
        item.set("subject", "Grüße, und noch viel mehr als in eine Zeile passt");
        item.set("body", json!({"contentType": "html", "content": "<b>ä</b>"}));
        item.set("toRecipients", json!([{"emailAddress": {"name": "Ä, B", "address": "b@x.test"}}]));
        item.set("internetMessageHeaders", json!([{"name": "x-a", "value": "1"}]));
        let mut picture = Attachment::file("i.png", Bytes::from_static(&[0, 1, 255]));
        (picture.inline, picture.content_id) = (true, Some("i@x".to_owned()));
        item.attach(picture);
        item.attach(Attachment::file("ü.bin", vec![7; 200].into()));
        let mut inner = Item::new("IPM.Note");
        inner.set("subject", "inner");
        inner.attach(Attachment::file("deep.bin", vec![9; 3].into()));
        item.attach(Attachment::new("inner", Content::Item(Box::new(inner))));
        let back = read(compose(&item));
        for field in ["subject", "body", "toRecipients"] {
            assert_eq!(back.fields[field], item.fields[field], "{field}");
        }
        assert_eq!(back.attachments.len(), 3);
        for (back, item) in back.attachments.iter().zip(&item.attachments) {
            assert_eq!((&back.name, back.inline, &back.content_id), (&item.name, item.inline, &item.content_id));
            match (&back.content, &item.content) {
                (Content::File(back), Content::File(item)) => assert_eq!(back, item),
                (Content::Item(back), Content::Item(item)) => {
                    assert_eq!(back.text("subject"), item.text("subject"));
                    assert_eq!(back.attachments.len(), 1);
                }
                _ => panic!("another content"),
            }
        }
    }
}
