//! What the examples have in common: arguments, secrets, progress, reports, exit statuses.
#![allow(dead_code, reason = "each example uses a part of it")]

pub(crate) mod args;
pub(crate) mod demo;
pub(crate) mod ends;
pub(crate) mod exit;
pub(crate) mod output;
pub(crate) mod progress;
pub(crate) mod report;
#[cfg(feature = "graph")]
pub(crate) mod rest;
pub(crate) mod rules;
pub(crate) mod secrets;
pub(crate) mod signals;
pub(crate) mod table;
pub(crate) mod words;

pub(crate) use exit::{Failure, Status};
pub(crate) use output::say;
