//! One mailbox, seen and changed from the test's side.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::snapshot::paths;
use super::{Id, Item, ItemSnapshot, Kind, MailboxSnapshot, NewItem, Property, PropertyKey, Store, lock};
use crate::ews::mapi;

/// Sees and changes one mailbox past the protocol, as another client or the administrator would.
///
/// Folders are named by their path below the root of what users see, `Inbox/2026`; the archive's begin with `archive:`,
/// `archive:Inbox`, and those of recoverable items with `recoverable:`. Methods that name a folder or an item panic when it does not exist: a test that names the wrong one
/// must not pass.
#[derive(Clone)]
pub struct MailboxHandle {
    address: String,
    number: usize,
    store: Arc<Mutex<Store>>,
}

impl fmt::Debug for MailboxHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailboxHandle").field("address", &self.address).finish_non_exhaustive()
    }
}

impl MailboxHandle {
    pub(crate) fn new(address: &str, number: usize, store: Arc<Mutex<Store>>) -> Self {
        Self { address: address.to_owned(), number, store }
    }

    /// Everything below the root of what users see, as it is now.
    pub fn snapshot(&self) -> MailboxSnapshot {
        let store = lock(&self.store);
        let root = store.well_known(self.number, "msgfolderroot");
        let found = root.map(|root| MailboxSnapshot::of(&store, root));
        drop(store);
        found.unwrap_or_else(|| panic!("{} has no folders", self.address))
    }

    /// The paths of all folders.
    pub fn folders(&self) -> Vec<String> {
        let store = lock(&self.store);
        let root = store.well_known(self.number, "msgfolderroot");
        root.map_or_else(Vec::new, |root| paths(&store, root).into_iter().map(|(_, path)| path).collect())
    }

    /// How many items a folder holds, hidden ones included.
    pub fn count(&self, folder: &str) -> usize {
        self.with(folder, |store, key| store.items_of(key).count())
    }

    /// The id of a folder as clients see it.
    pub fn folder_id(&self, folder: &str) -> String {
        self.with(folder, |_, key| Id::new(Kind::Folder, key).text())
    }

    /// The items of a folder, in the order in which they came.
    pub fn items(&self, folder: &str) -> Vec<ItemSnapshot> {
        self.with(folder, |store, key| {
            let mut items: Vec<&Item> = store.items_of(key).collect();
            items.sort_by_key(|item| item.created);
            items.into_iter().map(ItemSnapshot::of).collect()
        })
    }

    /// Adds an empty folder of a class below one that exists; one that is there stays as it is.
    pub fn create_folder(&self, path: &str, class: &str) -> &Self {
        let (parent, name) = match path.rsplit_once('/') {
            Some((parent, name)) => (self.key(parent), name),
            None => (self.key(""), path),
        };
        let mut store = lock(&self.store);
        if !store.children(parent).any(|folder| folder.name == name) {
            store.insert_folder(self.number, Some(parent), name, class, None);
        }
        drop(store);
        self
    }

    /// Gives a folder another name.
    pub fn rename_folder(&self, path: &str, name: &str) -> &Self {
        self.with(path, |store, key| store.change_folder(key, |folder| folder.name = name.to_owned()));
        self
    }

    /// Puts a folder under another one.
    pub fn move_folder(&self, path: &str, parent: &str) -> &Self {
        let parent = self.key(parent);
        self.with(path, |store, key| store.change_folder(key, |folder| folder.parent = Some(parent)));
        self
    }

    /// Removes a folder with all below it.
    pub fn delete_folder(&self, path: &str) -> &Self {
        self.with(path, |store, key| store.remove_folder(key));
        self
    }

    /// Hides a folder from users, or shows it again.
    pub fn hide_folder(&self, path: &str, hidden: bool) -> &Self {
        self.with(path, |store, key| store.change_folder(key, |folder| folder.set_hidden(hidden)));
        self
    }

    /// Puts an item into a folder; its id.
    ///
    /// # Panics
    /// When the mailbox is full.
    pub fn add(&self, folder: &str, item: impl Into<NewItem>) -> String {
        let item = item.into().into_item();
        let added = self.with(folder, |store, key| store.insert_item(key, item));
        let key = added.unwrap_or_else(|refusal| panic!("{}: {}", self.address, refusal.text));
        Id::new(Kind::Item, key).text()
    }

    /// Puts many items into a folder; their ids.
    pub fn add_all<I: Into<NewItem>>(&self, folder: &str, items: impl IntoIterator<Item = I>) -> Vec<String> {
        items.into_iter().map(|item| self.add(folder, item)).collect()
    }

    /// Removes an item for good.
    pub fn delete(&self, id: &str) -> &Self {
        self.item(id, |store, key| store.remove_item(key));
        self
    }

    /// Moves an item to another folder; its new id.
    pub fn move_item(&self, id: &str, folder: &str) -> String {
        let target = self.key(folder);
        let key = self.item(id, |store, key| {
            let item = store.remove_item(key)?;
            store.insert_item(target, item).ok()
        });
        Id::new(Kind::Item, key.unwrap_or_default()).text()
    }

    /// Marks an item as read or unread.
    pub fn set_read(&self, id: &str, read: bool) -> &Self {
        self.item(id, |store, key| store.change_item(key, |item| item.read = read));
        self
    }

    /// Gives an item another subject, as an editor would: the MIME follows.
    pub fn set_subject(&self, id: &str, subject: &str) -> &Self {
        self.item(id, |store, key| {
            store.change_item(key, |item| {
                item.set_text("Subject", subject);
                crate::ews::mime::rewrite_subject(item);
            })
        });
        self
    }

    /// A property of an item by its MAPI tag: its values.
    pub fn property(&self, id: &str, tag: u16) -> Option<Vec<String>> {
        self.read_property(id, PropertyKey::Tag(tag))
    }

    /// A string of an item in the public property set.
    pub fn named(&self, id: &str, name: &str) -> Option<String> {
        let key = PropertyKey::Named(super::PUBLIC_STRINGS.to_owned(), name.to_owned());
        self.read_property(id, key)?.into_iter().next()
    }

    fn read_property(&self, id: &str, key: PropertyKey) -> Option<Vec<String>> {
        let property: Option<Property> = self.item(id, |store, item| mapi::of_item(store.item(item)?, &key));
        property.map(|property| property.values)
    }

    /// Makes all sync states invalid that clients hold.
    pub fn forget_sync_states(&self) -> &Self {
        lock(&self.store).mailboxes[self.number].epoch += 1;
        self
    }

    /// Sets or lifts the quota, in octets.
    pub fn set_quota(&self, bytes: Option<u64>) -> &Self {
        lock(&self.store).mailboxes[self.number].quota = bytes;
        self
    }

    fn item<T>(&self, id: &str, act: impl FnOnce(&mut Store, u64) -> T) -> T {
        let key = Id::read(id).ok().filter(|id| id.kind == Kind::Item).map(|id| id.key);
        let mut store = lock(&self.store);
        match key.filter(|key| store.item(*key).is_some()) {
            Some(key) => act(&mut store, key),
            None => {
                drop(store);
                panic!("{} has no item {id:?}", self.address)
            }
        }
    }

    fn key(&self, path: &str) -> u64 {
        self.with(path, |_, key| key)
    }

    fn with<T>(&self, path: &str, act: impl FnOnce(&mut Store, u64) -> T) -> T {
        let (root, rest) = match path.split_once(':') {
            Some(("archive", rest)) => ("archivemsgfolderroot", rest),
            Some(("recoverable", rest)) => ("recoverableitemsroot", rest),
            _ => ("msgfolderroot", path),
        };
        let mut store = lock(&self.store);
        let root = store.well_known(self.number, root);
        let found = root.and_then(|root| match rest {
            "" => Some(root),
            _ => paths(&store, root).into_iter().find(|(_, other)| other == rest).map(|(key, _)| key),
        });
        match found {
            Some(key) => act(&mut store, key),
            // Released first: a panic must not poison the server's state.
            None => {
                drop(store);
                panic!("{} has no folder {path:?}", self.address)
            }
        }
    }
}
