//! A complete mailbox in memory: the reference endpoint.
//!
//! [`MemoryMailbox`] is a handle that tests keep: with it they act as the mailbox's user, who adds, edits, flags, moves
//! and deletes while a migration runs. It is a [`Connector`](mailmove_core::Connector) too, so it goes wherever a real
//! server goes. [`Options`] switch off what the worse servers cannot do.
//!
//! ```
//! use mailmove_core::{Detail, Endpoint, Source};
//! use mailmove_testkit::{MemoryMailbox, NewItem};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let mailbox = MemoryMailbox::new();
//! mailbox.add(&mailbox.inbox(), NewItem::mail("Subject: hello\r\n\r\nworld\r\n"));
//!
//! let source = mailbox.source();
//! let folder = &source.folders().await?[0];
//! let page = source.changes(&folder.feed, None, Detail::Listing).await?;
//! assert_eq!(page.changes.len(), 1);
//! assert_eq!(mailbox.counts().changes, 1);
//! # Ok::<(), mailmove_core::Error>(()) }).unwrap();
//! ```

mod connector;
mod counts;
mod destination;
mod endpoint;
mod fingerprint;
mod folder;
mod ids;
mod index;
mod item;
mod log;
mod mailbox;
mod names;
mod options;
mod snapshot;
mod source;
mod state;
mod transfer;
mod user;
mod write;

pub use counts::Counts;
pub use endpoint::MemoryEndpoint;
#[cfg(feature = "conformance")]
pub(crate) use fingerprint::of as fingerprint_of;
pub use item::NewItem;
pub use mailbox::MemoryMailbox;
#[cfg(feature = "conformance")]
pub(crate) use names::check as check_names;
pub use options::{Feeds, Options, Removals, standard_format};
pub use snapshot::{FolderSnapshot, ItemSnapshot, Snapshot};
