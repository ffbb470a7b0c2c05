use std::cmp::Ordering;
use std::collections::BTreeMap;

use bytes::Bytes;
use mailmove_core::{Digest, Flags, Kind, Role};
use time::OffsetDateTime;

use super::item::Stored;
use super::state::State;

/// Everything in a mailbox that a user sees, without what only the server knows (ids, marks, revisions): two mailboxes
/// are the same when their snapshots are equal. Folders are sets, items multisets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The folders, by path.
    pub folders: BTreeMap<Vec<String>, FolderSnapshot>,
}

/// A folder in a [`Snapshot`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FolderSnapshot {
    /// What it is for.
    pub role: Option<Role>,
    /// The kinds it may hold.
    pub kinds: Vec<Kind>,
    /// Whether its user subscribed to it.
    pub subscribed: bool,
    /// What it holds, sorted.
    pub items: Vec<ItemSnapshot>,
}

/// An item in a [`Snapshot`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemSnapshot {
    /// What it is.
    pub kind: Kind,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its bytes.
    pub bytes: Bytes,
    /// Its flags.
    pub flags: Flags,
    /// When it was received.
    pub received: Option<OffsetDateTime>,
    /// When it was last modified.
    pub modified: Option<OffsetDateTime>,
}

impl Snapshot {
    pub(super) fn of(state: &State) -> Self {
        let folder = |folder: &super::folder::StoredFolder| {
            let stored = folder.placed.values().map(|serial| state.item(*serial));
            let mut items: Vec<ItemSnapshot> = stored.filter(|item| item.complete).map(ItemSnapshot::of).collect();
            items.sort_by(ItemSnapshot::order);
            let (role, kinds) = (folder.role, folder.kinds.clone());
            FolderSnapshot { role, kinds, subscribed: folder.subscribed, items }
        };
        Self { folders: state.folders.values().map(|each| (each.path.clone(), folder(each))).collect() }
    }

    /// How many items there are, placements counted.
    pub fn len(&self) -> usize {
        self.folders.values().map(|folder| folder.items.len()).sum()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is missing here, what is too much, and which folder differs, compared with what was expected: one line for
    /// each. Nothing when both are equal.
    pub fn differences(&self, expected: &Snapshot) -> Vec<String> {
        let mut lines = Vec::new();
        for path in expected.folders.keys().chain(self.folders.keys().filter(|p| !expected.folders.contains_key(*p))) {
            match (self.folders.get(path), expected.folders.get(path)) {
                (Some(here), Some(there)) => here.differences(there, path, &mut lines),
                (None, _) => lines.push(format!("{path:?}: the folder is missing")),
                (_, None) => lines.push(format!("{path:?}: the folder is too much")),
            }
        }
        lines
    }

    /// Panics, naming every difference, unless both are equal.
    #[track_caller]
    pub fn assert_same(&self, expected: &Snapshot) {
        let differences = self.differences(expected);
        assert!(differences.is_empty(), "the mailboxes differ:\n{}", differences.join("\n"));
    }
}

impl FolderSnapshot {
    fn differences(&self, expected: &FolderSnapshot, path: &[String], lines: &mut Vec<String>) {
        let facts = |folder: &FolderSnapshot| (folder.role, folder.kinds.clone(), folder.subscribed);
        if facts(self) != facts(expected) {
            lines.push(format!("{path:?}: the folder is {:?}, expected {:?}", facts(self), facts(expected)));
        }
        let (mut here, mut there) = (self.items.iter().peekable(), expected.items.iter().peekable());
        loop {
            let order = match (here.peek(), there.peek()) {
                (Some(one), Some(other)) => one.order(other),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return,
            };
            if order == Ordering::Less {
                lines.extend(here.next().map(|item| format!("{path:?}: too much: {}", item.describe())));
            } else if order == Ordering::Greater {
                lines.extend(there.next().map(|item| format!("{path:?}: missing: {}", item.describe())));
            } else {
                here.next();
                there.next();
            }
        }
    }
}

impl ItemSnapshot {
    fn of(item: &Stored) -> Self {
        Self {
            kind: item.kind,
            digest: item.fingerprint().digest.unwrap_or_else(|| Digest::of(&item.bytes)),
            bytes: item.bytes.clone(),
            flags: item.flags.clone(),
            received: item.received,
            modified: item.modified,
        }
    }

    /// An order in which only equal items are equal.
    fn order(&self, other: &Self) -> Ordering {
        let plain = |item: &Self| (item.kind, item.digest, item.flags.state, item.received, item.modified);
        let categories =
            |item: &Self| -> Vec<String> { item.flags.categories().map(str::to_ascii_lowercase).collect() };
        plain(self).cmp(&plain(other)).then_with(|| categories(self).cmp(&categories(other)))
    }

    fn describe(&self) -> String {
        let head = &self.bytes[..self.bytes.len().min(60)];
        let digest = self.digest.to_string();
        format!("{} {} {:?} {:?} \"{}\"", self.kind, &digest[..8], self.flags, self.received, head.escape_ascii())
    }
}
