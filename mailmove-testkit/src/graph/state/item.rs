//! An item: a message, an appointment, a contact, a task, or what has no place in Graph but its class.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde_json::{Map, Value};
use time::{Date, OffsetDateTime};

use super::{Attachment, Content, Id, Kind};
use crate::graph::extended::{Name, Property};

/// Entities that are kept as they came, with a number each.
pub(crate) type Numbered = Vec<(u32, Map<String, Value>)>;

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) mailbox: usize,
    pub(crate) key: u64,
    pub(crate) folder: u64,
    /// How often it was moved.
    pub(crate) moves: u32,
    /// `IPM.Note` and the like.
    pub(crate) class: String,
    /// What clients may set, under the names of Graph.
    pub(crate) fields: Map<String, Value>,
    pub(crate) properties: BTreeMap<Name, Property>,
    pub(crate) attachments: Vec<Attachment>,
    next_attachment: u32,
    /// The octets it came as, while they still say what it is.
    pub(crate) mime: Option<Bytes>,
    /// The stream it came as, while nothing was changed.
    pub(crate) stream: Option<Bytes>,
    pub(crate) read: bool,
    pub(crate) draft: bool,
    /// Hidden, as rules and views are.
    pub(crate) associated: bool,
    pub(crate) received: OffsetDateTime,
    pub(crate) sent: Option<OffsetDateTime>,
    pub(crate) created: OffsetDateTime,
    pub(crate) modified: OffsetDateTime,
    /// The mailbox's count of changes when this was last changed.
    pub(crate) changed: u64,
    /// The mailbox's count of changes when this came into its folder.
    pub(crate) entered: u64,
    /// Occurrences that differ from their series, by the day they would have been on.
    pub(crate) exceptions: BTreeMap<Date, Item>,
    /// Occurrences that do not take place.
    pub(crate) cancelled: BTreeSet<Date>,
    /// Checklist items and linked resources of a task, with their numbers.
    pub(crate) parts: BTreeMap<&'static str, Numbered>,
}

/// Which of the types of Graph an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Message,
    EventMessage,
    EventMessageRequest,
    EventMessageResponse,
    Event,
    Contact,
    Task,
    /// Notes, journal entries: only the import and export API shows them.
    Other,
}

impl Shape {
    pub(crate) fn of(class: &str) -> Self {
        let class = class.to_ascii_lowercase();
        let under = |prefix: &str| class == prefix || class.starts_with(&format!("{prefix}."));
        if under("ipm.appointment") {
            Self::Event
        } else if under("ipm.contact") {
            Self::Contact
        } else if under("ipm.task") {
            Self::Task
        } else if under("ipm.schedule.meeting.request") {
            Self::EventMessageRequest
        } else if under("ipm.schedule.meeting.resp") {
            Self::EventMessageResponse
        } else if under("ipm.schedule.meeting") {
            Self::EventMessage
        } else if ["ipm.stickynote", "ipm.activity", "ipm.distlist", "ipm.configuration"]
            .iter()
            .any(|class| under(class))
        {
            Self::Other
        } else {
            Self::Message
        }
    }

    /// The type's name in the metadata.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::EventMessage => "eventMessage",
            Self::EventMessageRequest => "eventMessageRequest",
            Self::EventMessageResponse => "eventMessageResponse",
            Self::Event => "event",
            Self::Contact => "contact",
            Self::Task => "todoTask",
            Self::Other => "outlookItem",
        }
    }

    pub(crate) fn is_mail(self) -> bool {
        matches!(self, Self::Message | Self::EventMessage | Self::EventMessageRequest | Self::EventMessageResponse)
    }
}

impl Item {
    /// An empty item of a class. A message is a draft until somebody says something else.
    pub(crate) fn new(class: &str) -> Self {
        let now = OffsetDateTime::now_utc();
        Self {
            mailbox: 0,
            key: 0,
            folder: 0,
            moves: 0,
            class: class.to_owned(),
            fields: Map::new(),
            properties: BTreeMap::new(),
            attachments: Vec::new(),
            next_attachment: 1,
            mime: None,
            stream: None,
            read: false,
            draft: Shape::of(class).is_mail(),
            associated: false,
            received: now,
            sent: None,
            created: now,
            modified: now,
            changed: 0,
            entered: 0,
            exceptions: BTreeMap::new(),
            cancelled: BTreeSet::new(),
            parts: BTreeMap::new(),
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        Shape::of(&self.class)
    }

    /// The text of a field; empty when there is none.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.fields.insert(field.to_owned(), value.into());
    }

    /// Hangs something on it; its number.
    pub(crate) fn attach(&mut self, mut attachment: Attachment) -> u32 {
        attachment.number = self.next_attachment;
        self.next_attachment += 1;
        self.attachments.push(attachment);
        self.next_attachment - 1
    }

    /// A number for a part that is no attachment.
    pub(crate) fn number(&mut self) -> u32 {
        self.next_attachment += 1;
        self.next_attachment - 1
    }

    /// The id, in one of its two forms.
    pub(crate) fn id(&self, immutable: bool) -> Id {
        let moves = (!immutable).then_some(self.moves);
        Id { kind: Kind::Item, mailbox: self.mailbox, key: self.key, moves, part: 0 }
    }

    /// Whether files hang on it that are not part of its text.
    pub(crate) fn has_attachments(&self) -> bool {
        self.attachments.iter().any(|attachment| !attachment.inline)
    }

    /// Octets, roughly as the service counts them.
    pub(crate) fn size(&self) -> usize {
        if let Some(mime) = &self.mime {
            return mime.len();
        }
        let fields: usize = self.fields.values().map(|value| value.to_string().len()).sum();
        let properties: usize = self.properties.values().flat_map(|property| &property.values).map(String::len).sum();
        let files: usize = self
            .attachments
            .iter()
            .map(|attachment| match &attachment.content {
                Content::File(bytes) => bytes.len(),
                Content::Item(item) => item.size(),
                Content::Link => 0,
            })
            .sum();
        200 + fields + properties + files
    }

    /// Something that is also said by its octets was changed.
    pub(crate) fn forget_octets(&mut self) {
        (self.mime, self.stream) = (None, None);
    }
}
