//! The mailbox itself. Every change goes through here, so that numbers, logs, indexes and sums agree.

use std::collections::{BTreeMap, HashMap};

use mailmove_core::{Error, ErrorKind, FolderId, ItemId, Kind, Position, Result, Role};

use super::folder::StoredFolder;
use super::index::Index;
use super::item::Stored;
use super::log::{Departure, Log};
use super::{Counts, Feeds, Options, ids, names};

#[derive(Debug)]
pub(super) struct State {
    pub(super) options: Options,
    pub(super) counts: Counts,
    pub(super) folders: BTreeMap<u64, StoredFolder>,
    by_id: HashMap<FolderId, u64>,
    by_path: HashMap<Vec<String>, u64>,
    pub(super) items: HashMap<u64, Stored>,
    /// Items by their numbers, where numbers are the mailbox's.
    pub(super) numbers: BTreeMap<u64, u64>,
    /// Where feeds are the mailbox's.
    pub(super) log: Log,
    pub(super) epoch: u64,
    /// The number that the next item gets, where numbers are the mailbox's.
    next: u64,
    /// Goes on with every change.
    pub(super) clock: u64,
    serial: u64,
    pub(super) bytes: u64,
}

impl State {
    /// A mailbox with an empty inbox.
    pub(super) fn new(options: Options) -> Self {
        let mut state = Self {
            options,
            counts: Counts::default(),
            folders: BTreeMap::new(),
            by_id: HashMap::new(),
            by_path: HashMap::new(),
            items: HashMap::new(),
            numbers: BTreeMap::new(),
            log: Log::default(),
            epoch: 1,
            next: 1,
            clock: 0,
            serial: 0,
            bytes: 0,
        };
        state.add_folder(vec!["INBOX".into()], vec![Kind::Mail], Some(Role::Inbox));
        state
    }

    pub(super) fn per_folder(&self) -> bool {
        self.options.feeds == Feeds::PerFolder
    }

    pub(super) fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    // Folders.

    pub(super) fn add_folder(&mut self, path: Vec<String>, kinds: Vec<Kind>, role: Option<Role>) -> u64 {
        let key = self.serial();
        let now = self.tick();
        let folder = StoredFolder {
            id: self.folder_id(key, &path),
            role: role.filter(|role| self.folders.values().all(|other| other.role != Some(*role))),
            path,
            kinds,
            epoch: now,
            subscribed: true,
            changed: now,
            next: 1,
            placed: BTreeMap::new(),
            items: 0,
            bytes: 0,
            log: Log::default(),
            index: None,
            turn: Default::default(),
            in_flight: Default::default(),
        };
        self.by_id.insert(folder.id.clone(), key);
        self.by_path.insert(names::key(&folder.path, &self.options.capabilities.names), key);
        self.folders.insert(key, folder);
        key
    }

    /// Takes an empty folder away.
    pub(super) fn drop_folder(&mut self, key: u64) {
        if let Some(folder) = self.folders.remove(&key) {
            self.by_id.remove(&folder.id);
            self.by_path.remove(&names::key(&folder.path, &self.options.capabilities.names));
        }
    }

    pub(super) fn rename_folder(&mut self, key: u64, path: Vec<String>) {
        let id = self.folder_id(key, &path);
        let new = names::key(&path, &self.options.capabilities.names);
        let folder = self.folder_mut(key);
        let (old_id, old_path) =
            (std::mem::replace(&mut folder.id, id.clone()), std::mem::replace(&mut folder.path, path));
        self.by_id.remove(&old_id);
        self.by_path.remove(&names::key(&old_path, &self.options.capabilities.names));
        self.by_id.insert(id, key);
        self.by_path.insert(new, key);
    }

    pub(super) fn folder_at(&self, path: &[String]) -> Option<u64> {
        self.by_path.get(&names::key(path, &self.options.capabilities.names)).copied()
    }

    pub(super) fn find_folder(&self, id: &FolderId) -> Option<u64> {
        self.by_id.get(id).copied()
    }

    pub(super) fn folder(&self, key: u64) -> &StoredFolder {
        &self.folders[&key]
    }

    pub(super) fn folder_mut(&mut self, key: u64) -> &mut StoredFolder {
        self.folders.get_mut(&key).expect("folders are looked up before they are used")
    }

    /// What is written to this folder from now on has this number or a later one.
    pub(super) fn next_number(&self, key: u64) -> u64 {
        if self.per_folder() { self.folder(key).next } else { self.next }
    }

    pub(super) fn position(&self, key: u64) -> Option<Position> {
        self.options.positions.then(|| Position::new(self.next_number(key).to_string()))
    }

    fn folder_id(&self, key: u64, path: &[String]) -> FolderId {
        if self.options.stable_folder_ids {
            return FolderId::new(format!("f{key}"));
        }
        let quoted: Vec<String> = path.iter().map(|name| name.replace('\\', "\\\\").replace('/', "\\/")).collect();
        FolderId::new(quoted.join("/"))
    }

    // Items.

    pub(super) fn item_id(&self, uid: u64) -> ItemId {
        ids::id(uid, self.options.nasty_ids)
    }

    /// The item with this id in this folder, unfinished ones included.
    pub(super) fn find_item(&self, key: u64, id: &ItemId) -> Option<u64> {
        let uid = ids::uid(id, self.options.nasty_ids)?;
        self.folder(key).placed.get(&uid).copied()
    }

    pub(super) fn item(&self, serial: u64) -> &Stored {
        &self.items[&serial]
    }

    pub(super) fn item_mut(&mut self, serial: u64) -> &mut Stored {
        self.items.get_mut(&serial).expect("items are looked up before they are used")
    }

    /// Puts a new item into these folders and returns its number among all items ever.
    pub(super) fn add_item(&mut self, mut item: Stored, folders: &[u64]) -> u64 {
        let serial = self.serial();
        self.bytes += item.size();
        (item.identity, item.uid) = (serial, self.take_number(folders[0]));
        if !self.per_folder() {
            self.numbers.insert(item.uid, serial);
        }
        self.items.insert(serial, item);
        for folder in folders {
            self.place(serial, *folder);
        }
        serial
    }

    /// Takes an item away from everywhere.
    pub(super) fn drop_item(&mut self, serial: u64) {
        for folder in self.item(serial).places.clone() {
            self.displace(serial, folder);
        }
        let Some(item) = self.items.remove(&serial) else { return };
        self.bytes -= item.size();
        if !self.per_folder() {
            self.numbers.remove(&item.uid);
            self.log.forget_item(item.changed);
            let now = self.tick();
            if item.complete {
                self.log.gone(now, Departure { uid: item.uid, folder: None });
            }
        }
    }

    /// Puts an item into one more folder.
    pub(super) fn place(&mut self, serial: u64, key: u64) {
        let item = self.items.get_mut(&serial).expect("items are looked up before they are used");
        let folder = self.folders.get_mut(&key).expect("folders are looked up before they are used");
        item.places.push(key);
        folder.placed.insert(item.uid, serial);
        folder.next = folder.next.max(item.uid + 1);
        if item.complete {
            folder.items += 1;
            folder.bytes += item.size();
        }
        if let Some(index) = &mut folder.index {
            index.insert(item);
        }
        self.touch(serial, true);
    }

    /// Takes an item out of a folder; one that stands nowhere is still to be placed or dropped.
    pub(super) fn displace(&mut self, serial: u64, key: u64) {
        let now = self.tick();
        let per_folder = self.per_folder();
        let item = self.items.get_mut(&serial).expect("items are looked up before they are used");
        let folder = self.folders.get_mut(&key).expect("folders are looked up before they are used");
        item.places.retain(|place| *place != key);
        folder.placed.remove(&item.uid);
        if let Some(index) = &mut folder.index {
            index.remove(item);
        }
        let log = if per_folder { &mut folder.log } else { &mut self.log };
        if per_folder {
            log.forget_item(item.changed);
        }
        if item.complete {
            folder.items -= 1;
            folder.bytes -= item.size();
            folder.changed = now;
            log.gone(now, Departure { uid: item.uid, folder: (!per_folder).then_some(key) });
        }
    }

    /// Moves an item; where numbers are the folder's, it gets a new one.
    pub(super) fn move_item(&mut self, serial: u64, from: u64, to: u64) {
        if from == to {
            return;
        }
        self.displace(serial, from);
        if self.per_folder() {
            let uid = self.take_number(to);
            let item = self.item_mut(serial);
            (item.uid, item.changed) = (uid, 0);
        }
        if self.item(serial).places.contains(&to) {
            self.touch(serial, true);
        } else {
            self.place(serial, to);
        }
    }

    /// Changes an item and keeps logs, indexes and sums in step. `content` is whether more than flags may change.
    pub(super) fn change_item(&mut self, serial: u64, content: bool, change: impl FnOnce(&mut Stored)) {
        if content {
            self.reindex(serial, Index::remove);
        }
        let item = self.item_mut(serial);
        let (size, complete) = (item.size(), item.complete);
        change(item);
        let (new_size, now_complete, places) = (item.size(), item.complete, item.places.clone());
        self.bytes = self.bytes - size + new_size;
        for key in places {
            let folder = self.folder_mut(key);
            folder.bytes = folder.bytes - if complete { size } else { 0 } + if now_complete { new_size } else { 0 };
            folder.items = folder.items - u64::from(complete) + u64::from(now_complete);
        }
        if content {
            self.reindex(serial, Index::insert);
        }
        self.touch(serial, content);
    }

    /// Runs this on every index that knows the item.
    fn reindex(&mut self, serial: u64, run: fn(&mut Index, &Stored)) {
        let item = &self.items[&serial];
        for key in &item.places {
            if let Some(index) = self.folders.get_mut(key).and_then(|folder| folder.index.as_mut()) {
                run(index, item);
            }
        }
    }

    /// Notes that an item changed.
    fn touch(&mut self, serial: u64, content: bool) {
        let now = self.tick();
        let per_folder = self.per_folder();
        let item = self.items.get_mut(&serial).expect("items are looked up before they are used");
        let before = std::mem::replace(&mut item.changed, now);
        if content {
            item.changed_content = now;
        }
        if !per_folder {
            self.log.changed(before, now, item.uid);
        }
        for key in &item.places {
            let folder = self.folders.get_mut(key).expect("an item stands in folders that exist");
            if item.complete {
                folder.changed = now;
            }
            if per_folder {
                folder.log.changed(before, now, item.uid);
            }
        }
    }

    fn take_number(&mut self, key: u64) -> u64 {
        let per_folder = self.per_folder();
        let next = if per_folder { &mut self.folder_mut(key).next } else { &mut self.next };
        *next += 1;
        *next - 1
    }

    // Epochs.

    /// Numbers the items of a folder anew (of the mailbox, where numbers are the mailbox's), beginning with 1: what an
    /// id meant before is now another item, or none.
    pub(super) fn renumber(&mut self, key: u64) {
        let now = self.tick();
        let keys: Vec<u64> = if self.per_folder() { vec![key] } else { self.folders.keys().copied().collect() };
        let mut serials: Vec<u64> = Vec::new();
        if self.per_folder() {
            serials.extend(self.folder(key).placed.values());
        } else {
            serials.extend(self.numbers.values());
        }
        (self.epoch, self.next, self.log) = (now, 1, Log::default());
        self.numbers.clear();
        for key in &keys {
            let folder = self.folder_mut(*key);
            (folder.epoch, folder.changed, folder.next) = (now, now, 1);
            (folder.log, folder.index) = (Log::default(), None);
            folder.placed.clear();
        }
        for serial in serials {
            let uid = self.take_number(key);
            let item = self.item_mut(serial);
            (item.uid, item.changed) = (uid, 0);
            let places = item.places.clone();
            for place in places {
                let folder = self.folder_mut(place);
                folder.placed.insert(uid, serial);
                folder.next = folder.next.max(uid + 1);
            }
            if !self.per_folder() {
                self.numbers.insert(uid, serial);
            }
            self.touch(serial, true);
        }
    }
}

pub(super) fn no_folder(id: &FolderId) -> Error {
    Error::new(ErrorKind::NotFound, "the folder does not exist")
        .with_recovery(mailmove_core::Recovery::StopFolder)
        .with("folder", id)
}

pub(super) fn no_item(id: &ItemId) -> Error {
    Error::new(ErrorKind::NotFound, "the item does not exist").with("item", id)
}

impl State {
    /// The folder with this id, or an error that says that there is none.
    pub(super) fn need_folder(&self, id: &FolderId) -> Result<u64> {
        self.find_folder(id).ok_or_else(|| no_folder(id))
    }

    /// The finished item with this id, or an error that says that there is none.
    pub(super) fn need_item(&self, key: u64, id: &ItemId) -> Result<u64> {
        self.find_item(key, id).filter(|serial| self.item(*serial).complete).ok_or_else(|| no_item(id))
    }
}
