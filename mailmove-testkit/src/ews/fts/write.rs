//! An item as a stream.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::properties::{code, encode, guid, utf16};
use super::{FIELDS, MIME_SKELETON, marker};
use crate::ews::state::{Content, Item, PUBLIC_STRINGS, Property, PropertyKey};
use crate::ews::xml::{self, Node, Ns};
use crate::ews::{date, mapi};

/// Octets of one buffer.
const BUFFER: usize = 31_680;
/// IID_IMessage.
const MESSAGE: &str = "00020307-0000-0000-c000-000000000046";
/// Tags that are computed from an item, in the order in which they stand in the stream.
const COMPUTED: [u16; 12] =
    [0x001A, 0x0037, 0x0E07, 0x0E06, 0x0039, 0x3007, 0x3008, 0x300B, 0x1035, 0x0017, 0x0036, 0x1000];

/// The stream of an item, as a server of this version writes it.
pub(crate) fn write(item: &Item, build: [u32; 4]) -> Bytes {
    let mut content = Vec::new();
    message(&mut content, item);
    let mut out = Vec::new();
    frame(&mut out, 1, &[0u32.to_le_bytes(), 1u32.to_le_bytes()].concat());
    let object = [&1u32.to_le_bytes()[..], &guid(MESSAGE).unwrap_or_default(), &0x8000_2400u32.to_le_bytes()].concat();
    frame(&mut out, 3, &object);
    let version = [(build[0] << 8 | build[1]) as u16, 0x8000 | build[2] as u16, build[3] as u16];
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
        if let Some(property) = mapi::of_item(item, &PropertyKey::Tag(tag)) {
            put(out, &PropertyKey::Tag(tag), &property);
        }
    }
    let keywords = PropertyKey::Named(PUBLIC_STRINGS.to_owned(), "Keywords".to_owned());
    if let Some(categories) = mapi::of_item(item, &keywords) {
        put(out, &keywords, &categories);
    }
    let flag = PropertyKey::Tag(0x1090);
    if let Some(status) = mapi::of_item(item, &flag) {
        put(out, &flag, &status);
    }
    for (key, property) in &item.properties {
        put(out, key, property);
    }
    if let Some(mime) = &item.mime {
        put(out, &PropertyKey::Tag(MIME_SKELETON), &Property::one("Binary", STANDARD.encode(mime)));
    }
    let fields = Node::t("Fields").children(item.fields.values().cloned());
    let text = String::from_utf8_lossy(&xml::document(&fields, true)).into_owned();
    let key = PropertyKey::Named(PUBLIC_STRINGS.to_owned(), FIELDS.to_owned());
    put(out, &key, &Property::one("String", text));
    for (list, kind) in [("ToRecipients", 1), ("CcRecipients", 2), ("BccRecipients", 3)] {
        for mailbox in item.fields.get(list).into_iter().flat_map(|list| &list.children) {
            recipient(out, mailbox, kind);
        }
    }
    for (number, attachment) in item.attachments.iter().enumerate() {
        out.extend_from_slice(&marker::NEW_ATTACH.to_le_bytes());
        let text = |value: &str| Property::one("String", value);
        put(out, &PropertyKey::Tag(0x0E21), &Property::one("Integer", number));
        put(out, &PropertyKey::Tag(0x3707), &text(&attachment.name));
        put(out, &PropertyKey::Tag(0x370E), &text(&attachment.content_type));
        if let Some(id) = &attachment.content_id {
            put(out, &PropertyKey::Tag(0x3712), &text(id));
        }
        put(out, &PropertyKey::Tag(0x7FFE), &Property::one("Boolean", attachment.inline));
        match &attachment.content {
            Content::File(bytes) => {
                put(out, &PropertyKey::Tag(0x3705), &Property::one("Integer", 1));
                put(out, &PropertyKey::Tag(0x3701), &Property::one("Binary", STANDARD.encode(bytes)));
            }
            Content::Item(inner) => {
                put(out, &PropertyKey::Tag(0x3705), &Property::one("Integer", 5));
                out.extend_from_slice(&marker::START_EMBED.to_le_bytes());
                message(out, inner);
                out.extend_from_slice(&marker::END_EMBED.to_le_bytes());
            }
        }
        out.extend_from_slice(&marker::END_ATTACH.to_le_bytes());
    }
}

fn recipient(out: &mut Vec<u8>, mailbox: &Node, kind: u32) {
    out.extend_from_slice(&marker::START_RECIPIENT.to_le_bytes());
    put(out, &PropertyKey::Tag(0x0C15), &Property::one("Integer", kind));
    put(out, &PropertyKey::Tag(0x3001), &Property::one("String", mailbox.value("Name").unwrap_or_default()));
    put(out, &PropertyKey::Tag(0x39FE), &Property::one("String", mailbox.value("EmailAddress").unwrap_or_default()));
    out.extend_from_slice(&marker::END_RECIPIENT.to_le_bytes());
}

/// A property with its name; one whose value does not fit its type is left out, as Exchange leaves out errors.
fn put(out: &mut Vec<u8>, key: &PropertyKey, property: &Property) {
    let (Some(kind), Some(value)) = (code(&property.kind), encode(property)) else { return };
    let mut name = Vec::new();
    let tag = match key {
        PropertyKey::Tag(tag) => *tag,
        PropertyKey::Numbered(set, number) => {
            let Some(set) = guid(set) else { return };
            name.extend(set);
            name.push(0);
            name.extend_from_slice(&number.to_le_bytes());
            0x8001
        }
        PropertyKey::Named(set, text) => {
            let Some(set) = guid(set) else { return };
            name.extend(set);
            name.push(1);
            name.extend(utf16(text));
            0x8002
        }
    };
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&tag.to_le_bytes());
    out.extend(name);
    out.extend(value);
}

/// Whether a name is one of this writer's own.
pub(super) fn is_fields(key: &PropertyKey) -> bool {
    matches!(key, PropertyKey::Named(set, name) if set == PUBLIC_STRINGS && name == FIELDS)
}

/// The elements that were written beside the properties.
pub(super) fn fields(text: &str) -> Option<Vec<Node>> {
    let root = xml::parse(text.as_bytes()).ok().filter(|root| root.ns == Ns::Types && root.name == "Fields")?;
    Some(root.children)
}

/// A moment of a stream, in the form in which dates are kept.
pub(super) fn moment(ticks: u64) -> String {
    date::of_filetime(ticks).map_or_else(String::new, date::exact)
}
