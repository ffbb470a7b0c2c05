use std::collections::BTreeSet;

use time::{Date, OffsetDateTime};

use super::{Attached, Recurrence, When};

/// An appointment or a meeting; a series with all its exceptions is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Appointment {
    /// By what it is known everywhere: UID of iCalendar, iCalUId of Graph.
    pub uid: String,
    /// What it is called.
    pub subject: String,
    /// What it is about.
    pub body: Text,
    /// When it is; of a series, when the first of it is.
    pub when: When,
    /// Where it is.
    pub location: String,
    /// Whose meeting it is; `None` for an appointment that nobody else attends.
    pub organizer: Option<Person>,
    /// Who comes.
    pub attendees: Vec<Attendee>,
    /// Minutes before its start at which it is called to mind.
    pub reminder: Option<u32>,
    /// How the time is shown to others.
    pub busy: Busy,
    /// Whom it concerns.
    pub sensitivity: Sensitivity,
    /// How much it matters.
    pub importance: Importance,
    /// Under which names it is filed.
    pub categories: Vec<String>,
    /// What hangs on it.
    pub attachments: Vec<Attached>,
    /// Whether its organizer called it off.
    pub cancelled: bool,
    /// How many times its organizer changed it (SEQUENCE).
    pub sequence: u32,
    /// When it was made.
    pub created: Option<OffsetDateTime>,
    /// When it was last changed.
    pub modified: Option<OffsetDateTime>,
    /// How it comes again.
    pub recurrence: Option<Recurrence>,
    /// The days of occurrences that are no more: days of the series, each by the calendar of its zone.
    pub deleted: BTreeSet<Date>,
    /// Occurrences that are not like the others, by their days; no day is in both.
    pub changed: Vec<Occurrence>,
}

/// One occurrence of a series that is not like the others: what is `None` is as in the series.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// The day on which it would have been, by the calendar of the series' zone.
    pub original: Date,
    /// When it is.
    pub when: Option<When>,
    /// What it is called.
    pub subject: Option<String>,
    /// What it is about.
    pub body: Option<Text>,
    /// Where it is.
    pub location: Option<String>,
    /// Who comes.
    pub attendees: Option<Vec<Attendee>>,
    /// Minutes before its start at which it is called to mind; `Some(None)`: it is not.
    pub reminder: Option<Option<u32>>,
    /// How the time is shown to others.
    pub busy: Option<Busy>,
    /// How much it matters.
    pub importance: Option<Importance>,
    /// Whom it concerns.
    pub sensitivity: Option<Sensitivity>,
    /// Under which names it is filed.
    pub categories: Option<Vec<String>>,
    /// What hangs on it: all of it, also where only some of that is other than in the series.
    pub attachments: Option<Vec<Attached>>,
    /// Whether its organizer called it off.
    pub cancelled: Option<bool>,
}

/// A text in one or both of its forms. Lines end in LF.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Text {
    /// As plain text; empty when there is none.
    pub plain: String,
    /// As HTML.
    pub html: Option<String>,
}

/// Somebody with an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Person {
    /// The name; empty when none is known.
    pub name: String,
    /// The address for mail (SMTP). What has none keeps its URI.
    pub address: String,
}

/// Somebody, or something, that is asked to a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attendee {
    /// Who.
    pub person: Person,
    /// In which part.
    pub role: AttendeeRole,
    /// What the answer was.
    pub answer: Answer,
}

/// In which part somebody attends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum AttendeeRole {
    #[default]
    Required,
    Optional,
    /// A room, or a thing.
    Resource,
}

/// What somebody answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Answer {
    /// Nothing yet.
    #[default]
    None,
    Tentative,
    Accepted,
    Declined,
}

/// How the time of an appointment is shown to others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Busy {
    Free,
    Tentative,
    #[default]
    Busy,
    OutOfOffice,
    WorkingElsewhere,
}

/// Whom something concerns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Sensitivity {
    #[default]
    Normal,
    Personal,
    Private,
    Confidential,
}

/// How much something matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Importance {
    Low,
    #[default]
    Normal,
    High,
}

impl Appointment {
    /// An appointment at this time, with nothing else said of it.
    pub fn new(uid: impl Into<String>, when: When) -> Self {
        Self {
            uid: uid.into(),
            subject: String::new(),
            body: Text::default(),
            when,
            location: String::new(),
            organizer: None,
            attendees: Vec::new(),
            reminder: None,
            busy: Busy::default(),
            sensitivity: Sensitivity::default(),
            importance: Importance::default(),
            categories: Vec::new(),
            attachments: Vec::new(),
            cancelled: false,
            sequence: 0,
            created: None,
            modified: None,
            recurrence: None,
            deleted: BTreeSet::new(),
            changed: Vec::new(),
        }
    }

    /// When the occurrence is that the pattern puts on this day, exceptions left aside.
    pub fn occurrence(&self, day: Date) -> When {
        self.when.moved_to(day)
    }
}

impl Occurrence {
    /// The occurrence of this day, as in the series.
    pub fn new(original: Date) -> Self {
        Self {
            original,
            when: None,
            subject: None,
            body: None,
            location: None,
            attendees: None,
            reminder: None,
            busy: None,
            importance: None,
            sensitivity: None,
            categories: None,
            attachments: None,
            cancelled: None,
        }
    }
}

impl Text {
    /// A plain text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { plain: text.into(), html: None }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.html.as_deref().is_none_or(str::is_empty)
    }
}

impl Person {
    /// Somebody with this name and address.
    pub fn new(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self { name: name.into(), address: address.into() }
    }
}
