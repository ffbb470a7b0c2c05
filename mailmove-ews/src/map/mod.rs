//! From the wire to the contract and back.

mod calendar;
mod contact;
pub(crate) mod flags;
pub(crate) mod folder;
pub(crate) mod item;
mod journal;
pub(crate) mod kind;
pub(crate) mod revision;
pub(crate) mod stream;
mod task;
