//! Between the wire and the contract.

pub(crate) mod flags;
pub(crate) mod folder;
pub(crate) mod message;
pub(crate) mod repair;
pub(crate) mod space;
