//! Messages in MIME: what the server reads out of them, and how it makes one of an item that has none.

mod compose;
mod read;

pub(crate) use compose::compose;
pub(crate) use read::{read, recipient};
