//! From the wire to the contract and back.

pub(crate) mod flags;
pub(crate) mod folder;
pub(crate) mod item;
pub(crate) mod mail;
pub(crate) mod revision;
mod text;
