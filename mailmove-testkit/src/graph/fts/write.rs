//! An item as a stream.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value as Json;

use super::value::{code, filetime, guid, utf16};
use super::{marker, rest};
use crate::graph::extended::{Name, PUBLIC_STRINGS, Property};
use crate::graph::mapi;
use crate::graph::state::{Attachment, Content, Item};
use crate::graph::{calendar, date};

/// Octets of one buffer.
const BUFFER: usize = 31_680;
/// IID_IMessage.
const MESSAGE: &str = "00020307-0000-0000-c000-000000000046";
/// Tags that are computed from an item, in the order in which they stand in the stream.
const COMPUTED: [u16; 13] =
    [0x001A, 0x0037, 0x0E07, 0x0E06, 0x0039, 0x3007, 0x3008, 0x1035, 0x0017, 0x0E08, 0x1090, 0x007D, 0x300B];

/// The stream of an item: the one that it came as, or one that says what it is.
pub(crate) fn write(item: &Item) -> Bytes {
    if let Some(stream) = &item.stream {
        return stream.clone();
    }
    let mut content = Vec::new();
    message(&mut content, item);
    let mut out = Vec::with_capacity(content.len() + content.len() / 3000 + 100);
    frame(&mut out, 1, &[0u32.to_le_bytes(), 1u32.to_le_bytes()].concat());
    let object = [&1u32.to_le_bytes()[..], &guid(MESSAGE).unwrap_or_default(), &0x8000_2400u32.to_le_bytes()].concat();
    frame(&mut out, 3, &object);
    let version: [u16; 3] = [15 << 8 | 20, 0x8000 | 4566, 6022];
    frame(&mut out, 4, &version.map(u16::to_le_bytes).concat());
    content.chunks(BUFFER).for_each(|buffer| frame(&mut out, 2, buffer));
    out.into()
}

fn frame(out: &mut Vec<u8>, opcode: u32, payload: &[u8]) {
    out.extend_from_slice(&opcode.to_le_bytes());
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(payload);
}

fn message(out: &mut Vec<u8>, item: &Item) {
    for tag in COMPUTED {
        if let Some(property) = mapi::of_item(item, &Name::Tag(tag)) {
            put(out, &Name::Tag(tag), &property);
        }
    }
    let keywords = Name::Text(PUBLIC_STRINGS.to_owned(), "Keywords".to_owned());
    if let Some(categories) = mapi::of_item(item, &keywords) {
        put(out, &keywords, &categories);
    }
    for (field, name, address, smtp) in [("sender", 0x0C1A, 0x0C1F, 0x5D01), ("from", 0x0042, 0x0065, 0x5D02)] {
        if let Some(person) = item.fields.get(field) {
            put_text(out, name, person["emailAddress"]["name"].as_str().unwrap_or_default());
            for tag in [address, smtp] {
                put_text(out, tag, person["emailAddress"]["address"].as_str().unwrap_or_default());
            }
        }
    }
    if let Some(body) = item.fields.get("body") {
        let content = body["content"].as_str().unwrap_or_default();
        if body["contentType"] == "html" {
            put_octets(out, 0x1013, content.as_bytes());
            put(out, &Name::Tag(0x3FDE), &Property::one("Integer", 65001));
        } else {
            put_text(out, 0x1000, content);
        }
    }
    let contact = [
        ("displayName", 0x3001),
        ("givenName", 0x3A06),
        ("surname", 0x3A11),
        ("middleName", 0x3A44),
        ("companyName", 0x3A16),
        ("jobTitle", 0x3A17),
        ("department", 0x3A18),
        ("mobilePhone", 0x3A1C),
        ("title", 0x0037),
    ];
    for (field, tag) in contact.into_iter().filter(|(field, tag)| !item.text(field).is_empty() && !has(item, *tag)) {
        put_text(out, tag, item.text(field));
    }
    for (name, property) in &item.properties {
        // Written already, from what the item says.
        if !matches!(name, Name::Tag(0x3FDE | 0x007D | 0x300B)) {
            put(out, name, property);
        }
    }
    if let Some(told) = rest::told(item) {
        put(out, &rest::name(), &Property::one("String", told));
    }
    for (number, field) in rest::TIMES {
        let (start, end) = calendar::times(item);
        let moment = if field == "start" { start } else { end };
        if item.fields.contains_key(field) && !item.properties.contains_key(&rest::time_name(number)) {
            put(out, &rest::time_name(number), &Property::one("SystemTime", date::exact(moment)));
        }
    }
    for (list, kind) in [("toRecipients", 1), ("ccRecipients", 2), ("bccRecipients", 3)] {
        for one in item.fields.get(list).and_then(Json::as_array).into_iter().flatten() {
            recipient(out, one, kind);
        }
    }
    for (number, one) in item.attachments.iter().enumerate() {
        attachment(out, one, number);
    }
}

fn has(item: &Item, tag: u16) -> bool {
    item.properties.contains_key(&Name::Tag(tag))
}

fn recipient(out: &mut Vec<u8>, one: &Json, kind: u32) {
    let own = &one["emailAddress"];
    let (name, address) = (own["name"].as_str().unwrap_or_default(), own["address"].as_str().unwrap_or_default());
    out.extend_from_slice(&marker::START_RECIPIENT.to_le_bytes());
    put(out, &Name::Tag(0x0C15), &Property::one("Integer", kind));
    put_text(out, 0x3001, name);
    put_text(out, 0x3002, "SMTP");
    put_text(out, 0x3003, address);
    put_text(out, 0x39FE, address);
    out.extend_from_slice(&marker::END_RECIPIENT.to_le_bytes());
}

fn attachment(out: &mut Vec<u8>, attachment: &Attachment, number: usize) {
    out.extend_from_slice(&marker::NEW_ATTACH.to_le_bytes());
    put(out, &Name::Tag(0x0E21), &Property::one("Integer", number));
    put_text(out, 0x3707, &attachment.name);
    for (tag, text) in
        [(0x370E, &attachment.content_type), (0x3712, &attachment.content_id), (0x3713, &attachment.content_location)]
    {
        if let Some(text) = text {
            put_text(out, tag, text);
        }
    }
    put(out, &Name::Tag(0x7FFE), &Property::one("Boolean", attachment.inline));
    match &attachment.content {
        Content::File(octets) => {
            put(out, &Name::Tag(0x3705), &Property::one("Integer", 1));
            put_octets(out, 0x3701, octets);
        }
        Content::Item(inner) => {
            put(out, &Name::Tag(0x3705), &Property::one("Integer", 5));
            out.extend_from_slice(&marker::START_EMBED.to_le_bytes());
            message(out, inner);
            out.extend_from_slice(&marker::END_EMBED.to_le_bytes());
        }
        Content::Link => put(out, &Name::Tag(0x3705), &Property::one("Integer", 7)),
    }
    out.extend_from_slice(&marker::END_ATTACH.to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, tag: u16, text: &str) {
    put(out, &Name::Tag(tag), &Property::one("String", text));
}

fn put_octets(out: &mut Vec<u8>, tag: u16, octets: &[u8]) {
    out.extend_from_slice(&0x0102u16.to_le_bytes());
    out.extend_from_slice(&tag.to_le_bytes());
    out.extend_from_slice(&(octets.len() as u32).to_le_bytes());
    out.extend_from_slice(octets);
}

/// A property with its name; one whose value does not fit its type is left out, as Exchange leaves out errors.
fn put(out: &mut Vec<u8>, name: &Name, property: &Property) {
    let values: Option<Vec<Vec<u8>>> = property.values.iter().map(|value| encoded(property.kind, value)).collect();
    let (Some(code), Some(values)) = (code(property.kind), values.filter(|values| !values.is_empty())) else { return };
    let many = property.many;
    out.extend_from_slice(&(if many { code | 0x1000 } else { code }).to_le_bytes());
    match name {
        Name::Tag(tag) => out.extend_from_slice(&tag.to_le_bytes()),
        Name::Number(set, number) => {
            out.extend_from_slice(&0x8001u16.to_le_bytes());
            out.extend(guid(set).unwrap_or_else(|| vec![0; 16]));
            out.push(0);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Name::Text(set, text) => {
            out.extend_from_slice(&0x8002u16.to_le_bytes());
            out.extend(guid(set).unwrap_or_else(|| vec![0; 16]));
            out.push(1);
            out.extend(utf16(text));
        }
    }
    if many {
        out.extend_from_slice(&(values.len() as u32).to_le_bytes());
    }
    values.into_iter().for_each(|value| out.extend(value));
}

fn encoded(kind: &str, value: &str) -> Option<Vec<u8>> {
    let sized = |bytes: &[u8]| [&(bytes.len() as u32).to_le_bytes(), bytes].concat();
    Some(match kind {
        "Short" => value.parse::<i16>().ok()?.to_le_bytes().to_vec(),
        "Integer" => value.parse::<i32>().ok()?.to_le_bytes().to_vec(),
        "Long" | "Currency" => value.parse::<i64>().ok()?.to_le_bytes().to_vec(),
        "Float" => value.parse::<f32>().ok()?.to_le_bytes().to_vec(),
        "Double" | "ApplicationTime" => value.parse::<f64>().ok()?.to_le_bytes().to_vec(),
        "Boolean" => u16::from(matches!(value.to_ascii_lowercase().as_str(), "true" | "1")).to_le_bytes().to_vec(),
        "SystemTime" => filetime(date::parse(value)?).to_le_bytes().to_vec(),
        "CLSID" => guid(value)?,
        "String" => sized(&utf16(value)),
        "Binary" => sized(&STANDARD.decode(value).ok()?),
        _ => return None,
    })
}
