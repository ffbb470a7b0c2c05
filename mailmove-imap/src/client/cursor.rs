//! How far a folder was read.

use std::fmt;

use mailmove_core::{Cursor, Error, ErrorKind, Result};

/// What a cursor says. The text begins with its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    /// UIDVALIDITY: all UIDs below belong to it.
    pub(super) validity: u32,
    /// Everything below this UID was listed.
    pub(super) next: u32,
    /// This UID and all above came after the reading began; they are for the next one. Equal to `next` when done.
    pub(super) end: u32,
    /// The mod-sequence at the beginning: what changed since is still to be told. 0: the folder has none.
    pub(super) modseq: u64,
    /// How many messages there are below `next`.
    pub(super) messages: u64,
}

impl Reading {
    pub(super) fn is_done(&self) -> bool {
        self.next >= self.end
    }

    pub(super) fn cursor(&self) -> Cursor {
        Cursor::new(self.to_string())
    }

    pub(super) fn parse(cursor: &Cursor) -> Result<Self> {
        let unknown = || Error::new(ErrorKind::CursorExpired, "the cursor is of another version");
        let mut fields = cursor.as_str().split(' ');
        if fields.next() != Some("1") {
            return Err(unknown());
        }
        let mut number = || fields.next()?.parse::<u64>().ok();
        let small = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok());
        let reading = (|| {
            Some(Self {
                validity: small(number())?,
                next: small(number())?,
                end: small(number())?,
                modseq: number()?,
                messages: number()?,
            })
        })();
        reading.ok_or_else(unknown)
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { validity, next, end, modseq, messages } = self;
        write!(f, "1 {validity} {next} {end} {modseq} {messages}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_comes_back(validity: u32, next: u32, end: u32, modseq: u64, messages: u64) {
            let reading = Reading { validity, next, end, modseq, messages };
            prop_assert_eq!(Reading::parse(&reading.cursor()).unwrap(), reading);
        }

        #[test]
        fn any_other_text_is_expired(text in ".*") {
            if let Err(error) = Reading::parse(&Cursor::new(text)) {
                prop_assert_eq!(error.kind(), ErrorKind::CursorExpired);
            }
        }
    }
}
