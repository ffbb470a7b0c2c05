//! Whole mailboxes through the engine: between two Zimbras, and from and to an IMAP server.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod ends;
mod imap;
mod large;
mod round_trips;
mod zimbra;
