//! Items: from an answer to a reference or a whole item.

use mailmove_core::{
    Body, Error, ErrorKind, Fingerprint, FolderId, Format, Item, ItemId, ItemRef, Kind, Result, Revision, content_line,
};

use super::{flags, kind};
use crate::wire::item::{ItemData, Sort};

/// How much of a text is read in search of what identifies it, in bytes.
const BEGINNING: usize = 256 * 1024;

/// As a listing names it.
pub(crate) fn reference(item: &ItemData) -> ItemRef {
    let sort = item.sort.unwrap_or(Sort::Message);
    let folder = FolderId::new(item.folder.as_str());
    let mut found = ItemRef::new(ItemId::new(item.id.to_string()), folder, item.size.unwrap_or(ESTIMATE).max(1));
    found.kind = kind::of(sort);
    found.content = revision(item);
    found.flags = flags::read(&item.flags, &item.tags, found.kind);
    match sort {
        Sort::Message => found.received = item.date,
        Sort::Appointment => found.dated = item.begins.or(item.date),
        Sort::Contact | Sort::Task => found.dated = item.changed.or(item.date),
    }
    found.identity = Some(item.id.to_string());
    found
}

/// What is taken for the size of an item whose size is not told.
const ESTIMATE: u64 = 1024;

/// The revision of an item's content, which grows with nothing else.
pub(crate) fn revision(item: &ItemData) -> Revision {
    Revision::new(item.revision.unwrap_or_default().to_string())
}

/// A whole item with this body.
pub(crate) fn whole(data: &ItemData, kind: Kind, body: Body) -> Result<Item> {
    let mut item = Item::new(ItemId::new(data.id.to_string()), kind, kind::format(kind), body);
    identify(&mut item)?;
    item.flags = flags::read(&data.flags, &data.tags, kind);
    item.received = data.date.filter(|_| kind == Kind::Mail);
    item.modified = data.changed;
    Ok(item)
}

/// Puts in what the format itself says of who it is.
fn identify(item: &mut Item) -> Result<()> {
    let beginning = beginning(&item.body)?;
    if item.format == Format::RFC5322 {
        (item.fingerprint.uid, item.fingerprint.key) = Fingerprint::mail_key(header(&beginning));
    } else {
        item.fingerprint.uid = content_line(&String::from_utf8_lossy(&beginning), "UID");
    }
    Ok(())
}

/// What an item without content is.
pub(crate) fn without_content() -> Error {
    Error::new(ErrorKind::Refused, "the server gave the item without its content")
        .with_recovery(mailmove_core::Recovery::OtherRoute)
}

/// A number that stands for a text: half of its digest.
pub(crate) fn hash(text: &str) -> u128 {
    let mut bits = [0; 16];
    bits.copy_from_slice(&mailmove_core::Digest::of(text.as_bytes()).as_bytes()[..16]);
    u128::from_be_bytes(bits)
}

/// The number of an item of this mailbox. Others than those that a server gives cannot be.
pub(crate) fn number(id: &ItemId) -> Result<u64> {
    let number = id.as_str().parse::<u64>().ok().filter(|number| *number > 0 && number.to_string() == id.as_str());
    number.ok_or_else(|| absent().with("item", format!("{:?}", id.as_str())))
}

/// What is said of an item that is not there.
pub(crate) fn absent() -> Error {
    Error::new(ErrorKind::NotFound, "nothing has this id")
}

/// As much of a body as holds what identifies it.
pub(crate) fn beginning(body: &Body) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut reader = body.reader();
    while let Some(chunk) = reader.next_chunk()? {
        text.extend_from_slice(&chunk);
        if text.len() > BEGINNING {
            break;
        }
    }
    Ok(text)
}

/// Everything before the first blank line.
fn header(text: &[u8]) -> &[u8] {
    if text.starts_with(b"\r\n") || text.starts_with(b"\n") {
        return &[];
    }
    let ends = memchr::memchr_iter(b'\n', text).map(|at| at + 1);
    let blank = ends.into_iter().find(|at| matches!(&text[*at..], [b'\n', ..] | [b'\r', b'\n', ..]));
    &text[..blank.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_ends_at_the_first_blank_line() {
        assert_eq!(header(b"A: 1\r\nB: 2\r\n\r\nC: 3\r\n\r\n"), b"A: 1\r\nB: 2\r\n");
        assert_eq!(header(b"A: 1\n\nB"), b"A: 1\n");
        assert_eq!(header(b"\r\nbody"), b"");
        assert_eq!(header(b"A: 1"), b"A: 1");
    }

    #[test]
    fn only_numbers_as_servers_write_them_are_ids() {
        assert_eq!(number(&ItemId::new("257")).unwrap(), 257);
        for odd in ["", " ", "0", "00", "-1", "1 ", "+1", "1:*", "257,258", "18446744073709551616"] {
            assert_eq!(number(&ItemId::new(odd)).unwrap_err().kind(), ErrorKind::NotFound, "{odd:?}");
        }
    }
}
