//! What hangs on an item.

use bytes::Bytes;

use super::Item;

#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    /// Its number within the item, never used again.
    pub(crate) part: u64,
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) content_id: Option<String>,
    pub(crate) inline: bool,
    pub(crate) content: Content,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    File(Bytes),
    Item(Box<Item>),
}

impl Attachment {
    pub(crate) fn size(&self) -> usize {
        match &self.content {
            Content::File(bytes) => bytes.len(),
            Content::Item(item) => item.size(),
        }
    }
}
