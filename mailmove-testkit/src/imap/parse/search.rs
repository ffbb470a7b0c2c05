//! SEARCH: what is looked for.

use time::Date;

use super::{Command, Cursor, Malformed, Parsed};
use crate::imap::date;
use crate::imap::set::Set;

/// A search key.
#[derive(Debug, Clone)]
pub(crate) enum Key {
    All,
    Places(Set),
    Uids(Set),
    /// The UIDs behind a set, ascending; never parsed.
    Listed(Vec<u32>),
    Flag {
        name: String,
        set: bool,
    },
    Recent(bool),
    New,
    Received {
        from: Option<Date>,
        before: Option<Date>,
    },
    Sent {
        from: Option<Date>,
        before: Option<Date>,
    },
    Larger(u64),
    Smaller(u64),
    Header {
        name: String,
        value: Vec<u8>,
    },
    Body(Vec<u8>),
    Text(Vec<u8>),
    ModSeq(u64),
    Not(Box<Key>),
    Or(Box<Key>, Box<Key>),
    And(Vec<Key>),
}

/// RETURN (…) of RFC 4731.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SearchReturn {
    pub(crate) min: bool,
    pub(crate) max: bool,
    pub(crate) all: bool,
    pub(crate) count: bool,
}

pub(super) fn search(c: &mut Cursor<'_>, uid: bool) -> Parsed<Command> {
    let mut returns = None;
    c.space()?;
    if c.keyword("RETURN") {
        c.space()?;
        let mut asked = SearchReturn::default();
        let options = c.list(|c| {
            match c.atom()?.to_ascii_uppercase().as_str() {
                "MIN" => asked.min = true,
                "MAX" => asked.max = true,
                "ALL" => asked.all = true,
                "COUNT" => asked.count = true,
                _ => return Err(Malformed("Unknown SEARCH return option")),
            }
            Ok(())
        })?;
        asked.all |= options.is_empty();
        returns = Some(asked);
        c.space()?;
    }
    if c.keyword("CHARSET") {
        c.space()?;
        let charset = c.astring()?.to_ascii_uppercase();
        if charset != "UTF-8" && charset != "US-ASCII" {
            return Err(Malformed("[BADCHARSET (UTF-8 US-ASCII)] Unknown charset"));
        }
        c.space()?;
    }
    let mut keys = vec![key(c, 0)?];
    while c.take(b' ') {
        keys.push(key(c, 0)?);
    }
    Ok(Command::Search { uid, returns, key: Key::And(keys) })
}

fn key(c: &mut Cursor<'_>, depth: usize) -> Parsed<Key> {
    if depth > 50 {
        return Err(Malformed("Search nested too deeply"));
    }
    match c.peek() {
        Some(b'(') => return Ok(Key::And(c.list(|c| key(c, depth + 1))?)),
        Some(byte) if byte.is_ascii_digit() || byte == b'*' => return Ok(Key::Places(c.set()?)),
        _ => {}
    }
    let word = c.atom()?.to_ascii_uppercase();
    let flag = |name: &str, set| Ok(Key::Flag { name: name.to_owned(), set });
    match word.as_str() {
        "ALL" => Ok(Key::All),
        "ANSWERED" => flag("\\Answered", true),
        "UNANSWERED" => flag("\\Answered", false),
        "DELETED" => flag("\\Deleted", true),
        "UNDELETED" => flag("\\Deleted", false),
        "DRAFT" => flag("\\Draft", true),
        "UNDRAFT" => flag("\\Draft", false),
        "FLAGGED" => flag("\\Flagged", true),
        "UNFLAGGED" => flag("\\Flagged", false),
        "SEEN" => flag("\\Seen", true),
        "UNSEEN" => flag("\\Seen", false),
        "RECENT" => Ok(Key::Recent(true)),
        "OLD" => Ok(Key::Recent(false)),
        "NEW" => Ok(Key::New),
        _ => {
            c.space()?;
            key_with_argument(c, &word, depth)
        }
    }
}

fn key_with_argument(c: &mut Cursor<'_>, word: &str, depth: usize) -> Parsed<Key> {
    let header = |name: &str, value| Key::Header { name: name.to_owned(), value };
    match word {
        "UID" => Ok(Key::Uids(c.set()?)),
        "KEYWORD" => Ok(Key::Flag { name: c.flag()?, set: true }),
        "UNKEYWORD" => Ok(Key::Flag { name: c.flag()?, set: false }),
        "SINCE" => Ok(Key::Received { from: Some(day(c)?), before: None }),
        "BEFORE" => Ok(Key::Received { from: None, before: Some(day(c)?) }),
        "ON" => {
            let day = day(c)?;
            Ok(Key::Received { from: Some(day), before: day.next_day() })
        }
        "SENTSINCE" => Ok(Key::Sent { from: Some(day(c)?), before: None }),
        "SENTBEFORE" => Ok(Key::Sent { from: None, before: Some(day(c)?) }),
        "SENTON" => {
            let day = day(c)?;
            Ok(Key::Sent { from: Some(day), before: day.next_day() })
        }
        "LARGER" => Ok(Key::Larger(c.number()?)),
        "SMALLER" => Ok(Key::Smaller(c.number()?)),
        "FROM" | "TO" | "CC" | "BCC" | "SUBJECT" => Ok(header(word, c.astring_bytes()?)),
        "HEADER" => {
            let name = c.astring()?;
            c.space()?;
            Ok(Key::Header { name, value: c.astring_bytes()? })
        }
        "BODY" => Ok(Key::Body(c.astring_bytes()?)),
        "TEXT" => Ok(Key::Text(c.astring_bytes()?)),
        "MODSEQ" => Ok(Key::ModSeq(c.number()?)),
        "NOT" => Ok(Key::Not(Box::new(key(c, depth + 1)?))),
        "OR" => {
            let first = key(c, depth + 1)?;
            c.space()?;
            Ok(Key::Or(Box::new(first), Box::new(key(c, depth + 1)?)))
        }
        _ => Err(Malformed("Unknown search key")),
    }
}

fn day(c: &mut Cursor<'_>) -> Parsed<Date> {
    date::parse_date(&c.astring()?).ok_or(Malformed("Invalid date"))
}
