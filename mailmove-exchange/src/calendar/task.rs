use time::{Date, OffsetDateTime};

use super::{Attached, Importance, Recurrence, Sensitivity, Text};

/// Something to do. Exchange knows the days of a task, not the hours.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// By what it is known everywhere: UID of iCalendar.
    pub uid: String,
    /// What it is called.
    pub subject: String,
    /// What it is about.
    pub body: Text,
    /// On which day it may begin; of a series, the first of it.
    pub start: Option<Date>,
    /// By the end of which day it is to be done.
    pub due: Option<Date>,
    /// On which day it was done.
    pub completed: Option<Date>,
    /// How it stands.
    pub status: TaskStatus,
    /// How much of it is done, in hundredths.
    pub percent: u8,
    /// When it is called to mind.
    pub reminder: Option<OffsetDateTime>,
    /// How much it matters.
    pub importance: Importance,
    /// Whom it concerns.
    pub sensitivity: Sensitivity,
    /// Under which names it is filed.
    pub categories: Vec<String>,
    /// What hangs on it.
    pub attachments: Vec<Attached>,
    /// How it comes again.
    pub recurrence: Option<Recurrence>,
    /// When it was made.
    pub created: Option<OffsetDateTime>,
    /// When it was last changed.
    pub modified: Option<OffsetDateTime>,
}

/// How a task stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum TaskStatus {
    #[default]
    NotStarted,
    InProgress,
    Completed,
    /// Somebody else is waited for.
    Waiting,
    Deferred,
}

impl Task {
    /// A task of which nothing else is said.
    pub fn new(uid: impl Into<String>) -> Self {
        Self {
            uid: uid.into(),
            subject: String::new(),
            body: Text::default(),
            start: None,
            due: None,
            completed: None,
            status: TaskStatus::default(),
            percent: 0,
            reminder: None,
            importance: Importance::default(),
            sensitivity: Sensitivity::default(),
            categories: Vec::new(),
            attachments: Vec::new(),
            recurrence: None,
            created: None,
            modified: None,
        }
    }
}
