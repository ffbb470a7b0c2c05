//! From a host name to a signed-in stream.
//!
//! async-imap speaks until somebody is signed in. Then the stream is swapped out from under it, and the
//! [engine](crate::engine) takes over.

mod compress;
mod deflate;
mod dial;
mod gate;
mod identity;
mod mechanism;
mod open;
mod sign_in;
mod stream;
mod tls;

pub(crate) use identity::Identity;
pub(crate) use open::{Ready, Server, Trail, open, open_spare};
pub(crate) use tls::Trust;
