//! What some kinds of server can do for a migration besides holding items. Both are optional: a connector that can do it
//! hands the control out ([`Connector::forwarding`](crate::Connector::forwarding),
//! [`Connector::revocation`](crate::Connector::revocation)), one that cannot hands out nothing and keeps quiet. Neither is
//! used unless somebody asks for the pass that needs it.

use std::fmt::{self, Debug};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Mailbox, Result};

/// Mail that arrives at a mailbox is sent on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Forwarding {
    /// The address to which it is sent on.
    pub target: String,
    /// Whether the mailbox keeps a copy. What is kept, and moved later, arrives twice.
    pub keeps_copy: bool,
}

impl Forwarding {
    /// Mail goes there and nowhere else.
    pub fn to(target: impl Into<String>) -> Self {
        Self { target: target.into(), keeps_copy: false }
    }
}

impl fmt::Display for Forwarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.target)?;
        if self.keeps_copy { f.write_str(" (a copy stays)") } else { Ok(()) }
    }
}

/// Tells and sets where mail that arrives at a mailbox is sent on to.
#[async_trait]
pub trait ForwardingControl: Debug + Send + Sync + 'static {
    /// Where mail is sent on to, in the server's order; empty when nowhere. Rules that the user made belong to it as far
    /// as the server shows them. Changes nothing.
    async fn forwardings(&self, mailbox: &Mailbox) -> Result<Vec<Forwarding>>;

    /// From now on mail is sent on by these and no others; by none, it stays. Rules that the user made are left alone.
    /// Asking twice is asking once, and what [`forwardings`](Self::forwardings) told before can be set again.
    ///
    /// A server that knows only one target, or only with a copy or only without, does not pretend: it refuses several
    /// with [`Unsupported`](crate::ErrorKind::Unsupported), and sets the one it can, which `forwardings` then tells.
    async fn forward(&self, mailbox: &Mailbox, to: &[Forwarding]) -> Result<()>;
}

/// Gives up an administrator's right to open a mailbox.
#[async_trait]
pub trait AccessRevocation: Debug + Send + Sync + 'static {
    /// Gives up the right to open this mailbox, and makes sure that it is gone, or says by when the server lets go of it:
    /// one line for the report, without a secret. Asking twice is asking once.
    ///
    /// Where the right can only be taken away by hand, this is an error of kind
    /// [`Unsupported`](crate::ErrorKind::Unsupported) whose remedy holds the exact commands.
    async fn revoke(&self, mailbox: &Mailbox) -> Result<String>;
}
