//! Archives: many items in one answer.

pub(crate) mod export;
mod tar;
