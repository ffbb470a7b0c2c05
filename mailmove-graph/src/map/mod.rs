//! From the wire to the contract and back.

pub(crate) mod attached;
pub(crate) mod class;
pub(crate) mod contact;
pub(crate) mod event;
pub(crate) mod flags;
pub(crate) mod folder;
pub(crate) mod item;
pub(crate) mod mail;
pub(crate) mod recurrence;
pub(crate) mod revision;
pub(crate) mod task;
