//! Microsoft Graph as source and destination: Exchange Online, in every cloud.
//!
//! A [`GraphConnector`] is one tenant; an application with the tenant's consent opens its mailboxes. Mail is read as MIME
//! and written as JSON with the properties that keep it from being a draft; where the token allows it, everything travels
//! as FastTransfer streams through the mailbox import and export API, which carry all there is.
//!
//! ```no_run
//! use std::sync::Arc;
//! use mailmove_core::http::{Http, HttpSettings};
//! use mailmove_core::oauth::Client;
//! use mailmove_graph::{GraphConfig, GraphConnector};
//!
//! # fn main() -> mailmove_core::Result<()> {
//! let config = GraphConfig::new("contoso.onmicrosoft.com");
//! let client = Client::with_secret(config.token_authority()?, "application id", "secret".into());
//! let provider = config.application(Http::new(HttpSettings::new())?, client);
//! let connector = GraphConnector::new(config, Arc::new(provider))?;
//! # drop(connector);
//! # Ok(())
//! # }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod attached;
mod batch;
pub mod budget;
mod capabilities;
mod client;
mod config;
mod connector;
mod destination;
mod endpoint;
mod entries;
mod error;
mod export;
mod forecast;
mod forwarding;
mod index;
mod look;
mod map;
mod mime;
mod place;
mod rights;
mod source;
mod storage;
mod store;
mod streams;
mod upload;
mod wire;
mod workshop;
mod write;

pub use config::GraphConfig;
pub use connector::GraphConnector;
