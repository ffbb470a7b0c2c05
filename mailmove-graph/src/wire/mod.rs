//! Requests and answers: one resource per file, no I/O.

pub(crate) mod ask;
pub(crate) mod attachment;
pub(crate) mod entry;
pub(crate) mod folder;
pub(crate) mod message;
pub(crate) mod page;
pub(crate) mod property;
pub(crate) mod record;
pub(crate) mod rule;
pub(crate) mod store;
pub(crate) mod stream;
