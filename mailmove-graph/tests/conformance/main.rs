//! The behaviour lists of the contract, by each path into a mailbox.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod harness;

use harness::Online;
use mailmove_graph::GraphConfig;

mailmove_testkit::conformance!(streams, Online::default());
mailmove_testkit::conformance!(json, Online::default().configured(GraphConfig::without_streams));
mailmove_testkit::conformance!(foreign_streams, Online::default().configured(GraphConfig::with_foreign_streams));
mailmove_testkit::conformance!(small_pages, Online::default().with_pages_of(3));
