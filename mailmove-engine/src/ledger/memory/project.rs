//! The mailboxes of a batch, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use mailmove_core::Result;

use super::{MemoryLedger, lock};
use crate::ledger::project::{pass_is_there, random_salt};
use crate::ledger::{ProjectChange, ProjectStore};

#[derive(Debug, Clone, Default)]
pub(super) struct Shelf {
    salt: Option<[u8; 32]>,
    mailboxes: Vec<(String, String)>,
    passes: BTreeMap<(String, u32), String>,
}

impl Shelf {
    fn apply(&mut self, change: ProjectChange) -> Result<()> {
        match change {
            ProjectChange::Put { mailbox, record } => match self.mailboxes.iter_mut().find(|(id, _)| *id == mailbox) {
                Some((_, before)) => *before = record,
                None => self.mailboxes.push((mailbox, record)),
            },
            ProjectChange::Remove { mailbox } => {
                self.mailboxes.retain(|(id, _)| *id != mailbox);
                self.passes.retain(|(id, _), _| *id != mailbox);
            }
            ProjectChange::Pass { mailbox, number, record } => {
                let error = pass_is_there(&mailbox, number);
                if self.passes.insert((mailbox, number), record).is_some() {
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

#[async_trait]
impl ProjectStore for MemoryLedger {
    async fn salt(&self) -> Result<[u8; 32]> {
        let mut shelf = lock(&self.shelf);
        if let Some(salt) = shelf.salt {
            return Ok(salt);
        }
        let salt = random_salt()?;
        shelf.salt = Some(salt);
        Ok(salt)
    }

    async fn mailboxes(&self) -> Result<Vec<(String, String)>> {
        Ok(lock(&self.shelf).mailboxes.clone())
    }

    async fn change(&self, changes: Vec<ProjectChange>) -> Result<()> {
        let mut shelf = lock(&self.shelf);
        // One pass at a time is checked before anything is touched; everything else cannot fail.
        for change in &changes {
            if let ProjectChange::Pass { mailbox, number, .. } = change
                && shelf.passes.contains_key(&(mailbox.clone(), *number))
            {
                return Err(pass_is_there(mailbox, *number));
            }
        }
        changes.into_iter().try_for_each(|change| shelf.apply(change))
    }

    async fn passes(&self, mailbox: &str) -> Result<Vec<String>> {
        let shelf = lock(&self.shelf);
        let mine = shelf.passes.iter().filter(|((id, _), _)| id == mailbox);
        Ok(mine.map(|(_, record)| record.clone()).collect())
    }
}
