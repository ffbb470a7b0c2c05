//! The tagged answer to a command.

use std::fmt;

/// What the tagged line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    No,
    Bad,
}

/// Status and text, the response code in brackets included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: Status,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn ok(text: impl Into<String>) -> Self {
        Self { status: Status::Ok, text: text.into() }
    }

    pub(crate) fn no(text: impl Into<String>) -> Self {
        Self { status: Status::No, text: text.into() }
    }

    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self { status: Status::Bad, text: text.into() }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match self.status {
            Status::Ok => "OK",
            Status::No => "NO",
            Status::Bad => "BAD",
        };
        write!(f, "{status} {}", self.text)
    }
}
