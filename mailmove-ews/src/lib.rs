//! Exchange Web Services source and destination, from Exchange 2007 SP1 to Subscription Edition.
#![cfg_attr(test, allow(clippy::unwrap_used))]

#[allow(dead_code)]
mod wire;
