//! Exchange Web Services source and destination, from Exchange 2007 SP1 to Subscription Edition, and Exchange Online for
//! as long as it lasts there.
//!
//! An [`EwsConnector`] is one server; it opens mailboxes as the owner, by impersonation, or with delegated rights. Mail
//! travels as MIME, and between Exchange servers from 2010 SP1 on as FastTransfer streams, which carry everything.
//!
//! ```no_run
//! use std::sync::Arc;
//! use mailmove_core::{Access, FixedCredentials, Secret};
//! use mailmove_ews::{EwsConfig, EwsConnector};
//!
//! # fn main() -> mailmove_core::Result<()> {
//! let provider = FixedCredentials::administrator("svc@example.org", Access::Impersonate, Secret::password("secret"));
//! let connector = EwsConnector::new(EwsConfig::on_host("mail.example.org")?, Arc::new(provider))?;
//! # drop(connector);
//! # Ok(())
//! # }
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod batch;
mod capabilities;
mod client;
mod config;
mod connector;
mod cookies;
mod destination;
mod discover;
mod endpoint;
mod error;
mod index;
mod map;
mod public;
mod source;
mod wire;
mod write;

pub use config::{Address, EwsConfig, Passwords};
pub use connector::EwsConnector;
pub use discover::{Autodiscover, Place, Protocol};
pub use wire::version::Version;
