//! What connectors to Exchange share.
//!
//! - [`fts`] reads FastTransfer streams, the form in which Exchange hands out whole items (ExportItems) and takes them
//!   in (UploadItems): far enough to know that a stream is whole, and what is in it, without asking the server again. It
//!   makes such streams of items in standard formats.
//! - [`calendar`] has appointments and tasks as Exchange knows them.
//! - [`zone`] has time zones under all of their names.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod calendar;
pub mod fts;
mod ical;
mod mime;
pub mod zone;
