use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use mailmove_core::{Mailbox, Result, Secret};

use super::{SecretStore, StoredSecret, name};

/// A [`SecretStore`] that forgets when the process ends.
#[derive(Default)]
pub struct MemorySecrets(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    secrets: HashMap<String, StoredSecret>,
    last: u64,
}

impl MemorySecrets {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SecretStore for MemorySecrets {
    async fn put(&self, mailbox: &Mailbox, login: Option<String>, secret: Secret) -> Result<()> {
        let mut kept = self.kept();
        kept.last += 1;
        let stored = StoredSecret::new(login, secret, kept.last);
        kept.secrets.insert(name(mailbox), stored);
        Ok(())
    }

    async fn find(&self, mailbox: &Mailbox) -> Result<Option<StoredSecret>> {
        Ok(self.kept().secrets.get(&name(mailbox)).cloned())
    }

    async fn clear(&self, mailbox: &Mailbox) -> Result<()> {
        self.kept().secrets.remove(&name(mailbox));
        Ok(())
    }

    async fn clear_all(&self) -> Result<()> {
        self.kept().secrets.clear();
        Ok(())
    }
}

impl fmt::Debug for MemorySecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySecrets").field("secrets", &self.kept().secrets.len()).finish_non_exhaustive()
    }
}
