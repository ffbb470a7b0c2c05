//! Messages, calendar entries, cards, folder names and ids that broke somebody's software before.
//!
//! Everything here exists in real mailboxes. An endpoint takes it as it is, or refuses it item by item with a clear
//! error; it never changes, merges or loses it silently.

mod items;
mod mails;
mod names;

use bytes::Bytes;
use mailmove_core::Kind;

pub use names::{folder_names, ids};

/// A sample with a name for error messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nasty {
    /// What is special about it.
    pub name: &'static str,
    /// Its bytes, in the standard format of its kind.
    pub bytes: Bytes,
}

impl Nasty {
    fn new(name: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self { name, bytes: bytes.into() }
    }
}

/// The samples of a kind, twins included: two of them may have the same bytes.
pub fn samples(kind: Kind) -> Vec<Nasty> {
    match kind {
        Kind::Mail => mails::all(),
        Kind::Note => mails::notes(),
        Kind::Event => items::events(),
        Kind::Contact => items::contacts(),
        Kind::Task => items::tasks(),
        Kind::Journal => items::journals(),
    }
}

/// A harmless item of a kind; each number gives another one.
pub fn harmless(kind: Kind, number: u64) -> Bytes {
    match kind {
        Kind::Mail | Kind::Note => mails::harmless(number),
        Kind::Event => items::event(number, ""),
        Kind::Contact => items::contact(number, ""),
        Kind::Task => items::task(number, ""),
        Kind::Journal => items::journal(number, ""),
    }
}

/// An event to which somebody is invited. Writing it must not send an invitation.
pub fn invitation(number: u64) -> Bytes {
    items::event(
        number,
        "ORGANIZER;CN=Alice:mailto:alice@example.org\r\n\
         ATTENDEE;RSVP=TRUE;PARTSTAT=NEEDS-ACTION:mailto:bob@example.org\r\n",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_twins_and_every_harmless_item_differs() {
        let mails = samples(Kind::Mail);
        assert!(mails.iter().enumerate().any(|(at, one)| mails[..at].iter().any(|other| other.bytes == one.bytes)));
        for kind in Kind::ALL {
            assert_ne!(harmless(kind, 1), harmless(kind, 2));
            assert!(!samples(kind).is_empty());
        }
    }
}
