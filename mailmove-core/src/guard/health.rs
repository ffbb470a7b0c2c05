use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::pace::Pace;
use super::slots::Slots;
use crate::ErrorKind;

/// How things go at a guard, calls of its children included.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Health {
    /// Calls begun.
    pub calls: u64,
    /// Attempts that were made again.
    pub repeats: u64,
    /// Attempts that the server refused to slow us down.
    pub throttled: u64,
    /// Attempts that got no answer: broken connections and silence.
    pub unanswered: u64,
    /// Attempts that the server could not serve.
    pub unavailable: u64,
    /// How many attempts may be in flight now.
    pub slots: usize,
    /// How many are.
    pub taken: usize,
    /// How long everyone still waits.
    pub paused: Option<Duration>,
    /// How long answers take. `None` before the first.
    pub latency: Option<Latency>,
}

/// How long successful attempts take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Latency {
    /// Over the long run.
    pub usual: Duration,
    /// Lately. Several times the usual: the server is overloaded.
    pub recent: Duration,
}

impl Latency {
    /// A pair of measurements.
    pub fn new(usual: Duration, recent: Duration) -> Self {
        Self { usual, recent }
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    calls: AtomicU64,
    repeats: AtomicU64,
    throttled: AtomicU64,
    unanswered: AtomicU64,
    unavailable: AtomicU64,
    latency: Mutex<Option<Latency>>,
}

impl Counters {
    pub(super) fn called(&self) {
        add(&self.calls);
    }

    pub(super) fn repeated(&self) {
        add(&self.repeats);
    }

    pub(super) fn failed(&self, kind: ErrorKind) {
        match kind {
            ErrorKind::Throttled => add(&self.throttled),
            ErrorKind::Network | ErrorKind::Timeout => add(&self.unanswered),
            ErrorKind::Unavailable => add(&self.unavailable),
            _ => {}
        }
    }

    pub(super) fn answered(&self, took: Duration) {
        let mut latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
        let known = latency.get_or_insert(Latency::new(took, took));
        known.usual = moved(known.usual, took, 64);
        known.recent = moved(known.recent, took, 8);
    }

    pub(super) fn snapshot(&self, slots: &Slots, pace: &Pace) -> Health {
        Health {
            calls: self.calls.load(Ordering::Relaxed),
            repeats: self.repeats.load(Ordering::Relaxed),
            throttled: self.throttled.load(Ordering::Relaxed),
            unanswered: self.unanswered.load(Ordering::Relaxed),
            unavailable: self.unavailable.load(Ordering::Relaxed),
            slots: slots.limit(),
            taken: slots.taken(),
            paused: pace.remaining(),
            latency: *self.latency.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// The average, moved one part in `parts` towards the newest value.
fn moved(average: Duration, newest: Duration, parts: u32) -> Duration {
    average - average / parts + newest / parts
}
