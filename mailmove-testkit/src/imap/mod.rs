//! An IMAP server in the same process: IMAP4rev1 (RFC 3501) with the extensions a migration meets, stateful, and as
//! strict as the RFCs. It is for tests and demonstrations: everything is in memory, on the loopback interface, and
//! gone when the [`ImapServer`] is dropped.
//!
//! Three things make it more than a server:
//! - [`MailboxHandle`] sees and changes a mailbox past the protocol, as another client or an administrator would;
//! - [`Faults`] make chosen commands go wrong: refused, cut off, executed without an answer, executed late;
//! - [`Log`] tells what a client really did, so that a test can demand that it did not do more.
//!
//! ```
//! use mailmove_testkit::imap::{Capability, ImapServer, NewMessage};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let server = ImapServer::builder().user("alice", "secret").without(Capability::MultiAppend).start().await;
//! let mailbox = server.mailbox("alice");
//! mailbox.create_folder("Entwürfe").set_special_use("Entwürfe", "\\Drafts");
//! mailbox.append("INBOX", NewMessage::new("Subject: hi\r\n\r\nhello\r\n").flags(["\\Seen"]));
//! // … a client connects to server.addr() …
//! assert_eq!(server.log().counters().command("FETCH"), 0);
//! # });
//! ```

mod auth;
mod builder;
mod capability;
mod command;
mod connection;
mod date;
mod fault;
mod flags;
mod log;
mod parse;
mod persona;
mod refusal;
mod reply;
mod server;
mod session;
mod set;
mod settings;
mod state;
#[cfg(test)]
mod tests;
mod tls;
mod users;
mod utf7;
mod wire;

pub use builder::ImapServerBuilder;
pub use capability::{Capability, Mechanism};
pub use fault::{Action, Fault, Faults};
pub use log::{Counters, Log, LoggedCommand, SignIns};
pub use persona::Persona;
pub use refusal::Refusal;
pub use server::ImapServer;
pub use state::{FolderSnapshot, MailboxHandle, MailboxSnapshot, MessageSnapshot, NewMessage};
