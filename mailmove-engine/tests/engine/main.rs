//! The engine on mailboxes in memory.
#![allow(clippy::unwrap_used)]

mod cases;
mod common;
mod crash;
mod faults;
mod moves;
mod twins;
