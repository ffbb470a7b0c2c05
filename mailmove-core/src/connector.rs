//! A kind of server with its settings: the door to its mailboxes.

use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{AccessRevocation, Destination, ForwardingControl, Loss, Result, Side, Source, Verification};

/// A kind of server with its settings and access mode. Verifies access and opens mailboxes.
#[async_trait]
pub trait Connector: Debug + Send + Sync + 'static {
    /// What people call it: `imaps://mail.example.org`. Never holds a secret.
    fn name(&self) -> &str;

    /// Goes through the doors one by one (resolve, connect, TLS, sign in, open, read, write), stops at the first that is
    /// shut, and says what it saw at each. Writes nothing; whether the right to write is asked depends on the mailbox's
    /// side.
    async fn verify(&self, mailbox: &Mailbox) -> Verification;

    /// Opens a mailbox for reading. The audit opens a destination mailbox this way too.
    async fn source(&self, mailbox: &Mailbox) -> Result<Arc<dyn Source>>;

    /// Opens a mailbox for writing.
    async fn destination(&self, mailbox: &Mailbox) -> Result<Arc<dyn Destination>>;

    /// What a mailbox holds beside its items and will not have at the destination: rules, signatures, automatic replies.
    /// One loss each, with what to do about it; none, unless a connector says otherwise. Plans ask for it at the source.
    /// Changes nothing.
    async fn inventory(&self, mailbox: &Mailbox) -> Result<Vec<Loss>> {
        let _ = mailbox;
        Ok(Vec::new())
    }

    /// Tells and sets where mail is sent on to. `None`, unless a connector says otherwise: this kind of server has no way
    /// for it.
    fn forwarding(&self) -> Option<&dyn ForwardingControl> {
        None
    }

    /// Gives up an administrator's rights. `None`, unless a connector says otherwise: this kind of server has no way for
    /// it, or nobody gave the connector the right to.
    fn revocation(&self) -> Option<&dyn AccessRevocation> {
        None
    }
}

/// One mailbox on one side of a migration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mailbox {
    /// The side.
    pub side: Side,
    /// Its address, or whatever else names it to its server.
    pub address: String,
    /// The name under which its owner signs in, when that is not the address.
    pub login: Option<String>,
    /// Which of the trees that hang on one address.
    pub root: Root,
}

impl Mailbox {
    /// The primary mailbox of this address.
    pub fn new(side: Side, address: impl Into<String>) -> Self {
        Self { side, address: address.into(), login: None, root: Root::Primary }
    }

    /// The same with another login name.
    pub fn with_login(mut self, login: impl Into<String>) -> Self {
        self.login = Some(login.into());
        self
    }

    /// The same with another root.
    pub fn with_root(mut self, root: Root) -> Self {
        self.root = root;
        self
    }

    /// The name under which its owner signs in.
    pub fn login_name(&self) -> &str {
        self.login.as_deref().unwrap_or(&self.address)
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.root {
            Root::Primary => f.write_str(&self.address),
            root => write!(f, "{} ({root})", self.address),
        }
    }
}

/// Which of the trees that hang on one address. Each is a mailbox of its own to a migration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Root {
    /// The mailbox itself.
    #[default]
    Primary,
    /// The in-place archive.
    Archive,
    /// Public folders.
    PublicFolders,
    /// Recoverable items.
    Recoverable,
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Root::Primary => "primary",
            Root::Archive => "archive",
            Root::PublicFolders => "public-folders",
            Root::Recoverable => "recoverable",
        })
    }
}
