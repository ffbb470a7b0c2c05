//! A mailbox: folders, items, and what is around them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::folder::Gone;
use super::well_known;
use super::{Folder, Id, Item, Numbered, guid};
use crate::graph::refusal::Refusal;

#[derive(Debug, Clone)]
pub(crate) struct Mailbox {
    pub(crate) number: usize,
    pub(crate) address: String,
    /// The user's object id.
    pub(crate) user: String,
    /// The mailbox's own id, behind `MBX:`.
    pub(crate) guid: String,
    pub(crate) folders: BTreeMap<u64, Folder>,
    pub(crate) items: BTreeMap<u64, Item>,
    next: u64,
    /// How many changes there were.
    pub(crate) changes: u64,
    /// Delta tokens of earlier epochs are not known any more.
    pub(crate) epoch: u64,
    pub(crate) gone_folders: Vec<(u64, u64, String)>,
    pub(crate) settings: Map<String, Value>,
    pub(crate) rules: Numbered,
    pub(crate) categories: Numbered,
    /// Items that were made with a transactionId.
    pub(crate) transactions: BTreeMap<String, u64>,
    /// The mailbox that holds the archive.
    pub(crate) archive: Option<usize>,
    /// Belongs to another mailbox as its archive.
    pub(crate) is_archive: bool,
    pub(crate) quota: Option<u64>,
}

impl Mailbox {
    pub(crate) fn new(number: usize, address: &str, is_archive: bool) -> Self {
        let mut mailbox = Self {
            number,
            address: address.to_owned(),
            user: guid(0x00a1_15e5, number as u64),
            guid: guid(0x00b0_c5e5, number as u64),
            folders: BTreeMap::new(),
            items: BTreeMap::new(),
            next: 1,
            changes: 0,
            epoch: 1,
            gone_folders: Vec::new(),
            settings: Map::new(),
            rules: Vec::new(),
            categories: Vec::new(),
            transactions: BTreeMap::new(),
            archive: None,
            is_archive,
            quota: None,
        };
        for known in &well_known::ALL {
            let parent = known.parent.and_then(|parent| mailbox.well_known(parent));
            let key = mailbox.insert_folder(parent, known.shown, known.class);
            mailbox.change_folder(key, |folder| {
                folder.well_known = Some(known.name);
                folder.hidden = known.hidden;
            });
        }
        mailbox
    }

    /// A number that was not used before.
    pub(crate) fn key(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn tick(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }

    pub(crate) fn well_known(&self, name: &str) -> Option<u64> {
        let mut folders = self.folders.values();
        folders
            .find(|folder| folder.well_known.is_some_and(|known| known.eq_ignore_ascii_case(name)))
            .map(|folder| folder.key)
    }

    /// A folder that every mailbox has.
    pub(crate) fn standard(&self, name: &str) -> u64 {
        self.well_known(name).unwrap_or_default()
    }

    /// The folder that an id or a well-known name means.
    pub(crate) fn folder(&self, name: &str) -> Result<&Folder, Refusal> {
        if let Some(key) = self.well_known(name) {
            return Ok(&self.folders[&key]);
        }
        let id = Id::read(name, self.number)?;
        let folder = self.folders.get(&id.key).filter(|_| id.kind == super::Kind::Folder);
        folder.ok_or_else(Refusal::missing)
    }

    pub(crate) fn folder_id(&self, key: u64) -> String {
        Id::folder(self.number, key).text()
    }

    pub(crate) fn children(&self, parent: u64) -> impl Iterator<Item = &Folder> {
        self.folders.values().filter(move |folder| folder.parent == Some(parent))
    }

    /// Whether a folder is another one, or lies below it.
    pub(crate) fn is_below(&self, key: u64, above: u64) -> bool {
        let mut at = Some(key);
        while let Some(key) = at {
            if key == above {
                return true;
            }
            at = self.folders.get(&key).and_then(|folder| folder.parent);
        }
        false
    }

    pub(crate) fn insert_folder(&mut self, parent: Option<u64>, name: &str, class: &str) -> u64 {
        let (key, changed, now) = (self.key(), self.tick(), OffsetDateTime::now_utc());
        let folder = Folder {
            key,
            parent,
            name: name.to_owned(),
            class: class.to_owned(),
            well_known: None,
            hidden: false,
            properties: BTreeMap::new(),
            created: now,
            modified: now,
            changed,
            gone: Vec::new(),
            fields: Map::new(),
        };
        self.folders.insert(key, folder);
        key
    }

    pub(crate) fn change_folder(&mut self, key: u64, change: impl FnOnce(&mut Folder)) {
        let changed = self.tick();
        if let Some(folder) = self.folders.get_mut(&key) {
            change(folder);
            (folder.changed, folder.modified) = (changed, OffsetDateTime::now_utc());
        }
    }

    /// Removes a folder with all below it.
    pub(crate) fn remove_folder(&mut self, key: u64) {
        let below: Vec<u64> = self.folders.keys().copied().filter(|other| self.is_below(*other, key)).collect();
        for key in below {
            let changed = self.tick();
            self.items.retain(|_, item| item.folder != key);
            if let Some(folder) = self.folders.remove(&key) {
                self.gone_folders.push((changed, key, folder.class));
            }
        }
    }

    pub(crate) fn items_of(&self, folder: u64) -> impl Iterator<Item = &Item> {
        self.items.values().filter(move |item| item.folder == folder)
    }

    /// The item that an id means.
    pub(crate) fn item(&self, id: &str) -> Result<&Item, Refusal> {
        let id = Id::read(id, self.number)?;
        let item = self.items.get(&id.key).filter(|_| id.kind == super::Kind::Item);
        item.filter(|item| id.moves.is_none_or(|moves| moves == item.moves)).ok_or_else(Refusal::missing)
    }

    /// Octets of all items.
    pub(crate) fn used(&self) -> u64 {
        self.items.values().map(|item| item.size() as u64).sum()
    }

    /// Puts a new item into a folder; its key.
    pub(crate) fn insert_item(&mut self, folder: u64, mut item: Item) -> Result<u64, Refusal> {
        if self.quota.is_some_and(|quota| self.used() + item.size() as u64 > quota) {
            let status = hyper::StatusCode::INSUFFICIENT_STORAGE;
            return Err(Refusal::new(status, "ErrorQuotaExceeded", "The mailbox is full."));
        }
        (item.key, item.changed) = (self.key(), self.tick());
        (item.mailbox, item.folder, item.entered) = (self.number, folder, item.changed);
        let key = item.key;
        self.items.insert(key, item);
        Ok(key)
    }

    pub(crate) fn change_item<T>(&mut self, key: u64, change: impl FnOnce(&mut Item) -> T) -> Option<T> {
        let changed = self.tick();
        let item = self.items.get_mut(&key)?;
        let done = change(item);
        (item.changed, item.modified) = (changed, OffsetDateTime::now_utc());
        item.stream = None;
        Some(done)
    }

    /// Takes an item out for good.
    pub(crate) fn remove_item(&mut self, key: u64) -> Option<Item> {
        let at = self.tick();
        let item = self.items.remove(&key)?;
        if let Some(folder) = self.folders.get_mut(&item.folder) {
            folder.gone.push(Gone { at, key, moves: item.moves, class: item.class.clone() });
        }
        Some(item)
    }

    /// Puts an item into another folder; nothing but its id and the folder changes.
    pub(crate) fn move_item(&mut self, key: u64, to: u64) {
        let at = self.tick();
        let Some(item) = self.items.get_mut(&key) else { return };
        let (from, moves, class) = (item.folder, item.moves, item.class.clone());
        (item.folder, item.moves, item.changed, item.entered) = (to, moves + 1, at, at);
        if let Some(folder) = self.folders.get_mut(&from).filter(|_| from != to) {
            folder.gone.push(Gone { at, key, moves, class });
        }
    }

    /// Moves an item to where deleted ones go first, or further on when it is there already.
    pub(crate) fn discard_item(&mut self, key: u64) {
        let Some(folder) = self.items.get(&key).map(|item| item.folder) else { return };
        let bin = self.standard("deleteditems");
        let recoverable = self.standard("recoverableitemsroot");
        if self.is_below(folder, recoverable) {
            self.remove_item(key);
        } else if self.is_below(folder, bin) {
            self.move_item(key, self.standard("recoverableitemsdeletions"));
        } else {
            self.move_item(key, bin);
        }
    }
}
