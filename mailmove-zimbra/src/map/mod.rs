//! Between what the server tells and what travels, one kind of thing per file.

pub(crate) mod contact;
pub(crate) mod flags;
pub(crate) mod folder;
pub(crate) mod item;
pub(crate) mod kind;
pub(crate) mod tags;
