#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod connect;
#[cfg(any(feature = "ews", feature = "graph", feature = "imap", feature = "zimbra"))]
mod from_url;
mod url;

pub use connect::{ConnectOptions, Connectors, connect};
pub use url::EndpointUrl;

pub use mailmove_core::*;
pub use mailmove_engine::*;

#[cfg(feature = "graph")]
pub use from_url::graph_config;
/// The Exchange Web Services connector, for those who build it without a URL.
#[cfg(feature = "ews")]
pub use mailmove_ews as ews;
/// The Microsoft Graph connector, for those who build it without a URL.
#[cfg(feature = "graph")]
pub use mailmove_graph as graph;
/// The IMAP connector, for those who build it without a URL.
#[cfg(feature = "imap")]
pub use mailmove_imap as imap;
/// Mails what a batch has to say, by SMTP.
#[cfg(feature = "notify")]
pub use mailmove_notify as notify;
/// The page on which users answer what a batch asks them.
#[cfg(feature = "portal")]
pub use mailmove_portal as portal;
/// The Zimbra connector, for those who build it without a URL.
#[cfg(feature = "zimbra")]
pub use mailmove_zimbra as zimbra;
