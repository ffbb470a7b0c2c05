use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::{Access, Credential, CredentialProvider, Secret};
use crate::{Error, ErrorKind, Mailbox, Result};

/// The same secret for every mailbox of one side, for as long as the server takes it.
///
/// With [`Access::Owner`] the login is the mailbox's own, and so is the grant: a refusal for one owner says nothing about
/// another. Otherwise both are the administrator's.
#[derive(Debug)]
pub struct FixedCredentials {
    login: Option<String>,
    access: Access,
    secret: Secret,
    rejected: Mutex<HashSet<String>>,
}

impl FixedCredentials {
    /// A secret with which each mailbox's owner signs in.
    pub fn owner(secret: Secret) -> Self {
        Self { login: None, access: Access::Owner, secret, rejected: Mutex::default() }
    }

    /// An administrator who opens mailboxes in this access mode.
    pub fn administrator(login: impl Into<String>, access: Access, secret: Secret) -> Self {
        Self { login: Some(login.into()), access, secret, rejected: Mutex::default() }
    }
}

#[async_trait]
impl CredentialProvider for FixedCredentials {
    async fn credential(&self, mailbox: &Mailbox) -> Result<Credential> {
        let login = self.login.clone().unwrap_or_else(|| mailbox.login_name().to_owned());
        let credential = Credential::new(login, self.secret.clone()).with_access(self.access.clone());
        if self.rejected.lock().unwrap_or_else(PoisonError::into_inner).contains(&credential.grant) {
            return Err(never_again(mailbox));
        }
        Ok(credential)
    }

    async fn rejected(&self, _mailbox: &Mailbox, credential: &Credential) -> Result<()> {
        self.rejected.lock().unwrap_or_else(PoisonError::into_inner).insert(credential.grant.clone());
        Ok(())
    }
}

pub(super) fn never_again(mailbox: &Mailbox) -> Error {
    Error::new(ErrorKind::Credential, "this credential was refused before and is not offered again")
        .on(mailbox.side)
        .with("mailbox", mailbox)
        .remedy("give another credential, then run again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Side;

    #[tokio::test]
    async fn a_rejected_credential_is_given_to_no_mailbox_of_its_grant() {
        let (alice, bob) = (Mailbox::new(Side::Source, "alice@example.org"), Mailbox::new(Side::Source, "bob"));
        let admin = FixedCredentials::administrator("admin", Access::Authzid, Secret::password("correct horse"));
        let credential = admin.credential(&alice).await.unwrap();
        assert_eq!(credential.login, "admin");
        admin.rejected(&alice, &credential).await.unwrap();
        assert_eq!(admin.credential(&bob).await.unwrap_err().kind(), ErrorKind::Credential);
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
    }
}
