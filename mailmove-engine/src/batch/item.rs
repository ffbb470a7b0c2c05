//! One mailbox of a batch, as it is kept.

use mailmove_core::{Error, ErrorKind, Mailbox, MailboxFlags, Result, Side};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::State;
use super::pass::{Pass, PassReport, Why};
use super::sheet::SheetRow;
use crate::ledger::{JobId, ProjectChange};

/// One mailbox that is to be moved: what is put into a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchJob {
    /// Its name in the ledger. By default made of the two mailboxes.
    pub id: JobId,
    /// The source mailbox.
    pub source: Mailbox,
    /// The destination mailbox.
    pub destination: Mailbox,
    /// The names of the two servers; `None`: the batch's first.
    pub servers: [Option<String>; 2],
    /// Its flags.
    pub flags: MailboxFlags,
    /// The line of the sheet.
    pub line: Option<u64>,
}

impl BatchJob {
    /// From this mailbox into that one, without flags, between the batch's first servers.
    pub fn new(mut source: Mailbox, mut destination: Mailbox) -> Self {
        (source.side, destination.side) = (Side::Source, Side::Destination);
        let id = JobId::of(&source, &destination);
        Self { id, source, destination, servers: [None, None], flags: MailboxFlags::empty(), line: None }
    }

    /// With these flags.
    pub fn flags(mut self, flags: MailboxFlags) -> Self {
        self.flags = flags;
        self
    }

    /// Between these servers, by the names that the batch has for them.
    pub fn servers(mut self, source: impl Into<String>, destination: impl Into<String>) -> Self {
        self.servers = [Some(source.into()), Some(destination.into())];
        self
    }
}

impl From<SheetRow> for BatchJob {
    fn from(row: SheetRow) -> Self {
        let mut job = BatchJob::new(row.source, row.destination).flags(row.flags);
        job.line = Some(row.line);
        job
    }
}

/// One mailbox of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BatchItem {
    /// Its name in the ledger.
    pub id: JobId,
    /// The source mailbox.
    pub source: Mailbox,
    /// The destination mailbox.
    pub destination: Mailbox,
    /// The names of the two servers; `None`: the batch's first.
    pub servers: [Option<String>; 2],
    /// Its flags.
    #[serde(with = "bits")]
    pub flags: MailboxFlags,
    /// The line of the sheet.
    pub line: Option<u64>,
    /// Where it stands.
    pub state: State,
    /// What was asked for last.
    pub pass: Pass,
    /// How many passes came to an end.
    pub passes: u32,
    /// When it goes on by itself.
    #[serde(with = "time::serde::rfc3339::option")]
    pub until: Option<OffsetDateTime>,
    /// Why it stands where it stands.
    pub why: Option<Why>,
    /// What a person should know, about mails that could not be sent.
    pub notes: Vec<String>,
    /// What the pass under way did before it was interrupted.
    pub so_far: Option<Box<PassReport>>,
    pub(super) memory: Memory,
}

/// What only the batch itself needs to know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// Both mailboxes were opened at least once.
    pub(super) opened: bool,
    /// Since when a mailbox is not there yet.
    #[serde(with = "time::serde::rfc3339::option", default)]
    pub(super) deferred: Option<OffsetDateTime>,
    /// How often in a row a server asked for patience.
    pub(super) waits: u32,
    /// Questions to the users of the two mailboxes.
    pub(super) asked: [Option<Asked>; 2],
}

/// A question to a user. What is in the link is not here, only what it is recognised by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) key: [u8; 32],
    #[serde(with = "time::serde::rfc3339")]
    pub(super) until: OffsetDateTime,
}

impl BatchItem {
    pub(super) fn new(job: BatchJob) -> Self {
        Self {
            id: job.id,
            source: job.source,
            destination: job.destination,
            servers: job.servers,
            flags: job.flags,
            line: job.line,
            state: State::NotSubmitted,
            pass: Pass::default(),
            passes: 0,
            until: None,
            why: None,
            notes: Vec::new(),
            so_far: None,
            memory: Memory::default(),
        }
    }

    /// The mailbox of this side.
    pub fn mailbox(&self, side: Side) -> &Mailbox {
        match side {
            Side::Source => &self.source,
            Side::Destination => &self.destination,
        }
    }

    /// Stands elsewhere from now on. What was true of the former state is forgotten.
    pub(super) fn go(&mut self, to: State) -> Result<()> {
        if !self.state.may_become(to) {
            return Err(self.state.refuse(to).with("mailbox", &self.id));
        }
        (self.state, self.until, self.why) = (to, None, None);
        Ok(())
    }

    /// Until when its users can answer.
    pub(super) fn asked_until(&self) -> Option<OffsetDateTime> {
        self.memory.asked.iter().flatten().map(|asked| asked.until).min()
    }

    pub(super) fn is_asked(&self) -> bool {
        self.memory.asked.iter().any(Option::is_some)
    }

    pub(super) fn put(&self) -> Result<ProjectChange> {
        Ok(ProjectChange::Put { mailbox: self.id.to_string(), record: text(self)? })
    }

    pub(super) fn read(record: &str) -> Result<Self> {
        serde_json::from_str(record).map_err(unreadable)
    }
}

/// A record as it is kept.
pub(super) fn text(record: &impl Serialize) -> Result<String> {
    serde_json::to_string(record).map_err(unreadable)
}

pub(super) fn unreadable(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Ledger, "a record of the batch cannot be read")
        .because(error)
        .remedy("restore the file from a backup, then run again")
}

/// The number as it came, bits without a meaning included.
mod bits {
    use mailmove_core::MailboxFlags;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(flags: &MailboxFlags, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(flags.bits())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MailboxFlags, D::Error> {
        u32::deserialize(deserializer).map(MailboxFlags::from_bits_retain)
    }
}
