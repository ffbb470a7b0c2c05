//! Two mailboxes in memory, a ledger, and what tests do with them.

use std::sync::Arc;
use std::time::Duration;

use mailmove_core::{Connector, Digest, Epoch, FolderId, ItemFlags, ItemId, Mailbox, Result, Side, Spool, async_trait};
use mailmove_engine::ledger::{
    Entry, FeedRow, FolderKey, FolderRow, Group, Journal, Owner, Place, Remarks, Row, Select,
};
use mailmove_engine::{JobId, Ledger, MemoryLedger, Migration, Report, Rules};
use mailmove_testkit::{Faults, Faulty, MemoryMailbox, NewItem, Options, Schedule};

pub(crate) struct Pair {
    pub(crate) source: MemoryMailbox,
    pub(crate) destination: MemoryMailbox,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) faults: Faults,
    pub(crate) schedule: Schedule,
    pub(crate) rules: Rules,
    pub(crate) job: Option<JobId>,
}

impl Pair {
    pub(crate) fn new() -> Self {
        Self::with(options(), options())
    }

    pub(crate) fn with(source: Options, destination: Options) -> Self {
        let schedule = Schedule::new();
        Self {
            source: MemoryMailbox::with_options(source),
            destination: MemoryMailbox::with_options(destination),
            ledger: Arc::new(StepLedger(MemoryLedger::new(), schedule.clone())),
            faults: Faults::new(),
            schedule,
            rules: Rules::default(),
            job: None,
        }
    }

    pub(crate) fn migration(&self) -> Migration {
        let source: Arc<dyn Connector> = Arc::new(self.source.clone());
        let destination: Arc<dyn Connector> = Arc::new(self.destination.clone());
        let source = Arc::new(Faulty::new(source, &Faults::new(), &self.schedule));
        let destination = Arc::new(Faulty::new(destination, &self.faults, &self.schedule));
        let from = Mailbox::new(Side::Source, "old@example.org");
        let to = Mailbox::new(Side::Destination, "new@example.org");
        let migration = Migration::new(source, from, destination, to)
            .ledger(self.ledger.clone())
            .rules(self.rules.clone())
            .spool(Spool::new(4 << 20));
        match &self.job {
            Some(job) => migration.job(job.clone()),
            None => migration,
        }
    }

    pub(crate) async fn run(&self) -> Report {
        self.migration().run(None).await.unwrap()
    }

    /// Runs, and holds the destination against the source.
    pub(crate) async fn run_and_compare(&self) -> Report {
        let report = self.run().await;
        assert_eq!(report.outcome.as_str(), "completed", "{report:#?}");
        self.compare();
        report
    }

    #[track_caller]
    pub(crate) fn compare(&self) {
        self.destination.snapshot().assert_same(&self.source.snapshot());
    }
}

/// Small batches, so that few items make many; answers settle quickly, so that tests do.
pub(crate) fn options() -> Options {
    Options::new().with(quick)
}

/// What plain IMAP can do.
pub(crate) fn plain() -> Options {
    Options::plain().with(quick)
}

fn quick(options: &mut Options) {
    options.capabilities.batch_items = 3;
    options.capabilities.in_flight = 2;
    options.capabilities.folders = 4;
    options.capabilities.large_folders = 2;
    options.capabilities.settle = Duration::from_millis(40);
    options.page = 5;
}

/// Some folders, some mail; twins among them, which only what their user set tells apart.
pub(crate) fn fill(mailbox: &MemoryMailbox, items: u64) {
    let inbox = mailbox.inbox();
    let work = mailbox.create_folder(&["Work"]);
    let deep = mailbox.create_folder(&["Work", "2024", "Grüße & more"]);
    let twin = |folder, state| mailbox.add(folder, NewItem::numbered_mail(1_000).state(state));
    twin(&inbox, ItemFlags::ANSWERED);
    for number in 0..items {
        let folder = [&inbox, &work, &deep][(number % 3) as usize];
        mailbox.add(folder, NewItem::numbered_mail(number));
    }
    twin(&inbox, ItemFlags::SEEN | ItemFlags::FLAGGED);
    twin(&work, ItemFlags::empty());
}

/// A ledger whose every call is a step of the schedule.
#[derive(Debug)]
pub(crate) struct StepLedger(MemoryLedger, Schedule);

#[derive(Debug)]
struct StepJournal(Arc<dyn Journal>, Schedule);

#[async_trait]
impl Ledger for StepLedger {
    async fn claim(&self, job: &JobId, destination: &str) -> Result<Arc<dyn Journal>> {
        let journal = self.1.call("claim", self.0.claim(job, destination)).await?;
        Ok(Arc::new(StepJournal(journal, self.1.clone())))
    }
}

#[async_trait]
impl Journal for StepJournal {
    fn run(&self) -> u32 {
        self.0.run()
    }

    async fn record(&self, entries: Vec<Entry>) -> Result<()> {
        self.1.call("record", self.0.record(entries)).await
    }

    async fn open_folders(&self, folders: &[(FolderId, Epoch)]) -> Result<Vec<FolderKey>> {
        self.1.call("open_folders", self.0.open_folders(folders)).await
    }

    async fn folders(&self) -> Result<Vec<FolderRow>> {
        self.0.folders().await
    }

    async fn feeds(&self) -> Result<Vec<FeedRow>> {
        self.0.feeds().await
    }

    async fn rows(&self, folder: FolderKey, items: &[ItemId]) -> Result<Vec<Option<Row>>> {
        self.0.rows(folder, items).await
    }

    async fn scan(&self, select: &Select, after: Option<&Place>, limit: usize) -> Result<Vec<Row>> {
        self.0.scan(select, after, limit).await
    }

    async fn alike(&self, digests: &[Digest]) -> Result<Vec<Vec<Row>>> {
        self.0.alike(digests).await
    }

    async fn identical(&self, identities: &[String]) -> Result<Vec<Vec<Row>>> {
        self.0.identical(identities).await
    }

    async fn owners(&self, folder: &FolderId, epoch: &Epoch, items: &[ItemId]) -> Result<Vec<Option<Owner>>> {
        self.0.owners(folder, epoch, items).await
    }

    async fn owned(&self, folder: &FolderId, epoch: &Epoch) -> Result<u64> {
        self.0.owned(folder, epoch).await
    }

    async fn anonymous(&self, folder: &FolderId, epoch: &Epoch, digests: &[Digest]) -> Result<Vec<u64>> {
        self.0.anonymous(folder, epoch, digests).await
    }

    async fn summary(&self) -> Result<Vec<Group>> {
        self.0.summary().await
    }

    async fn remarks(&self) -> Result<Remarks> {
        self.0.remarks().await
    }
}
