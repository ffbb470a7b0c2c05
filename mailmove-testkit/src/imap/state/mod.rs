//! What the server holds: accounts, their folders, their messages. Every change goes through here, whether a client
//! or a test makes it, so that both see the same mod-sequences, UIDs and vanished lists.

mod account;
mod folder;
mod handle;
mod labels;
mod message;
mod snapshot;

pub(crate) use account::{Account, Layout};
pub(crate) use folder::Folder;
pub use handle::MailboxHandle;
pub use message::NewMessage;
pub(crate) use message::{Content, Message};
pub use snapshot::{FolderSnapshot, MailboxSnapshot, MessageSnapshot};

pub(crate) use crate::simulator::lock;
