//! A ledger that forgets when the process ends: for tests and for dry practice.

mod book;
mod project;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use mailmove_core::{Digest, Epoch, Error, FolderId, ItemId, Result};

use super::claims::{Claim, Claims};
use super::{Entry, FeedRow, FolderKey, FolderRow, Group, JobId, Journal, Ledger, Owner, Place, Remarks, Row, Select};
use book::Book;
use project::Shelf;

/// A [`Ledger`] in memory. Clones share what was recorded, so that a restart can be played without a file.
#[derive(Debug, Clone, Default)]
pub struct MemoryLedger {
    book: Arc<Mutex<Book>>,
    claims: Claims,
    shelf: Arc<Mutex<Shelf>>,
}

impl MemoryLedger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn claim(&self, job: &JobId, destination: &str) -> Result<Arc<dyn Journal>> {
        let claim = self.claims.take(job, destination)?;
        let run = lock(&self.book).begin(job, destination)?;
        let (job, destination) = (job.clone(), destination.to_owned());
        Ok(Arc::new(MemoryJournal {
            book: self.book.clone(),
            job,
            destination,
            run,
            failed: Mutex::default(),
            _claim: claim,
        }))
    }
}

#[derive(Debug)]
struct MemoryJournal {
    book: Arc<Mutex<Book>>,
    job: JobId,
    destination: String,
    run: u32,
    /// The first record that failed: nothing may be recorded over the gap it left.
    failed: Mutex<Option<Error>>,
    _claim: Claim,
}

impl MemoryJournal {
    fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    fn run(&self) -> u32 {
        self.run
    }

    async fn record(&self, entries: Vec<Entry>) -> Result<()> {
        let mut failed = lock(&self.failed);
        if let Some(error) = &*failed {
            return Err(error.clone());
        }
        self.book().record(&self.job, entries).inspect_err(|error| *failed = Some(error.clone()))
    }

    async fn open_folders(&self, folders: &[(FolderId, Epoch)]) -> Result<Vec<FolderKey>> {
        Ok(self.book().open_folders(&self.job, folders))
    }

    async fn folders(&self) -> Result<Vec<FolderRow>> {
        Ok(self.book().folders(&self.job))
    }

    async fn feeds(&self) -> Result<Vec<FeedRow>> {
        Ok(self.book().feeds(&self.job))
    }

    async fn rows(&self, folder: FolderKey, items: &[ItemId]) -> Result<Vec<Option<Row>>> {
        let book = self.book();
        let row = |item: &ItemId| book.row(&self.job, &Place { folder, item: item.clone() });
        Ok(items.iter().map(|item| row(item).cloned()).collect())
    }

    async fn scan(&self, select: &Select, after: Option<&Place>, limit: usize) -> Result<Vec<Row>> {
        Ok(self.book().scan(&self.job, select, after, limit))
    }

    async fn alike(&self, digests: &[Digest]) -> Result<Vec<Vec<Row>>> {
        let book = self.book();
        Ok(digests.iter().map(|digest| book.alike(&self.job, digest)).collect())
    }

    async fn identical(&self, identities: &[String]) -> Result<Vec<Vec<Row>>> {
        let book = self.book();
        Ok(identities.iter().map(|identity| book.identical(&self.job, identity)).collect())
    }

    async fn owners(&self, folder: &FolderId, epoch: &Epoch, items: &[ItemId]) -> Result<Vec<Option<Owner>>> {
        let book = self.book();
        Ok(items.iter().map(|item| book.owner(&self.job, &self.destination, folder, epoch, item)).collect())
    }

    async fn owned(&self, folder: &FolderId, epoch: &Epoch) -> Result<u64> {
        Ok(self.book().owned(&self.destination, folder, epoch))
    }

    async fn anonymous(&self, folder: &FolderId, epoch: &Epoch, digests: &[Digest]) -> Result<Vec<u64>> {
        let book = self.book();
        Ok(digests.iter().map(|digest| book.anonymous(&self.destination, folder, epoch, digest)).collect())
    }

    async fn summary(&self) -> Result<Vec<Group>> {
        Ok(self.book().summary(&self.job))
    }

    async fn remarks(&self) -> Result<Remarks> {
        Ok(self.book().remarks(&self.job))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
