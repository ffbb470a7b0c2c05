//! How many attempts are in flight: one more after every round of good answers, half as many after an overload.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::Limits;

#[derive(Debug)]
pub(super) struct Slots {
    semaphore: Arc<Semaphore>,
    state: Mutex<State>,
    waiting: AtomicUsize,
    min: usize,
    max: usize,
}

#[derive(Debug)]
struct State {
    /// How many there should be; grows by fractions.
    limit: f64,
    /// How many there are, taken and free. Above the limit while those taken before an overload are still in use.
    issued: usize,
    /// When the limit last shrank.
    shrunk: Option<Instant>,
}

/// The right to one attempt.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Arc<Slots>,
    permit: Option<OwnedSemaphorePermit>,
    since: Instant,
}

impl Slots {
    pub(super) fn new(limits: &Limits) -> Self {
        let (min, max) = (limits.min_slots.max(1), limits.max_slots.max(limits.min_slots).max(1));
        Self {
            semaphore: Arc::new(Semaphore::new(max)),
            state: Mutex::new(State { limit: max as f64, issued: max, shrunk: None }),
            waiting: AtomicUsize::new(0),
            min,
            max,
        }
    }

    pub(super) async fn take(slots: &Arc<Slots>) -> Slot {
        slots.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&slots.waiting);
        // The semaphore is never closed, so there always is a permit in the end.
        let permit = slots.semaphore.clone().acquire_owned().await.ok();
        Slot { slots: slots.clone(), permit, since: Instant::now() }
    }

    /// How many there should be.
    pub(super) fn limit(&self) -> usize {
        self.state().limit as usize
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.state().issued.saturating_sub(self.semaphore.available_permits())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Grows the limit, when it holds others up.
    pub(super) fn succeeded(&self) {
        if self.slots.waiting.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut state = self.slots.state();
        state.limit = (state.limit + 1.0 / state.limit).min(self.slots.max as f64);
        let missing = (state.limit as usize).saturating_sub(state.issued);
        state.issued += missing;
        self.slots.semaphore.add_permits(missing);
    }

    /// Halves the limit, once for all attempts that ran into the same overload.
    pub(super) fn overloaded(&self) {
        let mut state = self.slots.state();
        if state.shrunk.is_some_and(|shrunk| self.since < shrunk) {
            return;
        }
        state.shrunk = Some(Instant::now());
        state.limit = (state.limit / 2.0).max(self.slots.min as f64);
        let surplus = state.issued.saturating_sub(state.limit as usize);
        state.issued -= self.slots.semaphore.forget_permits(surplus);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.slots.state();
        if state.issued > state.limit as usize
            && let Some(permit) = self.permit.take()
        {
            permit.forget();
            state.issued -= 1;
        }
    }
}

/// One who waits for a slot, also when they stop waiting.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
