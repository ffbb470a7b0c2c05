//! A mailbox as it was at one moment.

use bytes::Bytes;

use super::{Content, Flavour, Item, ItemKind, Mailbox};
use crate::zimbra::ical::Calendar;

/// A mailbox as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailboxSnapshot {
    /// All folders below the root of what users see, parents first.
    pub folders: Vec<FolderSnapshot>,
    /// Names and colours of all tags.
    pub tags: Vec<(String, i64)>,
}

/// A folder and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FolderSnapshot {
    /// As clients see it.
    pub id: String,
    /// `Inbox/2026`.
    pub path: String,
    /// `message`, `contact` ... ; empty for folders of anything.
    pub view: String,
    /// `folder`, `search` or `link`.
    pub kind: &'static str,
    /// Its letters.
    pub flags: String,
    /// 0 for none.
    pub color: i64,
    /// The items in the order in which they came.
    pub items: Vec<ItemSnapshot>,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ItemSnapshot {
    /// As clients see it.
    pub id: String,
    /// `message`, `contact`, `appointment`, `task`, `document`.
    pub kind: &'static str,
    /// The letters of its flags.
    pub flags: String,
    /// The names of its tags.
    pub tags: Vec<String>,
    /// When it was received, in ms since 1970.
    pub received: i64,
    /// What it says: a message as it was stored, a document's file, an appointment or task with its exceptions as
    /// iCalendar; empty for contacts.
    pub bytes: Bytes,
    /// The fields of a contact.
    pub fields: Vec<(String, String)>,
    /// Type and value of the members of a group.
    pub members: Vec<(String, String)>,
    /// The UID of an appointment or a task.
    pub uid: Option<String>,
    /// The change at which its content was last written.
    pub revision: i64,
}

impl MailboxSnapshot {
    pub(super) fn of(mailbox: &Mailbox) -> Self {
        let below = mailbox.below(1).into_iter().skip(1);
        let folders = below.map(|id| {
            let folder = &mailbox.folders[&id];
            let items = mailbox.items.values().filter(|item| item.folder == id);
            FolderSnapshot {
                id: id.to_string(),
                path: mailbox.path(id).trim_start_matches('/').to_owned(),
                view: folder.view.clone(),
                kind: match folder.flavour {
                    Flavour::Plain => "folder",
                    Flavour::Search { .. } => "search",
                    Flavour::Mount { .. } => "link",
                },
                flags: folder.flags.clone(),
                color: folder.color,
                items: items.map(|item| ItemSnapshot::of(mailbox, item)).collect(),
            }
        });
        let tags = mailbox.tags.values().map(|tag| (tag.name.clone(), tag.color));
        Self { folders: folders.collect(), tags: tags.collect() }
    }

    /// The folder of this path.
    pub fn folder(&self, path: &str) -> Option<&FolderSnapshot> {
        self.folders.iter().find(|folder| folder.path == path)
    }

    /// All items of one kind, with the paths of their folders.
    pub fn items<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a ItemSnapshot)> + 'a {
        let items = |folder: &'a FolderSnapshot| folder.items.iter().map(|item| (folder.path.as_str(), item));
        self.folders.iter().flat_map(items).filter(move |(_, item)| item.kind == kind)
    }
}

impl ItemSnapshot {
    pub(super) fn of(mailbox: &Mailbox, item: &Item) -> Self {
        let (mut fields, mut members, mut uid) = (Vec::new(), Vec::new(), None);
        let bytes = match &item.content {
            Content::Message { blob } | Content::Document { blob, .. } => blob.clone(),
            Content::Contact { attributes, members: all } => {
                (fields, members) = (attributes.clone(), all.clone());
                Bytes::new()
            }
            Content::Calendar { uid: own, invites } => {
                uid = Some(own.clone());
                Calendar::join(invites.iter().map(|invite| &invite.calendar), "PUBLISH").into()
            }
        };
        let names = item.tags.iter().filter_map(|tag| mailbox.tags.get(tag)).map(|tag| tag.name.clone());
        Self {
            id: item.id.to_string(),
            kind: ItemKind::view(item.kind),
            flags: item.flags.clone(),
            tags: names.collect(),
            received: item.date,
            bytes,
            fields,
            members,
            uid,
            revision: item.rev,
        }
    }

    /// A field of a contact.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}
