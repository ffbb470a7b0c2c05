//! IMAP source and destination.
#![cfg_attr(test, allow(clippy::unwrap_used))]
#![allow(dead_code, unused_imports)]

mod capabilities;
mod config;
mod engine;
mod error;
mod map;
mod pool;
mod session;
mod wire;
