//! Whether the connections of a server are deflated (COMPRESS, RFC 4978), and what is measured to find out.
//!
//! `session` asks when it opens a connection, `pool` says what is under way and replaces connections that are not as they
//! should be; the decision is made [on its own](trial).

mod meter;
#[cfg(test)]
mod tests;
mod trial;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::config::Compress;
use crate::engine::{ReadHalf, WriteHalf};
use meter::Metered;
pub(crate) use trial::Bounds;
use trial::{Sample, Trial};

/// Calls below this many bytes say more about the way's length than about its width, and are not measured.
pub(crate) const LITTLE: u64 = 128 << 10;

/// So many deflated connections that end by themselves are enough, once compression was found to pay: one may end for any
/// reason.
const LOSSES: usize = 3;

/// What all connections to one server have in common.
#[derive(Debug)]
pub(crate) struct Thrift {
    policy: Compress,
    /// Whether connections are to be deflated from now on.
    deflates: AtomicBool,
    /// Nothing is measured any more.
    over: AtomicBool,
    /// How many deflated connections ended by themselves since.
    losses: AtomicUsize,
    payload: Arc<AtomicU64>,
    wire: Arc<AtomicU64>,
    trial: Mutex<Trial>,
}

impl Thrift {
    pub(crate) fn new(policy: Compress) -> Arc<Self> {
        Self::with_bounds(policy, Bounds::USUAL)
    }

    pub(crate) fn with_bounds(policy: Compress, bounds: Bounds) -> Arc<Self> {
        let nothing = Sample { at: Instant::now(), payload: 0, wire: 0 };
        Arc::new(Self {
            policy,
            deflates: (policy == Compress::Always).into(),
            over: (policy != Compress::Auto).into(),
            losses: AtomicUsize::default(),
            payload: Arc::default(),
            wire: Arc::default(),
            trial: Mutex::new(Trial::new(bounds, nothing)),
        })
    }

    /// Whether a connection that is being opened is to be deflated, when the server offers it or does not.
    pub(crate) fn wants(&self, offered: bool) -> bool {
        if !offered {
            self.give_up();
        }
        offered && self.deflates.load(Ordering::Relaxed)
    }

    /// The server does not deflate, or breaks when it does. True: the connection is to be opened again, without.
    pub(crate) fn give_up(&self) -> bool {
        if self.policy != Compress::Auto {
            return false;
        }
        if !self.is_over() || self.deflates.load(Ordering::Relaxed) {
            self.trial().give_up();
            self.deflates.store(false, Ordering::Relaxed);
            self.over.store(true, Ordering::Relaxed);
        }
        true
    }

    /// A connection ended by itself. In the trial that is what deflating did to it; later it is, when it happens again and
    /// again.
    pub(crate) fn lost(&self, deflated: bool) {
        if !deflated || self.policy != Compress::Auto {
            return;
        }
        let enough = match self.is_over() {
            true => {
                let losses = self.losses.fetch_add(1, Ordering::Relaxed) + 1;
                self.deflates.load(Ordering::Relaxed) && losses >= LOSSES
            }
            false => true,
        };
        if enough {
            tracing::debug!(target: "mailmove::imap", "no compression: a connection ended that had it");
            self.give_up();
        }
    }

    /// Whether a connection should be replaced by one that is deflated, or by one that is not.
    pub(crate) fn is_outdated(&self, deflated: bool) -> bool {
        self.policy == Compress::Auto && deflated != self.deflates.load(Ordering::Relaxed)
    }

    /// A call begins that moves about so many bytes on such a connection. It ends when what is returned is dropped.
    pub(crate) fn call(self: &Arc<Self>, deflated: bool, bytes: u64) -> Option<Busy> {
        if bytes < LITTLE || self.is_over() {
            return None;
        }
        self.note(|trial, now| trial.enter(deflated, now));
        Some(Busy { thrift: self.clone(), deflated })
    }

    /// Halves that count what goes over them above compression.
    pub(crate) fn payload(&self, read: ReadHalf, write: WriteHalf) -> (ReadHalf, WriteHalf) {
        self.counted(&self.payload, read, write)
    }

    /// Halves that count what goes over them below it.
    pub(crate) fn wire(&self, read: ReadHalf, write: WriteHalf) -> (ReadHalf, WriteHalf) {
        self.counted(&self.wire, read, write)
    }

    /// As if it had been found out.
    #[cfg(test)]
    pub(crate) fn decide(&self, deflates: bool) {
        self.deflates.store(deflates, Ordering::Relaxed);
    }

    fn counted(&self, bytes: &Arc<AtomicU64>, read: ReadHalf, write: WriteHalf) -> (ReadHalf, WriteHalf) {
        if self.is_over() {
            return (read, write);
        }
        (Box::new(Metered::new(read, bytes.clone())), Box::new(Metered::new(write, bytes.clone())))
    }

    fn note(&self, event: impl FnOnce(&mut Trial, Sample)) {
        if self.is_over() {
            return;
        }
        let mut trial = self.trial();
        let read = |bytes: &AtomicU64| bytes.load(Ordering::Relaxed);
        let now = Sample { at: Instant::now(), payload: read(&self.payload), wire: read(&self.wire) };
        event(&mut trial, now);
        self.deflates.store(trial.deflates(), Ordering::Relaxed);
        self.over.store(trial.is_over(), Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn trial(&self) -> MutexGuard<'_, Trial> {
        self.trial.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call under way.
#[derive(Debug)]
pub(crate) struct Busy {
    thrift: Arc<Thrift>,
    deflated: bool,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.thrift.note(|trial, now| trial.leave(self.deflated, now));
    }
}
