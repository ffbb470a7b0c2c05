//! What the server holds: mailboxes with folders, tags and items.

mod folder;
mod handle;
mod item;
mod mailbox;
mod new_item;
mod snapshot;
mod tag;

pub(crate) use folder::{Flavour, Folder, Grant, folder_names, view_is_known};
pub use handle::MailboxHandle;
pub(crate) use item::{Content, Invite, Item, ItemKind};
pub(crate) use mailbox::{Adding, Mailbox, Tombstone};
pub use new_item::NewItem;
pub use snapshot::{FolderSnapshot, ItemSnapshot, MailboxSnapshot};
pub(crate) use tag::Tag;

pub(crate) use crate::simulator::lock;

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// An id in the form of a UUID, the same for the same words.
pub(crate) fn uuid(words: &str) -> String {
    let half =
        |seed: u64| words.bytes().fold(seed, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    let text = format!("{:016x}{:016x}", half(0xCBF2_9CE4_8422_2325), half(0x9E37_79B9_7F4A_7C15));
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}
