//! One mailbox: what it holds, and the rules by which that changes.
//!
//! Every change of anything gets a number of its own, counted up over the whole mailbox; SyncRequest works by it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;

use super::folder::SYSTEM;
use super::{Content, Flavour, Folder, Item, ItemKind, Tag, folder_names, now, uuid};
use crate::mime;
use crate::zimbra::mail;
use crate::zimbra::refusal::Refusal;

#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) address: String,
    /// The account's zimbraId.
    pub(crate) id: String,
    pub(crate) folders: BTreeMap<i64, Folder>,
    pub(crate) tags: BTreeMap<i64, Tag>,
    pub(crate) items: BTreeMap<i64, Item>,
    pub(crate) tombstones: Vec<Tombstone>,
    /// Conversations of more than one message, with the change at which they last changed.
    pub(crate) conversations: BTreeMap<i64, i64>,
    pub(crate) change: i64,
    /// Tokens from before this change are no longer good.
    pub(crate) oldest: i64,
    /// In octets, 0 for none.
    pub(crate) quota: i64,
    pub(crate) used: i64,
    next: i64,
    message_ids: HashMap<String, BTreeSet<i64>>,
}

/// Something that is gone.
#[derive(Debug, Clone)]
pub(crate) struct Tombstone {
    pub(crate) change: i64,
    /// The name of its elements: `m`, `folder` ...
    pub(crate) element: &'static str,
    pub(crate) id: i64,
}

/// An item to be.
#[derive(Debug, Clone)]
pub(crate) struct Adding {
    pub(crate) folder: i64,
    pub(crate) kind: ItemKind,
    pub(crate) content: Content,
    pub(crate) flags: String,
    pub(crate) tags: Vec<i64>,
    /// In ms; now when there is none.
    pub(crate) date: Option<i64>,
}

impl Mailbox {
    pub(crate) fn new(address: &str) -> Self {
        let folders =
            SYSTEM.iter().map(|(id, parent, name, view)| (*id, Folder::new(address, *id, *parent, name, view)));
        Self {
            address: address.to_owned(),
            id: uuid(address),
            folders: folders.collect(),
            tags: BTreeMap::new(),
            items: BTreeMap::new(),
            tombstones: Vec::new(),
            conversations: BTreeMap::new(),
            change: 1,
            oldest: 0,
            quota: 0,
            used: 0,
            next: 256,
            message_ids: HashMap::new(),
        }
    }

    /// The number of the next change.
    pub(crate) fn changed(&mut self) -> i64 {
        self.change += 1;
        self.change
    }

    pub(crate) fn next_id(&mut self) -> i64 {
        self.next += 1;
        self.next
    }

    // Folders.

    pub(crate) fn folder(&self, id: i64) -> Result<&Folder, Refusal> {
        self.folders.get(&id).ok_or_else(|| Refusal::missing("FOLDER", id))
    }

    pub(crate) fn children(&self, parent: i64) -> impl Iterator<Item = &Folder> {
        self.folders.values().filter(move |folder| folder.parent == parent && folder.id != parent)
    }

    /// `/Inbox/2026`; `/` for the root of what users see.
    pub(crate) fn path(&self, id: i64) -> String {
        let mut names = Vec::new();
        let mut at = id;
        while let Some(folder) = self.folders.get(&at).filter(|folder| folder.id != 1 && folder.id != 11) {
            names.push(folder.name.as_str());
            at = folder.parent;
        }
        names.reverse();
        format!("/{}", names.join("/"))
    }

    /// The folder of this path; letters large and small are the same.
    pub(crate) fn at_path(&self, path: &str) -> Option<i64> {
        let names = path.split('/').filter(|name| !name.is_empty());
        names.into_iter().try_fold(1, |parent, name| self.named(parent, name).map(|folder| folder.id))
    }

    fn named(&self, parent: i64, name: &str) -> Option<&Folder> {
        let name = name.to_lowercase();
        self.children(parent).find(|folder| folder.name.to_lowercase() == name)
    }

    /// A folder by what requests call it: its id, the account's id and its id, its UUID or its path.
    pub(crate) fn folder_by(&self, text: &str) -> Result<i64, Refusal> {
        let local = text.strip_prefix(&format!("{}:", self.id)).unwrap_or(text);
        let number = local.parse().ok().filter(|id| self.folders.contains_key(id));
        let found =
            number.or_else(|| self.folders.values().find(|folder| folder.uuid == local).map(|folder| folder.id));
        let found = found.or_else(|| local.starts_with('/').then(|| self.at_path(local)).flatten());
        found.ok_or_else(|| Refusal::missing("FOLDER", text))
    }

    /// Makes a folder; what is there already is refused with its id.
    pub(crate) fn create_folder(
        &mut self,
        parent: i64,
        name: &str,
        view: &str,
        flavour: Flavour,
    ) -> Result<i64, Refusal> {
        let name =
            folder_names(name).map_err(|why| Refusal::new("mail.INVALID_NAME", why).argument("name", "STR", name))?;
        if matches!(self.folder(parent)?.flavour, Flavour::Search { .. } | Flavour::Mount { .. }) {
            return Err(Refusal::new("mail.CANNOT_CONTAIN", "cannot put object in that folder"));
        }
        if let Some(there) = self.named(parent, &name) {
            let words = format!("object with that name already exists: {name}");
            let refusal = Refusal::new("mail.ALREADY_EXISTS", words).argument("name", "STR", name);
            return Err(refusal.argument("itemId", "IID", there.id));
        }
        let (id, change) = (self.next_id(), self.changed());
        let mut folder = Folder::new(&self.address, id, parent, &name, view);
        (folder.flavour, folder.rev, folder.ms) = (flavour, change, change);
        self.folders.insert(id, folder);
        Ok(id)
    }

    /// Changes a folder.
    pub(crate) fn change_folder(&mut self, id: i64, act: impl FnOnce(&mut Folder)) {
        let change = self.changed();
        if let Some(folder) = self.folders.get_mut(&id) {
            act(folder);
            (folder.ms, folder.md) = (change, now());
        }
    }

    /// Gives a folder another parent and name.
    pub(crate) fn move_folder(&mut self, id: i64, parent: i64, name: &str) -> Result<(), Refusal> {
        if self.folder(id)?.is_system() {
            let words = format!("cannot modify immutable object: {id}");
            return Err(Refusal::new("mail.IMMUTABLE_OBJECT", words).argument("itemId", "IID", id));
        }
        let name =
            folder_names(name).map_err(|why| Refusal::new("mail.INVALID_NAME", why).argument("name", "STR", name))?;
        self.folder(parent)?;
        if self.below(id).contains(&parent) {
            return Err(Refusal::new("mail.CANNOT_CONTAIN", "cannot put object in that folder"));
        }
        if self.named(parent, &name).is_some_and(|there| there.id != id) {
            let words = format!("object with that name already exists: {name}");
            return Err(Refusal::new("mail.ALREADY_EXISTS", words).argument("name", "STR", name));
        }
        self.change_folder(id, |folder| (folder.parent, folder.name) = (parent, name));
        Ok(())
    }

    /// A folder and all below it, parents first.
    pub(crate) fn below(&self, id: i64) -> Vec<i64> {
        let mut found = vec![id];
        let mut at = 0;
        while at < found.len() {
            let children: Vec<i64> = self.children(found[at]).map(|folder| folder.id).collect();
            found.extend(children);
            at += 1;
        }
        found
    }

    /// Removes a folder with all below it.
    pub(crate) fn delete_folder(&mut self, id: i64) -> Result<(), Refusal> {
        if self.folder(id)?.is_system() {
            let words = format!("cannot delete immutable object: {id}");
            return Err(Refusal::new("mail.IMMUTABLE_OBJECT", words).argument("itemId", "IID", id));
        }
        for folder in self.below(id).into_iter().rev() {
            self.empty_folder(folder);
            let element = match self.folders.remove(&folder).map(|folder| folder.flavour) {
                Some(Flavour::Search { .. }) => "search",
                Some(Flavour::Mount { .. }) => "link",
                _ => "folder",
            };
            self.bury(element, folder);
        }
        Ok(())
    }

    /// Removes everything in a folder.
    pub(crate) fn empty_folder(&mut self, id: i64) {
        let items: Vec<i64> = self.items.values().filter(|item| item.folder == id).map(|item| item.id).collect();
        items.into_iter().for_each(|item| self.remove(item));
    }

    pub(super) fn bury(&mut self, element: &'static str, id: i64) {
        let change = self.changed();
        self.tombstones.push(Tombstone { change, element, id });
    }

    // Items.

    pub(crate) fn item(&self, id: i64) -> Option<&Item> {
        self.items.get(&id)
    }

    /// Adds an item; refuses what does not fit into the quota.
    pub(crate) fn add(&mut self, adding: Adding) -> Result<i64, Refusal> {
        self.folder(adding.folder)?;
        let (id, change) = (self.next_id(), self.changed());
        let mut item = Item {
            id,
            kind: adding.kind,
            folder: adding.folder,
            flags: super::item::flags(&adding.flags),
            tags: adding.tags,
            date: adding.date.unwrap_or_else(now),
            rev: change,
            ms: change,
            md: now(),
            conversation: -id,
            imap_id: id,
            content: adding.content,
            blob_lost: false,
            blob_cut: None,
        };
        if self.quota > 0 && self.used + item.size() > self.quota {
            self.next -= 1;
            let words = "mailbox exceeded quota";
            return Err(Refusal::new("mail.QUOTA_EXCEEDED", words).argument("limit", "NUM", self.quota));
        }
        self.used += item.size();
        if let Content::Message { blob } = &item.content {
            let blob = blob.clone();
            item.conversation = self.conversation(id, &blob, change);
        }
        self.items.insert(id, item);
        self.count_changed(adding.folder, change);
        Ok(id)
    }

    /// The conversation of a new message: that of a message that it answers, if that is about the same.
    fn conversation(&mut self, id: i64, blob: &Bytes, change: i64) -> i64 {
        let subject = mail::bare_subject(&mail::subject(blob));
        let names = [mime::field(blob, "references"), mime::field(blob, "in-reply-to")];
        let names: Vec<String> =
            names.iter().flatten().flat_map(|text| mail::message_ids(text)).map(str::to_owned).collect();
        let earlier = names.iter().filter_map(|name| self.message_ids.get(name)).flatten().copied();
        let answered = earlier.into_iter().find(|other| {
            let blob = self.items.get(other).map(|item| &item.content);
            matches!(blob, Some(Content::Message { blob }) if mail::bare_subject(&mail::subject(blob)) == subject)
        });
        self.index(id, blob);
        let Some(answered) = answered else { return -id };
        let known = self.items[&answered].conversation;
        let conversation = if known > 0 { known } else { self.next_id() };
        if known < 0 {
            self.touch(answered, |item| item.conversation = conversation);
        }
        self.conversations.insert(conversation, change);
        conversation
    }

    fn index(&mut self, id: i64, blob: &[u8]) {
        if let Some(name) = mime::field(blob, "message-id") {
            for name in mail::message_ids(&name) {
                self.message_ids.entry(name.to_owned()).or_default().insert(id);
            }
        }
    }

    /// The messages with this Message-ID, without its brackets.
    pub(crate) fn with_message_id(&self, name: &str) -> Vec<i64> {
        let ids = self.message_ids.get(name).into_iter().flatten().copied();
        ids.filter(|id| self.items.contains_key(id)).collect()
    }

    /// Changes what is not content: flags, tags, folder.
    pub(crate) fn touch(&mut self, id: i64, act: impl FnOnce(&mut Item)) {
        let change = self.changed();
        let Some(item) = self.items.get_mut(&id) else { return };
        let from = item.folder;
        act(item);
        (item.ms, item.md) = (change, now());
        let to = item.folder;
        if from != to {
            item.imap_id = id.max(change);
            self.count_changed(from, change);
        }
        self.count_changed(to, change);
    }

    /// Puts other content in the place of an item's.
    pub(crate) fn rewrite(&mut self, id: i64, act: impl FnOnce(&mut Item)) {
        let before = self.items.get(&id).map_or(0, Item::size);
        self.touch(id, act);
        let Some(item) = self.items.get_mut(&id) else { return };
        item.rev = item.ms;
        self.used += item.size() - before;
        if let Content::Message { blob } = &item.content {
            let blob = blob.clone();
            self.index(id, &blob);
        }
    }

    /// Removes an item for good.
    pub(crate) fn remove(&mut self, id: i64) {
        let Some(item) = self.items.remove(&id) else { return };
        self.used -= item.size();
        self.bury(item.kind.element(), id);
        let change = self.change;
        self.count_changed(item.folder, change);
    }

    /// What a folder holds has changed; the folder itself has not.
    fn count_changed(&mut self, folder: i64, change: i64) {
        if let Some(folder) = self.folders.get_mut(&folder) {
            folder.content_ms = change;
            folder.uid_next = folder.uid_next.max(self.next + 1);
        }
    }

    /// Items, octets and unread items by folder.
    pub(crate) fn counts(&self) -> HashMap<i64, (i64, i64, i64)> {
        let mut counts: HashMap<i64, (i64, i64, i64)> = HashMap::new();
        for item in self.items.values() {
            let (items, octets, unread) = counts.entry(item.folder).or_default();
            *items += 1;
            *octets += item.size();
            *unread += i64::from(item.has_flag('u'));
        }
        counts
    }
}
