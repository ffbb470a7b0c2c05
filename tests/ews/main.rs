//! Whole migrations with Exchange at one end or both, between servers in this process, through the facade.
#![allow(clippy::unwrap_used)]

mod across;
mod between;
mod ends;
mod throttled;
mod wrong;
