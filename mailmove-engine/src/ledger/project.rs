//! What a batch keeps in the ledger's file: one record per mailbox, and what each of its passes did.

use std::fmt::Debug;

use async_trait::async_trait;
use mailmove_core::{Error, ErrorKind, Result};

/// A store for the mailboxes of a batch. Records are texts to it. It holds no secret.
#[async_trait]
pub trait ProjectStore: Debug + Send + Sync + 'static {
    /// Random bytes that belong to this project for all its life: whoever does not have them cannot guess what a salted
    /// digest stands for.
    async fn salt(&self) -> Result<[u8; 32]>;

    /// Every mailbox: its id and its record, in the order in which they were first put.
    async fn mailboxes(&self) -> Result<Vec<(String, String)>>;

    /// Makes these changes durable when it returns: all or none, in their order.
    async fn change(&self, changes: Vec<ProjectChange>) -> Result<()>;

    /// What the passes of a mailbox did, oldest first.
    async fn passes(&self, mailbox: &str) -> Result<Vec<String>>;
}

/// One change of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectChange {
    /// A mailbox, in the place of its former record.
    Put {
        /// Its id.
        mailbox: String,
        /// Its record.
        record: String,
    },
    /// A mailbox goes, with its passes. What was moved stays known to the ledger.
    Remove {
        /// Its id.
        mailbox: String,
    },
    /// What a pass did. Written once: a number that is there already is [`Bug`](ErrorKind::Bug).
    Pass {
        /// The mailbox.
        mailbox: String,
        /// The number of the pass, from 1.
        number: u32,
        /// Its record.
        record: String,
    },
}

/// Statistics of a pass are never written over.
pub(super) fn pass_is_there(mailbox: &str, number: u32) -> Error {
    Error::new(ErrorKind::Bug, "what a pass did is recorded already").with("mailbox", mailbox).with("pass", number)
}

/// 256 bits that nobody can guess.
pub(crate) fn random_salt() -> Result<[u8; 32]> {
    let mut salt = [0; 32];
    getrandom::fill(&mut salt)
        .map_err(|error| Error::new(ErrorKind::Bug, "this system has no random numbers").with("reason", error))?;
    Ok(salt)
}
