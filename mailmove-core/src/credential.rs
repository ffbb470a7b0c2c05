//! Who gives credentials, and what one is.

use std::fmt::Debug;
use std::sync::Mutex;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{Error, ErrorKind, Mailbox, Result};

/// Gives a credential that is good now, for one mailbox on one side.
#[async_trait]
pub trait CredentialProvider: Debug + Send + Sync + 'static {
    /// A credential for this mailbox.
    ///
    /// - One that is not there yet is [`ErrorKind::CredentialPending`], with the request as a fact named `request`.
    /// - A generation named to [`rejected`](Self::rejected) is never given again, to any mailbox of its grant: asking
    ///   then is [`ErrorKind::Credential`].
    async fn credential(&self, mailbox: &Mailbox) -> Result<Credential>;

    /// The server refused this credential. An expired token is not refused: ask for a credential again, once.
    async fn rejected(&self, mailbox: &Mailbox, credential: &Credential) -> Result<()>;
}

/// What opens one mailbox.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Credential {
    /// What this was given for: one administrator, one application, one user. Mailboxes may share a grant.
    pub grant: String,
    /// Changes whenever the secret does. Until a generation has signed in once, one attempt is in flight.
    pub generation: u64,
    /// The name that signs in: the owner's, or an administrator's.
    pub login: String,
    /// How it opens the mailbox.
    pub access: Access,
    /// When it stops being good, where that is known.
    pub expires: Option<OffsetDateTime>,
    /// The secret.
    pub secret: Secret,
}

impl Credential {
    /// A credential of the mailbox's owner that does not expire.
    pub fn new(login: impl Into<String>, secret: Secret) -> Self {
        let login = login.into();
        Self { grant: login.clone(), generation: 0, login, access: Access::Owner, expires: None, secret }
    }

    /// The same with another access mode.
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }
}

/// A secret that cannot print.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Secret {
    /// A password.
    Password(SecretString),
    /// An OAuth 2.0 bearer token (RFC 6750).
    Token(SecretString),
}

impl Secret {
    /// A password.
    pub fn password(text: impl Into<String>) -> Self {
        Self::Password(SecretString::from(text.into()))
    }

    /// A bearer token.
    pub fn token(text: impl Into<String>) -> Self {
        Self::Token(SecretString::from(text.into()))
    }
}

/// How a credential opens a mailbox. It travels with the credential, so kinds can be mixed per mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Access {
    /// The owner signs in.
    Owner,
    /// An administrator signs in and names the owner as the authorization identity (SASL, RFC 4616).
    Authzid,
    /// An administrator signs in as `owner<separator>administrator` (Dovecot master users).
    Master {
        /// What stands between the two names, most often `*`.
        separator: char,
    },
    /// An administrator or application acts as the owner.
    Impersonate,
    /// An administrator opens the mailbox with rights of their own.
    Delegate,
}

/// The same credential for every mailbox of one side, for as long as the server takes it.
///
/// With [`Access::Owner`] the login is the mailbox's own; otherwise it is the administrator's.
#[derive(Debug)]
pub struct FixedCredentials {
    login: Option<String>,
    access: Access,
    secret: Secret,
    rejected: Mutex<bool>,
}

impl FixedCredentials {
    /// A secret with which each mailbox's owner signs in.
    pub fn owner(secret: Secret) -> Self {
        Self { login: None, access: Access::Owner, secret, rejected: Mutex::new(false) }
    }

    /// An administrator who opens mailboxes in this access mode.
    pub fn administrator(login: impl Into<String>, access: Access, secret: Secret) -> Self {
        Self { login: Some(login.into()), access, secret, rejected: Mutex::new(false) }
    }
}

#[async_trait]
impl CredentialProvider for FixedCredentials {
    async fn credential(&self, mailbox: &Mailbox) -> Result<Credential> {
        if *self.rejected.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) {
            return Err(Error::new(
                ErrorKind::Credential,
                "this credential was refused before and is not offered again",
            )
            .on(mailbox.side)
            .with("mailbox", mailbox));
        }
        let login = self.login.clone().unwrap_or_else(|| mailbox.login_name().to_owned());
        Ok(Credential::new(login, self.secret.clone()).with_access(self.access.clone()))
    }

    async fn rejected(&self, _mailbox: &Mailbox, _credential: &Credential) -> Result<()> {
        *self.rejected.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Side;

    #[tokio::test]
    async fn a_rejected_credential_is_not_given_again() {
        let provider = FixedCredentials::owner(Secret::password("correct horse"));
        let mailbox = Mailbox::new(Side::Source, "alice@example.org");
        let credential = provider.credential(&mailbox).await.unwrap();
        assert_eq!(credential.login, "alice@example.org");
        provider.rejected(&mailbox, &credential).await.unwrap();
        assert_eq!(provider.credential(&mailbox).await.unwrap_err().kind(), ErrorKind::Credential);
    }

    #[test]
    fn a_secret_does_not_print() {
        let credential = Credential::new("alice", Secret::password("correct horse"));
        assert!(!format!("{credential:?}").contains("horse"));
    }
}
