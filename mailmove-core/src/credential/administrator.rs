use std::sync::Arc;

use async_trait::async_trait;
use tracing::warn;

use super::{Credential, CredentialProvider, MailboxCredentials};
use crate::{Mailbox, Result};

/// An administrator's credential where there are credentials of mailboxes as well: the administrator wins, and the others
/// are neither used nor kept. They should not have been collected, so they are named.
#[derive(Debug)]
pub struct AdministratorWins {
    administrator: Arc<dyn CredentialProvider>,
    ignored: Vec<Mailbox>,
}

impl AdministratorWins {
    /// Takes the credentials of mailboxes out of the way.
    pub fn new(administrator: Arc<dyn CredentialProvider>, mailboxes: MailboxCredentials) -> Self {
        let ignored = mailboxes.mailboxes();
        for mailbox in &ignored {
            warn!(%mailbox, side = %mailbox.side, "the mailbox's own credential is ignored: the administrator's is used");
        }
        Self { administrator, ignored }
    }

    /// Whose credentials were given in vain, for the report.
    pub fn ignored(&self) -> &[Mailbox] {
        &self.ignored
    }
}

#[async_trait]
impl CredentialProvider for AdministratorWins {
    async fn credential(&self, mailbox: &Mailbox) -> Result<Credential> {
        self.administrator.credential(mailbox).await
    }

    async fn rejected(&self, mailbox: &Mailbox, credential: &Credential) -> Result<()> {
        self.administrator.rejected(mailbox, credential).await
    }

    async fn accepted(&self, mailbox: &Mailbox, credential: &Credential) {
        self.administrator.accepted(mailbox, credential).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, ErrorKind, FixedCredentials, Secret, Side};

    #[tokio::test]
    async fn the_administrator_wins_and_ignored_secrets_are_named() {
        let alice = Mailbox::new(Side::Source, "alice");
        let mailboxes = MailboxCredentials::new();
        mailboxes.give(&alice, None, Secret::password("own"));
        let admin = FixedCredentials::administrator("admin", Access::Impersonate, Secret::password("admin's"));
        let provider = AdministratorWins::new(Arc::new(admin), mailboxes);
        assert_eq!(provider.ignored(), std::slice::from_ref(&alice));
        let credential = provider.credential(&alice).await.unwrap();
        assert_eq!((credential.login.as_str(), &credential.access), ("admin", &Access::Impersonate));
        provider.rejected(&alice, &credential).await.unwrap();
        let error = provider.credential(&alice).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential, "the mailbox's own is not tried instead");
    }
}
