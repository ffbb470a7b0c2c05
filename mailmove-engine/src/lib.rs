//! Moves things: plan, run, audit, ledger. Knows the contract of `mailmove-core` and no protocol.
//!
//! ```text
//! source -> spool -> ledger (intent) -> destination -> ledger (result) -> report
//! ```
//!
//! A [`Migration`] moves one mailbox pair. Its promise: nothing is lost and nothing is doubled, whatever dies in between,
//! as long as the [`Ledger`] survives.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod adopt;
mod ahead;
mod around;
mod audit;
pub mod batch;
mod classify;
mod ensure;
mod event;
mod feed;
mod flagging;
mod foresee;
mod intents;
pub mod ledger;
mod mapping;
mod migration;
mod pages;
mod pass;
mod plan;
mod queue;
mod relook;
mod removals;
mod report;
mod rules;
mod run;
mod schedule;
mod settle;
mod stop;
mod subject;
mod task;
mod twins;
mod under_way;
mod waits;
mod window;

pub use audit::{Audit, AuditLevel};
pub use event::{Event, Observer, Progress};
pub use ledger::{JobId, Ledger, MemoryLedger, RowState, SqliteLedger};
pub use migration::Migration;
pub use plan::{Count, Plan, PlannedFolder, PlannedRoute, SkippedFolder};
pub use report::{FolderReport, Outcome, Problem, Report, Tally};
pub use rules::{FolderMap, FolderPattern, Removals, Rules, Sample};
pub use stop::Stop;
