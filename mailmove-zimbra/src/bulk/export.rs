//! Messages from an archive: each is preceded by what is known of it.
//!
//! The server goes on after errors and says nothing: an item may be missing, or shorter than it says and filled with
//! blanks. So an item counts only when its length and its digest are those that are told, and whoever asks compares what
//! came with what was asked for.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use mailmove_core::{Body, Error, ErrorKind, Result, Spool};
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use serde_json::Value;
use time::OffsetDateTime;

use super::tar::{Archive, Entry};
use crate::map;
use crate::wire::item::{ItemData, Sort};
use crate::wire::node::Node;

/// What describes an item is no larger, in octets.
const LARGEST_META: u64 = 4 << 20;

/// The number by which archives know messages.
const MESSAGE: i64 = 5;

/// The messages of an archive, up to where it breaks off.
///
/// # Errors
///
/// When the spool cannot take them.
pub(crate) fn messages(archive: &Body, spool: &Spool) -> Result<Vec<(ItemData, Body)>> {
    read(MultiGzDecoder::new(archive.reader()), spool)
}

/// A message and whether its digest was held against its octets.
struct Found {
    name: String,
    data: ItemData,
    body: Body,
    proven: bool,
}

fn read(packed: impl Read, spool: &Spool) -> Result<Vec<(ItemData, Body)>> {
    let mut archive = Archive::new(packed);
    let mut found: Vec<Found> = Vec::new();
    let mut told: Option<(String, Meta)> = None;
    let whole = loop {
        let entry = match archive.next_file() {
            Ok(Some(entry)) => entry,
            Ok(None) => break true,
            Err(_) => break false,
        };
        if let Some(name) = entry.name.strip_suffix(".meta") {
            told = meta(&mut archive, &entry).map(|meta| (name.to_owned(), meta));
        } else if let Some(name) = entry.name.strip_suffix(".err") {
            // The item before it was not whole.
            found.retain(|item| item.name != name);
        } else if let Some((_, meta)) = told.take().filter(|(name, _)| *name == entry.name) {
            match content(&mut archive, &entry, &meta, spool)? {
                Content::Whole(body, proven) => found.push(Found { name: entry.name, data: meta.data, body, proven }),
                Content::Other => {}
                Content::Cut => break false,
            }
        }
    };
    // Behind a sum that is missing or wrong only what has a digest of its own is believed.
    let believed = found.into_iter().filter(|item| whole || item.proven);
    Ok(believed.map(|item| (item.data, item.body)).collect())
}

/// What is told of an item.
struct Meta {
    data: ItemData,
    digest: String,
}

fn meta(archive: &mut Archive<impl Read>, entry: &Entry) -> Option<Meta> {
    if entry.size > LARGEST_META {
        return None;
    }
    let mut text = vec![0; usize::try_from(entry.size).ok()?];
    let mut filled = 0;
    while filled < text.len() {
        match archive.read_content(&mut text[filled..]) {
            Ok(count) if count > 0 => filled += count,
            _ => return None,
        }
    }
    let value: Value = serde_json::from_slice(&text).ok()?;
    let node = Node::new(&value);
    if node.number("type") != Some(MESSAGE) {
        return None;
    }
    // Before 8.0 names stand in another place, and before 6.0.7 numbers do.
    let (new, old) = (node.string("TagNames"), node.string("TagStr"));
    let (named, numbered) = match (new.is_empty(), old.contains(':')) {
        (false, _) => (new, String::new()),
        (true, true) => (old, String::new()),
        (true, false) => (new, old),
    };
    let seconds = |name: &str| node.number(name).and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    let data = ItemData {
        id: node.amount("id")?,
        sort: Some(Sort::Message),
        folder: node.string("folder_id"),
        flags: letters(node),
        tags: map::tags::encode(names(&named).iter().map(String::as_str)),
        tag_ids: numbered,
        size: node.amount("size"),
        date: seconds("date"),
        changed: seconds("change_date"),
        revision: node.amount("mod_content"),
        ..ItemData::default()
    };
    Some(Meta { data, digest: node.string("blob_digest") })
}

/// The letters of an item. That it was not read stands beside them.
fn letters(node: Node<'_>) -> String {
    let mut letters = node.string("FlagStr");
    if node.number("unread").is_some_and(|unread| unread > 0) && !letters.contains('u') {
        letters.push('u');
    }
    letters
}

/// Names with colons between them; a backslash before a colon or backslash that belongs to a name.
fn names(text: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let Some(name) = names.last_mut() else { break };
        match char {
            '\\' => name.extend(chars.next()),
            ':' => names.push(String::new()),
            char => name.push(char),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

enum Content {
    /// With whether its digest is the one that was told.
    Whole(Body, bool),
    /// Another length or other octets than were told.
    Other,
    /// The archive broke off.
    Cut,
}

fn content(archive: &mut Archive<impl Read>, entry: &Entry, meta: &Meta, spool: &Spool) -> Result<Content> {
    let mut writer = spool.writer();
    let mut sums = Sums::new(&meta.digest);
    let mut buffer = vec![0; 64 << 10];
    loop {
        match archive.read_content(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                sums.update(&buffer[..count]);
                writer.write(&buffer[..count])?;
            }
            Err(_) => return Ok(Content::Cut),
        }
    }
    let body = writer.finish().map_err(|error| match error.kind() {
        ErrorKind::Storage => error,
        _ => Error::new(ErrorKind::Storage, "an item of an archive cannot be kept").because(error),
    })?;
    if meta.data.size.is_some_and(|size| size != entry.size) {
        return Ok(Content::Other);
    }
    Ok(match sums.agree() {
        Some(false) => Content::Other,
        agreed => Content::Whole(body, agreed.is_some()),
    })
}

/// The digest that is told of an item: SHA-256 from 8.0 on, SHA-1 before; in base64 with commas for slashes.
struct Sums {
    context: Option<Context>,
    told: String,
}

impl Sums {
    fn new(told: &str) -> Self {
        let algorithm = match told.len() {
            44 => Some(&SHA256),
            28 => Some(&SHA1_FOR_LEGACY_USE_ONLY),
            _ => None,
        };
        Self { context: algorithm.map(Context::new), told: told.to_owned() }
    }

    fn update(&mut self, octets: &[u8]) {
        if let Some(context) = &mut self.context {
            context.update(octets);
        }
    }

    fn agree(self) -> Option<bool> {
        let sum = STANDARD.encode(self.context?.finish()).replace('/', ",");
        Some(sum == self.told.replace('/', ","))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::json;

    use super::*;
    use crate::bulk::tar::tests::entry;

    fn digest(octets: &[u8]) -> String {
        STANDARD.encode(ring::digest::digest(&SHA256, octets)).replace('/', ",")
    }

    fn item(id: u64, octets: &[u8], digest: &str, size: usize) -> Vec<u8> {
        let meta = json!({ "id": id, "type": 5, "folder_id": 2, "date": 1_000_000_000, "size": size, "unread": 1,
            "FlagStr": "f", "TagNames": "Red:a\\:b", "blob_digest": digest, "mod_content": 9 });
        let name = format!("Inbox/{id:010}-subject.eml");
        [entry(&format!("{name}.meta"), meta.to_string().as_bytes()), entry(&name, octets)].concat()
    }

    fn packed(tar: &[u8]) -> Body {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(tar).unwrap();
        Body::unpooled(encoder.finish().unwrap())
    }

    fn ids(archive: &Body) -> Vec<u64> {
        let found = messages(archive, &Spool::new(1 << 20)).unwrap();
        found.into_iter().map(|(data, _)| data.id).collect()
    }

    #[test]
    fn a_message_comes_with_what_is_known_of_it() {
        let tar = [item(300, b"hello", &digest(b"hello"), 5), vec![0; 1024]].concat();
        let (data, body) = messages(&packed(&tar), &Spool::new(1 << 20)).unwrap().remove(0);
        assert_eq!(body.bytes().unwrap(), "hello");
        assert_eq!((data.id, data.flags.as_str(), data.tags.as_str(), data.revision), (300, "fu", "Red,a:b", Some(9)));
    }

    #[test]
    fn what_is_not_what_was_told_does_not_count() {
        let mut short = item(3, b"hel  ", &digest(b"hello"), 5);
        short.extend(entry("Inbox/0000000003-subject.eml.err", b"short"));
        let tar = [
            item(1, b"other", &digest(b"hello"), 5),
            item(2, b"longer", "", 5),
            short,
            item(4, b"good", &digest(b"good"), 4),
            item(5, b"plain", "", 5),
            vec![0; 1024],
        ];
        assert_eq!(ids(&packed(&tar.concat())), [4, 5]);
    }

    #[test]
    fn of_an_archive_that_breaks_off_only_what_is_proven_counts() {
        let tar =
            [item(1, b"proven", &digest(b"proven"), 6), item(2, b"plain", "", 5), item(3, b"last", "", 4)].concat();
        assert_eq!(ids(&packed(&tar)), [1]);
        let whole = packed(&[tar, vec![0; 1024]].concat()).bytes().unwrap();
        assert_eq!(ids(&Body::unpooled(whole.slice(..whole.len() - 3))), [1]);
        assert!(ids(&Body::unpooled("<html>no archive</html>")).is_empty());
    }
}
