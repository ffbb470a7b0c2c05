//! The door to the mailboxes of one IMAP server.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use mailmove_core::{
    Call, Connector, CredentialProvider, Destination, Error, ErrorKind, Guard, Mailbox, Result, Root, Side, SignIn,
    Source, Stage, Verification, guard::Limits,
};

use crate::client::{Budget, Client};
use crate::config::ImapConfig;
use crate::endpoint::ImapMailbox;
use crate::pool::{Dialer, Together};
use crate::session::{Identity, Ready, Server, Trail, Trust, open};
use crate::thrift::Thrift;

/// An IMAP server. Mailboxes opened through one connector share its pace: when the server asks one to wait, all do.
pub struct ImapConnector {
    name: String,
    server: Server,
    sign_in: SignIn,
    /// What each mailbox may still move today.
    budgets: Mutex<HashMap<String, Arc<Budget>>>,
    together: Arc<Together>,
    guard: Guard,
}

impl ImapConnector {
    /// A connector to this server, signing in with what the provider gives. Nothing is contacted, and nothing of the
    /// configuration is checked, before a mailbox is opened or verified.
    pub fn new(config: ImapConfig, provider: Arc<dyn CredentialProvider>) -> Self {
        // Connections watch their own silence, and one call may wait behind many others: the guard's idle timeout is for
        // neither. Its slots are for thousands of mailboxes side by side.
        let limits = Limits::new().slots(16, 16 * 1024).attempts(4).idle(DAY);
        Self {
            name: config.url(),
            together: Together::new(config.connections_together.max(config.connections)),
            guard: Guard::new(config.host.clone(), limits),
            server: Server {
                trust: Arc::new(Trust::new(&config.extra_roots)),
                thrift: Thrift::new(config.compress),
                config: Arc::new(config),
            },
            sign_in: SignIn::new(provider),
            budgets: Mutex::default(),
        }
    }

    /// The same, finding out within these bounds whether deflating pays.
    #[cfg(test)]
    pub(crate) fn with_bounds(mut self, bounds: crate::thrift::Bounds) -> Self {
        self.server.thrift = Thrift::with_bounds(self.server.config.compress, bounds);
        self
    }

    fn identity(&self, mailbox: &Mailbox) -> Result<Identity> {
        if mailbox.root != Root::Primary {
            return Err(Error::new(ErrorKind::Unsupported, format!("IMAP knows no {} of a mailbox", mailbox.root))
                .on(mailbox.side)
                .remedy("open it as a folder, or by another protocol"));
        }
        Ok(Identity::new(mailbox.clone(), self.sign_in.clone()))
    }

    async fn open(&self, mailbox: &Mailbox, writable: bool) -> Result<Arc<ImapMailbox>> {
        let identity = self.identity(mailbox)?;
        let guard = self.guard.child(mailbox.to_string(), Limits::new().slots(16, 1024).attempts(4).idle(DAY));
        let attempt = |_| async { open(&self.server, &identity, &mut Trail::default()).await };
        let ready = guard.run(Call::repeatable("sign in"), attempt).await?;
        Ok(Arc::new(self.mailbox(mailbox, identity.clone(), ready, guard, writable).await?))
    }

    async fn mailbox(
        &self,
        mailbox: &Mailbox,
        who: Identity,
        ready: Ready,
        guard: Guard,
        writable: bool,
    ) -> Result<ImapMailbox> {
        let dialer = Dialer {
            server: self.server.clone(),
            identity: who,
            together: self.together.clone(),
            enable: None,
            id: false,
        };
        let budget = {
            let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
            budgets.entry(mailbox.address.clone()).or_default().clone()
        };
        Ok(ImapMailbox(Client::open(&self.server.config, mailbox, ready, dialer, guard, budget, writable).await?))
    }

    async fn walk(&self, mailbox: &Mailbox, trail: &mut Trail) -> Result<()> {
        let identity = self.identity(mailbox)?;
        let ready = open(&self.server, &identity, trail).await?;
        let guard = self.guard.child(mailbox.to_string(), Limits::new().attempts(1).idle(DAY));
        let opened = self.mailbox(mailbox, identity, ready, guard, false).await?.0;
        let folders = opened.folders().await?;
        trail.pass(format!("{} folders", folders.len()), Stage::Read);
        let seen = opened.try_to_read().await?;
        trail.pass(seen, Stage::Write);
        if mailbox.side == Side::Destination {
            let seen = opened.may_write().await?;
            trail.pass(seen, Stage::Write);
        }
        opened.close();
        Ok(())
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);

#[async_trait]
impl Connector for ImapConnector {
    fn name(&self) -> &str {
        &self.name
    }

    async fn verify(&self, mailbox: &Mailbox) -> Verification {
        let mut trail = Trail::default();
        let outcome = self.walk(mailbox, &mut trail).await;
        let mut verification = Verification::new(mailbox.clone());
        for (stage, seen) in trail.passed {
            verification.passed(stage, seen);
        }
        match outcome {
            Ok(()) => verification,
            Err(error) => verification.failed(trail.at, error.on(mailbox.side)),
        }
    }

    async fn source(&self, mailbox: &Mailbox) -> Result<Arc<dyn Source>> {
        Ok(self.open(mailbox, false).await?)
    }

    async fn destination(&self, mailbox: &Mailbox) -> Result<Arc<dyn Destination>> {
        Ok(self.open(mailbox, true).await?)
    }
}

impl fmt::Debug for ImapConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImapConnector").field("name", &self.name).finish_non_exhaustive()
    }
}
