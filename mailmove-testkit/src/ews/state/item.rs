//! An item of any class.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use time::OffsetDateTime;

use super::{Attachment, Property, PropertyKey};
use crate::ews::xml::Node;

/// An item. What clients can write is in `fields`, by the names of its elements; what the server keeps count of
/// itself has fields of its own.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) key: u64,
    pub(crate) folder: u64,
    pub(crate) imap_uid: u32,
    /// Change numbers: when it came into its folder, when anything changed, when anything but the read state changed.
    pub(crate) created: u64,
    pub(crate) changed: u64,
    pub(crate) content: u64,
    pub(crate) class: String,
    pub(crate) fields: BTreeMap<String, Node>,
    pub(crate) properties: BTreeMap<PropertyKey, Property>,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) next_part: u64,
    /// As it came, or as a client will be given it; nothing for items that are made of properties.
    pub(crate) mime: Option<Bytes>,
    pub(crate) read: bool,
    pub(crate) draft: bool,
    /// Hidden: a rule, a view, a form.
    pub(crate) associated: bool,
    pub(crate) received: OffsetDateTime,
    pub(crate) sent: Option<OffsetDateTime>,
    pub(crate) made: OffsetDateTime,
    pub(crate) modified: OffsetDateTime,
    pub(crate) search_key: Vec<u8>,
    /// The stream it was uploaded or exported in.
    pub(crate) stream: Option<Bytes>,
}

impl Item {
    pub(crate) fn new(class: &str) -> Self {
        let now = OffsetDateTime::now_utc();
        Self {
            key: 0,
            folder: 0,
            imap_uid: 0,
            created: 0,
            changed: 0,
            content: 0,
            class: class.to_owned(),
            fields: BTreeMap::new(),
            properties: BTreeMap::new(),
            attachments: Vec::new(),
            next_part: 1,
            mime: None,
            read: false,
            draft: true,
            associated: false,
            received: now,
            sent: None,
            made: now,
            modified: now,
            search_key: search_key(),
            stream: None,
        }
    }

    /// The element that stands for it, by its class.
    pub(crate) fn element(&self) -> &'static str {
        element_of(&self.class)
    }

    /// Whether clients can mark it as read.
    pub(crate) fn has_read_state(&self) -> bool {
        matches!(self.element(), "Message" | "PostItem") || self.element().starts_with("Meeting")
    }

    pub(crate) fn is_read(&self) -> bool {
        self.read || !self.has_read_state()
    }

    /// The text of a field.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|node| node.text.as_str())
    }

    pub(crate) fn set_text(&mut self, name: &str, text: impl ToString) {
        self.fields.insert(name.to_owned(), Node::t(name).text(text));
    }

    /// Octets it takes: a rough sum, but the same one every time.
    pub(crate) fn size(&self) -> usize {
        let fields: usize = self.fields.values().map(weight).sum();
        let properties: usize = self.properties.values().flat_map(|property| &property.values).map(String::len).sum();
        let body = match &self.mime {
            Some(mime) => mime.len(),
            None => self.attachments.iter().map(Attachment::size).sum(),
        };
        200 + fields + properties + body
    }

    pub(crate) fn attach(&mut self, mut attachment: Attachment) -> u64 {
        attachment.part = self.next_part;
        self.next_part += 1;
        self.attachments.push(attachment);
        self.next_part - 1
    }

    /// Everything but the read state, condensed.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        format!("{:?}{:?}{:?}{:?}", self.fields, self.properties, self.sent, self.received).hash(&mut hasher);
        (&self.class, &self.mime, self.draft).hash(&mut hasher);
        self.attachments.iter().for_each(|attachment| attachment.part.hash(&mut hasher));
        hasher.finish()
    }

    /// The search key as clients see it.
    pub(crate) fn search_key_text(&self) -> String {
        STANDARD.encode(&self.search_key)
    }
}

fn weight(node: &Node) -> usize {
    node.text.len() + node.children.iter().map(weight).sum::<usize>()
}

/// The element that stands for items of a class.
pub(crate) fn element_of(class: &str) -> &'static str {
    let class = class.to_ascii_lowercase();
    let is = |kind: &str| class == kind || class.strip_prefix(kind).is_some_and(|rest| rest.starts_with('.'));
    match () {
        () if is("ipm.schedule.meeting.request") => "MeetingRequest",
        () if is("ipm.schedule.meeting.resp") => "MeetingResponse",
        () if is("ipm.schedule.meeting.canceled") => "MeetingCancellation",
        () if is("ipm.appointment") => "CalendarItem",
        () if is("ipm.contact") => "Contact",
        () if is("ipm.distlist") => "DistributionList",
        () if is("ipm.task") => "Task",
        () if is("ipm.post") => "PostItem",
        () if is("ipm.note") || is("report") => "Message",
        () => "Item",
    }
}

/// The class of an item that is made as this element without saying its class.
pub(crate) fn class_of(element: &str) -> &'static str {
    match element {
        "CalendarItem" => "IPM.Appointment",
        "Contact" => "IPM.Contact",
        "DistributionList" => "IPM.DistList",
        "Task" => "IPM.Task",
        "PostItem" => "IPM.Post",
        "MeetingRequest" => "IPM.Schedule.Meeting.Request",
        "MeetingResponse" => "IPM.Schedule.Meeting.Resp.Pos",
        "MeetingCancellation" => "IPM.Schedule.Meeting.Canceled",
        _ => "IPM.Note",
    }
}

/// Sixteen octets that no other item of this process has.
fn search_key() -> Vec<u8> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut key = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes().to_vec();
    key.extend_from_slice(&number.to_be_bytes());
    key
}
