//! What a mailbox and the directory looked like at one moment, for comparisons.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::mime;
use super::state::{Class, Content, Directory, Item, Mailbox, Object};

/// One application in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApplicationSnapshot {
    /// The id with which it signs in.
    pub app_id: String,
    /// What it is called.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// How many certificates it may sign in with.
    pub certificates: usize,
    /// How many service principals stand for it: one, or none yet.
    pub principals: usize,
    /// The rights that were granted to it, in the order in which they were.
    pub rights: Vec<String>,
}

impl ApplicationSnapshot {
    pub(super) fn all(directory: &Directory) -> Vec<Self> {
        let all = |class| directory.known(class, Duration::MAX);
        let one = |object: &Object| {
            let own = |principal: &&Object| principal.text("appId") == object.text("appId");
            let principals: Vec<&Object> = all(Class::Principal).filter(own).collect();
            Self {
                app_id: object.text("appId").to_owned(),
                name: object.text("displayName").to_owned(),
                tags: object.all("tags").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                certificates: object.all("keyCredentials").len(),
                principals: principals.len(),
                rights: principals.iter().flat_map(|principal| directory.rights(principal.text("id"))).collect(),
            }
        };
        all(Class::Application).map(one).collect()
    }
}

/// One folder.
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ItemSnapshot {
    /// The immutable id.
    pub id: String,
    /// `IPM.Note` and the like.
    pub class: String,
    /// The subject of a message or an event, the name of a contact, the title of a task.
    pub subject: String,
    /// Read or not.
    pub read: bool,
    /// Never sent.
    pub draft: bool,
    /// When it was received.
    pub received: OffsetDateTime,
    /// When it was sent.
    pub sent: Option<OffsetDateTime>,
    /// The categories.
    pub categories: Vec<String>,
    /// Marked for follow-up.
    pub flagged: bool,
    /// What clients have set, under the names of Graph.
    pub fields: Map<String, Value>,
    /// Extended properties by their ids, as the service writes them: `String {…} Name X-Mark`.
    pub properties: BTreeMap<String, Vec<String>>,
    /// What hangs on it.
    pub attachments: Vec<AttachmentSnapshot>,
    /// The octets in which it came, if it came as MIME and nothing was changed since.
    pub original: Option<Bytes>,
    /// The stream in which it came, if it was imported and nothing was changed since.
    pub stream: Option<Bytes>,
    /// Occurrences of a series that differ from it, by the day they would have been on.
    pub exceptions: BTreeMap<String, ItemSnapshot>,
    /// Days on which an occurrence of a series does not take place.
    pub cancelled: Vec<String>,
}

/// One attachment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AttachmentSnapshot {
    /// The file name.
    pub name: String,
    /// The media type.
    pub content_type: Option<String>,
    /// How the text refers to it.
    pub content_id: Option<String>,
    /// Part of the text, as a picture is.
    pub inline: bool,
    /// The octets; those of its MIME for an item.
    pub bytes: Bytes,
    /// The item, where it is one.
    pub item: Option<Box<ItemSnapshot>>,
}

impl FolderSnapshot {
    pub(super) fn all(mailbox: &Mailbox) -> Vec<Self> {
        let paths = paths(mailbox).into_iter();
        paths
            .map(|(key, path)| {
                let folder = &mailbox.folders[&key];
                Self {
                    path,
                    class: folder.class.clone(),
                    well_known: folder.well_known.map(str::to_owned),
                    hidden: folder.hidden,
                    items: mailbox.items_of(key).map(ItemSnapshot::of).collect(),
                }
            })
            .collect()
    }
}

impl ItemSnapshot {
    pub(super) fn of(item: &Item) -> Self {
        let categories = item.fields.get("categories").and_then(Value::as_array).into_iter().flatten();
        let named = ["subject", "displayName", "title"].map(|name| item.text(name));
        let properties =
            item.properties.iter().map(|(name, property)| (property.id(name).text(), property.values.clone()));
        Self {
            id: item.id(true).text(),
            class: item.class.clone(),
            subject: named.into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned(),
            read: item.read,
            draft: item.draft,
            received: item.received,
            sent: item.sent,
            categories: categories.filter_map(Value::as_str).map(str::to_owned).collect(),
            flagged: item.fields.get("flag").is_some_and(|flag| flag["flagStatus"] == "flagged"),
            fields: item.fields.clone(),
            properties: properties.collect(),
            attachments: item.attachments.iter().map(AttachmentSnapshot::of).collect(),
            original: item.mime.clone(),
            stream: item.stream.clone(),
            exceptions: item.exceptions.iter().map(|(day, item)| (day.to_string(), Self::of(item))).collect(),
            cancelled: item.cancelled.iter().map(ToString::to_string).collect(),
        }
    }
}

impl AttachmentSnapshot {
    fn of(attachment: &super::state::Attachment) -> Self {
        let (bytes, item) = match &attachment.content {
            Content::File(bytes) => (bytes.clone(), None),
            Content::Item(item) => (mime::compose(item), Some(Box::new(ItemSnapshot::of(item)))),
            Content::Link => (Bytes::new(), None),
        };
        Self {
            name: attachment.name.clone(),
            content_type: attachment.content_type.clone(),
            content_id: attachment.content_id.clone(),
            inline: attachment.inline,
            bytes,
            item,
        }
    }
}

/// The folders below the top of what users see with their paths, parents before children.
pub(super) fn paths(mailbox: &Mailbox) -> Vec<(u64, String)> {
    let mut found: Vec<(u64, String)> = Vec::new();
    let below = |parent: u64, prefix: &str| {
        let path = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        mailbox.children(parent).map(|folder| (folder.key, path(&folder.name))).collect::<Vec<_>>()
    };
    found.extend(below(mailbox.standard("msgfolderroot"), ""));
    let mut at = 0;
    while at < found.len() {
        let (key, path) = found[at].clone();
        found.extend(below(key, &path));
        at += 1;
    }
    found
}
