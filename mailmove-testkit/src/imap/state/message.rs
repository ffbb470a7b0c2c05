//! One message, and what a new one is made of.

use bytes::Bytes;
use time::OffsetDateTime;

use crate::imap::flags::Flags;

/// A message in a folder. Its UID is its key there.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) bytes: Bytes,
    pub(crate) flags: Flags,
    pub(crate) received: OffsetDateTime,
    pub(crate) modseq: u64,
    /// The same for all copies of one append.
    pub(crate) email_id: u64,
}

/// What is put into a folder.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) bytes: Bytes,
    pub(crate) flags: Flags,
    pub(crate) received: OffsetDateTime,
    /// Known for copies, given by the account otherwise.
    pub(crate) email_id: Option<u64>,
}

impl From<&Message> for Content {
    fn from(message: &Message) -> Self {
        Self {
            bytes: message.bytes.clone(),
            flags: message.flags.clone(),
            received: message.received,
            email_id: Some(message.email_id),
        }
    }
}

/// A message to be put straight into a folder by [`MailboxHandle::append`](super::MailboxHandle::append).
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub(super) content: Content,
    pub(super) uid: Option<u32>,
}

impl NewMessage {
    /// These bytes, unflagged, received on 1 January 2024 at noon UTC. They are kept as they are: no rule is asked.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        let received = OffsetDateTime::from_unix_timestamp(1_704_110_400).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let content = Content { bytes: bytes.into(), flags: Flags::default(), received, email_id: None };
        Self { content, uid: None }
    }

    /// With these flags (`\Seen`) and keywords (`$Forwarded`).
    #[must_use]
    pub fn flags<S: AsRef<str>>(mut self, flags: impl IntoIterator<Item = S>) -> Self {
        self.content.flags = Flags::of(flags);
        self
    }

    /// With this INTERNALDATE.
    #[must_use]
    pub fn received(mut self, at: OffsetDateTime) -> Self {
        self.content.received = at;
        self
    }

    /// With this UID, which must not be below the folder's UIDNEXT.
    #[must_use]
    pub fn uid(mut self, uid: u32) -> Self {
        self.uid = Some(uid);
        self
    }
}

impl From<&str> for NewMessage {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl From<Bytes> for NewMessage {
    fn from(bytes: Bytes) -> Self {
        Self::new(bytes)
    }
}

impl From<Vec<u8>> for NewMessage {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}
