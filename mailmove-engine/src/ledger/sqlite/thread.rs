//! The one thread that owns the file. It takes what is asked in the order in which it was asked, puts everything that
//! waits to be recorded into one transaction, and pays one sync for all of it.

use std::fmt::{self, Debug};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use mailmove_core::{Epoch, Error, FolderId, Result};
use tokio::sync::oneshot;

use super::error::Fault;
use super::store::{Job, Store};
use crate::ledger::{Entry, FolderKey, JobId};

/// So many entries are put into one transaction before it is committed, whatever else waits.
const GROUP_ENTRIES: usize = 10_000;

/// So long a transaction that nothing waits for is kept open for more.
const LINGER: Duration = Duration::from_millis(50);

/// So far apart are commits that somebody waits for, where mail flows fast and long: each serves several windows of several
/// folders then, and the disk is the servers' meanwhile.
const APART: Duration = Duration::from_millis(10);

/// So many may follow one another at once after a pause as long as theirs: where little is moved, nothing waits.
const AT_ONCE: u32 = 16;

/// Where the answer goes. Nobody may be waiting any more: what was asked takes effect all the same.
pub(super) type Answer<T> = oneshot::Sender<Result<T>>;

/// One thing asked of the store.
pub(super) enum Request {
    Claim { job: JobId, destination: String, answer: Answer<(Job, u32)> },
    OpenFolders { hold: Arc<Hold>, folders: Vec<(FolderId, Epoch)>, answer: Answer<Vec<FolderKey>> },
    Record { hold: Arc<Hold>, entries: Vec<Entry>, pressing: bool, answer: Answer<()> },
    Read { what: Reads, read: Box<dyn FnOnce(&mut Store) + Send> },
}

/// What a read looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    /// Tables that are up to date within the transaction.
    Tables,
    /// The tally, which is written once at the end of a transaction.
    Tally,
}

/// A claimed job, as the thread sees it.
#[derive(Debug)]
pub(super) struct Hold {
    pub(super) job: Job,
    pub(super) run: u32,
    /// Set when the number of the run was kept.
    kept: OnceLock<()>,
    /// The first write that failed. Nothing is recorded over the gap that it left: a cursor must not get past rows that
    /// are not there.
    failed: OnceLock<Error>,
}

impl Hold {
    pub(super) fn new(job: Job, run: u32) -> Self {
        Self { job, run, kept: OnceLock::new(), failed: OnceLock::new() }
    }
}

/// Serves requests until nobody can ask any more.
pub(super) fn serve(mut store: Store, requests: &Receiver<Request>) {
    let mut group = Group::default();
    while let Ok(first) = requests.recv() {
        let mut next = Some(first);
        while let Some(request) = next {
            group.take(&mut store, request);
            next = match group.room(Instant::now()) {
                Room::Full => None,
                Room::Now => requests.try_recv().ok(),
                Room::Until(end) => requests.recv_timeout(end.saturating_duration_since(Instant::now())).ok(),
            };
        }
        group.commit(&mut store);
    }
}

/// What goes into one transaction.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Since when a transaction is open.
    begun: Option<Instant>,
    /// When all commits until now would have ended, had each been [`APART`] from the one before.
    due: Option<Instant>,
    /// Somebody waits for it.
    pressing: bool,
    entries: usize,
    waiting: Vec<Waiting>,
    /// Why nothing can be written any more until the file is opened again.
    broken: Option<Error>,
}

/// What may still join a transaction.
#[derive(Debug)]
pub(super) enum Room {
    /// Nothing.
    Full,
    /// What waits already.
    Now,
    /// What comes until then.
    Until(Instant),
}

/// A write that was applied and not committed yet.
struct Waiting {
    hold: Option<Arc<Hold>>,
    answer: Box<dyn FnOnce(Result<()>)>,
}

impl Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("hold", &self.hold).finish_non_exhaustive()
    }
}

impl Group {
    pub(super) fn room(&self, now: Instant) -> Room {
        match self.begun {
            _ if self.entries >= GROUP_ENTRIES => Room::Full,
            Some(since) if !self.pressing => Room::Until(since + LINGER),
            _ => match self.due.and_then(|due| due.checked_sub(APART * AT_ONCE)).filter(|end| *end > now) {
                Some(end) => Room::Until(end),
                None => Room::Now,
            },
        }
    }

    pub(super) fn take(&mut self, store: &mut Store, request: Request) {
        match request {
            Request::Read { what, read } => {
                if what == Reads::Tally {
                    self.commit(store);
                }
                read(store);
            }
            Request::Claim { job, destination, answer } => {
                self.pressing = true;
                self.write(store, None, |store| store.claim(&job, &destination), answer);
            }
            Request::OpenFolders { hold, folders, answer } => {
                self.pressing = true;
                let holder = hold.clone();
                self.write(store, Some(hold), |store| store.open_folders(&holder.job, &folders), answer);
            }
            Request::Record { hold, entries, pressing, answer } => {
                self.pressing |= pressing;
                self.entries += entries.len();
                let holder = hold.clone();
                let apply = |store: &mut Store| {
                    store.check(&holder.job, &entries)?;
                    if !entries.is_empty() && holder.kept.set(()).is_ok() {
                        store.keep_run(&holder.job, holder.run)?;
                    }
                    store.apply(&holder.job, &entries)
                };
                self.write(store, Some(hold), apply, answer);
            }
        }
    }

    fn write<T: 'static>(
        &mut self,
        store: &mut Store,
        hold: Option<Arc<Hold>>,
        apply: impl FnOnce(&mut Store) -> Result<T, Fault>,
        answer: Answer<T>,
    ) {
        let failed = hold.as_ref().and_then(|hold| hold.failed.get());
        if let Some(error) = self.broken.as_ref().or(failed) {
            let _ = answer.send(Err(error.clone()));
            return;
        }
        let begin = if self.begun.is_some() { Ok(()) } else { store.begin() };
        self.begun.get_or_insert_with(Instant::now);
        match begin.and_then(|()| apply(store)) {
            Ok(value) => {
                let answer = move |committed: Result<()>| {
                    let _ = answer.send(committed.map(|()| value));
                };
                self.waiting.push(Waiting { hold, answer: Box::new(answer) });
            }
            Err(fault) => {
                // A refused write touched nothing; the others go on.
                let alone = matches!(fault, Fault::Refused(_));
                let error = self.told(store, fault);
                if let Some(hold) = &hold {
                    let _ = hold.failed.set(error.clone());
                }
                let _ = answer.send(Err(error.clone()));
                if !alone {
                    self.roll_back(store, &error);
                }
            }
        }
    }

    pub(super) fn commit(&mut self, store: &mut Store) {
        self.pressing = false;
        if self.begun.is_none() {
            return;
        }
        match store.commit() {
            Ok(()) => {
                let now = Instant::now();
                (self.begun, self.due) = (None, Some(self.due.map_or(now, |due| due.max(now)) + APART));
                self.entries = 0;
                self.waiting.drain(..).for_each(|waiting| (waiting.answer)(Ok(())));
            }
            Err(fault) => {
                let error = self.told(store, fault);
                self.roll_back(store, &error);
            }
        }
    }

    fn roll_back(&mut self, store: &mut Store, error: &Error) {
        store.roll_back();
        self.begun = None;
        self.entries = 0;
        for waiting in self.waiting.drain(..) {
            if let Some(hold) = &waiting.hold {
                let _ = hold.failed.set(error.clone());
            }
            (waiting.answer)(Err(error.clone()));
        }
    }

    fn told(&mut self, store: &Store, fault: Fault) -> Error {
        let sound = fault.leaves_store_sound();
        let error = fault.told(&store.path);
        if !sound {
            self.broken = Some(error.clone());
        }
        error
    }
}
