//! The durable truth about progress.
//!
//! A [`Ledger`] is one store for many jobs; a [`Journal`] is the part of it that one running job holds. Every item ever
//! seen has one [`Row`] per placement (source folder and item), whatever became of it; the report is a grouping of rows.
//!
//! The ledger holds no secret.

mod claims;
mod memory;
mod project;
mod row;
mod sqlite;

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use mailmove_core::{Digest, Epoch, FolderId, ItemId, Kind, Mailbox, Result};
use serde::{Deserialize, Serialize};

pub use memory::MemoryLedger;
pub(crate) use project::random_salt;
pub use project::{ProjectChange, ProjectStore};
pub use row::{Failure, FeedRow, FolderKey, FolderRow, Place, Row, RowState, Target};
pub use sqlite::SqliteLedger;

/// A store for the progress of many jobs.
#[async_trait]
pub trait Ledger: Debug + Send + Sync + 'static {
    /// Takes hold of a job and of the destination mailbox it writes to.
    ///
    /// - Exclusive: while the journal lives, another claim of the same job or the same destination is
    ///   [`LedgerInUse`](mailmove_core::ErrorKind::LedgerInUse). The death of the process releases it, SIGKILL included.
    /// - `destination` names the destination mailbox, not a server and never a secret: jobs that name the same one share
    ///   the ownership of its items.
    /// - A job writes to one destination for all its life: another name is [`Config`](mailmove_core::ErrorKind::Config).
    /// - Each claim begins a new run of the job. A run that records nothing leaves no trace, its number included.
    async fn claim(&self, job: &JobId, destination: &str) -> Result<Arc<dyn Journal>>;
}

/// The progress of one claimed job. Dropping it releases the claim.
#[async_trait]
pub trait Journal: Debug + Send + Sync + 'static {
    /// The number of this run of the job, from 1.
    fn run(&self) -> u32;

    /// Makes these entries durable: all or none, in their order, over whatever was recorded before.
    ///
    /// - Durable when it returns, against the death of the process and against power loss.
    /// - Calls take effect in the order in which they are first polled; a call once polled takes effect even when its
    ///   future is dropped.
    /// - After an error nothing more is recorded by this journal: a cursor must not pass rows that are missing. Claim
    ///   again to go on.
    async fn record(&self, entries: Vec<Entry>) -> Result<()>;

    /// As [`record`](Self::record), for what no write waits for: it may linger for some tens of milliseconds, so that it
    /// shares its sync with what is recorded next. A `record`, of nothing too, ends the wait.
    async fn record_later(&self, entries: Vec<Entry>) -> Result<()> {
        self.record(entries).await
    }

    /// The key of each (folder, epoch), made where there is none yet. Same order, same length.
    async fn open_folders(&self, folders: &[(FolderId, Epoch)]) -> Result<Vec<FolderKey>>;

    /// Every folder the job ever saw, with the number of its rows that are still to be done.
    async fn folders(&self) -> Result<Vec<FolderRow>>;

    /// Every feed of which the job read something.
    async fn feeds(&self) -> Result<Vec<FeedRow>>;

    /// The row of each item of one folder. Same order, same length.
    async fn rows(&self, folder: FolderKey, items: &[ItemId]) -> Result<Vec<Option<Row>>>;

    /// The next rows of a selection, ordered by folder key and item id, behind `after`. Fewer than `limit`: the end.
    async fn scan(&self, select: &Select, after: Option<&Place>, limit: usize) -> Result<Vec<Row>>;

    /// For each digest, the rows of this job with these very bytes, at most 1,000 each.
    async fn alike(&self, digests: &[Digest]) -> Result<Vec<Vec<Row>>>;

    /// For each identity, the rows of this job that carry it, at most 1,000 each.
    async fn identical(&self, identities: &[String]) -> Result<Vec<Vec<Row>>>;

    /// For each item of a destination folder, who owns it, over all jobs that share the destination. When a live row and
    /// rows that are not live name the same item, the live one is the owner. A row is live when its folder is and its state
    /// is not `GoneAtSource`.
    async fn owners(&self, folder: &FolderId, epoch: &Epoch, items: &[ItemId]) -> Result<Vec<Option<Owner>>>;

    /// How many items of a destination folder are owned by rows, over all jobs that share the destination, items whose id
    /// was never told included. A row counts while it has a target and [says](RowState::is_there) that its item is there,
    /// live or not.
    async fn owned(&self, folder: &FolderId, epoch: &Epoch) -> Result<u64>;

    /// For each digest, how many live rows in a destination folder have these bytes there and no known id, over all jobs
    /// that share the destination.
    async fn anonymous(&self, folder: &FolderId, epoch: &Epoch, digests: &[Digest]) -> Result<Vec<u64>>;

    /// All rows of the job, grouped.
    async fn summary(&self) -> Result<Vec<Group>>;

    /// How many rows of the job carry each loss and each alteration. This default goes through every row; a store that
    /// can tell without it should.
    async fn remarks(&self) -> Result<Remarks> {
        const PAGE: usize = 1_000;
        let (mut remarks, mut after) = (Remarks::default(), None);
        loop {
            let rows = self.scan(&Select::all(), after.as_ref(), PAGE).await?;
            for row in &rows {
                for loss in &row.losses {
                    *remarks.losses.entry(loss.code.to_string()).or_default() += 1;
                }
                for repair in &row.altered {
                    *remarks.altered.entry(repair.code.to_string()).or_default() += 1;
                }
            }
            if rows.len() < PAGE {
                return Ok(remarks);
            }
            after = rows.last().map(|row| row.place.clone());
        }
    }
}

/// Losses and alterations of a job's rows, counted by their stable names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    /// What was not carried.
    pub losses: BTreeMap<String, u64>,
    /// What was changed so that it would be taken.
    pub altered: BTreeMap<String, u64>,
}

/// Names a job. The host chooses it; by default it is made of the two mailboxes, never of a URL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(String);

impl JobId {
    /// A name of the host's own.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name made of the two mailboxes.
    pub fn of(source: &Mailbox, destination: &Mailbox) -> Self {
        Self(format!("{source} -> {destination}"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing to make durable.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A folder, in the place of its former version. Its `due` and `intended` are counted, not recorded.
    Folder(FolderRow),
    /// A feed, in the place of its former version.
    Feed(FeedRow),
    /// An item, in the place of its former version.
    Row(Box<Row>),
    /// Forget an item's row: it stands under another place now.
    Forget(Place),
}

/// Which rows a [`Journal::scan`] goes through.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Select {
    /// Only this folder.
    pub folder: Option<FolderKey>,
    /// Only these states; empty: all.
    pub states: Vec<RowState>,
    /// Only rows whose item stands, or shall stand, in this destination folder.
    pub target: Option<FolderId>,
}

impl Select {
    /// Every row.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only this folder.
    pub fn in_folder(mut self, folder: FolderKey) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Only these states.
    pub fn in_states(mut self, states: &[RowState]) -> Self {
        self.states = states.to_vec();
        self
    }

    /// Only rows whose item stands in this destination folder.
    pub fn at_target(mut self, folder: FolderId) -> Self {
        self.target = Some(folder);
        self
    }
}

/// Who owns an item at the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Owner {
    /// The job, when it is not the one that asks.
    pub job: Option<JobId>,
    /// Its place at the source.
    pub place: Place,
    /// Whether the row is live: its folder is listed with its epoch, and the item was not reported gone.
    pub live: bool,
}

impl Owner {
    /// An owner; `job` is `None` for the job that asks.
    pub fn new(job: Option<JobId>, place: Place, live: bool) -> Self {
        Self { job, place, live }
    }
}

/// Rows that have the same folder, kind, state and reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    /// The folder.
    pub folder: FolderKey,
    /// The kind.
    pub kind: Kind,
    /// What became of them.
    pub state: RowState,
    /// Why, where there is a reason.
    pub reason: Option<String>,
    /// How many.
    pub items: u64,
    /// Their sizes together, in bytes.
    pub bytes: u64,
}

impl Group {
    /// A group.
    pub fn new(folder: FolderKey, kind: Kind, state: RowState, reason: Option<String>, items: u64, bytes: u64) -> Self {
        Self { folder, kind, state, reason, items, bytes }
    }
}
