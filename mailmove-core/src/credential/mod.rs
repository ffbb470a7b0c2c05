//! Who gives credentials, what one is, and how it is tried without locking anybody out.

mod administrator;
mod environment;
mod fixed;
mod mailboxes;
mod sign_in;

use std::fmt::Debug;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

pub use administrator::AdministratorWins;
pub use environment::EnvironmentSecrets;
pub use fixed::FixedCredentials;
pub use mailboxes::{CredentialRequest, MailboxCredentials};
pub use sign_in::SignIn;

use crate::{Mailbox, Result};

/// Gives a credential that is good now, for one mailbox on one side.
#[async_trait]
pub trait CredentialProvider: Debug + Send + Sync + 'static {
    /// A credential for this mailbox.
    ///
    /// - One that is not there yet is [`ErrorKind::CredentialPending`](crate::ErrorKind::CredentialPending), with the request as a fact named `request`.
    /// - A generation named to [`rejected`](Self::rejected) is never given again, to any mailbox of its grant: asking
    ///   then is [`ErrorKind::Credential`](crate::ErrorKind::Credential).
    async fn credential(&self, mailbox: &Mailbox) -> Result<Credential>;

    /// The server refused this credential, or said that the token ran out. Who has none to replace it gives none.
    async fn rejected(&self, mailbox: &Mailbox, credential: &Credential) -> Result<()>;

    /// The server took this credential: said once per generation. One that gets tokens learns from it that a later
    /// refusal means a token that was revoked, and not an application that may not come in.
    async fn accepted(&self, _mailbox: &Mailbox, _credential: &Credential) {}
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        let credential = Credential::new("alice", Secret::password("correct horse"));
        assert!(!format!("{credential:?}").contains("horse"));
    }
}
