//! Items that a test puts into a mailbox.

use bytes::Bytes;

use super::item::{Content, ItemKind};
use crate::zimbra::ical::Calendar;

/// Something to put into a mailbox.
#[derive(Debug, Clone)]
pub struct NewItem {
    pub(super) kind: ItemKind,
    pub(super) what: What,
    pub(super) flags: String,
    pub(super) tags: Vec<String>,
    pub(super) date: Option<i64>,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Content(Content),
    Calendar(Vec<Calendar>),
}

impl NewItem {
    fn new(kind: ItemKind, what: What) -> Self {
        Self { kind, what, flags: String::new(), tags: Vec::new(), date: None }
    }

    /// A message, unread unless [`flags`](Self::flags) are given.
    pub fn message(rfc822: impl Into<Bytes>) -> Self {
        let content = Content::Message { blob: rfc822.into() };
        Self::new(ItemKind::Message, What::Content(content)).flags("u")
    }

    /// A contact with these fields: `firstName`, `email`, `homePhone` ...; `type` is `group` for a group.
    pub fn contact<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let attributes = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self::new(ItemKind::Contact, What::Content(Content::Contact { attributes, members: Vec::new() }))
    }

    /// A group of contacts. Members are type and value: `C` and the id of a contact, `G` and the name of an entry of
    /// the organization, `I` and an address.
    pub fn group<'a>(name: &str, members: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let attributes = [("type", "group"), ("nickname", name), ("fileAs", &format!("8:{name}"))];
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let members = members.into_iter().map(|(kind, value)| (kind.to_owned(), value.to_owned())).collect();
        Self::new(ItemKind::Contact, What::Content(Content::Contact { attributes, members }))
    }

    /// An appointment with all of its exceptions, as iCalendar with VEVENTs of one UID.
    ///
    /// # Panics
    /// When the text is not that.
    pub fn appointment(icalendar: &str) -> Self {
        Self::calendar(ItemKind::Appointment, icalendar)
    }

    /// A task, as iCalendar with VTODOs of one UID.
    ///
    /// # Panics
    /// When the text is not that.
    pub fn task(icalendar: &str) -> Self {
        Self::calendar(ItemKind::Task, icalendar)
    }

    fn calendar(kind: ItemKind, icalendar: &str) -> Self {
        let parsed = Calendar::parse(icalendar.as_bytes());
        let mut items = parsed.map(|calendar| calendar.by_uid()).unwrap_or_else(|why| panic!("no iCalendar: {why}"));
        assert_eq!(items.len(), 1, "one UID is wanted");
        Self::new(kind, What::Calendar(items.remove(0).1))
    }

    /// A file of the briefcase.
    pub fn document(name: &str, kind: &str, bytes: impl Into<Bytes>) -> Self {
        let content = Content::Document { name: name.to_owned(), kind: kind.to_owned(), blob: bytes.into() };
        Self::new(ItemKind::Document, What::Content(content))
    }

    /// The letters of its flags: `u` unread, `f` flagged, `r` replied, `w` forwarded, `d` draft ...
    #[must_use]
    pub fn flags(mut self, letters: &str) -> Self {
        self.flags = letters.to_owned();
        self
    }

    /// The names of its tags, which are made where they are missing.
    #[must_use]
    pub fn tags<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.tags = names.into_iter().map(str::to_owned).collect();
        self
    }

    /// When it was received, in ms since 1970.
    #[must_use]
    pub fn received(mut self, ms: i64) -> Self {
        self.date = Some(ms);
        self
    }
}
