//! Zimbra and Carbonio source and destination, from Zimbra 6 on.
//!
//! A [`ZimbraConnector`] is one server; it opens mailboxes as the owner, as an administrator who is given a token of each
//! mailbox, or with the preauthentication key of a domain. It talks Zimbra's own SOAP in its JSON form, and moves whole
//! items by the content servlet beside it.
//!
//! ```no_run
//! use std::sync::Arc;
//! use mailmove_core::{Access, FixedCredentials, Secret};
//! use mailmove_zimbra::{ZimbraConfig, ZimbraConnector};
//!
//! # fn main() -> mailmove_core::Result<()> {
//! let provider = FixedCredentials::administrator("admin@example.org", Access::Impersonate, Secret::password("secret"));
//! let connector = ZimbraConnector::new(ZimbraConfig::on_host("mail.example.org")?, Arc::new(provider))?;
//! # drop(connector);
//! # Ok(())
//! # }
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod batch;
mod bulk;
mod capabilities;
mod client;
mod config;
mod connector;
mod controls;
mod describe;
mod destination;
mod door;
mod endpoint;
mod error;
mod index;
mod inventory;
mod map;
mod read;
mod source;
mod tags;
mod wire;
mod write;

pub use config::ZimbraConfig;
pub use connector::ZimbraConnector;
pub use wire::version::Version;
