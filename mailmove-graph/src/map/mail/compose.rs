//! A message from elsewhere as Graph takes it.

use mailmove_core::{Alteration, Flags, Item, ItemFlags, Kind, Loss, Mark, Result, Spool};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::attach::Attachment;
use super::text::{Parts, carried};
use crate::capabilities::rendered_anew;
use crate::map::flags;
use crate::mime::{self, Entity, Header, Person};
use crate::wire::message::moment_text;
use crate::wire::property::Property;

/// How many bytes of attachments travel with their message. What is beyond follows by itself.
const ALONG: u64 = 900_000;
/// How many fields of the header may be given, and how long each may be.
const FIELDS: (usize, usize) = (5, 900);
/// How long a header may be that is kept as it came.
const KEPT_HEADER: usize = 64 * 1024;
/// How long a subject may be, in characters.
const SUBJECT: usize = 20_000;

/// A message that is ready to be sent.
#[derive(Debug)]
pub(crate) struct Composed {
    pub(crate) json: Value,
    /// What does not fit into one request with it.
    pub(crate) rest: Vec<Attachment>,
    pub(crate) losses: Vec<Loss>,
    pub(crate) altered: Vec<Alteration>,
}

/// Takes the MIME of an item apart and makes a message of it that is no draft and keeps its dates.
pub(crate) fn compose(item: &Item, mark: &Mark, spool: &Spool) -> Result<Composed> {
    let entity = mime::parse(&item.body, spool)?;
    let date = entity.header.date();
    let mut properties = dated(item.received.or(date), date.or(item.received));
    if !mark.as_str().is_empty() {
        properties.push(Property::Mark.with(mark.as_str()));
    }
    let mut losses = vec![rendered_anew(Kind::Mail)];
    losses.extend(flags::losses(item.flags.state, Kind::Mail));
    let (mut json, attachments, cleaned) = message(entity, &item.flags, properties, &mut losses)?;
    let mut altered = Vec::new();
    if cleaned {
        altered
            .push(Alteration::new("controls-removed", "control characters that Exchange does not keep were taken out"));
    }
    let mut rest = attachments;
    let mut along = 0;
    let fits = rest.iter().take_while(|attachment| {
        along += attachment.size();
        along <= ALONG
    });
    let count = fits.count();
    let first: Vec<Value> =
        rest.drain(..count).map(|mut attachment| attachment.json(&mut losses)).collect::<Result<_>>()?;
    if !first.is_empty() {
        json.insert("attachments".to_owned(), first.into());
    }
    losses.sort();
    losses.dedup();
    Ok(Composed { json: Value::Object(json), rest, losses, altered })
}

/// A message in a message, with everything in it.
pub(crate) fn nested(entity: Entity, losses: &mut Vec<Loss>) -> Result<Value> {
    let date = entity.header.date();
    let flags = Flags::new(ItemFlags::SEEN);
    let (mut json, attachments, _) = message(entity, &flags, dated(date, date), losses)?;
    json.insert("@odata.type".to_owned(), "#microsoft.graph.message".into());
    let inside: Vec<Value> =
        attachments.into_iter().map(|mut attachment| attachment.json(losses)).collect::<Result<_>>()?;
    if !inside.is_empty() {
        json.insert("attachments".to_owned(), inside.into());
    }
    Ok(Value::Object(json))
}

fn dated(received: Option<OffsetDateTime>, sent: Option<OffsetDateTime>) -> Vec<Value> {
    let dates = [(Property::DeliveryTime, received), (Property::SubmitTime, sent)];
    dates.into_iter().filter_map(|(property, when)| Some(property.with(moment_text(when?)))).collect()
}

/// The message without its attachments, its attachments, and whether characters were taken out.
fn message(
    entity: Entity,
    flags: &Flags,
    mut properties: Vec<Value>,
    losses: &mut Vec<Loss>,
) -> Result<(Map<String, Value>, Vec<Attachment>, bool)> {
    let mut json = Map::new();
    flags::new_message(flags, &mut json, &mut properties);
    let mut cleaned = headed(&entity.header, &mut json, &mut properties);
    let class = encrypted(&entity.header).then(|| Property::Class.with("IPM.Note.SMIME"));
    properties.extend(class);
    let parts = Parts::of(entity)?;
    cleaned |= parts.cleaned;
    losses.extend(parts.losses);
    let (content_type, content) = match parts.text {
        Some(text) => (if text.html { "html" } else { "text" }, text.content),
        None => ("text", String::new()),
    };
    json.insert("body".to_owned(), json!({ "contentType": content_type, "content": content }));
    json.insert("singleValueExtendedProperties".to_owned(), properties.into());
    Ok((json, parts.attachments, cleaned))
}

/// An encrypted message is one attachment, and a class that says what it is.
fn encrypted(header: &Header) -> bool {
    matches!(header.media_type().as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime")
}

/// What a header says, where Graph has a place for it. Whether characters were taken out.
fn headed(header: &Header, json: &mut Map<String, Value>, properties: &mut Vec<Value>) -> bool {
    let mut cleaned = false;
    let mut clean = |text: String| {
        let kept: String = text.chars().filter(|char| carried(*char) && !matches!(char, '\r' | '\n')).collect();
        cleaned |= kept.len() != text.len();
        kept
    };
    let mut set = |name: &str, value: Value| _ = json.insert(name.to_owned(), value);
    set("subject", clean(header.subject().unwrap_or_default().chars().take(SUBJECT).collect()).into());
    let from = header.people("From").into_iter().next();
    let sender = header.people("Sender").into_iter().next();
    if let Some(person) = from.as_ref().or(sender.as_ref()) {
        set("from", recipient(person));
    }
    if let Some(person) = sender.as_ref().or(from.as_ref()) {
        set("sender", recipient(person));
    }
    for (field, name) in
        [("To", "toRecipients"), ("Cc", "ccRecipients"), ("Bcc", "bccRecipients"), ("Reply-To", "replyTo")]
    {
        let people: Vec<Value> = header.people(field).iter().map(recipient).collect();
        if !people.is_empty() {
            set(name, people.into());
        }
    }
    if let Some(id) = header.field("Message-ID").filter(|id| !id.is_empty()) {
        set("internetMessageId", clean(id).into());
    }
    if let Some(importance) = importance(header) {
        set("importance", importance.into());
    }
    let fields = header.fields().filter(|(name, value)| {
        let own = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"));
        own && !value.is_empty() && value.len() <= FIELDS.1 && value.bytes().all(|byte| (b' '..=b'~').contains(&byte))
    });
    let fields: Vec<Value> =
        fields.take(FIELDS.0).map(|(name, value)| json!({ "name": name, "value": value })).collect();
    if !fields.is_empty() {
        set("internetMessageHeaders", fields.into());
    }
    let texts = [
        (Property::References, "References"),
        (Property::InReplyTo, "In-Reply-To"),
        (Property::ThreadTopic, "Thread-Topic"),
    ];
    for (property, field) in texts {
        let text = header.field(field).map(&mut clean).filter(|text| !text.is_empty() && text.len() <= KEPT_HEADER);
        properties.extend(text.map(|text| property.with(text)));
    }
    let index = header.field("Thread-Index").filter(|text| is_base64(text));
    properties.extend(index.map(|index| Property::ThreadIndex.with(index)));
    if let Some(sensitivity) = sensitivity(header) {
        properties.push(Property::Sensitivity.with(sensitivity));
    }
    properties.extend(transport_headers(header).map(|text| Property::TransportHeaders.with(text)));
    cleaned
}

/// A header as it came, cut off at a line when it is very long.
fn transport_headers(header: &Header) -> Option<String> {
    let text: String = String::from_utf8_lossy(header.raw()).chars().filter(|char| carried(*char)).collect();
    let end = match text.len() > KEPT_HEADER {
        true => text.char_indices().take_while(|(at, _)| *at <= KEPT_HEADER).filter(|(_, char)| *char == '\n').last(),
        false => None,
    };
    let text = end.map_or(&text[..], |(at, _)| &text[..=at]);
    (!text.is_empty() && text.len() <= KEPT_HEADER + 1).then(|| text.to_owned())
}

fn recipient(person: &Person) -> Value {
    let clean = |text: &str| text.chars().filter(|char| carried(*char)).take(400).collect::<String>();
    let (name, address) = (clean(&person.name), clean(&person.address));
    match (name.is_empty(), address.is_empty()) {
        (true, _) => json!({ "emailAddress": { "address": address } }),
        (false, true) => json!({ "emailAddress": { "name": name } }),
        (false, false) => json!({ "emailAddress": { "name": name, "address": address } }),
    }
}

fn importance(header: &Header) -> Option<&'static str> {
    let text = header.field("Importance").or_else(|| header.field("X-Priority"))?.to_ascii_lowercase();
    match text.as_bytes() {
        [b'1' | b'2', ..] => Some("high"),
        [b'4' | b'5', ..] => Some("low"),
        _ if text.starts_with("high") => Some("high"),
        _ if text.starts_with("low") => Some("low"),
        _ => None,
    }
}

fn sensitivity(header: &Header) -> Option<&'static str> {
    match header.field("Sensitivity")?.to_ascii_lowercase().as_str() {
        "personal" => Some("1"),
        "private" => Some("2"),
        "company-confidential" => Some("3"),
        _ => None,
    }
}

fn is_base64(text: &str) -> bool {
    !text.is_empty()
        && text.len().is_multiple_of(4)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
}

#[cfg(test)]
mod tests {
    use mailmove_core::{Body, Format};

    use super::*;

    fn composed(text: &str, change: impl FnOnce(&mut Item)) -> Composed {
        let mut item = Item::new("1", Kind::Mail, Format::RFC5322, Body::unpooled(text.to_owned().into_bytes()));
        change(&mut item);
        compose(&item, &Mark::new("mm-1"), &Spool::new(1 << 20)).unwrap()
    }

    fn property(message: &Value, property: Property) -> Option<&str> {
        let all = message["singleValueExtendedProperties"].as_array()?;
        all.iter().find(|one| one["id"] == property.id())?["value"].as_str()
    }

    #[test]
    fn a_message_is_no_draft_and_keeps_its_dates_and_its_mark() {
        let text = "Date: Mon, 1 Jan 2024 01:00:00 +0100\r\nFrom: A <a@example.org>\r\nTo: b@example.org\r\n\
                    Message-ID: <1@x>\r\nSubject: =?utf-8?Q?=C3=BC?=\r\nX-One: 1\r\nImportance: High\r\n\r\ntext\r\n";
        let one = composed(text, |item| item.received = OffsetDateTime::from_unix_timestamp(1_000_000_000).ok());
        assert_eq!(property(&one.json, Property::MessageFlags), Some("0"));
        assert_eq!(property(&one.json, Property::DeliveryTime), Some("2001-09-09T01:46:40Z"));
        assert_eq!(property(&one.json, Property::SubmitTime), Some("2024-01-01T00:00:00Z"));
        assert_eq!(property(&one.json, Property::Mark), Some("mm-1"));
        assert!(property(&one.json, Property::TransportHeaders).unwrap().starts_with("Date: Mon"));
        assert_eq!(one.json["internetMessageHeaders"], json!([{ "name": "X-One", "value": "1" }]));
        assert_eq!((&one.json["subject"], &one.json["importance"]), (&json!("ü"), &json!("high")));
        assert_eq!(one.json["from"]["emailAddress"]["address"], "a@example.org");
        assert_eq!(one.json["body"]["content"], "text\r\n");
        assert_eq!(one.losses.len(), 1);
    }

    #[test]
    fn a_mail_in_a_mail_in_a_mail_stays_three_mails() {
        let inner = "Subject: three\r\n\r\ninnermost";
        let middle = format!("Subject: two\r\nContent-Type: message/rfc822\r\n\r\n{inner}");
        let outer = composed(&format!("Subject: one\r\nContent-Type: message/rfc822\r\n\r\n{middle}"), |_| {});
        let second = &outer.json["attachments"][0];
        assert_eq!((&second["name"], &second["item"]["subject"]), (&json!("two"), &json!("two")));
        let third = &second["item"]["attachments"][0]["item"];
        assert_eq!((&third["subject"], &third["body"]["content"]), (&json!("three"), &json!("innermost")));
        assert_eq!(property(third, Property::MessageFlags), Some("1"));
    }

    #[test]
    fn what_does_not_fit_into_one_request_follows_in_its_order() {
        let part = |name: &str, size: usize| {
            format!("--b\r\nContent-Disposition: attachment; filename={name}\r\n\r\n{}\r\n", "x".repeat(size))
        };
        let text = format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}{}{}--b--\r\n",
            part("1", 1000),
            part("2", 4 << 20),
            part("3", 10)
        );
        let one = composed(&text, |_| {});
        assert_eq!(one.json["attachments"].as_array().unwrap().len(), 1);
        assert_eq!(one.rest.iter().map(|rest| rest.name.as_str()).collect::<Vec<_>>(), ["2", "3"]);
        assert_eq!(one.rest[0].session()["AttachmentItem"]["size"], 4 << 20);
    }
}
