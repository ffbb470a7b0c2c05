//! Whole migrations over IMAP, between servers in this process, through the facade.
#![allow(clippy::unwrap_used)]

mod failures;
mod faults;
mod pair;
mod second_run;
mod servers;
mod waits;
mod whole;
