//! The batch: what is in it, and what may be asked of it at any time.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use mailmove_core::{Error, ErrorKind, Mailbox, Result, Side};
use tokio::sync::Notify;

use super::builder::BatchBuilder;
use super::event::BatchEvent;
use super::item::{BatchItem, BatchJob, text, unreadable};
use super::pass::PassReport;
use super::server::Server;
use super::{Pass, State};
use crate::ledger::{JobId, ProjectChange};
use crate::stop::Stop;

/// Many mailboxes in one process, over one project that is kept in the ledger's file.
///
/// Every change of a mailbox's [`State`] is durable before it is told, but for the beginning of its turn: after a crash,
/// what was at work is in the queue.
/// Clones are handles of the same batch; [`run`](Self::run) does the work.
#[derive(Clone)]
pub struct Batch(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) settings: BatchBuilder,
    pub(super) salt: [u8; 32],
    pub(super) book: tokio::sync::Mutex<Book>,
    /// The mailboxes at work, and what stops them.
    pub(super) working: Mutex<HashMap<JobId, Work>>,
    /// Something may go on that could not before.
    pub(super) wake: Notify,
    /// Mailboxes wait that would run if there were room.
    pub(super) others_wait: AtomicBool,
    pub(super) busy: AtomicBool,
}

/// A mailbox at work.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) stop: Stop,
    /// Where it goes when it stops.
    pub(super) then: State,
    /// The destination mailbox, as the ledger names it.
    pub(super) destination: String,
}

/// Every mailbox, as it stands in the store.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) items: Vec<BatchItem>,
    at: HashMap<JobId, usize>,
    /// When each queued mailbox came into the queue.
    pub(super) queued: HashMap<JobId, u64>,
    count: u64,
}

/// Some mailboxes of a batch.
#[derive(Debug, Clone)]
pub enum Selection {
    /// All of them.
    All,
    /// Those that stand there.
    In(Vec<State>),
    /// These.
    Only(Vec<JobId>),
}

impl BatchBuilder {
    /// Opens the batch: with everything that was put into it before, and what was at work when a process died back in the
    /// queue.
    pub async fn open(self) -> Result<Batch> {
        let salt = self.store.salt().await?;
        let mut book = Book::default();
        let mut changes = Vec::new();
        for (_, record) in self.store.mailboxes().await? {
            let mut item = BatchItem::read(&record)?;
            if matches!(item.state, State::Running | State::Verifying) {
                item.go(State::Queued)?;
                changes.push(item.put()?);
            }
            book.take(item);
        }
        if !changes.is_empty() {
            self.store.change(changes).await?;
        }
        Ok(Batch(Arc::new(Inner {
            settings: self,
            salt,
            book: tokio::sync::Mutex::new(book),
            working: Mutex::default(),
            wake: Notify::new(),
            others_wait: AtomicBool::new(false),
            busy: AtomicBool::new(false),
        })))
    }
}

impl Batch {
    /// Puts jobs into the batch, all or none; nothing is started. A job that is there already stays where it stands; its
    /// login names, servers and flags are those given last: the same sheet can be read again. Returns how many were new.
    pub async fn add(&self, jobs: impl IntoIterator<Item = impl Into<BatchJob>>) -> Result<usize> {
        let mut book = self.0.book.lock().await;
        let (mut changes, mut items, mut new) = (Vec::new(), Vec::new(), 0);
        for job in jobs {
            let job: BatchJob = job.into();
            for (side, name) in [Side::Source, Side::Destination].into_iter().zip(&job.servers) {
                self.0.settings.servers[side as usize].find(name.as_deref(), side)?;
            }
            let item = match book.find(&job.id) {
                Ok(there) => BatchItem {
                    source: job.source,
                    destination: job.destination,
                    servers: job.servers,
                    flags: job.flags,
                    line: job.line.or(there.line),
                    ..there.clone()
                },
                Err(_) => {
                    new += 1;
                    BatchItem::new(job)
                }
            };
            changes.push(item.put()?);
            items.push(item);
        }
        self.0.settings.store.change(changes).await?;
        items.into_iter().for_each(|item| book.take(item));
        Ok(new)
    }

    /// Every mailbox, in the order in which they came.
    pub async fn items(&self) -> Vec<BatchItem> {
        self.0.book.lock().await.items.clone()
    }

    /// One mailbox.
    pub async fn item(&self, id: &JobId) -> Result<BatchItem> {
        self.0.book.lock().await.find(id).cloned()
    }

    /// What the passes of a mailbox did, oldest first.
    pub async fn passes(&self, id: &JobId) -> Result<Vec<PassReport>> {
        let records = self.0.settings.store.passes(id.as_str()).await?;
        records.iter().map(|record| serde_json::from_str(record).map_err(unreadable)).collect()
    }

    /// Stops some mailboxes: those that wait at once, those at work as soon as what is in flight is recorded. What is at
    /// its end already, or was never started, stays as it is.
    pub async fn stop(&self, selection: &Selection) -> Result<()> {
        for id in self.0.select(selection, |state| !state.may_be_deleted()).await? {
            // At work: its run takes it to its end.
            let at_work = {
                let mut working = self.0.working();
                let work = working.get_mut(&id);
                work.map(|work| {
                    work.then = State::Stopped;
                    work.stop.stop();
                })
            };
            if at_work.is_none() {
                let stop = |item: &mut BatchItem| match item.state.may_be_deleted() {
                    true => Ok(()),
                    false => item.go(State::Stopped),
                };
                self.0.change(&id, stop).await?;
            }
        }
        Ok(())
    }

    /// Takes a mailbox out of the batch, with its statistics. What was moved stays, and stays known to the ledger: a
    /// mailbox that comes back is not moved twice.
    ///
    /// One that waits or is at work has to be [stopped](Self::stop) first.
    pub async fn remove(&self, id: &JobId) -> Result<()> {
        let mut book = self.0.book.lock().await;
        let item = book.find(id)?;
        if !item.state.may_be_deleted() {
            let told = Error::new(ErrorKind::Config, format!("a mailbox that is {} cannot be deleted", item.state));
            return Err(told.with("mailbox", id).remedy("stop it first, then delete it"));
        }
        for mailbox in [&item.source, &item.destination] {
            let shared = |other: &&BatchItem| other.id != *id && other.mailbox(mailbox.side) == mailbox;
            if !book.items.iter().any(|other| shared(&other)) {
                self.0.settings.secrets.clear(mailbox).await?;
            }
        }
        self.0.settings.store.change(vec![ProjectChange::Remove { mailbox: id.to_string() }]).await?;
        book.forget(id);
        Ok(())
    }

    /// A mailbox may go on: its credential is there, its server is well again. Nothing is polled for that.
    pub async fn wake(&self, mailbox: &Mailbox) -> Result<()> {
        let waits = |state| matches!(state, State::NeedsCredential | State::WaitingForProvider | State::Deferred);
        let ids: Vec<JobId> = {
            let book = self.0.book.lock().await;
            let concerns = |item: &&BatchItem| waits(item.state) && item.mailbox(mailbox.side) == mailbox;
            book.items.iter().filter(concerns).map(|item| item.id.clone()).collect()
        };
        for id in ids {
            self.0.change(&id, |item| if waits(item.state) { item.go(State::Queued) } else { Ok(()) }).await?;
        }
        self.0.wake.notify_one();
        Ok(())
    }
}

/// Neither mailboxes nor the salt.
impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("at_work", &self.0.working().len()).finish_non_exhaustive()
    }
}

impl Inner {
    /// Changes a mailbox: durable, then true, then told.
    pub(super) async fn change<T>(&self, id: &JobId, change: impl FnOnce(&mut BatchItem) -> Result<T>) -> Result<T> {
        self.change_with(id, |item| change(item).map(|value| (value, None))).await
    }

    /// The same, and with it what a pass did.
    pub(super) async fn change_with<T>(
        &self,
        id: &JobId,
        change: impl FnOnce(&mut BatchItem) -> Result<(T, Option<PassReport>)>,
    ) -> Result<T> {
        let mut book = self.book.lock().await;
        let before = book.find(id)?.clone();
        let mut item = before.clone();
        let (value, pass) = change(&mut item)?;
        let mut changes = Vec::new();
        if let Some(pass) = pass {
            item.passes = pass.number;
            let (mailbox, number) = (id.to_string(), pass.number);
            changes.push(ProjectChange::Pass { mailbox, number, record: text(&pass)? });
        }
        if item == before && changes.is_empty() {
            return Ok(value);
        }
        // A process that dies takes what was at work back into the queue: there it is still, in the store.
        let begins = before.state == State::Queued && matches!(item.state, State::Running | State::Verifying);
        if !begins {
            changes.push(item.put()?);
            self.settings.store.change(changes).await?;
        }
        let event = moved(&before, &item);
        book.take(item);
        drop(book);
        self.tell(event);
        Ok(value)
    }

    /// Makes many changes at once: all or none.
    pub(super) async fn change_all(&self, items: Vec<(BatchItem, Option<PassReport>)>) -> Result<()> {
        let mut book = self.book.lock().await;
        let (mut changes, mut events) = (Vec::new(), Vec::new());
        for (item, pass) in &items {
            // Somebody else may have been quicker.
            let before = book.find(&item.id)?;
            if !before.state.may_become(item.state) {
                return Err(before.state.refuse(item.state).with("mailbox", &item.id));
            }
            if let Some(pass) = pass {
                let (mailbox, number) = (item.id.to_string(), pass.number);
                changes.push(ProjectChange::Pass { mailbox, number, record: text(pass)? });
            }
            changes.push(item.put()?);
            events.push(moved(before, item));
        }
        self.settings.store.change(changes).await?;
        items.into_iter().for_each(|(item, _)| book.take(item));
        drop(book);
        events.into_iter().for_each(|event| self.tell(event));
        Ok(())
    }

    fn tell(&self, event: Option<BatchEvent>) {
        let Some(event) = event else { return };
        if let BatchEvent::State { id, from, to, .. } = &event {
            tracing::info!(mailbox = %id, %from, %to, "the mailbox stands elsewhere");
        }
        self.settings.observer.tell(&event);
    }

    /// The ids of a selection. Named ones come all; of the others those that are meant.
    pub(super) async fn select(&self, selection: &Selection, meant: impl Fn(State) -> bool) -> Result<Vec<JobId>> {
        let book = self.book.lock().await;
        let some = |wanted: &dyn Fn(State) -> bool| {
            book.items
                .iter()
                .filter(|item| wanted(item.state) && meant(item.state))
                .map(|item| item.id.clone())
                .collect()
        };
        match selection {
            Selection::All => Ok(some(&|_| true)),
            Selection::In(states) => Ok(some(&|state| states.contains(&state))),
            Selection::Only(ids) => ids.iter().map(|id| book.find(id).map(|item| item.id.clone())).collect(),
        }
    }

    pub(super) fn server(&self, side: Side, item: &BatchItem) -> Result<&Server> {
        self.settings.servers[side as usize].find(item.servers[side as usize].as_deref(), side)
    }

    pub(super) fn working(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, Work>> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn moved(before: &BatchItem, now: &BatchItem) -> Option<BatchEvent> {
    let (id, from, to, why) = (now.id.clone(), before.state, now.state, now.why.clone());
    (from != to).then_some(BatchEvent::State { id, from, to, why })
}

impl Book {
    pub(super) fn find(&self, id: &JobId) -> Result<&BatchItem> {
        self.at.get(id).map(|at| &self.items[*at]).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the batch has no such mailbox").with("mailbox", id).remedy("add it first")
        })
    }

    fn take(&mut self, item: BatchItem) {
        if item.state == State::Queued {
            self.count += 1;
            self.queued.entry(item.id.clone()).or_insert(self.count);
        } else {
            self.queued.remove(&item.id);
        }
        match self.at.get(&item.id) {
            Some(at) => self.items[*at] = item,
            None => {
                self.at.insert(item.id.clone(), self.items.len());
                self.items.push(item);
            }
        }
    }

    fn forget(&mut self, id: &JobId) {
        self.queued.remove(id);
        self.items.retain(|item| item.id != *id);
        self.at = self.items.iter().enumerate().map(|(at, item)| (item.id.clone(), at)).collect();
    }
}

/// A pass and the mailboxes that it was asked for.
impl Pass {
    /// Why this pass cannot be started for these mailboxes, if it cannot.
    pub(super) fn refuse(self, items: &[BatchItem]) -> Option<Error> {
        let open = items.iter().filter(|item| !item.state.is_terminal()).count();
        (self == Pass::RevokeAccess && open > 0).then(|| {
            Error::new(ErrorKind::Config, "access is not given up before every mailbox is at its end")
                .with("not at their end", open)
                .remedy("let these mailboxes come to their end or stop them, then start this pass")
        })
    }
}
