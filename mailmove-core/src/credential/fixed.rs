use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Access, Credential, CredentialProvider, Secret};
use crate::{Error, ErrorKind, Mailbox, Result};

/// The same secret for every mailbox of one side, for as long as the server takes it.
///
/// With [`Access::Owner`] the login is the mailbox's own, and so is the grant: a refusal for one owner says nothing about
/// another. Otherwise both are the administrator's.
pub struct FixedCredentials {
    login: Option<String>,
    access: Access,
    state: Mutex<State>,
}

struct State {
    secret: Secret,
    generation: u64,
    rejected: HashSet<String>,
}

impl FixedCredentials {
    /// A secret with which each mailbox's owner signs in.
    pub fn owner(secret: Secret) -> Self {
        Self::new(None, Access::Owner, secret)
    }

    /// An administrator who opens mailboxes in this access mode.
    pub fn administrator(login: impl Into<String>, access: Access, secret: Secret) -> Self {
        Self::new(Some(login.into()), access, secret)
    }

    /// Another secret from now on. What was refused is forgotten: this one was not.
    pub fn replace(&self, secret: Secret) {
        let mut state = self.state();
        let generation = state.generation + 1;
        *state = State { secret, generation, rejected: HashSet::new() };
    }

    fn new(login: Option<String>, access: Access, secret: Secret) -> Self {
        Self { login, access, state: Mutex::new(State { secret, generation: 0, rejected: HashSet::new() }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CredentialProvider for FixedCredentials {
    async fn credential(&self, mailbox: &Mailbox) -> Result<Credential> {
        let login = self.login.clone().unwrap_or_else(|| mailbox.login_name().to_owned());
        let state = self.state();
        let mut credential = Credential::new(login, state.secret.clone()).with_access(self.access.clone());
        credential.generation = state.generation;
        if state.rejected.contains(&credential.grant) {
            return Err(never_again(mailbox));
        }
        Ok(credential)
    }

    async fn rejected(&self, _mailbox: &Mailbox, credential: &Credential) -> Result<()> {
        let mut state = self.state();
        if state.generation == credential.generation {
            state.rejected.insert(credential.grant.clone());
        }
        Ok(())
    }
}

impl fmt::Debug for FixedCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (login, access) = (&self.login, &self.access);
        f.debug_struct("FixedCredentials").field("login", login).field("access", access).finish_non_exhaustive()
    }
}

pub(super) const NEVER_AGAIN: &str = "this credential was refused before and is not offered again";

pub(super) fn never_again(mailbox: &Mailbox) -> Error {
    Error::new(ErrorKind::Credential, NEVER_AGAIN)
        .on(mailbox.side)
        .with("mailbox", mailbox)
        .remedy("give another credential, then run again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Side;

    #[tokio::test]
    async fn a_rejected_credential_is_given_to_no_mailbox_of_its_grant_until_it_is_replaced() {
        let (alice, bob) = (Mailbox::new(Side::Source, "alice@example.org"), Mailbox::new(Side::Source, "bob"));
        let admin = FixedCredentials::administrator("admin", Access::Authzid, Secret::password("correct horse"));
        let old = admin.credential(&alice).await.unwrap();
        assert_eq!(old.login, "admin");
        admin.rejected(&alice, &old).await.unwrap();
        assert_eq!(admin.credential(&bob).await.unwrap_err().kind(), ErrorKind::Credential);
        admin.replace(Secret::password("battery"));
        admin.rejected(&alice, &old).await.unwrap();
        assert_eq!(admin.credential(&bob).await.unwrap().generation, old.generation + 1);
    }

    #[tokio::test]
    async fn a_refused_owner_does_not_keep_another_out() {
        let (alice, bob) = (Mailbox::new(Side::Source, "alice@example.org"), Mailbox::new(Side::Source, "bob"));
        let owners = FixedCredentials::owner(Secret::password("correct horse"));
        let credential = owners.credential(&alice).await.unwrap();
        assert_eq!(credential.login, "alice@example.org");
        owners.rejected(&alice, &credential).await.unwrap();
        assert_eq!(owners.credential(&alice).await.unwrap_err().kind(), ErrorKind::Credential);
        assert_eq!(owners.credential(&bob).await.unwrap().login, "bob");
        assert!(!format!("{owners:?}").contains("horse"));
    }
}
