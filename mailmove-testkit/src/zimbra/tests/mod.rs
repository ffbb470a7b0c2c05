//! The server under a client of few words.

mod access;
mod administration;
mod archives;
mod calendar;
mod contacts;
mod dialogue;
mod faults;
mod folders;
mod messages;
mod sync;

use dialogue::Client;

use super::{ZimbraServer, ZimbraServerBuilder};

const ANN: &str = "ann@x.test";

/// A server with one user, signed in.
async fn ann() -> (ZimbraServer, Client) {
    with(ZimbraServer::builder()).await
}

/// The same, of another kind.
async fn with(builder: ZimbraServerBuilder) -> (ZimbraServer, Client) {
    let server = builder.user(ANN, "secret").start().await;
    let client = Client::signed_in(&server, ANN, "secret").await;
    (server, client)
}
