//! A stream as an item.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::properties::{guid_text, kind};
use super::{MIME_SKELETON, marker, write};
use crate::ews::mapi;
use crate::ews::refusal::Refusal;
use crate::ews::state::{Attachment, Content, Item, Property, PropertyKey};
use crate::ews::xml::Node;

/// The item of a stream.
///
/// # Errors
/// When this is no stream, or one that ends too early.
pub(crate) fn read(stream: &[u8]) -> Result<Item, Refusal> {
    let content = unframed(stream).ok_or_else(corrupt)?;
    let mut reader = Reader { bytes: &content, at: 0 };
    let item = message(&mut reader, None)?;
    (reader.at == content.len()).then_some(item).ok_or_else(corrupt)
}

fn corrupt() -> Refusal {
    Refusal::new("ErrorCorruptData", "The data stream of the item is corrupt.")
}

/// The buffers put together, when the frames around them are in order.
fn unframed(stream: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader { bytes: stream, at: 0 };
    let (mut content, mut opcodes) = (Vec::new(), Vec::new());
    while reader.at < stream.len() {
        let (opcode, length) = (reader.u32()?, reader.u32()?);
        let payload = reader.take(length as usize)?;
        match opcode {
            1 | 3 | 4 if content.is_empty() => {}
            2 => content.extend_from_slice(payload),
            _ => return None,
        }
        opcodes.push(opcode);
    }
    (opcodes.starts_with(&[1, 3, 4]) && !content.is_empty()).then_some(content)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn u64(&mut self) -> Option<u64> {
        let (low, high) = (self.u32()?, self.u32()?);
        Some(u64::from(high) << 32 | u64::from(low))
    }

    fn marker(&self) -> Option<u32> {
        let next = Reader { bytes: self.bytes, at: self.at }.u32()?;
        marker::ALL.contains(&next).then_some(next)
    }

    /// The next property.
    fn property(&mut self) -> Option<(PropertyKey, Property)> {
        let (code, tag) = (self.u16()?, self.u16()?);
        let key = if tag < 0x8000 {
            PropertyKey::Tag(tag)
        } else {
            let set = guid_text(self.take(16)?);
            match self.take(1)? {
                [0] => PropertyKey::Numbered(set, self.u32()?),
                [1] => PropertyKey::Named(set, self.terminated()?),
                _ => return None,
            }
        };
        // Code pages: what is not UTF-16 is taken for Latin-1.
        if code & 0x8000 != 0 || code == 0x001E {
            let length = self.u32()? as usize;
            let bytes = self.take(length)?;
            let text = if code == 0x84B0 { utf16(bytes) } else { bytes.iter().map(|byte| char::from(*byte)).collect() };
            return Some((key, Property::one("String", text.trim_end_matches('\0'))));
        }
        let kind = kind(code)?;
        let single = kind.trim_end_matches("Array");
        let count = if single == kind { 1 } else { self.u32()? };
        let values = (0..count).map(|_| self.value(single)).collect::<Option<Vec<_>>>()?;
        Some((key, Property { kind: kind.to_owned(), values }))
    }

    fn value(&mut self, kind: &str) -> Option<String> {
        Some(match kind {
            "Short" => (self.u16()? as i16).to_string(),
            "Integer" => (self.u32()? as i32).to_string(),
            "Long" => (self.u64()? as i64).to_string(),
            "Float" => f32::from_bits(self.u32()?).to_string(),
            "Double" => f64::from_bits(self.u64()?).to_string(),
            "Boolean" => (self.u16()? != 0).to_string(),
            "SystemTime" => write::moment(self.u64()?),
            "CLSID" => guid_text(self.take(16)?),
            "String" => {
                let length = self.u32()? as usize;
                utf16(self.take(length)?).trim_end_matches('\0').to_owned()
            }
            "Binary" => {
                let length = self.u32()? as usize;
                STANDARD.encode(self.take(length)?)
            }
            _ => return None,
        })
    }

    fn terminated(&mut self) -> Option<String> {
        let mut units = Vec::new();
        loop {
            match self.u16()? {
                0 => return Some(String::from_utf16_lossy(&units)),
                unit => units.push(unit),
            }
        }
    }
}

fn utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}

/// A message up to this marker, or up to the end.
fn message(reader: &mut Reader<'_>, end: Option<u32>) -> Result<Item, Refusal> {
    let mut item = Item::new("IPM.Note");
    let (mut fields, mut recipients) = (None, Vec::new());
    loop {
        if reader.at == reader.bytes.len() && end.is_none() {
            break;
        }
        match reader.marker() {
            Some(found) if Some(found) == end => {
                reader.u32().ok_or_else(corrupt)?;
                break;
            }
            Some(marker::START_RECIPIENT) => recipients.push(recipient(reader)?),
            Some(marker::NEW_ATTACH) => {
                let attachment = attachment(reader)?;
                item.attach(attachment);
            }
            Some(_) => return Err(corrupt()),
            None => {
                let (key, property) = reader.property().ok_or_else(corrupt)?;
                let value = property.values.first().cloned().unwrap_or_default();
                match key {
                    key if write::is_fields(&key) => fields = write::fields(&value),
                    PropertyKey::Tag(MIME_SKELETON) => {
                        item.mime = STANDARD.decode(&value).ok().map(Bytes::from);
                    }
                    PropertyKey::Tag(0x1000) => {
                        let body = Node::t("Body").attr("BodyType", "Text").text(value);
                        item.fields.insert("Body".to_owned(), body);
                    }
                    // Its own: who is stored, is stored now.
                    PropertyKey::Tag(0x3008) => item.modified = crate::ews::date::parse(&value).ok_or_else(corrupt)?,
                    // What a server computes, other servers put into their streams; it is computed anew.
                    PropertyKey::Tag(0x0E08 | 0x0E1B | 0x0E23 | 0x0FFF) => {}
                    key => mapi::set_item(&mut item, key, property, true)?,
                }
            }
        }
    }
    match fields {
        // What was written beside the properties is complete.
        Some(fields) => item.fields = fields.into_iter().map(|field| (field.name.clone(), field)).collect(),
        None => address(&mut item, recipients),
    }
    Ok(item)
}

/// Recipients of a stream that has no elements beside its properties.
fn address(item: &mut Item, recipients: Vec<(String, Node)>) {
    for (kind, mailbox) in recipients {
        let list = match kind.as_str() {
            "2" => "CcRecipients",
            "3" => "BccRecipients",
            _ => "ToRecipients",
        };
        item.fields.entry(list.to_owned()).or_insert_with(|| Node::t(list)).children.push(mailbox);
    }
}

fn recipient(reader: &mut Reader<'_>) -> Result<(String, Node), Refusal> {
    reader.u32().ok_or_else(corrupt)?;
    let (mut kind, mut name, mut address) = (String::new(), String::new(), String::new());
    while reader.marker() != Some(marker::END_RECIPIENT) {
        let (key, property) = reader.property().ok_or_else(corrupt)?;
        let value = property.values.into_iter().next().unwrap_or_default();
        match key {
            PropertyKey::Tag(0x0C15) => kind = value,
            PropertyKey::Tag(0x3001) => name = value,
            PropertyKey::Tag(0x39FE) => address = value,
            PropertyKey::Tag(0x3003) if address.is_empty() => address = value,
            _ => {}
        }
    }
    reader.u32().ok_or_else(corrupt)?;
    let mailbox = Node::t("Mailbox").child(Node::t("Name").text(if name.is_empty() { &address } else { &name }));
    let address = (!address.is_empty()).then(|| Node::t("EmailAddress").text(address));
    Ok((kind, mailbox.child(address)))
}

fn attachment(reader: &mut Reader<'_>) -> Result<Attachment, Refusal> {
    reader.u32().ok_or_else(corrupt)?;
    let mut attachment = Attachment {
        part: 0,
        name: String::new(),
        content_type: "application/octet-stream".to_owned(),
        content_id: None,
        inline: false,
        content: Content::File(Bytes::new()),
    };
    loop {
        match reader.marker() {
            Some(marker::END_ATTACH) => {
                reader.u32().ok_or_else(corrupt)?;
                return Ok(attachment);
            }
            Some(marker::START_EMBED) => {
                reader.u32().ok_or_else(corrupt)?;
                attachment.content = Content::Item(Box::new(message(reader, Some(marker::END_EMBED))?));
            }
            Some(_) => return Err(corrupt()),
            None => {
                let (key, property) = reader.property().ok_or_else(corrupt)?;
                let value = property.values.into_iter().next().unwrap_or_default();
                match key {
                    PropertyKey::Tag(0x3707) => attachment.name = value,
                    PropertyKey::Tag(0x3704) if attachment.name.is_empty() => attachment.name = value,
                    PropertyKey::Tag(0x370E) => attachment.content_type = value,
                    PropertyKey::Tag(0x3712) => attachment.content_id = Some(value),
                    PropertyKey::Tag(0x7FFE) => attachment.inline = value == "true",
                    PropertyKey::Tag(0x3701) => {
                        let bytes = STANDARD.decode(&value).map_err(|_| corrupt())?;
                        attachment.content = Content::File(bytes.into());
                    }
                    _ => {}
                }
            }
        }
    }
}
