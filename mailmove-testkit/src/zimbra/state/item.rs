//! Items: messages, contacts, appointments, tasks, documents.

use bytes::Bytes;

use crate::zimbra::ical::Calendar;

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ItemKind {
    Message,
    Contact,
    Appointment,
    Task,
    Document,
}

impl ItemKind {
    pub(crate) const ALL: [Self; 5] = [Self::Message, Self::Contact, Self::Appointment, Self::Task, Self::Document];

    /// The name of its elements.
    pub(crate) fn element(self) -> &'static str {
        match self {
            Self::Message => "m",
            Self::Contact => "cn",
            Self::Appointment => "appt",
            Self::Task => "task",
            Self::Document => "doc",
        }
    }

    /// Its name in `types=`, and the view of folders for it.
    pub(crate) fn view(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Contact => "contact",
            Self::Appointment => "appointment",
            Self::Task => "task",
            Self::Document => "document",
        }
    }

    /// Its number in exports.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Message => 5,
            Self::Contact => 6,
            Self::Document => 8,
            Self::Appointment => 11,
            Self::Task => 15,
        }
    }

    /// Its name in `NO_SUCH_...`.
    pub(crate) fn missing(self) -> &'static str {
        match self {
            Self::Message => "MSG",
            Self::Contact => "CONTACT",
            Self::Appointment => "APPT",
            Self::Task => "TASK",
            Self::Document => "DOC",
        }
    }
}

/// One component of a calendar item: the series, or an exception of it.
#[derive(Debug, Clone)]
pub(crate) struct Invite {
    pub(crate) id: i64,
    /// RECURRENCE-ID, as its value stands.
    pub(crate) recurrence: Option<String>,
    pub(crate) calendar: Calendar,
    /// The message that it came in.
    pub(crate) mime: Bytes,
    /// The owner's own answer: `AC`, `NE` ...
    pub(crate) ptst: String,
}

/// What an item holds.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Message { blob: Bytes },
    Contact { attributes: Vec<(String, String)>, members: Vec<(String, String)> },
    Calendar { uid: String, invites: Vec<Invite> },
    Document { name: String, kind: String, blob: Bytes },
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) id: i64,
    pub(crate) kind: ItemKind,
    pub(crate) folder: i64,
    /// Letters, `u` among them.
    pub(crate) flags: String,
    pub(crate) tags: Vec<i64>,
    /// When it was received, in ms.
    pub(crate) date: i64,
    /// Change at which its content was last written.
    pub(crate) rev: i64,
    /// Change at which anything of it last changed.
    pub(crate) ms: i64,
    /// When that was, in ms.
    pub(crate) md: i64,
    /// The conversation; `-id` when there is no other message in it.
    pub(crate) conversation: i64,
    pub(crate) imap_id: i64,
    pub(crate) content: Content,
    /// The file behind it is gone.
    pub(crate) blob_lost: bool,
    /// Only so many octets of the file behind it are left.
    pub(crate) blob_cut: Option<usize>,
}

impl Item {
    /// Octets that count against the quota.
    pub(crate) fn size(&self) -> i64 {
        let size = match &self.content {
            Content::Message { blob } | Content::Document { blob, .. } => blob.len(),
            Content::Contact { .. } => 0,
            Content::Calendar { invites, .. } => invites.iter().map(|invite| invite.mime.len()).sum(),
        };
        i64::try_from(size).unwrap_or(i64::MAX)
    }

    /// Its file as far as it is still there.
    pub(crate) fn stored(&self) -> Option<Bytes> {
        let blob = match &self.content {
            Content::Message { blob } | Content::Document { blob, .. } => blob.clone(),
            Content::Calendar { .. } | Content::Contact { .. } => return None,
        };
        if self.blob_lost {
            return None;
        }
        Some(self.blob_cut.map_or(blob.clone(), |cut| blob.slice(..cut.min(blob.len()))))
    }

    pub(crate) fn has_flag(&self, letter: char) -> bool {
        self.flags.contains(letter)
    }

    /// Sets or takes away one letter.
    pub(crate) fn flag(&mut self, letter: char, on: bool) {
        self.flags = flags(&if on { format!("{}{letter}", self.flags) } else { self.flags.replace(letter, "") });
    }
}

/// The letters that items have, each once and in Zimbra's order; others are dropped.
pub(crate) fn flags(letters: &str) -> String {
    "sarwfdxnu!?+v(pt^".chars().filter(|letter| letters.contains(*letter)).collect()
}
