//! A folder.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::graph::extended::{Name, Property};

#[derive(Debug, Clone)]
pub(crate) struct Folder {
    pub(crate) key: u64,
    pub(crate) parent: Option<u64>,
    pub(crate) name: String,
    /// `IPF.Note` and the like.
    pub(crate) class: String,
    pub(crate) well_known: Option<&'static str>,
    pub(crate) hidden: bool,
    pub(crate) properties: BTreeMap<Name, Property>,
    pub(crate) created: OffsetDateTime,
    pub(crate) modified: OffsetDateTime,
    /// The mailbox's count of changes when the folder itself was last changed.
    pub(crate) changed: u64,
    /// What was taken out of it, and when by the mailbox's count of changes.
    pub(crate) gone: Vec<Gone>,
    /// The colour and the like, of calendars and lists.
    pub(crate) fields: serde_json::Map<String, serde_json::Value>,
}

/// An item that was in a folder.
#[derive(Debug, Clone)]
pub(crate) struct Gone {
    pub(crate) at: u64,
    pub(crate) key: u64,
    pub(crate) moves: u32,
    pub(crate) class: String,
}

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Mail,
    Calendar,
    Contacts,
    Tasks,
    Other,
}

impl Folder {
    pub(crate) fn purpose(&self) -> Purpose {
        let class = self.class.to_ascii_lowercase();
        match class.split('.').nth(1) {
            _ if self.well_known == Some("root") => Purpose::Other,
            Some("note" | "imap") | None => Purpose::Mail,
            Some("appointment") => Purpose::Calendar,
            Some("contact") => Purpose::Contacts,
            Some("task") => Purpose::Tasks,
            Some(_) => Purpose::Other,
        }
    }
}
