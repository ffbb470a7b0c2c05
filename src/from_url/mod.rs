//! How each connector of this project reads its URL.

#[cfg(feature = "ews")]
mod ews;
#[cfg(feature = "graph")]
mod graph;
#[cfg(feature = "imap")]
mod imap;
#[cfg(feature = "zimbra")]
mod zimbra;

#[cfg(feature = "ews")]
pub(crate) use ews::ews;
#[cfg(feature = "graph")]
pub(crate) use graph::graph;
#[cfg(feature = "graph")]
pub use graph::graph_config;
#[cfg(feature = "imap")]
pub(crate) use imap::imap;
#[cfg(feature = "zimbra")]
pub(crate) use zimbra::zimbra;
