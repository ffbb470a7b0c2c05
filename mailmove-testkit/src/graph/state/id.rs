//! Ids of what a mailbox holds.
//!
//! An ordinary id says in which folder the thing lies and how often it has been moved, so that it changes on every move;
//! an immutable one does not. Both are understood wherever an id may stand.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;

use crate::graph::refusal::Refusal;

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Folder = 1,
    Item = 2,
    Attachment = 3,
    /// Rules, categories, checklist items, linked resources.
    Other = 4,
}

/// An id, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id {
    pub(crate) kind: Kind,
    pub(crate) mailbox: usize,
    pub(crate) key: u64,
    /// How often the item was moved; none in immutable ids.
    pub(crate) moves: Option<u32>,
    /// The day of an occurrence, or the number of what hangs on an item.
    pub(crate) part: u32,
}

/// Octets of an id: as many as in those of Exchange, more than it takes here.
const LENGTH: usize = 70;

impl Id {
    pub(crate) fn folder(mailbox: usize, key: u64) -> Self {
        Self { kind: Kind::Folder, mailbox, key, moves: Some(0), part: 0 }
    }

    /// The text of an id: letters of both cases that mean different things, and characters that URLs have to escape.
    pub(crate) fn text(self) -> String {
        let mut bytes = vec![self.kind as u8];
        bytes.extend_from_slice(&(self.mailbox as u16).to_be_bytes());
        bytes.extend((0..LENGTH - 19).map(|at| (at as u8).wrapping_mul(91) ^ self.mailbox as u8));
        bytes.extend_from_slice(&self.moves.unwrap_or_default().to_be_bytes());
        bytes.extend_from_slice(&self.part.to_be_bytes());
        bytes.extend_from_slice(&self.key.to_be_bytes());
        let prefix = if self.moves.is_some() { "AAMk" } else { "AAkA" };
        format!("{prefix}{}", URL_SAFE.encode(bytes))
    }

    /// Takes an id of a mailbox apart.
    pub(crate) fn read(text: &str, mailbox: usize) -> Result<Self, Refusal> {
        let id = Self::parse(text).ok_or_else(Refusal::malformed_id)?;
        if id.mailbox == mailbox { Ok(id) } else { Err(Refusal::missing()) }
    }

    fn parse(text: &str) -> Option<Self> {
        let (prefix, rest) = text.split_at_checked(4)?;
        let bytes = URL_SAFE.decode(rest).ok().filter(|bytes| bytes.len() == LENGTH)?;
        let number = |at: usize, length: usize| {
            bytes[at..at + length].iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte))
        };
        let kind = match bytes[0] {
            1 => Kind::Folder,
            2 => Kind::Item,
            3 => Kind::Attachment,
            4 => Kind::Other,
            _ => return None,
        };
        let moves = match prefix {
            "AAMk" => Some(number(LENGTH - 16, 4) as u32),
            "AAkA" => None,
            _ => return None,
        };
        let part = number(LENGTH - 12, 4) as u32;
        Some(Self { kind, mailbox: number(1, 2) as usize, key: number(LENGTH - 8, 8), moves, part })
    }
}

/// A GUID that is made of a number.
pub(crate) fn guid(space: u32, number: u64) -> String {
    let mixed = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::from(space);
    format!("{space:08x}-{:04x}-4{:03x}-8{:03x}-{number:012x}", mixed >> 48, mixed >> 36 & 0xfff, mixed >> 24 & 0xfff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_was_written_and_nothing_else_is_one() {
        for moves in [None, Some(7)] {
            let id = Id { kind: Kind::Item, mailbox: 3, key: 99, moves, part: 20_000 };
            assert_eq!(Id::read(&id.text(), 3), Ok(id));
            assert_eq!(Id::read(&id.text(), 4), Err(Refusal::missing()));
            assert_eq!(Id::read(&id.text()[1..], 3), Err(Refusal::malformed_id()));
            assert!(Id::read(&id.text().to_lowercase(), 3).is_err());
        }
    }
}
