//! What a mailbox looked like at one moment, for comparisons.

use std::collections::BTreeMap;

use bytes::Bytes;
use time::OffsetDateTime;

use super::{Content, Item, Store};
use crate::ews::{mime, pim};

/// A whole mailbox. The octets are shared with the server, not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailboxSnapshot {
    /// Those below the root of what users see, parents before children.
    pub folders: Vec<FolderSnapshot>,
}

/// One folder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FolderSnapshot {
    /// The names from the top down, joined by `/`.
    pub path: String,
    /// `IPF.Note` and the like.
    pub class: String,
    /// `inbox`, for folders that every mailbox has.
    pub well_known: Option<String>,
    /// Hidden from users.
    pub hidden: bool,
    /// In the order in which they came.
    pub items: Vec<ItemSnapshot>,
}

/// One item.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ItemSnapshot {
    /// The id as clients see it.
    pub id: String,
    /// `IPM.Note` and the like.
    pub class: String,
    /// The subject.
    pub subject: String,
    /// Read or not; true for items that have no such state.
    pub read: bool,
    /// Never sent.
    pub draft: bool,
    /// Hidden.
    pub associated: bool,
    /// When it was received.
    pub received: OffsetDateTime,
    /// When it was sent.
    pub sent: Option<OffsetDateTime>,
    /// The categories.
    pub categories: Vec<String>,
    /// Marked for follow-up.
    pub flagged: bool,
    /// The text of the body, in whichever form it has.
    pub body: String,
    /// The MIME, as a client would be given it.
    pub mime: Bytes,
    /// The texts of its plain elements, by name.
    pub fields: BTreeMap<String, String>,
    /// What hangs on it.
    pub attachments: Vec<AttachmentSnapshot>,
    /// The stream in which it was uploaded or last exported, if it was.
    pub stream: Option<Bytes>,
}

/// One attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttachmentSnapshot {
    /// The file name.
    pub name: String,
    /// The media type.
    pub content_type: String,
    /// The octets; those of its MIME for an item.
    pub bytes: Bytes,
}

impl MailboxSnapshot {
    pub(super) fn of(store: &Store, root: u64) -> Self {
        let paths = paths(store, root);
        let folders = paths.into_iter().filter_map(|(key, path)| {
            let folder = store.folder(key)?;
            let mut items: Vec<&Item> = store.items_of(key).collect();
            items.sort_by_key(|item| item.created);
            Some(FolderSnapshot {
                path,
                class: folder.class.clone(),
                well_known: folder.well_known.clone(),
                hidden: folder.hidden(),
                items: items.into_iter().map(ItemSnapshot::of).collect(),
            })
        });
        Self { folders: folders.collect() }
    }

    /// The folder at a path.
    ///
    /// # Panics
    /// When there is none.
    pub fn folder(&self, path: &str) -> &FolderSnapshot {
        let found = self.folders.iter().find(|folder| folder.path == path);
        found.unwrap_or_else(|| panic!("the snapshot has no folder {path:?}"))
    }
}

/// The folders below a root with their paths, parents before children.
pub(super) fn paths(store: &Store, root: u64) -> Vec<(u64, String)> {
    let mut found: Vec<(u64, String)> = Vec::new();
    let below = |parent: u64, prefix: &str| {
        let path = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        store.children(parent).map(|folder| (folder.key, path(&folder.name))).collect::<Vec<_>>()
    };
    found.extend(below(root, ""));
    let mut at = 0;
    while at < found.len() {
        let (key, path) = found[at].clone();
        found.extend(below(key, &path));
        at += 1;
    }
    found
}

impl ItemSnapshot {
    pub(super) fn of(item: &Item) -> Self {
        let categories = item.fields.get("Categories").into_iter().flat_map(|categories| &categories.children);
        let plain = item.fields.iter().filter(|(_, node)| node.children.is_empty());
        Self {
            id: super::Id::new(super::Kind::Item, item.key).text(),
            class: item.class.clone(),
            subject: item.text("Subject").unwrap_or_default().to_owned(),
            read: item.is_read(),
            draft: item.draft,
            associated: item.associated,
            received: item.received,
            sent: item.sent,
            categories: categories.map(|category| category.text.clone()).collect(),
            flagged: item.fields.get("Flag").and_then(|flag| flag.value("FlagStatus")) == Some("Flagged"),
            body: item.text("Body").unwrap_or_default().to_owned(),
            mime: mime_of(item),
            fields: plain.map(|(name, node)| (name.clone(), node.text.clone())).collect(),
            attachments: item.attachments.iter().map(AttachmentSnapshot::of).collect(),
            stream: item.stream.clone(),
        }
    }
}

fn mime_of(item: &Item) -> Bytes {
    match item.element() {
        "CalendarItem" | "Contact" => pim::compose(item),
        _ => mime::compose(item),
    }
}

impl AttachmentSnapshot {
    fn of(attachment: &super::Attachment) -> Self {
        let bytes = match &attachment.content {
            Content::File(bytes) => bytes.clone(),
            Content::Item(item) => mime_of(item),
        };
        Self { name: attachment.name.clone(), content_type: attachment.content_type.clone(), bytes }
    }
}
