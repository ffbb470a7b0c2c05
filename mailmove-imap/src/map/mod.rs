//! Between the wire and the contract.

pub(crate) mod flags;
