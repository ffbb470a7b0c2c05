//! The batch at work: who is next, and when it is over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mailmove_core::{Error, ErrorKind, Result, Side};
use serde::Serialize;
use time::OffsetDateTime;
use tokio::task::JoinSet;

use super::State;
use super::item::BatchItem;
use super::project::{Batch, Inner, Work};
use crate::ledger::JobId;
use crate::stop::Stop;

/// Where the mailboxes of a batch stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// How many stand where.
    pub states: BTreeMap<State, usize>,
    /// When the next one goes on by itself.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next: Option<OffsetDateTime>,
}

impl Summary {
    /// How many stand in one of these states.
    pub fn count(&self, states: &[State]) -> usize {
        states.iter().filter_map(|state| self.states.get(state)).sum()
    }
}

impl Batch {
    /// Works until nothing can go on: every mailbox is at its end, or waits for somebody, or for longer than the batch's
    /// patience.
    ///
    /// An error is one by which no mailbox can go on, like a full disk; what was at work is queued again. Dropping the
    /// future is safe.
    pub async fn run(&self) -> Result<Summary> {
        self.work(false).await
    }

    /// Works until the batch is stopped: mailboxes that are started, answered or woken in the meantime go on at once.
    pub async fn serve(&self) -> Result<Summary> {
        self.work(true).await
    }

    /// Where the mailboxes stand.
    pub async fn summary(&self) -> Summary {
        let book = self.0.book.lock().await;
        let mut summary = Summary::default();
        for item in &book.items {
            *summary.states.entry(item.state).or_default() += 1;
        }
        summary.next = book.items.iter().filter_map(|item| item.until).min();
        summary
    }

    async fn work(&self, forever: bool) -> Result<Summary> {
        let inner = &self.0;
        let _alone = Alone::new(inner)?;
        let mut tasks = JoinSet::new();
        let mut fatal = None;
        let mut stopping = false;
        loop {
            let ends = stopping || fatal.is_some();
            if !ends {
                inner.requeue().await?;
                inner.launch(&mut tasks).await?;
            }
            let next = if ends { None } else { inner.next_due(forever).await };
            if tasks.is_empty() && (ends || (next.is_none() && !forever)) {
                break;
            }
            tokio::select! {
                Some(done) = tasks.join_next(), if !tasks.is_empty() => {
                    let done = done.unwrap_or_else(|broken| Err(broke_off(&broken)));
                    if let Err(error) = done {
                        fatal.get_or_insert(error);
                        inner.stop_all();
                    }
                }
                () = inner.settings.stop.asked(), if !stopping => {
                    stopping = true;
                    inner.stop_all();
                }
                () = inner.wake.notified() => {}
                () = tokio::time::sleep(next.unwrap_or_default()), if next.is_some() => {}
            }
        }
        match fatal {
            Some(error) => Err(error),
            None => Ok(self.summary().await),
        }
    }
}

impl Inner {
    /// Mailboxes whose time has come are queued again.
    async fn requeue(&self) -> Result<()> {
        let now = self.settings.clock.now();
        let is_due = |item: &BatchItem| {
            matches!(item.state, State::WaitingForProvider | State::Deferred)
                && item.until.is_none_or(|until| until <= now)
        };
        let due: Vec<JobId> = {
            let book = self.book.lock().await;
            book.items.iter().filter(|item| is_due(item)).map(|item| item.id.clone()).collect()
        };
        for id in due {
            self.change(&id, |item| if is_due(item) { item.go(State::Queued) } else { Ok(()) }).await?;
        }
        Ok(())
    }

    /// How long until the next mailbox goes on by itself, when that is worth waiting for.
    async fn next_due(&self, forever: bool) -> Option<Duration> {
        let (now, book) = (self.settings.clock.now(), self.book.lock().await);
        let wait = book.items.iter().filter_map(|item| item.until).min()? - now;
        let wait = Duration::try_from(wait).unwrap_or_default();
        (forever || wait <= self.settings.patience).then_some(wait)
    }

    /// Begins turns while there is room, those first that have waited longest.
    async fn launch(self: &Arc<Self>, tasks: &mut JoinSet<Result<()>>) -> Result<()> {
        let book = self.book.lock().await;
        let mut waiting: Vec<(u64, &JobId)> = book.queued.iter().map(|(id, at)| (*at, id)).collect();
        waiting.sort_unstable();
        let mut held_up = false;
        for (_, id) in waiting {
            let item = book.find(id)?;
            let mut working = self.working();
            if working.contains_key(id) {
                continue;
            }
            if working.len() >= self.settings.mailboxes {
                held_up = true;
                break;
            }
            // One job at a time writes into a mailbox.
            if working.values().any(|work| work.destination == item.destination.to_string()) {
                continue;
            }
            let servers = [self.server(Side::Source, item)?, self.server(Side::Destination, item)?];
            if !servers.iter().all(|server| server.has_room()) {
                held_up = true;
                continue;
            }
            servers.iter().for_each(|server| server.enter());
            let stop = Stop::new();
            let destination = item.destination.to_string();
            working.insert(id.clone(), Work { stop: stop.clone(), then: State::Queued, destination });
            tasks.spawn(self.clone().turn(id.clone(), stop));
        }
        self.others_wait.store(held_up, Ordering::Relaxed);
        Ok(())
    }

    /// What is at work goes back into the queue.
    fn stop_all(&self) {
        self.working().values().for_each(|work| work.stop.stop());
    }
}

/// One run at a time.
struct Alone<'a>(&'a Inner);

impl<'a> Alone<'a> {
    fn new(inner: &'a Inner) -> Result<Self> {
        if inner.busy.swap(true, Ordering::AcqRel) {
            return Err(Error::new(ErrorKind::Config, "the batch is at work already")
                .remedy("start mailboxes; the run that is there takes them up"));
        }
        Ok(Self(inner))
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Release);
    }
}

fn broke_off(broken: &tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::Bug, "a mailbox broke off in the middle of its turn").with("panic", broken)
}
