//! What hangs on events and tasks: the property ATTACH of iCalendar (RFC 5545 §3.8.1.1), with files inline in base64.
//!
//! That is how Exchange itself gives and takes them ([MS-OXCICAL] 2.1.3.1.1.20.1). Their names stand in `X-FILENAME`,
//! which Exchange reads, and in `FILENAME` (RFC 8607 §4.1), which everybody else does. Files may be large, so a text is
//! never held with them in it: [`split`](split::split) takes it apart while it is read, and [`join`](join::join) puts
//! it together while it is written.

mod join;
mod parameters;
mod split;
#[cfg(test)]
mod tests;

use mailmove_core::Body;

pub(super) use join::join;
pub(super) use split::{Apart, split};

/// Stands in a text for what hangs there, with its number.
pub(super) const REFERENCE: &str = "X-MAILMOVE-ATTACHED";

/// Something that hangs on an event or a task.
#[derive(Debug, Clone)]
pub struct Attached {
    /// What it is called: a name of a file, or the words for a link. Empty when it has no name.
    pub name: String,
    /// Its media type; empty when nobody says.
    pub content_type: String,
    /// By what the text refers to it, when it is a part of the text, as a picture is.
    pub content_id: Option<String>,
    /// What it holds.
    pub content: Content,
}

/// What hangs somewhere.
#[derive(Debug, Clone)]
pub enum Content {
    /// A file. A message, an event or a contact in its standard format is a file as well.
    File(Body),
    /// An address where something can be found (a URI).
    Link(String),
}

impl Attached {
    /// A file.
    pub fn file(name: impl Into<String>, content_type: impl Into<String>, content: Body) -> Self {
        let content = Content::File(content);
        Self { name: name.into(), content_type: content_type.into(), content_id: None, content }
    }

    /// A link.
    pub fn link(name: impl Into<String>, uri: impl Into<String>) -> Self {
        let content = Content::Link(uri.into());
        Self { name: name.into(), content_type: String::new(), content_id: None, content }
    }

    /// The content, when it is a file.
    pub fn body(&self) -> Option<&Body> {
        match &self.content {
            Content::File(body) => Some(body),
            Content::Link(_) => None,
        }
    }
}

impl PartialEq for Attached {
    fn eq(&self, other: &Self) -> bool {
        let same = match (&self.content, &other.content) {
            (Content::File(one), Content::File(other)) => one.len() == other.len() && one.digest() == other.digest(),
            (Content::Link(one), Content::Link(other)) => one == other,
            _ => false,
        };
        same && self.name == other.name
            && self.content_type == other.content_type
            && self.content_id == other.content_id
    }
}
