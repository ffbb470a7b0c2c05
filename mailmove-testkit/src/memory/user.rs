//! What the mailbox's user does.

use bytes::Bytes;
use mailmove_core::{Flags, FolderId, ItemFlags, ItemId, Kind, Role};

use super::MemoryMailbox;
use super::item::{NewItem, Stored};
use super::state::State;

impl MemoryMailbox {
    // Folders.

    /// The folder at this path.
    pub fn folder<S: AsRef<str>>(&self, path: &[S]) -> FolderId {
        self.find_folder(path).unwrap_or_else(|| panic!("there is no folder {:?}", owned(path)))
    }

    /// The folder at this path, if there is one.
    pub fn find_folder<S: AsRef<str>>(&self, path: &[S]) -> Option<FolderId> {
        let state = self.state();
        state.folder_at(&owned(path)).map(|key| state.folder(key).id.clone())
    }

    /// Makes a mail folder; its parents need not exist.
    pub fn create_folder<S: AsRef<str>>(&self, path: &[S]) -> FolderId {
        self.create_folder_of(path, &[Kind::Mail], None)
    }

    /// Makes a folder for these kinds; no kinds make one that holds only folders.
    pub fn create_folder_of<S: AsRef<str>>(&self, path: &[S], kinds: &[Kind], role: Option<Role>) -> FolderId {
        let path = owned(path);
        let mut state = self.state();
        assert!(state.folder_at(&path).is_none(), "there is a folder {path:?} already");
        for depth in 1..path.len() {
            if state.folder_at(&path[..depth]).is_none() {
                state.add_folder(path[..depth].to_vec(), kinds.to_vec(), None);
            }
        }
        let key = state.add_folder(path, kinds.to_vec(), role);
        state.folder(key).id.clone()
    }

    /// Renames a folder, and with it the folders below; returns its id from now on.
    pub fn rename_folder<S: AsRef<str>>(&self, folder: &FolderId, path: &[S]) -> FolderId {
        let path = owned(path);
        let mut state = self.state();
        let key = must_find(&state, folder);
        assert!(state.folder_at(&path).is_none(), "there is a folder {path:?} already");
        let old = state.folder(key).path.clone();
        for (below, name) in below(&state, &old) {
            state.rename_folder(below, [&path[..], &name[old.len()..]].concat());
        }
        state.folder(key).id.clone()
    }

    /// Deletes a folder with everything in it and below it.
    pub fn delete_folder(&self, folder: &FolderId) {
        let mut state = self.state();
        let path = state.folder(must_find(&state, folder)).path.clone();
        for (key, _) in below(&state, &path) {
            let serials: Vec<u64> = state.folder(key).placed.values().copied().collect();
            serials.into_iter().for_each(|serial| state.remove_from(serial, key));
            state.drop_folder(key);
        }
    }

    /// Deletes a folder and makes an empty one in its place: same path, kinds and role, another epoch, and another id
    /// unless ids are made of paths. Returns its id.
    pub fn recreate_folder(&self, folder: &FolderId) -> FolderId {
        let (path, kinds, role) = {
            let state = self.state();
            let folder = state.folder(must_find(&state, folder));
            (folder.path.clone(), folder.kinds.clone(), folder.role)
        };
        self.delete_folder(folder);
        self.create_folder_of(&path, &kinds, role)
    }

    /// Gives a folder another epoch, with its items in the same order numbered from 1: an old id is then another item's,
    /// or nobody's. Where feeds are the mailbox's, this is done to the whole mailbox.
    pub fn change_epoch(&self, folder: &FolderId) {
        let mut state = self.state();
        let key = must_find(&state, folder);
        state.renumber(key);
    }

    /// Forgets what changed: every cursor handed out so far has expired, but for listings still under way.
    pub fn forget_changes(&self) {
        let mut state = self.state();
        let now = state.tick();
        state.log.forget(now);
        state.folders.values_mut().for_each(|folder| folder.log.forget(now));
    }

    /// Subscribes to a folder, or not any more.
    pub fn subscribe(&self, folder: &FolderId, subscribed: bool) {
        let mut state = self.state();
        let key = must_find(&state, folder);
        state.folder_mut(key).subscribed = subscribed;
    }

    // Items.

    /// Adds an item, past every limit.
    pub fn add(&self, folder: &FolderId, item: NewItem) -> ItemId {
        let mut state = self.state();
        let key = must_find(&state, folder);
        let serial = state.add_item(Stored::new(item), &[key]);
        state.item_id(state.item(serial).uid)
    }

    /// Adds many items.
    pub fn add_all(&self, folder: &FolderId, items: impl IntoIterator<Item = NewItem>) -> Vec<ItemId> {
        items.into_iter().map(|item| self.add(folder, item)).collect()
    }

    /// Gives an item other bytes.
    pub fn edit(&self, folder: &FolderId, id: &ItemId, bytes: impl Into<Bytes>) {
        self.on_item(folder, id, |state, serial, _| {
            state.change_item(serial, true, |item| item.set_bytes(bytes.into()));
        });
    }

    /// Sets and clears states.
    pub fn flag(&self, folder: &FolderId, id: &ItemId, add: ItemFlags, remove: ItemFlags) {
        let mut flags = self.flags(folder, id);
        flags.state = (flags.state - remove) | add;
        self.set_flags(folder, id, flags);
    }

    /// Gives an item these flags.
    pub fn set_flags(&self, folder: &FolderId, id: &ItemId, flags: Flags) {
        self.on_item(folder, id, |state, serial, _| state.change_item(serial, false, |item| item.flags = flags));
    }

    /// Moves an item; returns its id from now on.
    pub fn move_item(&self, folder: &FolderId, id: &ItemId, to: &FolderId) -> ItemId {
        self.on_item(folder, id, |state, serial, from| {
            let to = must_find(state, to);
            state.move_item(serial, from, to);
            state.item_id(state.item(serial).uid)
        })
    }

    /// Puts an item into one more folder. Only where feeds are the mailbox's.
    pub fn label(&self, folder: &FolderId, id: &ItemId, also: &FolderId) {
        self.on_item(folder, id, |state, serial, _| {
            assert!(!state.per_folder(), "an item stands in one folder only, unless feeds are the mailbox's");
            let also = must_find(state, also);
            if !state.item(serial).places.contains(&also) {
                state.place(serial, also);
            }
        });
    }

    /// Takes an item out of a folder; out of its last one, it is deleted.
    pub fn delete(&self, folder: &FolderId, id: &ItemId) {
        self.on_item(folder, id, |state, serial, key| state.remove_from(serial, key));
    }

    /// The ids of a folder's items, in the order in which they were written.
    pub fn items(&self, folder: &FolderId) -> Vec<ItemId> {
        let state = self.state();
        let placed = state.folder(must_find(&state, folder)).placed.values();
        let finished = placed.map(|serial| state.item(*serial)).filter(|item| item.complete);
        finished.map(|item| state.item_id(item.uid)).collect()
    }

    /// The bytes of an item, in its standard format.
    pub fn bytes(&self, folder: &FolderId, id: &ItemId) -> Bytes {
        self.on_item(folder, id, |state, serial, _| state.item(serial).bytes.clone())
    }

    /// The flags of an item.
    pub fn flags(&self, folder: &FolderId, id: &ItemId) -> Flags {
        self.on_item(folder, id, |state, serial, _| state.item(serial).flags.clone())
    }

    fn on_item<T>(&self, folder: &FolderId, id: &ItemId, act: impl FnOnce(&mut State, u64, u64) -> T) -> T {
        let mut state = self.state();
        let key = must_find(&state, folder);
        let serial = state.need_item(key, id).unwrap_or_else(|_| panic!("there is no item {id:?} in {folder:?}"));
        act(&mut state, serial, key)
    }
}

impl State {
    /// Takes an item out of a folder, and away when that was its last.
    pub(super) fn remove_from(&mut self, serial: u64, key: u64) {
        if self.item(serial).places == [key] {
            self.drop_item(serial);
        } else {
            self.displace(serial, key);
            self.change_item(serial, true, |_| {});
        }
    }
}

fn owned<S: AsRef<str>>(path: &[S]) -> Vec<String> {
    path.iter().map(|name| name.as_ref().to_owned()).collect()
}

fn must_find(state: &State, folder: &FolderId) -> u64 {
    state.find_folder(folder).unwrap_or_else(|| panic!("there is no folder {folder:?}"))
}

/// The folder at this path and all folders below, deepest first.
fn below(state: &State, path: &[String]) -> Vec<(u64, Vec<String>)> {
    let inside = state.folders.iter().filter(|(_, folder)| folder.path.starts_with(path));
    let mut found: Vec<(u64, Vec<String>)> = inside.map(|(key, folder)| (*key, folder.path.clone())).collect();
    found.sort_by_key(|(_, path)| std::cmp::Reverse(path.len()));
    found
}
