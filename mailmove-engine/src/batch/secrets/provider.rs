use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use mailmove_core::{Credential, CredentialProvider, Error, ErrorKind, Mailbox, Result};

use super::{SecretStore, name};

/// Gives connectors the credentials of a [`SecretStore`], and those of somebody else for mailboxes that have none there.
#[derive(Debug)]
pub struct StoredCredentials {
    store: Arc<dyn SecretStore>,
    others: Option<Arc<dyn CredentialProvider>>,
    /// What a server refused: mailbox and generation.
    refused: Mutex<HashSet<(String, u64)>>,
}

/// Tells the generations of a store from those of anybody else.
const STORED: &str = "stored:";

impl StoredCredentials {
    /// The credentials of this store.
    pub fn new(store: Arc<dyn SecretStore>) -> Self {
        Self { store, others: None, refused: Mutex::default() }
    }

    /// The same, and these where the store has none.
    pub fn or(mut self, others: Arc<dyn CredentialProvider>) -> Self {
        self.others = Some(others);
        self
    }

    fn is_refused(&self, mailbox: &Mailbox, generation: u64) -> bool {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).contains(&(name(mailbox), generation))
    }

    fn is_stored(credential: &Credential) -> bool {
        credential.grant.starts_with(STORED)
    }
}

#[async_trait]
impl CredentialProvider for StoredCredentials {
    async fn credential(&self, mailbox: &Mailbox) -> Result<Credential> {
        match (self.store.find(mailbox).await?, &self.others) {
            (Some(stored), _) if self.is_refused(mailbox, stored.generation) => {
                Err(Error::new(ErrorKind::Credential, "the server refused the credential that was given")
                    .on(mailbox.side)
                    .with("mailbox", mailbox)
                    .remedy("give another one, or ask the user again"))
            }
            (Some(stored), _) => {
                let login = stored.login.as_deref().unwrap_or_else(|| mailbox.login_name());
                let mut credential = Credential::new(login, stored.secret);
                credential.grant = format!("{STORED}{}:{mailbox}", mailbox.side);
                credential.generation = stored.generation;
                Ok(credential)
            }
            (None, Some(others)) => others.credential(mailbox).await,
            (None, None) => Err(Error::new(ErrorKind::Credential, "nobody gave a credential for this mailbox")
                .on(mailbox.side)
                .with("mailbox", mailbox)
                .remedy("give a user name and a password, or ask the user for them")),
        }
    }

    async fn rejected(&self, mailbox: &Mailbox, credential: &Credential) -> Result<()> {
        match &self.others {
            Some(others) if !Self::is_stored(credential) => others.rejected(mailbox, credential).await,
            _ => {
                let key = (name(mailbox), credential.generation);
                self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
                Ok(())
            }
        }
    }

    async fn accepted(&self, mailbox: &Mailbox, credential: &Credential) {
        if let Some(others) = self.others.as_ref().filter(|_| !Self::is_stored(credential)) {
            others.accepted(mailbox, credential).await;
        }
    }
}
