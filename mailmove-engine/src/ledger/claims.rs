//! Who holds what: one claim per job and per destination mailbox within this process.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use mailmove_core::{Error, ErrorKind, Result};

use super::JobId;

/// The claims on one ledger. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims(Arc<Mutex<HashSet<Held>>>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Held {
    Job(JobId),
    Destination(String),
}

impl Claims {
    /// Takes hold of a job and of a destination mailbox, or of neither.
    pub(super) fn take(&self, job: &JobId, destination: &str) -> Result<Claim> {
        let held = [Held::Job(job.clone()), Held::Destination(destination.to_owned())];
        let mut claims = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if claims.contains(&held[0]) {
            return Err(in_use("this job is running already", job, destination));
        }
        if claims.contains(&held[1]) {
            return Err(in_use("another job is writing into this destination mailbox", job, destination));
        }
        claims.extend(held.iter().cloned());
        Ok(Claim { claims: self.clone(), held })
    }
}

/// A claim that is held until it is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    claims: Claims,
    held: [Held; 2],
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut claims = self.claims.0.lock().unwrap_or_else(PoisonError::into_inner);
        for held in &self.held {
            claims.remove(held);
        }
    }
}

/// A job goes into the destination in which it began: its rows speak of items there.
pub(super) fn another_destination(job: &JobId, before: &str, now: &str) -> Error {
    Error::new(ErrorKind::Config, "this job was begun into another destination mailbox")
        .with("job", job)
        .with("destination", now)
        .with("before", before)
        .remedy("give the job the destination it had, or another name")
}

/// A place or a folder that the ledger never handed out to this job.
pub(super) fn unknown_folder(job: &JobId, folder: super::FolderKey) -> Error {
    Error::new(ErrorKind::Bug, "an entry for a folder that was not opened by this job")
        .with("job", job)
        .with("folder key", folder.0)
}

fn in_use(message: &str, job: &JobId, destination: &str) -> Error {
    Error::new(ErrorKind::LedgerInUse, message).with("job", job).with("destination", destination)
}
