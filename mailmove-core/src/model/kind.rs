use std::fmt;

use serde::{Deserialize, Serialize};

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A mail message (RFC 5322).
    Mail,
    /// A calendar event; a series with all its exceptions is one item.
    Event,
    /// A contact or a contact group.
    Contact,
    /// A task.
    Task,
    /// A note.
    Note,
    /// A journal entry.
    Journal,
}

impl Kind {
    /// Every kind, in a fixed order.
    pub const ALL: [Kind; 6] = [Kind::Mail, Kind::Event, Kind::Contact, Kind::Task, Kind::Note, Kind::Journal];

    /// The lower-case name, as used in reports and on command lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Mail => "mail",
            Kind::Event => "event",
            Kind::Contact => "contact",
            Kind::Task => "task",
            Kind::Note => "note",
            Kind::Journal => "journal",
        }
    }

    /// The kind with this name.
    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
