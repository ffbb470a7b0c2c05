//! Batches: sheets, states, passes, flags, requests, reports.
#![allow(clippy::unwrap_used)]

mod sheet;
mod store;
