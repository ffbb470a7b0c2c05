//! The models: one type (with its closest kin) per file.

mod change;
mod content_line;
mod fingerprint;
mod folder;
mod format;
mod id;
mod item;
mod item_flags;
mod kind;
mod loss;
mod write;

pub use change::{Change, Detail, FlagMask, Gone, ItemRef, Page};
pub use content_line::content_line;
pub use fingerprint::{Digest, Evidence, Fingerprint, Match, Wanted};
pub use folder::{EnsuredFolder, Folder, NewFolder, Role, Storage};
pub use format::Format;
pub use id::{Cursor, Epoch, FeedId, FolderId, ItemId, Mark, Position, Revision, StateToken};
pub use item::Item;
pub use item_flags::{Flags, ItemFlags};
pub use kind::Kind;
pub use loss::{Alteration, Loss};
pub use write::{Write, Written};
