//! Items: from an answer to a reference or a whole item.

use mailmove_core::{Body, Fingerprint, FolderId, Format, Item, ItemId, ItemRef, Kind, Result, content_line};

use super::{flags, revision};
use crate::wire::message::{Message, moment_of};
use crate::wire::property::Property;

/// How much of a message is read in search of the end of its header, in bytes.
const LONGEST_HEADER: usize = 256 * 1024;

/// A message as a listing names it.
pub(crate) fn reference(message: &Message, folder: &FolderId) -> ItemRef {
    let size = message.number(Property::Size).and_then(|size| u64::try_from(size).ok()).unwrap_or(1);
    let mut found = ItemRef::new(ItemId::new(message.id.as_str()), folder.clone(), size.max(1));
    found.content = revision::of(message);
    found.flags = flags::of(message);
    found.received = moment_of(message.received_date_time.as_ref());
    // Ids stay when an item moves within its mailbox.
    found.identity = Some(message.id.clone());
    found
}

/// A whole message with this body.
pub(crate) fn whole(message: &Message, asked: &ItemId, format: &Format, body: Body) -> Result<Item> {
    let mut item = Item::new(asked.clone(), Kind::Mail, format.clone(), body);
    if *format == Format::RFC5322 {
        let (uid, key) = Fingerprint::mail_key(&header(&item.body)?);
        (item.fingerprint.uid, item.fingerprint.key) = (uid, key);
    } else {
        item.fingerprint.uid = uid(message);
    }
    item.flags = flags::of(message);
    item.received = moment_of(message.received_date_time.as_ref());
    item.created = moment_of(message.created_date_time.as_ref());
    item.modified = moment_of(message.last_modified_date_time.as_ref());
    Ok(item)
}

/// By what a message is known elsewhere.
pub(crate) fn uid(message: &Message) -> Option<String> {
    message.internet_message_id.as_deref().map(normal_uid).filter(|uid| !uid.is_empty())
}

/// A Message-ID in the form in which [`Fingerprint::mail_key`] has it.
pub(crate) fn normal_uid(id: &str) -> String {
    id.chars().filter(|char| char.is_ascii_graphic() && *char != 'X').collect()
}

/// The identifier in an iCalendar or a vCard.
pub(crate) fn uid_in(written: &str) -> Option<String> {
    content_line(written, "UID")
}

/// As much of a text as holds what identifies it.
pub(crate) fn beginning(body: &Body) -> Result<String> {
    let mut text = Vec::new();
    let mut reader = body.reader();
    while let Some(chunk) = reader.next_chunk()? {
        text.extend_from_slice(&chunk);
        if text.len() > LONGEST_HEADER {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Everything before the first blank line.
pub(crate) fn header(body: &Body) -> Result<Vec<u8>> {
    let mut header = Vec::new();
    let mut reader = body.reader();
    while let Some(chunk) = reader.next_chunk()? {
        let from = header.len().saturating_sub(3);
        header.extend_from_slice(&chunk);
        if let Some(end) = blank_line(&header, from) {
            header.truncate(end);
            break;
        }
        if header.len() > LONGEST_HEADER {
            header.truncate(LONGEST_HEADER);
            break;
        }
    }
    Ok(header)
}

/// Where the first blank line begins, looked for from here on.
fn blank_line(text: &[u8], from: usize) -> Option<usize> {
    if text.starts_with(b"\r\n") || text.starts_with(b"\n") {
        return Some(0);
    }
    let ends = memchr::memchr_iter(b'\n', &text[from..]).map(|at| from + at + 1);
    ends.into_iter().find(|at| matches!(&text[*at..], [b'\n', ..] | [b'\r', b'\n', ..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_ends_at_the_first_blank_line() {
        let header = |octets: &[u8]| header(&Body::unpooled(octets.to_vec())).unwrap();
        assert_eq!(header(b"A: 1\r\nB: 2\r\n\r\nC: 3\r\n\r\n"), b"A: 1\r\nB: 2\r\n");
        assert_eq!(header(b"A: 1\n\nB"), b"A: 1\n");
        assert_eq!(header(b"\r\nbody"), b"");
        assert_eq!(header(b"A: 1"), b"A: 1");
    }

    #[test]
    fn message_ids_are_compared_as_the_contract_compares_them() {
        let (uid, _) = Fingerprint::mail_key(b"Message-ID:\r\n <aXb@example.org>\r\n");
        assert_eq!(uid, Some(normal_uid("<aXb@example.org>")));
    }
}
