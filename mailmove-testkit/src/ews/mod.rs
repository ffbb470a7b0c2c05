//! An Exchange server in the same process, as far as Exchange Web Services go: stateful, as strict about requests as the
//! schema, and of every version from 2007 SP1 to Online. It is for tests and demonstrations: everything is in memory, on
//! the loopback interface, and gone when the [`EwsServer`] is dropped.
//!
//! It obeys every shape, restriction, sort order, paging window and traversal that it takes; what it does not do, it
//! answers with ErrorInvalidRequest. Not among what it does: NTLM, TLS, notifications, search by
//! QueryString, occurrences of a series one by one, changes to public folders, SoftDeleted traversals.
//!
//! Beside it stands Autodiscover in its three protocols ([`Direction`]).
//!
//! Three things make it more than a server:
//! - [`MailboxHandle`] sees and changes a mailbox past the protocol, as another client or an administrator would;
//! - [`Faults`] make chosen requests go wrong: throttled, refused, cut off, executed without an answer, executed late,
//!   answered wrongly;
//! - [`Log`] tells what a client really did, so that a test can demand that it did not do more.
//!
//! ```
//! use mailmove_testkit::ews::{EwsServer, NewItem, Version};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let server = EwsServer::builder().version(Version::Exchange2013).user("ann@x.test", "secret").start().await;
//! let mailbox = server.mailbox("ann@x.test");
//! mailbox.create_folder("Inbox/Entwürfe", "IPF.Note");
//! mailbox.add("Inbox", NewItem::message("Subject: hi\r\n\r\nhello\r\n").read(true));
//! // … a client connects to server.url() …
//! assert_eq!(server.log().counters().sent, 0);
//! # });
//! ```

mod answer;
mod autodiscover;
mod body;
mod builder;
mod date;
mod dictionary;
mod fields;
mod find;
mod fts;
mod mapi;
mod mime;
mod mishap;
mod mistake;
mod op;
mod pim;
mod refusal;
mod schema;
mod server;
mod service;
mod settings;
mod show;
mod soap;
mod state;
#[cfg(test)]
mod tests;
mod users;
mod version;
mod xml;

pub use crate::http::{Counters, Log, LoggedRequest, Violation};
pub use autodiscover::Direction;
pub use builder::EwsServerBuilder;
pub use mishap::{Action, Fault, Faults, Mishap};
pub use mistake::Mistake;
pub use server::EwsServer;
pub use settings::Scheme;
pub use state::{AttachmentSnapshot, FolderSnapshot, ItemSnapshot, MailboxHandle, MailboxSnapshot, NewItem};
pub use version::Version;
