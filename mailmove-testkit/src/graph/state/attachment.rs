//! What hangs on an item.

use bytes::Bytes;
use time::OffsetDateTime;

use super::Item;

/// A file, an item, or a link.
#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    /// Which of the item's attachments it is; never used twice.
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) content_type: Option<String>,
    pub(crate) content_id: Option<String>,
    pub(crate) content_location: Option<String>,
    pub(crate) inline: bool,
    pub(crate) modified: OffsetDateTime,
    pub(crate) content: Content,
}

/// What an attachment holds.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Octets.
    File(Bytes),
    /// An item of its own.
    Item(Box<Item>),
    /// Something that lies elsewhere: where, this version does not tell.
    Link,
}

impl Attachment {
    /// A file.
    pub(crate) fn file(name: &str, bytes: Bytes) -> Self {
        Self::new(name, Content::File(bytes))
    }

    pub(crate) fn new(name: &str, content: Content) -> Self {
        Self {
            number: 0,
            name: name.to_owned(),
            content_type: None,
            content_id: None,
            content_location: None,
            inline: false,
            modified: OffsetDateTime::now_utc(),
            content,
        }
    }

    /// Octets of what it holds.
    pub(crate) fn size(&self) -> usize {
        match &self.content {
            Content::File(bytes) => bytes.len(),
            Content::Item(item) => item.size(),
            Content::Link => 0,
        }
    }
}
