//! One mailbox, seen and changed from the test's side.

use std::fmt;
use std::sync::Arc;

use super::mime;
use super::new_item::NewItem;
use super::service::Shared;
use super::snapshot::{FolderSnapshot, ItemSnapshot, paths};
use super::state::{Id, Kind, Mailbox};
use crate::simulator::lock;

/// Sees and changes one mailbox past the protocol, as another client or the administrator would.
///
/// Folders are named by their path below the top of what users see, `Inbox/2026`, or by a well-known name. Ids of items
/// are immutable ones. Methods that name a folder or an item panic when it does not exist: a test that names the wrong
/// one must not pass.
#[derive(Clone)]
pub struct MailboxHandle {
    shared: Arc<Shared>,
    number: usize,
}

impl fmt::Debug for MailboxHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailboxHandle").field("number", &self.number).finish_non_exhaustive()
    }
}

impl MailboxHandle {
    pub(super) fn new(shared: Arc<Shared>, number: usize) -> Self {
        Self { shared, number }
    }

    /// All folders below the top of what users see, parents before children, with their items.
    pub fn snapshot(&self) -> Vec<FolderSnapshot> {
        self.with(|mailbox| FolderSnapshot::all(mailbox))
    }

    /// The paths of all folders.
    pub fn folders(&self) -> Vec<String> {
        self.with(|mailbox| paths(mailbox).into_iter().map(|(_, path)| path).collect())
    }

    /// How many items a folder holds, hidden ones included.
    pub fn count(&self, folder: &str) -> usize {
        self.within(folder, |mailbox, key| mailbox.items_of(key).count())
    }

    /// The id of a folder as clients see it.
    pub fn folder_id(&self, folder: &str) -> String {
        self.within(folder, |mailbox, key| mailbox.folder_id(key))
    }

    /// The items of a folder, in the order in which they came.
    pub fn items(&self, folder: &str) -> Vec<ItemSnapshot> {
        self.within(folder, |mailbox, key| mailbox.items_of(key).map(ItemSnapshot::of).collect())
    }

    /// One item.
    pub fn item(&self, id: &str) -> ItemSnapshot {
        self.by_id(id, |mailbox, key| ItemSnapshot::of(&mailbox.items[&key]))
    }

    /// Adds an empty folder of a class below one that exists; one that is there stays as it is.
    pub fn create_folder(&self, path: &str, class: &str) -> &Self {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.within(parent, |mailbox, parent| {
            if !mailbox.children(parent).any(|folder| folder.name == name) {
                mailbox.insert_folder(Some(parent), name, class);
            }
        });
        self
    }

    /// Gives a folder another name.
    pub fn rename_folder(&self, path: &str, name: &str) -> &Self {
        self.within(path, |mailbox, key| mailbox.change_folder(key, |folder| folder.name = name.to_owned()));
        self
    }

    /// Puts a folder under another one.
    pub fn move_folder(&self, path: &str, parent: &str) -> &Self {
        let parent = self.within(parent, |_, key| key);
        self.within(path, |mailbox, key| mailbox.change_folder(key, |folder| folder.parent = Some(parent)));
        self
    }

    /// Removes a folder with all below it.
    pub fn delete_folder(&self, path: &str) -> &Self {
        self.within(path, |mailbox, key| mailbox.remove_folder(key));
        self
    }

    /// Hides a folder from users, or shows it again.
    pub fn hide_folder(&self, path: &str, hidden: bool) -> &Self {
        self.within(path, |mailbox, key| mailbox.change_folder(key, |folder| folder.hidden = hidden));
        self
    }

    /// Puts an item into a folder; its id.
    ///
    /// # Panics
    /// When the mailbox is full.
    pub fn add(&self, folder: &str, item: impl Into<NewItem>) -> String {
        let item = item.into().into_item();
        let added = self.within(folder, |mailbox, key| {
            let added = mailbox.insert_item(key, item);
            added.map(|key| mailbox.items[&key].id(true).text())
        });
        added.unwrap_or_else(|refusal| panic!("{}", refusal.message))
    }

    /// Puts many items into a folder; their ids.
    pub fn add_all<I: Into<NewItem>>(&self, folder: &str, items: impl IntoIterator<Item = I>) -> Vec<String> {
        items.into_iter().map(|item| self.add(folder, item)).collect()
    }

    /// Removes an item for good.
    pub fn delete(&self, id: &str) -> &Self {
        self.by_id(id, |mailbox, key| mailbox.remove_item(key));
        self
    }

    /// Moves an item to another folder.
    pub fn move_item(&self, id: &str, folder: &str) -> &Self {
        let target = self.within(folder, |_, key| key);
        self.by_id(id, |mailbox, key| mailbox.move_item(key, target));
        self
    }

    /// Marks an item as read or unread.
    pub fn set_read(&self, id: &str, read: bool) -> &Self {
        self.by_id(id, |mailbox, key| mailbox.change_item(key, |item| item.read = read));
        self
    }

    /// Gives an item another subject, as an editor would: its MIME is composed anew.
    pub fn set_subject(&self, id: &str, subject: &str) -> &Self {
        self.by_id(id, |mailbox, key| {
            mailbox.change_item(key, |item| {
                item.set("subject", subject);
                item.forget_octets();
            })
        });
        self
    }

    /// The message in MIME, as a client would be given it.
    pub fn mime(&self, id: &str) -> bytes::Bytes {
        self.by_id(id, |mailbox, key| mime::compose(&mailbox.items[&key]))
    }

    /// Makes all delta tokens invalid that clients hold.
    pub fn forget_delta_tokens(&self) -> &Self {
        self.with(|mailbox| mailbox.epoch += 1);
        self
    }

    /// Sets or lifts the quota, in octets.
    pub fn set_quota(&self, bytes: Option<u64>) -> &Self {
        self.with(|mailbox| mailbox.quota = bytes);
        self
    }

    fn with<T>(&self, act: impl FnOnce(&mut Mailbox) -> T) -> T {
        act(&mut lock(&self.shared.store).mailboxes[self.number])
    }

    fn by_id<T>(&self, id: &str, act: impl FnOnce(&mut Mailbox, u64) -> T) -> T {
        let read = Id::read(id, self.number).ok().filter(|id| id.kind == Kind::Item).map(|id| id.key);
        let mut store = lock(&self.shared.store);
        let mailbox = &mut store.mailboxes[self.number];
        match read.filter(|key| mailbox.items.contains_key(key)) {
            Some(key) => act(mailbox, key),
            // Released first: a panic must not poison the server's state.
            None => {
                drop(store);
                panic!("there is no item {id:?}")
            }
        }
    }

    fn within<T>(&self, path: &str, act: impl FnOnce(&mut Mailbox, u64) -> T) -> T {
        let mut store = lock(&self.shared.store);
        let mailbox = &mut store.mailboxes[self.number];
        let found = match path {
            "" => mailbox.well_known("msgfolderroot"),
            path => paths(mailbox).into_iter().find(|(_, other)| other == path).map(|(key, _)| key),
        };
        match found.or_else(|| mailbox.well_known(path)) {
            Some(key) => act(mailbox, key),
            None => {
                drop(store);
                panic!("there is no folder {path:?}")
            }
        }
    }
}
