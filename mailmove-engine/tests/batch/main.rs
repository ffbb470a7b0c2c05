//! Batches: sheets, states, passes, flags, requests, reports.
#![allow(clippy::unwrap_used)]

mod common;
mod flags;
mod passes;
mod preflight;
mod reports;
mod requests;
mod running;
mod sheet;
mod states;
mod store;
