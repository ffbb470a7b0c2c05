//! One mailbox, seen and changed from the test's side.

use std::fmt;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::new_item::What;
use super::{Adding, Content, Flavour, Item, ItemSnapshot, Mailbox, MailboxSnapshot, NewItem, lock};
use crate::zimbra::calendar;
use crate::zimbra::world::World;

/// Sees and changes one mailbox past the protocol, as another client or the administrator would.
///
/// Folders are named by their path below the root of what users see, `Inbox/2026`, items by their id. Methods panic
/// when what they name does not exist: a test that names the wrong one must not pass.
#[derive(Clone)]
pub struct MailboxHandle {
    address: String,
    number: usize,
    world: Arc<Mutex<World>>,
}

impl fmt::Debug for MailboxHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailboxHandle").field("address", &self.address).finish_non_exhaustive()
    }
}

impl MailboxHandle {
    pub(crate) fn new(address: &str, number: usize, world: Arc<Mutex<World>>) -> Self {
        Self { address: address.to_owned(), number, world }
    }

    /// The account's zimbraId.
    pub fn id(&self) -> String {
        self.with(|mailbox| mailbox.id.clone())
    }

    /// Everything below the root of what users see, as it is now.
    pub fn snapshot(&self) -> MailboxSnapshot {
        self.with(|mailbox| MailboxSnapshot::of(mailbox))
    }

    /// The paths of all folders, parents first.
    pub fn folders(&self) -> Vec<String> {
        self.with(|mailbox| {
            let below = mailbox.below(1).into_iter().skip(1);
            below.map(|id| mailbox.path(id).trim_start_matches('/').to_owned()).collect()
        })
    }

    /// The id of a folder as clients see it.
    pub fn folder_id(&self, path: &str) -> String {
        self.in_folder(path, |_, id| id.to_string())
    }

    /// The path of a folder.
    pub fn folder_path(&self, id: &str) -> String {
        self.with(|mailbox| {
            let known = mailbox.folder_by(id).unwrap_or_else(|refusal| panic!("{}: {}", self.address, refusal.reason));
            mailbox.path(known).trim_start_matches('/').to_owned()
        })
    }

    /// How many items a folder holds.
    pub fn count(&self, path: &str) -> usize {
        self.in_folder(path, |mailbox, id| mailbox.items.values().filter(|item| item.folder == id).count())
    }

    /// The items of a folder in the order in which they came.
    pub fn items(&self, path: &str) -> Vec<ItemSnapshot> {
        self.in_folder(path, |mailbox, id| {
            let items = mailbox.items.values().filter(|item| item.folder == id);
            items.map(|item| ItemSnapshot::of(mailbox, item)).collect()
        })
    }

    /// The octets that count against the quota.
    pub fn used(&self) -> i64 {
        self.with(|mailbox| mailbox.used)
    }

    /// The number of the last change.
    pub fn change(&self) -> i64 {
        self.with(|mailbox| mailbox.change)
    }

    /// Makes a folder below one that exists; one that is there stays as it is. The view is `message`, `contact`,
    /// `appointment`, `task`, `document`, or empty for a folder of anything.
    pub fn create_folder(&self, path: &str, view: &str) -> &Self {
        self.create(path, view, Flavour::Plain);
        self
    }

    /// Makes a saved search.
    pub fn create_search(&self, path: &str, query: &str, types: &str) -> &Self {
        let flavour = Flavour::Search { query: query.to_owned(), types: types.to_owned(), sort: "dateDesc".to_owned() };
        self.create(path, "search folder", flavour);
        self
    }

    /// Makes a mountpoint of another mailbox's folder.
    pub fn mount(&self, path: &str, owner: &MailboxHandle, folder: &str, view: &str) -> &Self {
        let rid = owner.folder_id(folder).parse().unwrap_or_default();
        self.create(path, view, Flavour::Mount { owner: owner.address.clone(), zid: owner.id(), rid });
        self
    }

    fn create(&self, path: &str, view: &str, flavour: Flavour) {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.in_folder(parent, |mailbox, parent| match mailbox.create_folder(parent, name, view, flavour) {
            Ok(_) => {}
            Err(refusal) if refusal.code == "mail.ALREADY_EXISTS" => {}
            Err(refusal) => panic!("{path:?}: {}", refusal.reason),
        });
    }

    /// Gives a folder another name.
    pub fn rename_folder(&self, path: &str, name: &str) -> &Self {
        self.in_folder(path, |mailbox, id| {
            let parent = mailbox.folders[&id].parent;
            mailbox.move_folder(id, parent, name).unwrap_or_else(|refusal| panic!("{path:?}: {}", refusal.reason));
        });
        self
    }

    /// Puts a folder under another one.
    pub fn move_folder(&self, path: &str, parent: &str) -> &Self {
        let parent = self.in_folder(parent, |_, id| id);
        self.in_folder(path, |mailbox, id| {
            let name = mailbox.folders[&id].name.clone();
            mailbox.move_folder(id, parent, &name).unwrap_or_else(|refusal| panic!("{path:?}: {}", refusal.reason));
        });
        self
    }

    /// Removes a folder with all below it.
    pub fn delete_folder(&self, path: &str) -> &Self {
        self.in_folder(path, |mailbox, id| {
            mailbox.delete_folder(id).unwrap_or_else(|refusal| panic!("{path:?}: {}", refusal.reason));
        });
        self
    }

    /// Makes a tag; one that is there stays as it is.
    pub fn create_tag(&self, name: &str, color: i64) -> &Self {
        self.with(|mailbox| tag(mailbox, name, color));
        self
    }

    /// Puts an item into a folder; its id.
    ///
    /// # Panics
    /// When it does not fit into the quota.
    pub fn add(&self, path: &str, item: NewItem) -> String {
        self.in_folder(path, |mailbox, folder| {
            let tags = item.tags.iter().map(|name| tag(mailbox, name, 0)).collect();
            let content = match item.what {
                What::Content(content) => content,
                What::Calendar(calendars) => calendar::content(mailbox, calendars),
            };
            let adding = Adding { folder, kind: item.kind, content, flags: item.flags, tags, date: item.date };
            let id = mailbox.add(adding).unwrap_or_else(|refusal| panic!("{path:?}: {}", refusal.reason));
            id.to_string()
        })
    }

    /// Gives a message or a document other bytes; it keeps its id.
    pub fn replace(&self, id: &str, bytes: impl Into<Bytes>) -> &Self {
        let bytes = bytes.into();
        self.rewrite(id, |item| match &mut item.content {
            Content::Message { blob } | Content::Document { blob, .. } => *blob = bytes,
            _ => panic!("item {id} has no bytes"),
        })
    }

    /// Gives an appointment or a task another iCalendar; it keeps its id.
    pub fn replace_calendar(&self, id: &str, icalendar: &str) -> &Self {
        let What::Calendar(calendars) = NewItem::appointment(icalendar).what else { return self };
        let content = self.with(|mailbox| calendar::content(mailbox, calendars));
        self.rewrite(id, |item| item.content = content)
    }

    /// Gives a contact another field, or takes one away.
    pub fn set_field(&self, id: &str, name: &str, value: Option<&str>) -> &Self {
        self.rewrite(id, |item| {
            let Content::Contact { attributes, .. } = &mut item.content else { panic!("item {id} is no contact") };
            attributes.retain(|(key, _)| key != name);
            attributes.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        })
    }

    /// Gives an item these flags.
    pub fn set_flags(&self, id: &str, letters: &str) -> &Self {
        let letters = super::item::flags(letters);
        self.touch(id, |item| item.flags = letters)
    }

    /// Gives an item these tags, which are made where they are missing.
    pub fn set_tags(&self, id: &str, names: &[&str]) -> &Self {
        let tags = self.with(|mailbox| names.iter().map(|name| tag(mailbox, name, 0)).collect());
        self.touch(id, |item| item.tags = tags)
    }

    /// Puts an item into another folder.
    pub fn move_item(&self, id: &str, path: &str) -> &Self {
        let folder = self.in_folder(path, |_, id| id);
        self.touch(id, |item| item.folder = folder)
    }

    /// Removes an item for good.
    pub fn delete(&self, id: &str) -> &Self {
        self.with_item(id, |mailbox, id| mailbox.remove(id));
        self
    }

    /// The file behind a message is gone: reading it fails, exports pass over it.
    pub fn lose_blob(&self, id: &str) -> &Self {
        self.with_item(id, |mailbox, id| {
            mailbox.items.entry(id).and_modify(|item| item.blob_lost = true);
        });
        self
    }

    /// Only so many octets of the file behind a message are left.
    pub fn shorten_blob(&self, id: &str, octets: usize) -> &Self {
        self.with_item(id, |mailbox, id| {
            mailbox.items.entry(id).and_modify(|item| item.blob_cut = Some(octets));
        });
        self
    }

    /// The octets that the mailbox may hold; 0 for any number.
    pub fn set_quota(&self, octets: i64) -> &Self {
        self.with(|mailbox| mailbox.quota = octets);
        self
    }

    /// Forgets what was deleted so far: synchronizations from before now have to start anew.
    pub fn forget_changes(&self) -> &Self {
        self.with(|mailbox| {
            mailbox.oldest = mailbox.changed();
            mailbox.tombstones.clear();
        });
        self
    }

    /// The values of an attribute or a preference of the account.
    pub fn attribute(&self, name: &str) -> Vec<String> {
        lock(&self.world).accounts[self.number].attributes.get(name).cloned().unwrap_or_default()
    }

    fn touch(&self, id: &str, act: impl FnOnce(&mut Item)) -> &Self {
        self.with_item(id, |mailbox, id| mailbox.touch(id, act));
        self
    }

    fn rewrite(&self, id: &str, act: impl FnOnce(&mut Item)) -> &Self {
        self.with_item(id, |mailbox, id| mailbox.rewrite(id, act));
        self
    }

    fn with<T>(&self, act: impl FnOnce(&mut Mailbox) -> T) -> T {
        act(&mut lock(&self.world).mailboxes[self.number])
    }

    fn with_item<T>(&self, id: &str, act: impl FnOnce(&mut Mailbox, i64) -> T) -> T {
        self.with(|mailbox| {
            let known = id.parse().ok().filter(|id| mailbox.items.contains_key(id));
            let known = known.unwrap_or_else(|| panic!("{} has no item {id:?}", mailbox.address));
            act(mailbox, known)
        })
    }

    fn in_folder<T>(&self, path: &str, act: impl FnOnce(&mut Mailbox, i64) -> T) -> T {
        self.with(|mailbox| {
            let id = mailbox.at_path(path).unwrap_or_else(|| panic!("{} has no folder {path:?}", mailbox.address));
            act(mailbox, id)
        })
    }
}

fn tag(mailbox: &mut Mailbox, name: &str, color: i64) -> i64 {
    if let Some(tag) = mailbox.tag_named(name) {
        return tag.id;
    }
    mailbox.create_tag(name, color, None).unwrap_or_else(|refusal| panic!("{name:?}: {}", refusal.reason))
}
