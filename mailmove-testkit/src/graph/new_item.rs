//! What a test puts into a mailbox.

use bytes::Bytes;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::extended::Id;
use super::mapi;
use super::mime;
use super::schema;
use super::state::{Attachment, Content, Item};

/// An item to be put into a mailbox. A message is unread and no draft.
#[derive(Debug, Clone)]
pub struct NewItem {
    item: Item,
}

impl NewItem {
    /// A message in MIME.
    pub fn message(mime: impl Into<Bytes>) -> Self {
        let mut item = mime::read(mime.into());
        item.draft = false;
        item.received = item.sent.unwrap_or(item.received);
        Self { item }
    }

    /// An event, a contact or a task, as a client would write it: `event(json!({"subject": "x", …}))`.
    ///
    /// # Panics
    /// When the metadata does not know a property, or a value does not fit.
    fn entity(class: &str, kind: &str, mut value: Value) -> Self {
        schema::body(kind, &mut value, true).unwrap_or_else(|refusal| panic!("{}: {value}", refusal.message));
        let mut item = Item::new(class);
        item.fields = value.as_object().cloned().unwrap_or_default();
        Self { item }
    }

    /// An event.
    ///
    /// # Panics
    /// When the metadata does not know a property, or a value does not fit.
    pub fn event(value: Value) -> Self {
        Self::entity("IPM.Appointment", "event", value)
    }

    /// A contact.
    ///
    /// # Panics
    /// When the metadata does not know a property, or a value does not fit.
    pub fn contact(value: Value) -> Self {
        Self::entity("IPM.Contact", "contact", value)
    }

    /// A task.
    ///
    /// # Panics
    /// When the metadata does not know a property, or a value does not fit.
    pub fn task(value: Value) -> Self {
        Self::entity("IPM.Task", "todoTask", value)
    }

    /// An item of any class without contents: `IPM.StickyNote`, `IPM.Activity`.
    pub fn of_class(class: &str) -> Self {
        let mut item = Item::new(class);
        item.draft = false;
        Self { item }
    }

    /// The class, instead of that of a plain message.
    #[must_use]
    pub fn class(mut self, class: &str) -> Self {
        self.item.class = class.to_owned();
        self
    }

    /// Read or not.
    #[must_use]
    pub fn read(mut self, read: bool) -> Self {
        self.item.read = read;
        self
    }

    /// A draft, which was never sent.
    #[must_use]
    pub fn draft(mut self) -> Self {
        self.item.draft = true;
        self
    }

    /// When it was received.
    #[must_use]
    pub fn received(mut self, date: OffsetDateTime) -> Self {
        self.item.received = date;
        self
    }

    /// When it was sent.
    #[must_use]
    pub fn sent(mut self, date: OffsetDateTime) -> Self {
        self.item.sent = Some(date);
        self
    }

    /// The categories.
    #[must_use]
    pub fn categories<'a>(mut self, categories: impl IntoIterator<Item = &'a str>) -> Self {
        self.item.set("categories", categories.into_iter().collect::<Vec<_>>());
        self
    }

    /// Marked for follow-up.
    #[must_use]
    pub fn flagged(mut self) -> Self {
        self.item.set("flag", json!({"flagStatus": "flagged"}));
        self
    }

    /// An extended property: `Integer 0x1081`, `102`.
    ///
    /// # Panics
    /// When this is no name of one, or the value does not fit.
    #[must_use]
    pub fn property(mut self, id: &str, value: &str) -> Self {
        let set = Id::read(id).and_then(|id| Ok((id.with(vec![value.to_owned()])?, id)));
        let (property, id) = set.unwrap_or_else(|refusal| panic!("{}", refusal.message));
        mapi::set_item(&mut self.item, id.name, property, true);
        self
    }

    /// A file that hangs on it.
    #[must_use]
    pub fn attachment(mut self, name: &str, bytes: impl Into<Bytes>) -> Self {
        self.item.attach(Attachment::new(name, Content::File(bytes.into())));
        self.item.forget_octets();
        self
    }

    /// An item that hangs on it.
    #[must_use]
    pub fn holding(mut self, name: &str, held: NewItem) -> Self {
        self.item.attach(Attachment::new(name, Content::Item(Box::new(held.item))));
        self.item.forget_octets();
        self
    }

    /// A link to a file elsewhere that hangs on it.
    #[must_use]
    pub fn linking(mut self, name: &str) -> Self {
        self.item.attach(Attachment::new(name, Content::Link));
        self
    }

    pub(super) fn into_item(self) -> Item {
        self.item
    }
}

impl From<&str> for NewItem {
    fn from(mime: &str) -> Self {
        Self::message(mime.to_owned())
    }
}

impl From<String> for NewItem {
    fn from(mime: String) -> Self {
        Self::message(mime)
    }
}

impl From<Bytes> for NewItem {
    fn from(mime: Bytes) -> Self {
        Self::message(mime)
    }
}

impl From<Vec<u8>> for NewItem {
    fn from(mime: Vec<u8>) -> Self {
        Self::message(mime)
    }
}
