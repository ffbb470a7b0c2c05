//! One mailbox pair: the builder and its verbs.

use std::sync::Arc;
use std::time::Instant;

use mailmove_core::{Connector, Error, Mailbox, Result, Side, Spool, Storage};

use crate::around;
use crate::audit::{self, Audit, AuditLevel};
use crate::event::Observer;
use crate::ledger::{JobId, Journal, Ledger, MemoryLedger, random_salt};
use crate::plan::Plan;
use crate::report::Report;
use crate::rules::Rules;
use crate::run::{self, Opened};
use crate::stop::Stop;

/// Moves one mailbox into another.
///
/// Give it a durable [`Ledger`], or a run that is interrupted cannot go on where it was. A dry run is
/// [`plan`](Self::plan); a resume is [`run`](Self::run) with the same ledger; a delta is a second `run`.
#[derive(Debug, Clone)]
pub struct Migration {
    source: (Arc<dyn Connector>, Mailbox),
    destination: (Arc<dyn Connector>, Mailbox),
    ledger: Arc<dyn Ledger>,
    settings: Settings,
}

/// What is not an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) job: JobId,
    pub(crate) rules: Rules,
    pub(crate) spool: Spool,
    pub(crate) observer: Observer,
    pub(crate) stop: Stop,
    pub(crate) salt: [u8; 32],
}

/// The default size of the pool for bodies: 32 MiB.
const POOL: u64 = 32 << 20;

impl Migration {
    /// From this mailbox of this connector into that one. The sides of the mailboxes are set here.
    pub fn new(
        source: Arc<dyn Connector>,
        mut from: Mailbox,
        destination: Arc<dyn Connector>,
        mut to: Mailbox,
    ) -> Self {
        from.side = Side::Source;
        to.side = Side::Destination;
        let settings = Settings {
            job: JobId::of(&from, &to),
            rules: Rules::default(),
            spool: Spool::new(POOL),
            observer: Observer::default(),
            stop: Stop::new(),
            salt: random_salt().unwrap_or_default(),
        };
        let ledger = Arc::new(MemoryLedger::new());
        Self { source: (source, from), destination: (destination, to), ledger, settings }
    }

    /// Keeps progress in this ledger instead of in memory.
    pub fn ledger(mut self, ledger: Arc<dyn Ledger>) -> Self {
        self.ledger = ledger;
        self
    }

    /// Moves by these rules.
    pub fn rules(mut self, rules: Rules) -> Self {
        self.settings.rules = rules;
        self
    }

    /// Keeps bodies in this spool. Give one spool to all migrations of a program: its bounds are then theirs together.
    pub fn spool(mut self, spool: Spool) -> Self {
        self.settings.spool = spool;
        self
    }

    /// Tells this observer what happens.
    pub fn observer(mut self, observer: Observer) -> Self {
        self.settings.observer = observer;
        self
    }

    /// Stops when this is asked to.
    pub fn stop(mut self, stop: Stop) -> Self {
        self.settings.stop = stop;
        self
    }

    /// Goes by this name in the ledger.
    pub fn job(mut self, job: JobId) -> Self {
        self.settings.job = job;
        self
    }

    /// Salts the digests that stand for the subjects of failed items. By default every migration has a salt of its own.
    pub fn salt(mut self, salt: [u8; 32]) -> Self {
        self.settings.salt = salt;
        self
    }

    /// What a run would do. Writes nothing at either mailbox.
    pub async fn plan(&self) -> Result<Plan> {
        let journal = self.claim().await?;
        let opened = self.open(&*journal, true).await?;
        let mut plan = opened.prepare(&self.settings)?.plan;
        around::look(&*self.source.0, &self.source.1, &mut plan).await;
        opened.destination.close().await;
        Ok(plan)
    }

    /// Moves what there is to move. With a plan, only while its decisions still hold.
    ///
    /// An error means that the ledger could not be claimed. Everything else, a refused password as well as a full
    /// mailbox, is in the report's [`outcome`](Report::outcome). Dropping the future is safe; [`Stop`] is tidy.
    pub async fn run(&self, plan: Option<&Plan>) -> Result<Report> {
        let started = Instant::now();
        let journal = self.claim().await?;
        let result = async {
            let opened = self.open(&*journal, false).await?;
            run::run(&self.settings, journal.clone(), opened, plan, started).await
        };
        match result.await {
            Ok(report) => Ok(report),
            Err(why) => {
                let mut report = Report::failed(self.settings.job.as_str(), why, started.elapsed());
                report.run = journal.run();
                // What earlier runs did stays told.
                if let Err(error) = report.read_rows(&*journal).await {
                    tracing::warn!(%error, "the ledger cannot be read for the report");
                }
                Ok(report)
            }
        }
    }

    /// Reads the destination back and compares it with what the ledger says was written.
    pub async fn audit(&self, level: AuditLevel) -> Result<Audit> {
        let journal = self.claim().await?;
        let (connector, mailbox) = &self.destination;
        let destination = connector.source(mailbox).await.map_err(|error| error.on(Side::Destination))?;
        audit::audit(&self.settings, &*journal, &*destination, level).await
    }

    async fn claim(&self) -> Result<Arc<dyn Journal>> {
        self.ledger.claim(&self.settings.job, &self.destination.1.to_string()).await
    }

    /// Opens both sides at once and asks them for their folders.
    async fn open(&self, journal: &dyn Journal, storage: bool) -> Result<Opened> {
        let (known, feeds) = (journal.folders().await?, journal.feeds().await?);
        let storage = storage || known.is_empty();
        let source = async {
            let source = self.source.0.source(&self.source.1).await?;
            let (folders, room) = tokio::join!(source.folders(), optional(storage, source.storage()));
            Ok::<_, Error>((source, folders?, room))
        };
        let destination = async {
            let destination = self.destination.0.destination(&self.destination.1).await?;
            let (folders, room) = tokio::join!(destination.folders(), optional(storage, destination.storage()));
            Ok::<_, Error>((destination, folders?, room))
        };
        let (source, destination) = tokio::join!(source, destination);
        let (source, source_folders, used) = source.map_err(|error| error.on(Side::Source))?;
        let (destination, destination_folders, free) = destination.map_err(|error| error.on(Side::Destination))?;
        let storage = (used, free);
        Ok(Opened { source, destination, source_folders, destination_folders, storage, known, feeds })
    }
}

/// How full a mailbox is helps the plan and stops nobody: what cannot be had is unknown.
async fn optional(wanted: bool, storage: impl Future<Output = Result<Storage>>) -> Storage {
    if !wanted {
        return Storage::default();
    }
    storage.await.unwrap_or_else(|error| {
        tracing::debug!(%error, "storage is unknown");
        Storage::default()
    })
}
