//! All mailboxes of the server.

use std::collections::{BTreeMap, HashMap};

use time::OffsetDateTime;

use super::well_known::{ARCHIVE, MAILBOX, RECOVERABLE, SINCE_2013};
use super::{Change, Folder, Id, Item, Kind};
use crate::ews::date;
use crate::ews::refusal::Refusal;
use crate::ews::version::Version;

/// Everything. Keys are never used twice.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) mailboxes: Vec<Mailbox>,
    folders: BTreeMap<u64, Folder>,
    items: HashMap<u64, Item>,
    key: u64,
    change: u64,
    public: Vec<PublicMailbox>,
}

/// A mailbox that holds contents of public folders. The first of them holds their hierarchy too.
#[derive(Debug)]
pub(crate) struct PublicMailbox {
    pub(crate) address: String,
    pub(crate) guid: String,
}

#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) address: String,
    pub(crate) version: Version,
    /// Sync states of another epoch are invalid.
    pub(crate) epoch: u64,
    /// Items that do not fit any more are refused.
    pub(crate) quota: Option<u64>,
    pub(crate) folder_changes: BTreeMap<u64, FolderChange>,
    well_known: HashMap<String, u64>,
    imap_uid: u32,
}

/// What a change number of the hierarchy stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FolderChange {
    Folder(u64),
    Gone { key: u64, created: u64 },
}

impl Store {
    /// Adds an empty mailbox; its number.
    pub(crate) fn add_mailbox(&mut self, address: &str, version: Version) -> usize {
        let number = self.mailboxes.len();
        self.mailboxes.push(Mailbox {
            address: address.to_owned(),
            version,
            epoch: 1,
            quota: None,
            folder_changes: BTreeMap::new(),
            well_known: HashMap::new(),
            imap_uid: 0,
        });
        self.add_root(number, "root", "Root");
        self.add_well_known(number, MAILBOX);
        if version >= Version::Exchange2013 {
            self.add_well_known(number, SINCE_2013);
        }
        if version >= Version::Exchange2010Sp1 {
            self.add_well_known(number, RECOVERABLE);
        }
        number
    }

    /// Gives a mailbox an archive.
    pub(crate) fn add_archive(&mut self, mailbox: usize) {
        self.add_root(mailbox, "archiveroot", "Root");
        self.add_well_known(mailbox, ARCHIVE);
    }

    /// Gives the organisation public folders, whose contents live in so many mailboxes.
    pub(crate) fn add_public(&mut self, domain: &str, mailboxes: usize, version: Version) {
        self.public = (1..=mailboxes)
            .map(|number| PublicMailbox {
                address: format!("public-{number}@{domain}"),
                guid: format!("{number:08x}-0000-4000-8000-00000000c0de"),
            })
            .collect();
        let address = self.public[0].address.clone();
        let number = self.add_mailbox(&address, version);
        self.add_root(number, "publicfoldersroot", "IPM_SUBTREE");
        if let Some(root) = self.well_known(number, "publicfoldersroot") {
            self.mailboxes[number].well_known.insert("msgfolderroot".to_owned(), root);
        }
    }

    /// The mailbox of the hierarchy of public folders.
    pub(crate) fn public_hierarchy(&self) -> Option<usize> {
        self.mailbox(&self.public.first()?.address)
    }

    /// The mailboxes of public folders.
    pub(crate) fn public_mailboxes(&self) -> &[PublicMailbox] {
        &self.public
    }

    /// Where the contents of a folder live, when it is a public one.
    pub(crate) fn content_of(&self, folder: &Folder) -> Option<&PublicMailbox> {
        if Some(folder.mailbox) != self.public_hierarchy() {
            return None;
        }
        let turn = usize::try_from(folder.key).unwrap_or_default() % self.public.len().max(1);
        self.public.get(turn)
    }

    fn add_root(&mut self, mailbox: usize, well_known: &str, name: &str) {
        let key = self.insert_folder(mailbox, None, name, "", Some(well_known));
        self.mailboxes[mailbox].well_known.insert(well_known.to_owned(), key);
    }

    fn add_well_known(&mut self, mailbox: usize, folders: &[(&str, &str, &str, &str, bool)]) {
        for (well_known, parent, name, class, hidden) in folders {
            let parent = self.well_known(mailbox, parent);
            let key = self.insert_folder(mailbox, parent, name, class, Some(well_known));
            self.mailboxes[mailbox].well_known.insert((*well_known).to_owned(), key);
            if let (true, Some(folder)) = (*hidden, self.folders.get_mut(&key)) {
                folder.set_hidden(true);
            }
        }
    }

    pub(crate) fn well_known(&self, mailbox: usize, name: &str) -> Option<u64> {
        self.mailboxes.get(mailbox)?.well_known.get(name).copied()
    }

    pub(crate) fn mailbox(&self, address: &str) -> Option<usize> {
        self.mailboxes.iter().position(|mailbox| mailbox.address.eq_ignore_ascii_case(address))
    }

    /// The primary address of whoever has this one.
    pub(crate) fn primary(&self, address: &str) -> Option<&str> {
        let public = self.public.iter().find(|public| {
            let own = address.split('@').next().unwrap_or_default();
            public.guid.eq_ignore_ascii_case(own) || public.address.eq_ignore_ascii_case(address)
        });
        let own = || self.mailbox(address).map(|number| self.mailboxes[number].address.as_str());
        public.map(|public| public.address.as_str()).or_else(own)
    }

    fn next_key(&mut self) -> u64 {
        self.key += 1;
        self.key
    }

    fn next_change(&mut self) -> u64 {
        self.change += 1;
        self.change
    }

    pub(crate) fn insert_folder(
        &mut self,
        mailbox: usize,
        parent: Option<u64>,
        name: &str,
        class: &str,
        well_known: Option<&str>,
    ) -> u64 {
        let (key, change) = (self.next_key(), self.next_change());
        self.mailboxes[mailbox].folder_changes.insert(change, FolderChange::Folder(key));
        let folder = Folder {
            key,
            mailbox,
            parent,
            name: name.to_owned(),
            class: class.to_owned(),
            well_known: well_known.map(str::to_owned),
            properties: BTreeMap::new(),
            changes: BTreeMap::new(),
            total: 0,
            unread: 0,
            created: change,
            changed: change,
        };
        self.folders.insert(key, folder);
        key
    }

    pub(crate) fn folder(&self, key: u64) -> Option<&Folder> {
        self.folders.get(&key)
    }

    /// Changes a folder, and has the hierarchy's synchronizations see it.
    pub(crate) fn change_folder<T>(&mut self, key: u64, act: impl FnOnce(&mut Folder) -> T) -> Option<T> {
        let change = self.next_change();
        let folder = self.folders.get_mut(&key)?;
        let changes = &mut self.mailboxes[folder.mailbox].folder_changes;
        changes.remove(&std::mem::replace(&mut folder.changed, change));
        changes.insert(change, FolderChange::Folder(key));
        Some(act(folder))
    }

    /// The folders right below one, in the order in which they were made.
    pub(crate) fn children(&self, parent: u64) -> impl Iterator<Item = &Folder> {
        self.folders.values().filter(move |folder| folder.parent == Some(parent))
    }

    /// All below a folder, parents before children.
    pub(crate) fn descendants(&self, root: u64) -> Vec<u64> {
        let mut found: Vec<u64> = self.children(root).map(|folder| folder.key).collect();
        let mut at = 0;
        while at < found.len() {
            found.extend(self.children(found[at]).map(|folder| folder.key));
            at += 1;
        }
        found
    }

    /// Whether a folder lies somewhere below another.
    pub(crate) fn lies_below(&self, mut key: u64, root: u64) -> bool {
        while let Some(parent) = self.folders.get(&key).and_then(|folder| folder.parent) {
            if parent == root {
                return true;
            }
            key = parent;
        }
        false
    }

    /// Removes a folder with all below it and all in it.
    pub(crate) fn remove_folder(&mut self, key: u64) {
        for key in self.descendants(key).into_iter().rev().chain([key]) {
            let Some(folder) = self.folders.remove(&key) else { continue };
            folder.items().for_each(|item| {
                self.items.remove(&item);
            });
            let change = self.next_change();
            let changes = &mut self.mailboxes[folder.mailbox].folder_changes;
            changes.remove(&folder.changed);
            changes.insert(change, FolderChange::Gone { key, created: folder.created });
        }
    }

    pub(crate) fn item(&self, key: u64) -> Option<&Item> {
        self.items.get(&key)
    }

    /// The items of a folder, in the order of their last changes.
    pub(crate) fn items_of(&self, folder: u64) -> impl Iterator<Item = &Item> {
        let folder = self.folders.get(&folder);
        folder.into_iter().flat_map(Folder::items).filter_map(|key| self.items.get(&key))
    }

    /// Puts an item into a folder; its key.
    pub(crate) fn insert_item(&mut self, folder: u64, mut item: Item) -> Result<u64, Refusal> {
        let mailbox = self.folders.get(&folder).map(|folder| folder.mailbox).ok_or_else(Refusal::no_folder)?;
        if let Some(quota) = self.mailboxes[mailbox].quota
            && self.used(mailbox) + item.size() as u64 > quota
        {
            return Err(Refusal::new("ErrorQuotaExceeded", "The operation would exceed the quota of the mailbox."));
        }
        let (key, change) = (self.next_key(), self.next_change());
        self.mailboxes[mailbox].imap_uid += 1;
        item.key = key;
        item.folder = folder;
        item.imap_uid = self.mailboxes[mailbox].imap_uid;
        (item.created, item.changed, item.content) = (change, change, change);
        (item.received, item.sent) = (date::rounded(item.received), item.sent.map(date::rounded));
        (item.made, item.modified) = (date::rounded(item.made), date::rounded(item.modified));
        self.count(&item, true);
        if let Some(folder) = self.folders.get_mut(&folder) {
            folder.changes.insert(change, Change::Item(key));
        }
        self.items.insert(key, item);
        Ok(key)
    }

    fn used(&self, mailbox: usize) -> u64 {
        let own = |item: &&Item| self.folders.get(&item.folder).is_some_and(|folder| folder.mailbox == mailbox);
        self.items.values().filter(own).map(|item| item.size() as u64).sum()
    }

    /// Changes an item. When nothing but its read state changed, synchronizations say only so.
    pub(crate) fn change_item<T>(&mut self, key: u64, act: impl FnOnce(&mut Item) -> T) -> Option<T> {
        let change = self.next_change();
        let mut item = self.items.remove(&key)?;
        self.count(&item, false);
        let (fields, read) = (item.fingerprint(), item.is_read());
        let result = act(&mut item);
        if item.is_read() == read || item.fingerprint() != fields {
            item.content = change;
            item.modified = date::rounded(OffsetDateTime::now_utc());
        }
        item.stream = None;
        self.count(&item, true);
        if let Some(folder) = self.folders.get_mut(&item.folder) {
            folder.changes.remove(&std::mem::replace(&mut item.changed, change));
            folder.changes.insert(change, Change::Item(key));
        }
        self.items.insert(key, item);
        Some(result)
    }

    /// Keeps the stream in which an item was exported: the same again next time.
    pub(crate) fn keep_stream(&mut self, key: u64, stream: bytes::Bytes) {
        if let Some(item) = self.items.get_mut(&key) {
            item.stream = Some(stream);
        }
    }

    /// Takes an item out of its folder.
    pub(crate) fn remove_item(&mut self, key: u64) -> Option<Item> {
        let item = self.items.remove(&key)?;
        self.count(&item, false);
        let change = self.next_change();
        if let Some(folder) = self.folders.get_mut(&item.folder) {
            folder.changes.remove(&item.changed);
            let gone = Change::Gone { key, created: item.created, associated: item.associated };
            folder.changes.insert(change, gone);
        }
        Some(item)
    }

    fn count(&mut self, item: &Item, more: bool) {
        let Some(folder) = self.folders.get_mut(&item.folder) else { return };
        if item.associated {
            return;
        }
        let unread = usize::from(!item.is_read());
        (folder.total, folder.unread) = match more {
            true => (folder.total + 1, folder.unread + unread),
            false => (folder.total - 1, folder.unread - unread),
        };
    }

    /// The id of a folder with its change key.
    pub(crate) fn folder_id(&self, key: u64) -> (String, String) {
        let changed = self.folders.get(&key).map_or(0, |folder| folder.changed);
        (Id::new(Kind::Folder, key).text(), change_key(changed))
    }
}

/// A change key as clients see it.
pub(crate) fn change_key(change: u64) -> String {
    use base64::Engine;
    let mut bytes = vec![9, 0, 0, 0, 16, 0, 0, 0];
    bytes.extend_from_slice(&change.to_be_bytes());
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
