//! What everything in one run shares.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use mailmove_core::{
    Destination, Digest, EnsuredFolder, Epoch, Error, FeedId, Folder, FolderId, Format, Item, ItemId, ItemRef, Kind,
    MailboxFlags, Mark, NewFolder, Page, Position, Result, Revision, Source, Spool,
};
use time::OffsetDateTime;

use crate::ahead::Ahead;
use crate::event::{Event, Observer, Progress};
use crate::ledger::{FolderKey, FolderRow, JobId, Journal, Place, Row, RowState, Target};
use crate::plan::PlannedRoute;
use crate::rules::Rules;
use crate::stop::Stop;
use crate::under_way::UnderWay;

/// One run over one pair of mailboxes.
#[derive(Debug)]
pub(crate) struct Pass {
    pub(crate) job: JobId,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) destination: Arc<dyn Destination>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) rules: Rules,
    pub(crate) routes: Vec<PlannedRoute>,
    pub(crate) spool: Spool,
    pub(crate) observer: Observer,
    pub(crate) stop: Stop,
    pub(crate) salt: [u8; 32],
    /// The ledger held no rows before this run: nothing can be adopted, nothing has to be looked up.
    pub(crate) first: bool,
    /// The folders of the source that are worked on, by id.
    pub(crate) folders: HashMap<FolderId, Arc<SourceFolder>>,
    /// The folders that are listed with their epoch.
    pub(crate) live: HashSet<FolderKey>,
    ahead: Mutex<Ahead>,
    shared: Mutex<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    progress: Progress,
    /// Orphans that found a new place in this run.
    adopted: HashSet<Place>,
    /// Folders whose feed was read to its end in this run.
    listed: HashSet<FolderKey>,
    /// The first error that ends the whole run.
    halt: Option<Error>,
    notes: Vec<String>,
    /// What was taken of each folder for a sample: items and bytes.
    sampled: HashMap<FolderKey, (u64, u64)>,
}

/// A source folder, what the ledger knew about it, and where it goes.
#[derive(Debug)]
pub(crate) struct SourceFolder {
    pub(crate) folder: Folder,
    pub(crate) row: FolderRow,
    /// The destination folder of earlier runs.
    pub(crate) before: Option<FolderId>,
    pub(crate) target: Arc<TargetFolder>,
}

impl SourceFolder {
    pub(crate) fn name(&self) -> String {
        self.folder.display_path()
    }
}

/// A destination folder during one run.
#[derive(Debug)]
pub(crate) struct TargetFolder {
    pub(crate) id: FolderId,
    pub(crate) path: Vec<String>,
    pub(crate) epoch: Epoch,
    /// What this run writes lies behind it.
    pub(crate) floor: Option<Position>,
    /// How many items it held when the run began.
    pub(crate) items: Option<u64>,
    pub(crate) created: bool,
    /// Whether it holds, or may hold, items that the ledger does not know.
    look: Mutex<bool>,
    claimed: Mutex<HashSet<ItemId>>,
    under_way: Mutex<UnderWay>,
    /// Intents that were not found and are written again: the first sending may still come.
    resent: Mutex<Vec<Row>>,
}

impl TargetFolder {
    pub(crate) fn new(path: Vec<String>, ensured: EnsuredFolder) -> Self {
        Self {
            id: ensured.id,
            path,
            epoch: ensured.epoch,
            floor: ensured.position,
            items: ensured.items,
            created: ensured.created,
            look: Mutex::new(false),
            claimed: Mutex::default(),
            under_way: Mutex::default(),
            resent: Mutex::default(),
        }
    }

    /// A folder that is not made: nothing is written there.
    pub(crate) fn nowhere(path: Vec<String>) -> Self {
        let mut folder = EnsuredFolder::new(FolderId::new(""), Epoch::new(""));
        folder.created = true;
        Self::new(path, folder)
    }

    pub(crate) fn name(&self) -> String {
        self.path.join("/")
    }

    pub(crate) fn set_look(&self, look: bool) {
        *lock(&self.look) = look;
    }

    pub(crate) fn must_look(&self) -> bool {
        *lock(&self.look)
    }

    /// Takes an item that nobody else took in this run.
    pub(crate) fn claim(&self, item: &ItemId) -> bool {
        lock(&self.claimed).insert(item.clone())
    }

    pub(crate) fn is_claimed(&self, item: &ItemId) -> bool {
        lock(&self.claimed).contains(item)
    }

    /// What is being written there.
    pub(crate) fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        lock(&self.under_way)
    }

    pub(crate) fn resend(&self, row: Row) {
        lock(&self.resent).push(row);
    }

    pub(crate) fn take_resent(&self) -> Vec<Row> {
        std::mem::take(&mut lock(&self.resent))
    }

    pub(crate) fn target(&self) -> Target {
        Target::new(self.id.clone(), self.epoch.clone())
    }

    /// Asks the destination how the folder stands now.
    pub(crate) async fn status(&self, destination: &dyn Destination) -> mailmove_core::Result<EnsuredFolder> {
        status(destination, &self.path).await
    }
}

/// How a destination folder stands now.
pub(crate) async fn status(destination: &dyn Destination, path: &[String]) -> mailmove_core::Result<EnsuredFolder> {
    let asked = [NewFolder::new(path.to_vec())];
    destination.ensure_folders(&asked).await.pop().unwrap_or_else(|| Err(short_answer("ensure_folders")))
}

/// An endpoint that answers less than it was asked breaks the contract; nothing can be concluded from it.
pub(crate) fn short_answer(call: &'static str) -> Error {
    Error::new(mailmove_core::ErrorKind::Bug, "the endpoint answered with fewer verdicts than it was asked for")
        .with("call", call)
        .remedy("report it to the endpoint's author; its conformance suite shows it")
}

pub(crate) struct Setup {
    pub(crate) job: JobId,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) destination: Arc<dyn Destination>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) rules: Rules,
    pub(crate) routes: Vec<PlannedRoute>,
    pub(crate) spool: Spool,
    pub(crate) observer: Observer,
    pub(crate) stop: Stop,
    pub(crate) salt: [u8; 32],
    pub(crate) first: bool,
    pub(crate) folders: Vec<Arc<SourceFolder>>,
    pub(crate) live: HashSet<FolderKey>,
    pub(crate) ahead: Ahead,
}

impl Pass {
    pub(crate) fn new(setup: Setup) -> Self {
        Self {
            job: setup.job,
            source: setup.source,
            destination: setup.destination,
            journal: setup.journal,
            rules: setup.rules,
            routes: setup.routes,
            spool: setup.spool,
            observer: setup.observer,
            stop: setup.stop,
            salt: setup.salt,
            first: setup.first,
            folders: setup.folders.into_iter().map(|folder| (folder.folder.id.clone(), folder)).collect(),
            live: setup.live,
            ahead: Mutex::new(setup.ahead),
            shared: Mutex::default(),
        }
    }

    /// The first page of a feed, when it was asked for already.
    pub(crate) fn take_ahead(&self, feed: &FeedId) -> Option<BoxFuture<'static, Result<Page>>> {
        lock(&self.ahead).take(feed)
    }

    /// Reads items; those that were asked for already are not asked for again.
    pub(crate) async fn fetch(&self, feed: &FeedId, items: &[ItemRef], format: &Format) -> Vec<Result<Item>> {
        let ahead = lock(&self.ahead).take_items(feed, items);
        if let Some(ahead) = ahead
            && let Some(items) = ahead.await
        {
            return items;
        }
        self.source.fetch(items, format, &self.spool).await
    }

    pub(crate) fn has(&self, flag: MailboxFlags) -> bool {
        self.rules.has(flag)
    }

    /// The routes of a kind, best first.
    pub(crate) fn routes(&self, kind: Kind) -> impl Iterator<Item = &PlannedRoute> {
        self.routes.iter().filter(move |route| route.kind == kind)
    }

    /// Whether an item that failed so often may be tried again.
    pub(crate) fn may_try(&self, row: &Row) -> bool {
        match row.state {
            RowState::Pending => true,
            RowState::Failed if self.has(MailboxFlags::REMIGRATE_FAILED) => true,
            RowState::Failed if self.has(MailboxFlags::NO_RETRIES) => false,
            RowState::Failed => row.attempt < self.rules.attempts,
            _ => false,
        }
    }

    /// The mark an item carries at the destination: the same for the same version of the same item in the same job.
    pub(crate) fn mark(&self, folder: &SourceFolder, item: &ItemId, content: &Revision) -> Mark {
        let text = format!("{}\0{}\0{}\0{item}\0{content}", self.job, folder.folder.id, folder.folder.epoch);
        Mark::new(format!("mm-{}", &Digest::of(text.as_bytes()).to_string()[..32]))
    }

    pub(crate) fn stamp(&self, row: &mut Row) {
        row.run = self.journal.run();
        row.at = OffsetDateTime::now_utc();
    }

    pub(crate) fn count(&self, add: impl FnOnce(&mut Progress)) {
        let progress = {
            let mut shared = lock(&self.shared);
            add(&mut shared.progress);
            shared.progress
        };
        self.observer.tell(Event::Progress(progress));
    }

    pub(crate) fn progress(&self) -> Progress {
        lock(&self.shared).progress
    }

    /// Takes an orphan for a new place; false when somebody else took it before.
    pub(crate) fn take_orphan(&self, place: &Place) -> bool {
        lock(&self.shared).adopted.insert(place.clone())
    }

    pub(crate) fn is_taken(&self, place: &Place) -> bool {
        lock(&self.shared).adopted.contains(place)
    }

    pub(crate) fn set_listed(&self, key: FolderKey) {
        lock(&self.shared).listed.insert(key);
    }

    /// Whether it is known of each item of this folder if it is still there.
    pub(crate) fn is_listed(&self, key: FolderKey) -> bool {
        !self.live.contains(&key) || lock(&self.shared).listed.contains(&key)
    }

    /// Takes an item into the sample of its folder, where there is one; false when the sample is full.
    pub(crate) fn take_sample(&self, folder: FolderKey, bytes: u64) -> bool {
        let Some(sample) = self.rules.sample else { return true };
        let mut shared = lock(&self.shared);
        let taken = shared.sampled.entry(folder).or_default();
        let fits = taken.0 < sample.items && taken.1.saturating_add(bytes) <= sample.bytes;
        if fits {
            *taken = (taken.0 + 1, taken.1 + bytes);
        }
        fits
    }

    /// Ends the run for everybody; the first error stays.
    pub(crate) fn halt(&self, error: Error) {
        lock(&self.shared).halt.get_or_insert(error);
    }

    pub(crate) fn halted(&self) -> Option<Error> {
        lock(&self.shared).halt.clone()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.stop.is_asked() || lock(&self.shared).halt.is_some()
    }

    /// Something a person should know.
    pub(crate) fn note(&self, text: String) {
        self.observer.tell(Event::Warning { text: text.clone() });
        lock(&self.shared).notes.push(text);
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        lock(&self.shared).notes.clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
