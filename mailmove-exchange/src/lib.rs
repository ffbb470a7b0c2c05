//! What connectors to Exchange share.
//!
//! - [`fts`] reads FastTransfer streams, the form in which Exchange hands out whole items (ExportItems) and takes them
//!   in (UploadItems): far enough to know that a stream is whole, and what is in it, without asking the server again. It
//!   makes such streams of items in standard formats.
//! - [`calendar`] has appointments and tasks as Exchange knows them.
//! - [`index`] knows what a folder holds, as far as it takes to recognise things.
//! - [`opening`] reads as much of a body as tells what it is.
//! - [`vcard`] asks entries of vCards what they say.
//! - [`zone`] has time zones under all of their names.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod calendar;
pub mod fts;
mod ical;
pub mod index;
mod mime;
pub mod opening;
pub mod vcard;
pub mod zone;
