//! An Exchange Online in the same process, as far as Microsoft Graph goes: stateful, and as strict about requests as the
//! published metadata. It is for tests and demonstrations: everything is in memory, on the loopback interface, and gone
//! when the [`GraphServer`] is dropped.
//!
//! Three things make it more than a server:
//! - [`MailboxHandle`] sees and changes a mailbox past the protocol, as another client or an administrator would;
//! - [`Faults`] make chosen requests go wrong: throttled, refused, cut off, executed without an answer, executed late,
//!   answered in part;
//! - [`Log`] tells what a client really did, so that a test can demand that it did not do more.
//!
//! The log calls operations by their method and their path without keys: `GET mailFolders/{id}/messages/delta`,
//! `POST messages/{id}/move`, `POST token`, `PUT upload`, `POST importItem`.
//!
//! ```
//! use mailmove_testkit::graph::{ALL_ROLES, GraphServer, NewItem};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let server = GraphServer::builder().user("ann@x.test").app("app-id", "secret", &ALL_ROLES).start().await;
//! let mailbox = server.mailbox("ann@x.test");
//! mailbox.create_folder("Inbox/Entwürfe", "IPF.Note");
//! mailbox.add("Inbox", NewItem::message("Subject: hi\r\n\r\nhello\r\n").read(true));
//! // … a client gets a token at server.token_url(&server.tenant()), and connects to server.url() …
//! assert_eq!(server.log().counters().sent, 0);
//! # });
//! ```

mod builder;
mod calendar;
mod call;
mod date;
mod extended;
mod fts;
mod handle;
mod mapi;
mod mime;
mod new_item;
mod op;
mod query;
mod refusal;
mod schema;
mod server;
mod service;
mod sessions;
mod settings;
mod show;
mod snapshot;
mod state;
mod target;
#[cfg(test)]
mod tests;
mod throttle;
mod token;
mod users;

pub use crate::http::{
    Counters, Log, LoggedRequest, PlainAction as Action, PlainFault as Fault, PlainFaults as Faults, Violation,
};
pub use builder::{ALL_ROLES, GraphServerBuilder};
pub use handle::MailboxHandle;
pub use new_item::NewItem;
pub use server::GraphServer;
pub use settings::Limits;
pub use snapshot::{ApplicationSnapshot, AttachmentSnapshot, FolderSnapshot, ItemSnapshot};
