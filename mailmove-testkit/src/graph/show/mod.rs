//! What is stored, as clients see it.

mod attachment;
mod folder;
mod item;
mod message;
mod pages;

pub(crate) use attachment::{attachment, attachments};
pub(crate) use folder::folder;
use item::plain;
pub(crate) use item::{change_key, item, item_with};
pub(crate) use pages::{entities, items};
