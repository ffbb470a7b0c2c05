//! Items and folders as answers show them.

mod folder;
mod item;
mod shape;

pub(crate) use folder::folder;
pub(crate) use item::{attachment_id, embedded, item, value_texts};
pub(crate) use shape::{Base, Shape, Where};

use super::version::Version;

/// How an answer is to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) version: Version,
    /// Dates with milliseconds.
    pub(crate) milliseconds: bool,
}
