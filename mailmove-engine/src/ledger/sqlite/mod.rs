//! The ledger in one file.

mod code;
mod error;
mod items;
mod names;
mod open;
mod project;
mod read;
mod rows;
mod schema;
mod store;
mod tally;
mod thread;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

use async_trait::async_trait;
use mailmove_core::{Digest, Epoch, Error, ErrorKind, FolderId, ItemId, Result};
use tokio::sync::oneshot;

use super::claims::{Claim, Claims};
use super::{Entry, FeedRow, FolderKey, FolderRow, Group, JobId, Journal, Ledger, Owner, Place, Remarks, Row, Select};
use error::Fault;
use store::{Job, Store};
use thread::{Answer, Hold, Reads, Request};

/// A [`Ledger`] in one SQLite file, for this process alone.
///
/// - While it is open no other process can open the file. The death of the process releases it, SIGKILL included.
/// - What [`Journal::record`] acknowledged survives the death of the process and power loss. Records that wait at the same
///   time share one sync of the disk.
/// - After a record failed (a full disk), every later one of the same journal fails too: claim the job again. After an
///   error of the disk or a damaged page everything fails until the file is opened again.
/// - A run that recorded nothing costs no sync and leaves no trace: after the file was closed its number is given again.
/// - Dropping the last handle or journal closes the file and waits for that; an open ledger keeps a `-wal` file beside it,
///   a closed one is one file.
/// - The file is made for its owner's eyes only (mode 0600). It holds no secret.
///
/// Clones share the file.
#[derive(Debug, Clone)]
pub struct SqliteLedger {
    file: Arc<LedgerFile>,
    claims: Claims,
}

impl SqliteLedger {
    /// Opens the ledger at this path; makes it where there is nothing. Waits for the disk.
    ///
    /// # Errors
    ///
    /// [`LedgerInUse`](ErrorKind::LedgerInUse): another process, or another open ledger of this one, has it.
    /// [`Ledger`](ErrorKind::Ledger): not a ledger, of a newer version, damaged, empty, read-only, no room, no such folder.
    /// The file is left as it was: nothing is ever begun anew in its place.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let store = Store::new(open::open(path)?, path.to_owned());
        let (requests, queue) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("mailmove-ledger".into())
            .spawn(move || thread::serve(store, &queue))
            .map_err(|failed| error::from_io(failed, path))?;
        let file = LedgerFile { path: path.to_owned(), requests: Some(requests), thread: Some(thread) };
        Ok(Self { file: Arc::new(file), claims: Claims::default() })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.file.path
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn claim(&self, job: &JobId, destination: &str) -> Result<Arc<dyn Journal>> {
        let claim = self.claims.take(job, destination)?;
        let (job, destination) = (job.clone(), destination.to_owned());
        let (job, run) = self.file.ask(|answer| Request::Claim { job, destination, answer }).await?;
        let hold = Arc::new(Hold::new(job, run));
        Ok(Arc::new(SqliteJournal { file: self.file.clone(), hold, _claim: claim }))
    }
}

/// The way to the thread that owns the file.
#[derive(Debug)]
struct LedgerFile {
    path: PathBuf,
    requests: Option<Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl LedgerFile {
    /// Asks, in the order of first poll, and waits for the answer.
    async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        if let Some(requests) = &self.requests {
            let _ = requests.send(request(answer));
        }
        let gone = |_| error::at(Error::new(ErrorKind::Bug, "the ledger's thread is gone"), &self.path);
        answered.await.map_err(gone)?
    }
}

impl Drop for LedgerFile {
    /// Whoever opens the file next shall find it closed, with everything in it that was asked for.
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[derive(Debug)]
struct SqliteJournal {
    file: Arc<LedgerFile>,
    hold: Arc<Hold>,
    _claim: Claim,
}

impl SqliteJournal {
    async fn read<T: Send + 'static>(
        &self,
        what: Reads,
        read: impl FnOnce(&mut Store, &Job) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let hold = self.hold.clone();
        let answer = |answer: Answer<T>| {
            let read = move |store: &mut Store| {
                let result = read(store, &hold.job).map_err(|fault| fault.told(&store.path));
                let _ = answer.send(result);
            };
            Request::Read { what, read: Box::new(read) }
        };
        self.file.ask(answer).await
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    fn run(&self) -> u32 {
        self.hold.run
    }

    async fn record(&self, entries: Vec<Entry>) -> Result<()> {
        let hold = self.hold.clone();
        self.file.ask(|answer| Request::Record { hold, entries, pressing: true, answer }).await
    }

    async fn record_later(&self, entries: Vec<Entry>) -> Result<()> {
        let hold = self.hold.clone();
        self.file.ask(|answer| Request::Record { hold, entries, pressing: false, answer }).await
    }

    async fn open_folders(&self, folders: &[(FolderId, Epoch)]) -> Result<Vec<FolderKey>> {
        let (hold, folders) = (self.hold.clone(), folders.to_vec());
        self.file.ask(|answer| Request::OpenFolders { hold, folders, answer }).await
    }

    async fn folders(&self) -> Result<Vec<FolderRow>> {
        self.read(Reads::Tally, Store::folders).await
    }

    async fn feeds(&self) -> Result<Vec<FeedRow>> {
        self.read(Reads::Tables, Store::feeds).await
    }

    async fn rows(&self, folder: FolderKey, items: &[ItemId]) -> Result<Vec<Option<Row>>> {
        let items = items.to_vec();
        self.read(Reads::Tables, move |store, job| store.rows(job, folder, &items)).await
    }

    async fn scan(&self, select: &Select, after: Option<&Place>, limit: usize) -> Result<Vec<Row>> {
        let (select, after) = (select.clone(), after.cloned());
        self.read(Reads::Tables, move |store, job| store.scan(job, &select, after.as_ref(), limit)).await
    }

    async fn alike(&self, digests: &[Digest]) -> Result<Vec<Vec<Row>>> {
        let digests = digests.to_vec();
        self.read(Reads::Tables, move |store, job| store.alike(job, &digests)).await
    }

    async fn identical(&self, identities: &[String]) -> Result<Vec<Vec<Row>>> {
        let identities = identities.to_vec();
        self.read(Reads::Tables, move |store, job| store.identical(job, &identities)).await
    }

    async fn owners(&self, folder: &FolderId, epoch: &Epoch, items: &[ItemId]) -> Result<Vec<Option<Owner>>> {
        let (folder, epoch, items) = (folder.clone(), epoch.clone(), items.to_vec());
        self.read(Reads::Tables, move |store, job| store.owners(job, &folder, &epoch, &items)).await
    }

    async fn owned(&self, folder: &FolderId, epoch: &Epoch) -> Result<u64> {
        let (folder, epoch) = (folder.clone(), epoch.clone());
        self.read(Reads::Tables, move |store, job| store.owned(job, &folder, &epoch)).await
    }

    async fn anonymous(&self, folder: &FolderId, epoch: &Epoch, digests: &[Digest]) -> Result<Vec<u64>> {
        let (folder, epoch, digests) = (folder.clone(), epoch.clone(), digests.to_vec());
        self.read(Reads::Tables, move |store, job| store.anonymous(job, &folder, &epoch, &digests)).await
    }

    async fn summary(&self) -> Result<Vec<Group>> {
        self.read(Reads::Tally, Store::summary).await
    }

    async fn remarks(&self) -> Result<Remarks> {
        self.read(Reads::Tally, Store::remarks).await
    }
}
