//! From the wire to the contract and back.

mod contact;
pub(crate) mod flags;
pub(crate) mod folder;
pub(crate) mod item;
pub(crate) mod kind;
pub(crate) mod revision;
mod text;
