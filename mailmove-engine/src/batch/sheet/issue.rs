//! What is wrong with a sheet, all of it at once.

use std::fmt;

use mailmove_core::{Error, ErrorKind};

use super::Column;

/// Something about a sheet that a person should know. Never holds what stands in a cell: a row with a comma too many has
/// its password anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Issue {
    /// The line of the file in which the row begins, from 1.
    pub line: Option<u64>,
    /// The column.
    pub column: Option<Column>,
    /// What is wrong, and what to do.
    pub text: String,
}

impl Issue {
    pub(super) fn new(
        line: impl Into<Option<u64>>,
        column: impl Into<Option<Column>>,
        text: impl Into<String>,
    ) -> Self {
        Self { line: line.into(), column: column.into(), text: text.into() }
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, {column}: ")?,
            (Some(line), None) => write!(f, "line {line}: ")?,
            (None, Some(column)) => write!(f, "{column}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.text)
    }
}

/// Every reason why a sheet was not taken. Nothing of such a sheet is used: half a batch is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.line())]
pub struct SheetErrors(pub Vec<Issue>);

impl SheetErrors {
    fn line(&self) -> String {
        self.0.iter().map(Issue::to_string).collect::<Vec<_>>().join("; ")
    }
}

impl From<SheetErrors> for Error {
    fn from(errors: SheetErrors) -> Self {
        Error::new(ErrorKind::Config, "the sheet of mailboxes cannot be used")
            .with("errors", errors.0.len())
            .with("found", errors.line())
            .remedy("correct these cells, then read the sheet again; nothing of it was taken")
    }
}
