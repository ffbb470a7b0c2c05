//! IMAP source and destination for mailmove.
//!
//! [`ImapConnector`] opens mailboxes on one server (RFC 3501, RFC 9051) as a [`Source`](mailmove_core::Source) and a
//! [`Destination`](mailmove_core::Destination). What the server can do decides how: LIST-STATUS, CONDSTORE and QRESYNC,
//! MULTIAPPEND, LITERAL+, UIDPLUS and MOVE save round trips; without them everything still works.
//!
//! ```
//! use std::sync::Arc;
//! use mailmove_core::{Connector, FixedCredentials, Secret};
//! use mailmove_imap::{ImapConfig, ImapConnector, Security};
//!
//! let config = ImapConfig::new("mail.example.org").with_security(Security::StartTls);
//! let provider = FixedCredentials::owner(Secret::password("correct horse"));
//! let connector = ImapConnector::new(config, Arc::new(provider));
//! assert_eq!(connector.name(), "imap://mail.example.org");
//! ```
//!
//! Inside, from the wire up: `wire` knows the protocol and does no I/O, `engine` keeps any number of commands in flight
//! on one connection, `session` opens and signs in, `thrift` finds out whether deflating pays, `pool` decides which connection does what, `client` puts commands
//! together, `map` translates between the wire and the contract.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod capabilities;
mod client;
mod config;
mod connector;
mod endpoint;
mod engine;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod map;
mod pool;
mod quirks;
mod session;
mod thrift;
mod wire;

pub use config::{Compress, ImapConfig, Labels, Security};
pub use connector::ImapConnector;
pub use quirks::{Impersonation, Quirks, Sign};
