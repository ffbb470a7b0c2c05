//! Tests mail endpoints, and everything that uses them, without a server.
//!
//! - [`memory`]: a complete mailbox in memory. A test acts as its user and compares what is there before and after.
//! - [`faulty`]: wraps any endpoint and makes it fail before a call, after it, in its middle, or too late.
//! - `conformance` (feature of the same name): the behaviour lists of the contract, executed. One macro line tells the
//!   author of an endpoint what is still missing.
//! - [`nasty`]: messages, names and ids that broke somebody's software before.
//!
//! The crate's README tells the author of an endpoint how to begin.
#![cfg_attr(test, allow(clippy::unwrap_used))]

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "ews")]
pub mod ews;
pub mod faulty;
#[cfg(feature = "graph")]
pub mod graph;
#[cfg(feature = "http")]
#[cfg_attr(
    not(all(feature = "ews", feature = "graph", feature = "zimbra")),
    allow(dead_code, unreachable_pub, unused_imports, reason = "not every simulator needs all")
)]
mod http;
#[cfg(feature = "imap")]
pub mod imap;
pub mod memory;
#[cfg(feature = "http")]
#[cfg_attr(
    not(all(feature = "ews", feature = "graph", feature = "zimbra")),
    allow(dead_code, unused_imports, reason = "not every simulator needs all")
)]
mod mime;
pub mod nasty;
#[cfg(any(feature = "http", feature = "imap"))]
pub mod simulator;
#[cfg(any(feature = "ews", feature = "zimbra"))]
mod xml;
#[cfg(feature = "zimbra")]
pub mod zimbra;

pub use faulty::{Fault, Faults, Faulty, Method, Rest, Schedule, When};
pub use memory::{MemoryMailbox, NewItem, Options, Snapshot};

/// The examples of the README are tests.
#[cfg(all(doctest, feature = "conformance"))]
#[doc = include_str!("../README.md")]
struct Readme;
