//! What is stored, as clients see it.

mod attachment;
mod folder;
mod item;
mod message;
mod pages;

pub(crate) use attachment::{attachment, attachments};
pub(crate) use folder::folder;
pub(crate) use item::{item, item_with, plain};
pub(crate) use message::text_of;
pub(crate) use pages::{entities, items};
