//! HTTP for connectors: one client, behind the guard, with credentials.
//!
//! [`Http`] is the client: TLS by rustls with an explicit provider, the system's roots and your own, no plain
//! connections unless allowed, no redirects. A [`Session`] joins it with a [`Guard`](crate::Guard) and, where the server
//! wants one, with the credential of a mailbox. Its [`send`](Session::send) is the only way out:
//!
//! 1. take a credential, alone when nobody knows yet whether it is good ([`SignIn`](crate::SignIn)),
//! 2. under the guard: send, streaming what is large, and read the whole answer,
//! 3. ask the connector what the answer means, and fall back on the [table of statuses](Response::error).
//!
//! No error and no trace holds a secret: addresses are shown without their query, answers are shortened, and every
//! secret that was sent is blotted out of what came back.

mod client;
mod exchange;
mod failure;
#[cfg(feature = "ntlm")]
mod ntlm;
mod request;
mod response;
mod session;
mod status;

pub use client::{Http, HttpSettings};
pub use request::{Part, Request};
pub use response::Response;
pub use session::Session;

pub use reqwest::{Method, StatusCode};

#[cfg(test)]
mod tests;
