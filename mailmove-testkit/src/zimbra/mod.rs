//! A Zimbra server in the same process: SOAP in XML and JSON, mailboxes over REST, uploads, the administrators' port.
//! It is stateful, for tests and demonstrations: everything is in memory, on the loopback interface, and gone when the
//! [`ZimbraServer`] is dropped.
//!
//! Not among what it does: TLS, IMAP, sessions and notifications, several servers (`targetServer` is passed over, every
//! account is at home here), rights on single folders (who was granted one folder may do everything in the mailbox), zip
//! and CSV, chats and notes, revisions of documents, retention. More than ten requests of
//! one account at the same time are not held up, but [counted](ZimbraServer::peak).
//!
//! What requests hold that no Zimbra knows is passed over as Zimbra does, and kept as [findings](ZimbraServer::findings),
//! so that a test can demand that there is none. Three things make it more than a server:
//! - [`MailboxHandle`] sees and changes a mailbox past the protocol, as another client or an administrator would;
//! - [`Faults`] make chosen requests go wrong at the level of HTTP, [`Troubles`] in the ways of Zimbra itself;
//! - [`Log`] tells what a client really did, so that a test can demand that it did not do more.
//!
//! ```
//! use mailmove_testkit::zimbra::{NewItem, Version, ZimbraServer};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let server = ZimbraServer::builder().version(Version::Zimbra9).user("ann@x.test", "secret").start().await;
//! let mailbox = server.mailbox("ann@x.test");
//! mailbox.create_folder("Inbox/Entwürfe", "message");
//! mailbox.add("Inbox", NewItem::message("Subject: hi\r\n\r\nhello\r\n").flags("f").tags(["red"]));
//! // … a client connects to server.url() …
//! assert_eq!(server.log().counters().sent, 0);
//! # });
//! ```

mod builder;
mod calendar;
mod element;
mod ical;
mod mail;
mod mistake;
mod op;
mod refusal;
mod rest;
mod rules;
mod server;
mod service;
mod settings;
mod show;
mod soap;
mod state;
#[cfg(test)]
mod tests;
mod trouble;
mod upload;
mod vcard;
mod version;
mod world;

pub use crate::http::{
    Counters, Log, LoggedRequest, PlainAction as Action, PlainFault as Fault, PlainFaults as Faults, Violation,
};
pub use builder::ZimbraServerBuilder;
pub use mistake::Mistake;
pub use server::ZimbraServer;
pub use state::{FolderSnapshot, ItemSnapshot, MailboxHandle, MailboxSnapshot, NewItem};
pub use trouble::{Mishap, Operation, Trouble, Troubles};
pub use version::Version;
pub use world::AccountStatus;
