//! What some servers can do for a migration besides moving items. Given with the [`Server`](super::Server) by whoever has
//! the right to do it; where there is none, the pass that needs it says so.

use std::fmt::Debug;

use async_trait::async_trait;
use mailmove_core::{Error, ErrorKind, Mailbox, Result};

/// Sends mail that arrives at a mailbox on to another address.
#[async_trait]
pub trait ForwardingControl: Debug + Send + Sync + 'static {
    /// Where mail is sent on to, if it is.
    async fn target(&self, mailbox: &Mailbox) -> Result<Option<String>>;

    /// Sends mail on to this address, or to nobody any more. Asking twice is asking once.
    async fn set(&self, mailbox: &Mailbox, target: Option<&str>) -> Result<()>;
}

/// Gives up an administrator's right to open mailboxes.
#[async_trait]
pub trait AccessRevocation: Debug + Send + Sync + 'static {
    /// Gives up the right to open this mailbox, and makes sure that it is gone. Asking twice is asking once.
    async fn revoke(&self, mailbox: &Mailbox) -> Result<()>;
}

/// There is no control for what a pass wants.
pub(super) fn unsupported(what: &str, server: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("there is no control for {what} at this server"))
        .with("server", server)
        .remedy("do it by hand at the server, or give the batch a control for it")
}
