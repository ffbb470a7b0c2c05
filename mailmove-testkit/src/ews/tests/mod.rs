//! Dialogues over real sockets, written out as a client would have them.

mod access;
mod attachments;
mod dialogue;
mod faults;
mod find;
mod folders;
mod items;
mod scale;
mod sync;
mod transfer;
mod versions;

use super::{EwsServer, EwsServerBuilder};
use dialogue::Client;

/// A server with ann, password secret.
fn ann() -> EwsServerBuilder {
    EwsServer::builder().user("ann@x.test", "secret")
}

/// The shape that shows the id alone.
const ID_ONLY: &str = "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>";
