//! A folder, and what changed in it.

use std::collections::BTreeMap;

use super::{Property, PropertyKey};

#[derive(Debug, Clone)]
pub(crate) struct Folder {
    pub(crate) key: u64,
    /// The number of its mailbox.
    pub(crate) mailbox: usize,
    pub(crate) parent: Option<u64>,
    pub(crate) name: String,
    pub(crate) class: String,
    /// The name under which a client may ask for it without knowing its id.
    pub(crate) well_known: Option<String>,
    pub(crate) properties: BTreeMap<PropertyKey, Property>,
    /// Every item and every item that went, by the number of its last change: a synchronization is a range of it.
    pub(crate) changes: BTreeMap<u64, Change>,
    /// Items of the normal view, and those of them that are unread.
    pub(crate) total: usize,
    pub(crate) unread: usize,
    /// Change numbers of the folder itself.
    pub(crate) created: u64,
    pub(crate) changed: u64,
}

/// What a change number stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    Item(u64),
    Gone { key: u64, created: u64, associated: bool },
}

impl Folder {
    /// Hidden from clients that ask for what users see.
    pub(crate) fn hidden(&self) -> bool {
        self.properties.get(&PropertyKey::Tag(0x10F4)).is_some_and(|hidden| hidden.values == ["true"])
    }

    pub(crate) fn set_hidden(&mut self, hidden: bool) {
        self.properties.insert(PropertyKey::Tag(0x10F4), Property::one("Boolean", hidden));
    }

    /// The element that stands for it.
    pub(crate) fn element(&self) -> &'static str {
        let class = self.class.to_ascii_lowercase();
        let is = |kind: &str| class == kind || class.starts_with(&format!("{kind}."));
        match () {
            () if is("ipf.appointment") => "CalendarFolder",
            () if is("ipf.contact") => "ContactsFolder",
            () if is("ipf.task") => "TasksFolder",
            () => "Folder",
        }
    }

    /// The keys of its items, oldest change first.
    pub(crate) fn items(&self) -> impl Iterator<Item = u64> {
        self.changes.values().filter_map(|change| match change {
            Change::Item(key) => Some(*key),
            Change::Gone { .. } => None,
        })
    }
}
