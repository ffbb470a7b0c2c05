//! Credentials that users gave, kept apart from everything else: never in the ledger's file.

mod memory;
mod provider;
mod sealed;

use std::fmt::Debug;

use async_trait::async_trait;
use mailmove_core::{Mailbox, Result, Secret};

pub use memory::MemorySecrets;
pub use provider::StoredCredentials;
pub use sealed::{SealedSecrets, SealingKey};

/// Keeps the credentials that users gave, until somebody clears them.
#[async_trait]
pub trait SecretStore: Debug + Send + Sync + 'static {
    /// Keeps the credential of a mailbox, in place of the one that was there.
    async fn put(&self, mailbox: &Mailbox, login: Option<String>, secret: Secret) -> Result<()>;

    /// The credential of a mailbox.
    async fn find(&self, mailbox: &Mailbox) -> Result<Option<StoredSecret>>;

    /// Forgets the credential of a mailbox.
    async fn clear(&self, mailbox: &Mailbox) -> Result<()>;

    /// Forgets everything.
    async fn clear_all(&self) -> Result<()>;
}

/// A credential that was kept.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StoredSecret {
    /// The name that signs in; `None`: the mailbox's own.
    pub login: Option<String>,
    /// The secret.
    pub secret: Secret,
    /// Another number for each secret of this store.
    pub generation: u64,
}

impl StoredSecret {
    /// A credential.
    pub fn new(login: Option<String>, secret: Secret, generation: u64) -> Self {
        Self { login, secret, generation }
    }
}

/// What names a mailbox in a store, the side included.
fn name(mailbox: &Mailbox) -> String {
    format!("{}\0{}\0{}", mailbox.side, mailbox.root, mailbox.address.to_lowercase())
}
