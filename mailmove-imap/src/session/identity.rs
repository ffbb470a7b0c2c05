//! Who signs in: one provider, one mailbox, and the rule that an unproven credential is tried once at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use mailmove_core::{Credential, CredentialProvider, Mailbox, Result};
use tokio::sync::OwnedMutexGuard;

/// Whether each generation of each grant has signed in once.
#[derive(Debug, Default)]
pub(crate) struct Proofs(Mutex<HashMap<Generation, Proof>>);

/// A grant and its generation.
type Generation = (String, u64);
/// Whether it signed in once; locked while the first attempt is under way.
type Proof = Arc<tokio::sync::Mutex<bool>>;

/// The one who signs in to one mailbox. Shared by all its connections.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) mailbox: Mailbox,
    provider: Arc<dyn CredentialProvider>,
    proofs: Arc<Proofs>,
}

/// A credential to try, and the turn to try it.
pub(super) struct Attempt {
    pub(super) credential: Credential,
    /// Held until the first attempt of this generation is over.
    turn: Option<OwnedMutexGuard<bool>>,
}

impl Attempt {
    /// It signed in: from now on others need not wait.
    pub(super) fn proven(mut self) {
        if let Some(turn) = &mut self.turn {
            **turn = true;
        }
    }
}

impl Identity {
    pub(crate) fn new(mailbox: Mailbox, provider: Arc<dyn CredentialProvider>, proofs: Arc<Proofs>) -> Self {
        Self { mailbox, provider, proofs }
    }

    /// A credential, once it is its turn.
    pub(super) async fn attempt(&self) -> Result<Attempt> {
        let mut credential = self.ask().await?;
        loop {
            let key = (credential.grant.clone(), credential.generation);
            let turn = self.proofs.of(&key).lock_owned().await;
            if *turn {
                return Ok(Attempt { credential, turn: None });
            }
            // While we waited, somebody may have found out that this one is refused.
            credential = self.ask().await?;
            if (credential.grant.clone(), credential.generation) == key {
                return Ok(Attempt { credential, turn: Some(turn) });
            }
        }
    }

    /// The server refused it: nobody shall try it again.
    pub(super) async fn rejected(&self, credential: &Credential) -> Result<()> {
        self.provider.rejected(&self.mailbox, credential).await
    }

    async fn ask(&self) -> Result<Credential> {
        self.provider.credential(&self.mailbox).await.map_err(|error| error.on(self.mailbox.side))
    }
}

impl Proofs {
    fn of(&self, key: &Generation) -> Proof {
        let mut proofs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        proofs.entry(key.clone()).or_default().clone()
    }
}
