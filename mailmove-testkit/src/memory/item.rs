use std::sync::OnceLock;

use bytes::Bytes;
use mailmove_core::{Fingerprint, Flags, Item, ItemFlags, Kind, Mark, Result, Revision};
use time::OffsetDateTime;

use super::fingerprint;

/// An item that a test, acting as the user, puts into a mailbox.
#[derive(Debug, Clone)]
pub struct NewItem {
    pub(super) kind: Kind,
    pub(super) bytes: Bytes,
    pub(super) flags: Flags,
    pub(super) received: Option<OffsetDateTime>,
    pub(super) modified: Option<OffsetDateTime>,
}

impl NewItem {
    /// An item of this kind, in the kind's standard format.
    pub fn new(kind: Kind, bytes: impl Into<Bytes>) -> Self {
        Self { kind, bytes: bytes.into(), flags: Flags::default(), received: None, modified: None }
    }

    /// An item like this one, whose body is in its kind's standard format.
    pub fn like(item: &Item) -> Result<Self> {
        let (flags, bytes) = (item.flags.clone(), item.body.bytes()?);
        Ok(Self { kind: item.kind, bytes, flags, received: item.received, modified: item.modified })
    }

    /// A mail message.
    pub fn mail(octets: impl Into<Bytes>) -> Self {
        Self::new(Kind::Mail, octets)
    }

    /// A small mail message of its own: its Message-ID and subject hold the number, and it was received that many
    /// minutes after the beginning of 2024.
    pub fn numbered_mail(number: u64) -> Self {
        let octets = format!(
            "Message-ID: <{number}@example.org>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nFrom: a@example.org\r\n\
             To: b@example.org\r\nSubject: message {number}\r\n\r\nThis is message {number}.\r\n"
        );
        let minutes = i64::try_from(number).unwrap_or(0).saturating_mul(60);
        Self::mail(octets).received_at(1_704_067_200_i64.saturating_add(minutes))
    }

    /// The same with these states.
    pub fn state(mut self, state: ItemFlags) -> Self {
        self.flags.state = state;
        self
    }

    /// The same with one more category.
    pub fn category(mut self, name: impl Into<String>) -> Self {
        self.flags.add_category(name);
        self
    }

    /// The same, received at this time.
    pub fn received(mut self, when: OffsetDateTime) -> Self {
        self.received = Some(when);
        self
    }

    /// The same, received this many seconds after 1970. Beyond the year 9999 there is no date.
    pub fn received_at(mut self, seconds: i64) -> Self {
        self.received = OffsetDateTime::from_unix_timestamp(seconds).ok();
        self
    }

    /// The same, last modified at this time.
    pub fn modified(mut self, when: OffsetDateTime) -> Self {
        self.modified = Some(when);
        self
    }
}

/// An item in the mailbox, whichever folders it stands in.
#[derive(Debug)]
pub(super) struct Stored {
    /// Its number in the folder (or in the mailbox, where feeds are the mailbox's); its id is made of it.
    pub(super) uid: u64,
    /// What it keeps through moves and new epochs.
    pub(super) identity: u64,
    /// The folders in which it stands.
    pub(super) places: Vec<u64>,
    pub(super) kind: Kind,
    pub(super) bytes: Bytes,
    pub(super) flags: Flags,
    pub(super) received: Option<OffsetDateTime>,
    pub(super) created: Option<OffsetDateTime>,
    pub(super) modified: Option<OffsetDateTime>,
    pub(super) class: Option<String>,
    pub(super) mark: Option<Mark>,
    /// Counts the versions of its bytes.
    pub(super) version: u64,
    /// False while a create of two steps is between them.
    pub(super) complete: bool,
    /// When it changed last, flags included, and when otherwise: readings of the mailbox's clock.
    pub(super) changed: u64,
    pub(super) changed_content: u64,
    /// Its fingerprint without mark, made when first needed.
    pub(super) fingerprint: OnceLock<Fingerprint>,
}

impl Stored {
    pub(super) fn new(item: NewItem) -> Self {
        Self {
            uid: 0,
            identity: 0,
            places: Vec::new(),
            kind: item.kind,
            bytes: item.bytes,
            flags: item.flags,
            received: item.received,
            created: None,
            modified: item.modified,
            class: None,
            mark: None,
            version: 1,
            complete: true,
            changed: 0,
            changed_content: 0,
            fingerprint: OnceLock::new(),
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(super) fn revision(&self) -> Revision {
        Revision::new(self.version.to_string())
    }

    pub(super) fn fingerprint(&self) -> &Fingerprint {
        self.fingerprint.get_or_init(|| fingerprint::of(self.kind, &self.bytes))
    }

    /// When it begins, for an event; when it was last modified, for everything else that is not mail.
    pub(super) fn dated(&self) -> Option<OffsetDateTime> {
        match self.kind {
            Kind::Mail => None,
            Kind::Event => fingerprint::begins(&self.bytes).or(self.modified),
            _ => self.modified,
        }
    }

    pub(super) fn set_bytes(&mut self, bytes: Bytes) {
        self.bytes = bytes;
        self.version += 1;
        self.fingerprint = OnceLock::new();
    }
}
