//! A stream as an item.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value as Json, json};

use super::read::{Found, Reader, unframed};
use super::value::Value;
use super::{appointment, marker, people, rest};
use crate::graph::extended::{Name, Property};
use crate::graph::mapi;
use crate::graph::refusal::Refusal;
use crate::graph::state::{Attachment, Content, Item, Shape};

/// The item of a stream, which it keeps.
///
/// # Errors
/// When this is no stream, or one that ends too early.
pub(crate) fn load(stream: &Bytes) -> Result<Item, Refusal> {
    let content = unframed(stream).ok_or_else(corrupt)?;
    let (mut item, _) = message(&mut Reader::new(content), None)?;
    item.stream = Some(stream.clone());
    Ok(item)
}

fn corrupt() -> Refusal {
    Refusal::bad("ErrorCorruptData", "The data stream of the item is corrupt.")
}

/// Somebody: names and addresses stand in properties of their own.
#[derive(Debug, Default)]
pub(super) struct Person {
    name: String,
    address: String,
    smtp: String,
}

impl Person {
    pub(super) fn json(&self) -> Option<Json> {
        let address = if self.smtp.is_empty() { &self.address } else { &self.smtp };
        let name = if self.name.is_empty() { address } else { &self.name };
        (!name.is_empty()).then(|| json!({"emailAddress": {"name": name, "address": address}}))
    }
}

/// Who is in the table of recipients.
#[derive(Debug, Default)]
pub(super) struct Recipient {
    pub(super) person: Person,
    /// 1 to, 2 copy, 3 blind copy; of a meeting: 1 required, 2 optional, 3 a resource.
    pub(super) kind: i32,
    /// 2: the organizer.
    pub(super) flags: i32,
    /// 2 perhaps, 3 yes, 4 no.
    pub(super) answer: i32,
}

/// A message up to this marker, or up to the end, and who is named in it.
fn message(reader: &mut Reader, end: Option<u32>) -> Result<(Item, Vec<Recipient>), Refusal> {
    let mut item = Item::new("IPM.Note");
    item.draft = false;
    let (mut sender, mut from) = (Person::default(), Person::default());
    let (mut text, mut html, mut own) = (None, None, None);
    let (mut recipients, mut exceptions) = (Vec::new(), Vec::new());
    loop {
        match reader.marker() {
            _ if reader.is_empty() && end.is_none() => break,
            Some(found) if Some(found) == end => {
                reader.u32().ok_or_else(corrupt)?;
                break;
            }
            Some(marker::START_RECIPIENT) => {
                let one = recipient(reader)?;
                address(&mut item, &one);
                recipients.push(one);
            }
            Some(marker::NEW_ATTACH) => match attachment(reader)? {
                Hung::Attachment(attachment) => _ = item.attach(*attachment),
                Hung::Exception(one, people) => exceptions.push((*one, people)),
            },
            Some(_) => return Err(corrupt()),
            None => {
                let found = reader.property().ok_or_else(corrupt)?;
                let value = || found.values.first().map(Value::text).unwrap_or_default();
                match found.name {
                    Name::Tag(0x0C1A) => sender.name = value(),
                    Name::Tag(0x0C1F) => sender.address = value(),
                    Name::Tag(0x5D01) => sender.smtp = value(),
                    Name::Tag(0x0042) => from.name = value(),
                    Name::Tag(0x0065) => from.address = value(),
                    Name::Tag(0x5D02) => from.smtp = value(),
                    Name::Tag(0x1000) => text = Some(value()),
                    Name::Tag(0x1013) => html = Some(value()),
                    ref name if *name == rest::name() => own = Some(rest::text_of(&found.values)),
                    _ => set(&mut item, &found),
                }
            }
        }
    }
    for (field, person) in [("sender", sender), ("from", from)] {
        if let Some(person) = person.json() {
            item.set(field, person);
        }
    }
    match (html, text) {
        (Some(html), _) => item.set("body", json!({"contentType": "html", "content": html})),
        (None, Some(text)) => item.set("body", json!({"contentType": "text", "content": text})),
        (None, None) => {}
    }
    rename(&mut item);
    match own {
        // What was written beside the properties is complete.
        Some(own) => rest::restore(&mut item, &own),
        None => match item.shape() {
            Shape::Event => appointment::complete(&mut item, &recipients, exceptions),
            Shape::Contact => people::contact(&mut item),
            Shape::Task => people::task(&mut item),
            _ => {}
        },
    }
    Ok((item, recipients))
}

fn set(item: &mut Item, found: &Found) {
    let text = |value: &Value| match value {
        Value::Octets(bytes) => STANDARD.encode(bytes),
        value => value.text(),
    };
    let property = Property { kind: found.kind, many: found.many, values: found.values.iter().map(text).collect() };
    match found.name {
        // The prefix is part of the subject, the rest of it a property of its own.
        Name::Tag(0x003D | 0x0E1D) => {
            item.properties.insert(found.name.clone(), property);
        }
        _ => mapi::set_item(item, found.name.clone(), property, true),
    }
}

/// What a property is called depends on what the item is.
fn rename(item: &mut Item) {
    if item.shape() == Shape::Task {
        let title = item.text("subject").to_owned();
        item.fields.remove("subject");
        item.set("title", title);
    }
}

fn recipient(reader: &mut Reader) -> Result<Recipient, Refusal> {
    reader.u32().ok_or_else(corrupt)?;
    let mut one = Recipient { kind: 1, ..Recipient::default() };
    while reader.marker() != Some(marker::END_RECIPIENT) {
        let found = reader.property().ok_or_else(corrupt)?;
        let value = found.values.first().map(Value::text).unwrap_or_default();
        match found.name {
            Name::Tag(0x0C15) => one.kind = value.parse().unwrap_or_default(),
            Name::Tag(0x5FFD) => one.flags = value.parse().unwrap_or_default(),
            Name::Tag(0x5FFF) => one.answer = value.parse().unwrap_or_default(),
            Name::Tag(0x3001) => one.person.name = value,
            Name::Tag(0x39FE) => one.person.smtp = value,
            Name::Tag(0x3003) => one.person.address = value,
            _ => {}
        }
    }
    reader.u32().ok_or_else(corrupt)?;
    Ok(one)
}

/// Puts somebody into the list of a message.
fn address(item: &mut Item, one: &Recipient) {
    let list = match one.kind {
        2 => "ccRecipients",
        3 => "bccRecipients",
        _ => "toRecipients",
    };
    if let (Some(person), Some(all)) =
        (one.person.json(), item.fields.entry(list).or_insert_with(|| json!([])).as_array_mut())
    {
        all.push(person);
    }
}

/// What hangs on an item.
enum Hung {
    Attachment(Box<Attachment>),
    /// A changed occurrence of a series, and who is named in it.
    Exception(Box<Item>, Vec<Recipient>),
}

fn attachment(reader: &mut Reader) -> Result<Hung, Refusal> {
    reader.u32().ok_or_else(corrupt)?;
    let mut attachment = Attachment::file("", Bytes::new());
    let (mut short, mut people) = (String::new(), Vec::new());
    loop {
        match reader.marker() {
            Some(marker::END_ATTACH) => {
                reader.u32().ok_or_else(corrupt)?;
                if let Content::Item(one) = &attachment.content
                    && appointment::is_exception(one)
                {
                    return Ok(Hung::Exception(one.clone(), people));
                }
                if attachment.name.is_empty() {
                    attachment.name = short;
                }
                return Ok(Hung::Attachment(Box::new(attachment)));
            }
            Some(marker::START_EMBED) => {
                reader.u32().ok_or_else(corrupt)?;
                let (inner, named) = message(reader, Some(marker::END_EMBED))?;
                attachment.content = Content::Item(Box::new(inner));
                people = named;
            }
            Some(_) => return Err(corrupt()),
            None => {
                let found = reader.property().ok_or_else(corrupt)?;
                let value = || found.values.first().map(Value::text).unwrap_or_default();
                match (&found.name, found.values.first()) {
                    (Name::Tag(0x3707), _) => attachment.name = value(),
                    (Name::Tag(0x3704 | 0x3001), _) => short = value(),
                    (Name::Tag(0x370E), _) => attachment.content_type = Some(value()),
                    (Name::Tag(0x3712), _) => attachment.content_id = Some(value()),
                    (Name::Tag(0x3713), _) => attachment.content_location = Some(value()),
                    (Name::Tag(0x7FFE), _) => attachment.inline |= value() == "true",
                    // Shown in the text.
                    (Name::Tag(0x3714), _) => {
                        attachment.inline |= value().parse::<i32>().is_ok_and(|flags| flags & 4 != 0)
                    }
                    (Name::Tag(0x3705), _) if value() == "7" => attachment.content = Content::Link,
                    (Name::Tag(0x3701), Some(Value::Octets(octets))) => {
                        attachment.content = Content::File(octets.clone())
                    }
                    _ => {}
                }
            }
        }
    }
}
