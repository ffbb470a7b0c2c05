//! What a test puts into a mailbox.

use bytes::Bytes;
use time::OffsetDateTime;

use super::{Attachment, Content, Item, PUBLIC_STRINGS, Property, PropertyKey, class_of};
use crate::ews::xml::{self, Node, Ns};
use crate::ews::{mapi, mime};

/// An item to be put into a mailbox. A message is unread and no draft.
#[derive(Debug, Clone)]
pub struct NewItem {
    item: Item,
}

impl NewItem {
    /// A message in MIME.
    pub fn message(mime: impl Into<Bytes>) -> Self {
        let mut item = Item::new("IPM.Note");
        mime::store(&mut item, mime.into());
        item.draft = false;
        Self { item }
    }

    /// An item of any class without contents: `IPM.StickyNote`, `IPM.Activity`.
    pub fn of_class(class: &str) -> Self {
        let mut item = Item::new(class);
        item.draft = false;
        Self { item }
    }

    /// An item written as a client would write it in CreateItem, prefix `t:` for the types namespace:
    /// `<t:Contact><t:DisplayName>Ann</t:DisplayName></t:Contact>`.
    ///
    /// # Panics
    /// When this is no item that the schema of the newest version allows.
    pub fn xml(text: &str) -> Self {
        let wrapped = format!("<x xmlns:t=\"{}\">{text}</x>", Ns::Types.uri());
        let root = xml::parse(wrapped.as_bytes()).unwrap_or_else(|why| panic!("{why}: {text}"));
        let Some(node) = root.children.into_iter().next() else { panic!("there is no element in {text}") };
        let kind = crate::ews::schema::item_type(&node.name).to_owned();
        let checked = crate::ews::schema::check_type(&node, &kind, crate::ews::Version::Online);
        checked.unwrap_or_else(|why| panic!("{why}: {text}"));
        let mut item = Item::new(class_of(&node.name));
        crate::ews::fields::apply(&mut item, &node).unwrap_or_else(|refusal| panic!("{}: {text}", refusal.text));
        item.draft = false;
        Self { item }
    }

    /// The class, instead of that of a plain message.
    #[must_use]
    pub fn class(mut self, class: &str) -> Self {
        self.item.class = class.to_owned();
        self
    }

    /// The subject, instead of what the MIME says.
    #[must_use]
    pub fn subject(mut self, subject: &str) -> Self {
        self.item.set_text("Subject", subject);
        self
    }

    /// The text of the body.
    #[must_use]
    pub fn body(mut self, text: &str) -> Self {
        let body = Node::t("Body").attr("BodyType", "Text").text(text);
        self.item.fields.insert("Body".to_owned(), body);
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

    /// Hidden, as rules and views are.
    #[must_use]
    pub fn associated(mut self) -> Self {
        self.item.associated = true;
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
        let categories = categories.into_iter().map(|category| Node::t("String").text(category));
        self.item.fields.insert("Categories".to_owned(), Node::t("Categories").children(categories));
        self
    }

    /// Marked for follow-up.
    #[must_use]
    pub fn flagged(mut self) -> Self {
        let flag = Node::t("Flag").child(Node::t("FlagStatus").text("Flagged"));
        self.item.fields.insert("Flag".to_owned(), flag);
        self
    }

    /// A property by its MAPI tag, with its type as EWS calls it: `0x1081`, `Integer`, `102`.
    ///
    /// # Panics
    /// When the server computes this property itself, or the value does not fit.
    #[must_use]
    pub fn property(mut self, tag: u16, kind: &str, value: &str) -> Self {
        let set = mapi::set_item(&mut self.item, PropertyKey::Tag(tag), Property::one(kind, value), true);
        set.unwrap_or_else(|refusal| panic!("{tag:#06x}: {}", refusal.text));
        self
    }

    /// A string in the public property set.
    #[must_use]
    pub fn named(mut self, name: &str, value: &str) -> Self {
        let key = PropertyKey::Named(PUBLIC_STRINGS.to_owned(), name.to_owned());
        self.item.properties.insert(key, Property::one("String", value));
        self
    }

    /// A file that hangs on it.
    #[must_use]
    pub fn attachment(mut self, name: &str, bytes: impl Into<Bytes>) -> Self {
        self.item.attach(Attachment {
            part: 0,
            name: name.to_owned(),
            content_type: "application/octet-stream".to_owned(),
            content_id: None,
            inline: false,
            content: Content::File(bytes.into()),
        });
        self
    }

    pub(crate) fn into_item(self) -> Item {
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
