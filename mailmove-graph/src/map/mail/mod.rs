//! Mail from elsewhere, between its MIME and the JSON of Graph.

mod attach;
mod compose;
mod text;

pub(crate) use attach::Attachment;
pub(crate) use compose::{Composed, compose, nested};
