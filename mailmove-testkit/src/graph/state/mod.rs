//! What the server holds.

mod attachment;
mod directory;
mod folder;
mod id;
mod item;
mod mailbox;
mod store;
mod well_known;

pub(crate) use attachment::{Attachment, Content};
pub(crate) use directory::{Class, Directory, Object, described};
pub(crate) use folder::{Folder, Purpose};
pub(crate) use id::{Id, Kind, guid};
pub(crate) use item::{Item, Numbered, Shape};
pub(crate) use mailbox::Mailbox;
pub(crate) use store::Store;
pub(crate) use well_known::DEFAULT_LIST;
