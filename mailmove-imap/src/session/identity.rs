//! Who signs in to one mailbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mailmove_core::{Mailbox, SignIn};

/// The one who signs in to one mailbox. Shared by all its connections.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) mailbox: Mailbox,
    pub(super) sign_in: SignIn,
    been_in: Arc<AtomicBool>,
}

impl Identity {
    /// With the credentials that everybody tries together who uses the connector.
    pub(crate) fn new(mailbox: Mailbox, sign_in: SignIn) -> Self {
        Self { mailbox, sign_in, been_in: Arc::default() }
    }

    /// It signed in.
    pub(super) fn enters(&self) {
        self.been_in.store(true, Ordering::Relaxed);
    }

    /// Whether it ever signed in. Then host, port and protection are right, whatever goes wrong later.
    pub(super) fn has_been_in(&self) -> bool {
        self.been_in.load(Ordering::Relaxed)
    }
}
