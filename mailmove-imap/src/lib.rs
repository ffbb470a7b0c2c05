//! IMAP source and destination.
#![cfg_attr(test, allow(clippy::unwrap_used))]
#![allow(dead_code, unused_imports)]

mod map;
mod wire;
