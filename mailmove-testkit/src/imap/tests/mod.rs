//! Dialogues over real sockets, written out as a client would have them.

mod append;
mod changes;
mod compress;
mod dialogue;
mod faults;
mod fetch;
mod folders;
mod labels;
mod limits;
mod robust;
mod scale;
mod sign_in;

use super::{ImapServer, ImapServerBuilder};
use dialogue::Dialogue;

/// A server with alice, password secret.
fn alice() -> ImapServerBuilder {
    ImapServer::builder().user("alice", "secret")
}

/// A session of alice.
async fn session(server: &ImapServer) -> Dialogue {
    let mut dialogue = Dialogue::connect(server).await;
    dialogue.ok("LOGIN alice secret").await;
    dialogue
}
