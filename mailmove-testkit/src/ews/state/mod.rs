//! What the server knows: mailboxes, folders, items.

mod attachment;
mod folder;
mod handle;
mod id;
mod item;
mod new_item;
mod property;
mod snapshot;
mod store;
mod well_known;

pub(crate) use attachment::{Attachment, Content};
pub(crate) use folder::{Change, Folder};
pub use handle::MailboxHandle;
pub(crate) use id::{Id, Kind};
pub(crate) use item::{Item, class_of, element_of};
pub use new_item::NewItem;
pub(crate) use property::{PUBLIC_STRINGS, Path, Property, PropertyKey};
pub use snapshot::{AttachmentSnapshot, FolderSnapshot, ItemSnapshot, MailboxSnapshot};
pub(crate) use store::{FolderChange, Store, change_key};

pub(crate) use crate::simulator::lock;
