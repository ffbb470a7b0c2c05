//! The mailbox of one user: its folders by wire name, subscriptions, quota.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::{Content, Folder, Message, labels};
use crate::imap::reply::Reply;

/// How folder names are built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) delimiter: char,
    /// The personal namespace: empty, or like `INBOX.`.
    pub(crate) prefix: String,
    /// Folders are labels of messages that all stand in All Mail, as in Gmail.
    pub(crate) labels: bool,
}

impl Layout {
    /// `inbox` in any case is `INBOX`, alone and as the first level.
    pub(crate) fn canonical(&self, name: &str) -> String {
        match name.get(..5) {
            Some(head) if head.eq_ignore_ascii_case("INBOX") => match name[5..].chars().next() {
                Some(next) if next != self.delimiter => name.to_owned(),
                _ => format!("INBOX{}", &name[5..]),
            },
            _ => name.to_owned(),
        }
    }

    /// The names above this one, nearest last.
    pub(crate) fn ancestors<'a>(&self, name: &'a str) -> impl Iterator<Item = &'a str> {
        name.match_indices(self.delimiter).map(|(at, _)| &name[..at])
    }
}

/// Everything one user owns.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) layout: Layout,
    /// Names that are subscribed, whether they exist or not.
    pub(crate) subscriptions: BTreeSet<String>,
    /// Bytes; nothing means no quota.
    pub(crate) quota: Option<u64>,
    pub(super) folders: BTreeMap<String, Folder>,
    next_validity: u32,
    next_object: u64,
    pub(super) next_email: u64,
}

impl Account {
    pub(crate) fn new(layout: Layout, quota: Option<u64>) -> Self {
        let mut account = Self {
            layout,
            subscriptions: BTreeSet::new(),
            quota,
            folders: BTreeMap::new(),
            next_validity: 1_700_000_001,
            next_object: 1,
            next_email: 1,
        };
        account.create("INBOX");
        if account.layout.labels {
            for (name, special_use, _) in labels::SYSTEM {
                account.create(name).special_use = special_use.map(str::to_owned);
            }
        }
        account
    }

    pub(crate) fn folder(&self, name: &str) -> Option<&Folder> {
        self.folders.get(name)
    }

    pub(crate) fn folder_mut(&mut self, name: &str) -> Option<&mut Folder> {
        self.folders.get_mut(name)
    }

    pub(crate) fn folders(&self) -> impl Iterator<Item = (&str, &Folder)> {
        self.folders.iter().map(|(name, folder)| (name.as_str(), folder))
    }

    pub(crate) fn used(&self) -> u64 {
        self.folders.values().map(Folder::bytes).sum()
    }

    pub(crate) fn has_children(&self, name: &str) -> bool {
        let below = format!("{name}{}", self.layout.delimiter);
        self.folders.range(below.clone()..).next().is_some_and(|(name, _)| name.starts_with(&below))
    }

    /// Where a folder with this identity is now: a rename moves it, a deletion ends it.
    pub(crate) fn find(&self, object: u64) -> Option<&str> {
        self.folders.iter().find(|(_, folder)| folder.object == object).map(|(name, _)| name.as_str())
    }

    /// Makes an empty folder in place of whatever is there.
    pub(crate) fn create(&mut self, name: &str) -> &mut Folder {
        let folder = Folder::new(self.next_object, self.next_validity);
        self.next_object += 1;
        self.next_validity += 1;
        match self.folders.entry(name.to_owned()) {
            Entry::Vacant(entry) => entry.insert(folder),
            Entry::Occupied(entry) => {
                let slot = entry.into_mut();
                *slot = folder;
                slot
            }
        }
    }

    pub(crate) fn delete(&mut self, name: &str) -> bool {
        self.folders.remove(name).is_some()
    }

    /// Moves a folder and all below it. INBOX stays, empty: only its messages go.
    pub(crate) fn rename(&mut self, from: &str, to: &str) -> Result<(), Reply> {
        let below = format!("{from}{}", self.layout.delimiter);
        if !self.folders.contains_key(from) && !self.has_children(from) {
            return Err(Reply::no("[NONEXISTENT] No such mailbox"));
        }
        if self.folders.contains_key(to) || self.has_children(to) {
            return Err(Reply::no("[ALREADYEXISTS] Mailbox already exists"));
        }
        if to.starts_with(&below) {
            return Err(Reply::no("[CANNOT] A mailbox cannot go below itself"));
        }
        if from == "INBOX" {
            let uids = self.folders.get(from).map(Folder::uids).unwrap_or_default();
            self.create(to);
            self.transfer(from, &uids, to);
            return Ok(());
        }
        let moving: Vec<String> =
            self.folders.keys().filter(|name| *name == from || name.starts_with(&below)).cloned().collect();
        for name in moving {
            if let Some(folder) = self.folders.remove(&name) {
                self.folders.insert(format!("{to}{}", &name[from.len()..]), folder);
            }
        }
        Ok(())
    }

    /// A UIDVALIDITY nobody had before.
    pub(crate) fn fresh_validity(&mut self) -> u32 {
        self.next_validity += 1;
        self.next_validity - 1
    }

    /// The same messages under new numbers.
    pub(crate) fn renumber(&mut self, name: &str) -> bool {
        let validity = self.fresh_validity();
        let Some(folder) = self.folders.get_mut(name) else { return false };
        folder.renumber(validity);
        true
    }

    /// Puts messages into a folder in this order; their UIDs. Nothing is put when the folder is missing.
    pub(crate) fn append(&mut self, name: &str, contents: impl IntoIterator<Item = Content>) -> Option<Vec<u32>> {
        if self.layout.labels && self.folders.contains_key(name) {
            return Some(contents.into_iter().map(|content| self.label(name, content)).collect());
        }
        let folder = self.folders.get_mut(name)?;
        let uids = contents.into_iter().map(|content| {
            let email_id = content.email_id.unwrap_or_else(|| {
                self.next_email += 1;
                self.next_email
            });
            folder.insert(content, email_id)
        });
        Some(uids.collect())
    }

    pub(crate) fn remove(&mut self, name: &str, uids: &[u32]) -> Vec<(u32, Message)> {
        let removed = self.folders.get_mut(name).map(|folder| folder.remove(uids)).unwrap_or_default();
        if self.layout.labels {
            self.unlabel(name, &removed);
        }
        removed
    }

    /// Moves messages; old and new UIDs, in order.
    pub(crate) fn transfer(&mut self, from: &str, uids: &[u32], to: &str) -> (Vec<u32>, Vec<u32>) {
        if !self.folders.contains_key(to) {
            return Default::default();
        }
        let removed = self.remove(from, uids);
        let old = removed.iter().map(|(uid, _)| *uid).collect();
        let new = self.append(to, removed.iter().map(|(_, message)| Content::from(message)));
        (old, new.unwrap_or_default())
    }

    /// Whether so many more bytes fit.
    pub(crate) fn has_room(&self, bytes: u64) -> bool {
        self.quota.is_none_or(|quota| self.used().saturating_add(bytes) <= quota)
    }
}
