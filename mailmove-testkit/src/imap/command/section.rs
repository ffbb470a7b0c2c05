//! The stretch of a message that a section names.

use bytes::Bytes;

use super::super::parse::{Section, What};
use super::mime::{self, Part};

/// The octets, shared with the message where they are a stretch of it; nothing when there is no such part.
pub(super) fn extract(message: &Bytes, section: &Section) -> Option<Bytes> {
    let whole = section_octets(message, section)?;
    let Some(partial) = section.partial else { return Some(whole) };
    let start = usize::try_from(partial.start).unwrap_or(usize::MAX).min(whole.len());
    let length = usize::try_from(partial.length).unwrap_or(usize::MAX).min(whole.len() - start);
    Some(whole.slice(start..start + length))
}

fn section_octets(message: &Bytes, section: &Section) -> Option<Bytes> {
    if section.part.is_empty() {
        // No need to take the whole message apart.
        let header = mime::header_length(message);
        return Some(match &section.what {
            What::Everything => message.clone(),
            What::Text => message.slice(header..),
            What::Header | What::Mime => message.slice(..header),
            What::Fields { names, except } => fields(&message[..header], names, *except),
        });
    }
    let root = Part::of(message);
    let part = root.find(&section.part)?;
    match &section.what {
        What::Everything => return Some(message.slice(part.body.clone())),
        What::Mime => return Some(message.slice(part.header.clone())),
        _ => {}
    }
    // HEADER and TEXT of a part are those of the message in it.
    let inner = if part.is_message() { part.children.first()? } else { return None };
    Some(match &section.what {
        What::Fields { names, except } => fields(&message[inner.header.clone()], names, *except),
        What::Header => message.slice(inner.header.clone()),
        _ => message.slice(inner.body.clone()),
    })
}

/// The chosen fields as they stand, and an empty line.
fn fields(header: &[u8], names: &[String], except: bool) -> Bytes {
    let chosen = |name: &[u8]| names.iter().any(|wanted| name.eq_ignore_ascii_case(wanted.as_bytes())) != except;
    let mut found = Vec::new();
    for (_, field) in mime::fields(header).filter(|(name, _)| chosen(name)) {
        found.extend_from_slice(field);
        if !field.ends_with(b"\n") {
            found.extend_from_slice(b"\r\n");
        }
    }
    found.extend_from_slice(b"\r\n");
    found.into()
}
