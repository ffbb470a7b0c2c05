//! Ids as clients see them: opaque, case-sensitive, with all the characters of base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::ews::refusal::Refusal;

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Folder = 1,
    Item = 2,
    Attachment = 3,
}

/// An id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id {
    pub(crate) kind: Kind,
    pub(crate) key: u64,
    /// The attachment's number within its item.
    pub(crate) part: u64,
}

const SALT: u64 = 0x9E37_79B9_7F4A_7C15;

impl Id {
    pub(crate) fn new(kind: Kind, key: u64) -> Self {
        Self { kind, key, part: 0 }
    }

    pub(crate) fn attachment(item: u64, part: u64) -> Self {
        Self { kind: Kind::Attachment, key: item, part }
    }

    pub(crate) fn text(self) -> String {
        self.spelled(0)
    }

    /// The same id in other letters: ids that come back from ExportItems and UploadItems compare unequal as text.
    pub(crate) fn other_text(self) -> String {
        self.spelled(1)
    }

    fn spelled(self, spelling: u8) -> String {
        let mut bytes = vec![0, 4, spelling, self.kind as u8];
        // Mixed, so that the ids of neighbours look nothing like each other and differ in the case of letters too.
        bytes.extend_from_slice(&self.key.wrapping_mul(SALT).to_be_bytes());
        bytes.extend_from_slice(&(!self.key.wrapping_mul(SALT).rotate_left(17)).to_be_bytes());
        bytes.extend_from_slice(&self.key.to_be_bytes());
        bytes.extend_from_slice(&self.part.to_be_bytes());
        bytes.extend_from_slice(&[0xfb, 0xff, 0xfe, 0]);
        STANDARD.encode(bytes)
    }

    pub(crate) fn read(text: &str) -> Result<Self, Refusal> {
        let bytes = STANDARD.decode(text).map_err(|_| Refusal::malformed_id())?;
        if bytes.len() != 40 {
            return Err(Refusal::malformed_id());
        }
        let number = |at: usize| bytes[at..at + 8].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let kind = match bytes[3] {
            1 => Kind::Folder,
            2 => Kind::Item,
            3 => Kind::Attachment,
            _ => return Err(Refusal::malformed_id()),
        };
        let id = Self { kind, key: number(20), part: number(28) };
        let spelled = [id.text(), id.other_text()];
        spelled.iter().any(|spelled| spelled == text).then_some(id).ok_or_else(Refusal::malformed_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_in_both_spellings_and_in_no_other() {
        for id in [Id::new(Kind::Folder, 7), Id::new(Kind::Item, u64::MAX), Id::attachment(3, 9)] {
            assert_eq!(Id::read(&id.text()), Ok(id));
            assert_eq!(Id::read(&id.other_text()), Ok(id));
            assert_ne!(id.text(), id.other_text());
            assert!(Id::read(&id.text().to_lowercase()).is_err());
        }
        assert!(Id::read("").is_err());
    }
}
