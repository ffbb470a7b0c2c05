//! A message in MIME as an item.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::graph::state::{Attachment, Content, Item};
use crate::mime::{Address, Header, Part};

/// The item of a message. It is a draft, and its octets stay as they are.
pub(crate) fn read(mime: Bytes) -> Item {
    let part = Part::read(&mime);
    let mut item = Item::new("IPM.Note");
    head(&mut item, &part.header);
    visit(&part, &mut item, false);
    if !item.fields.contains_key("body") {
        item.set("body", json!({"contentType": "text", "content": ""}));
    }
    if part.kind == "multipart/signed" {
        item.class = "IPM.Note.SMIME.MultipartSigned".to_owned();
    }
    item.mime = Some(mime);
    item
}

/// A recipient as Graph shows one.
pub(crate) fn recipient((name, address): &Address) -> Value {
    json!({"emailAddress": {"name": name.as_ref().unwrap_or(address), "address": address}})
}

fn head(item: &mut Item, header: &Header) {
    item.set("subject", header.text("subject").unwrap_or_default());
    for (field, name) in
        [("toRecipients", "to"), ("ccRecipients", "cc"), ("bccRecipients", "bcc"), ("replyTo", "reply-to")]
    {
        item.set(field, header.addresses(name).iter().map(recipient).collect::<Vec<_>>());
    }
    let from = header.addresses("from").first().map(recipient);
    let sender = header.addresses("sender").first().map(recipient).or_else(|| from.clone());
    for (field, value) in [("from", from), ("sender", sender)] {
        if let Some(value) = value {
            item.set(field, value);
        }
    }
    if let Some(id) = header.value("message-id") {
        item.set("internetMessageId", id);
    }
    let importance = header.text("importance").map(|importance| importance.to_ascii_lowercase());
    if let Some(importance @ ("high" | "low")) = importance.as_deref() {
        item.set("importance", importance);
    }
    if header.value("disposition-notification-to").is_some() {
        item.set("isReadReceiptRequested", true);
    }
    let headers = header.fields().iter().map(|(name, value)| json!({"name": name, "value": value}));
    item.set("internetMessageHeaders", headers.collect::<Vec<_>>());
    item.sent = header.date("date");
}

fn visit(part: &Part, item: &mut Item, alternative: bool) {
    if !part.parts.is_empty() {
        let alternative = part.kind == "multipart/alternative";
        return part.parts.iter().for_each(|part| visit(part, item, alternative));
    }
    let attached = part.disposition().as_deref() == Some("attachment") || part.file_name().is_some();
    let kind = match part.kind.as_str() {
        "text/plain" => Some("text"),
        "text/html" => Some("html"),
        _ => None,
    };
    if let Some(kind) = kind.filter(|_| !attached) {
        let there = item.fields.get("body").map(|body| body["contentType"].as_str().unwrap_or_default().to_owned());
        match (there.as_deref(), kind) {
            (None, kind) => return item.set("body", json!({"contentType": kind, "content": part.text()})),
            // The richest of several alternatives.
            (Some("text"), "html") if alternative => {
                return item.set("body", json!({"contentType": "html", "content": part.text()}));
            }
            _ if alternative => return,
            _ => {}
        }
    }
    if part.kind == "text/calendar" && alternative {
        let method = part.header.parameter("content-type", "method").unwrap_or_default().to_ascii_uppercase();
        item.class = match method.as_str() {
            "REQUEST" => "IPM.Schedule.Meeting.Request",
            "REPLY" => "IPM.Schedule.Meeting.Resp.Pos",
            "CANCEL" => "IPM.Schedule.Meeting.Canceled",
            _ => return,
        }
        .to_owned();
        return;
    }
    item.attach(attachment(part));
}

fn attachment(part: &Part) -> Attachment {
    let id = part.header.value("content-id").map(|id| id.trim_matches(['<', '>']).to_owned());
    let inline = part.disposition().map_or(id.is_some(), |disposition| disposition == "inline");
    let mut attachment = if part.kind == "message/rfc822" {
        let inner = read(part.content());
        let name = part.file_name().unwrap_or_else(|| inner.text("subject").to_owned());
        Attachment::new(&name, Content::Item(Box::new(inner)))
    } else {
        let name = part.file_name().unwrap_or_else(|| "ATT00001".to_owned());
        Attachment::file(&name, part.content())
    };
    if let Content::Item(item) = &mut attachment.content {
        item.draft = false;
        item.received = item.sent.unwrap_or(item.received);
    }
    attachment.content_type = Some(part.kind.clone());
    attachment.inline = inline && id.is_some();
    attachment.content_id = id;
    attachment.content_location = part.header.value("content-location").map(str::to_owned);
    attachment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_what_its_octets_say() {
        let mime = "From: Ann <ann@x.test>\r\nTo: b@x.test\r\nSubject: =?utf-8?B?w6Q=?=\r\nMessage-ID: <1@x>\r\n\
            Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nX-A: 1\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\
            Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: multipart/alternative; boundary=a\r\n\
            \r\n--a\r\n\r\nplain\r\n--a\r\nContent-Type: text/html\r\n\r\n<b>\r\n--a--\r\n--r\r\n\
            Content-Type: image/png; name=i.png\r\nContent-ID: <i@x>\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n\
            --r--\r\n--m\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nin\r\n--m--\r\n";
        let item = read(Bytes::from(mime));
        assert_eq!((item.text("subject"), item.text("internetMessageId")), ("ä", "<1@x>"));
        assert_eq!(item.fields["body"], json!({"contentType": "html", "content": "<b>"}));
        assert_eq!(item.fields["from"]["emailAddress"]["address"], "ann@x.test");
        assert!(item.draft && item.sent.is_some());
        let [picture, mail] = &item.attachments[..] else { panic!("two attachments") };
        assert_eq!((picture.inline, picture.content_id.as_deref()), (true, Some("i@x")));
        assert!(matches!(&mail.content, Content::Item(inner) if inner.text("subject") == "inner"));
        assert!(item.has_attachments());
    }
}
