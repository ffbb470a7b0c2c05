//! Moves things: plan, run, audit, ledger. Knows the contract of `mailmove-core` and no protocol.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod ledger;
