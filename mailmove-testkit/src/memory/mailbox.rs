use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mailmove_core::{FolderId, Side};

use super::state::State;
use super::{Counts, MemoryEndpoint, Options, Snapshot};
use crate::faulty::Schedule;

/// A mailbox in memory, and the hand with which a test reaches into it. Clones are the same mailbox.
///
/// What a test does as the user (the methods below [`inbox`](Self::inbox)) takes effect at once, between the calls of
/// any endpoint. These methods panic when they are asked for what cannot be, such as a folder that is not there: the
/// mistake is the test's.
///
/// As a [`Connector`](mailmove_core::Connector) it opens this one mailbox, whatever the address.
#[derive(Clone)]
pub struct MemoryMailbox {
    state: Arc<Mutex<State>>,
    pub(super) steps: Option<Schedule>,
}

impl MemoryMailbox {
    /// A mailbox that can do everything, with an empty inbox.
    pub fn new() -> Self {
        Self::with_options(Options::new())
    }

    /// A mailbox with these abilities, with an empty inbox.
    pub fn with_options(options: Options) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(options))), steps: None }
    }

    /// The same mailbox; between the two steps of each create, its endpoints pass a point of this schedule named
    /// `create`. See [`Options::two_steps`].
    pub fn with_steps(mut self, schedule: &Schedule) -> Self {
        self.steps = Some(schedule.clone());
        self
    }

    /// Opens it for reading.
    pub fn source(&self) -> Arc<MemoryEndpoint> {
        self.open(Side::Source)
    }

    /// Opens it for writing.
    pub fn destination(&self) -> Arc<MemoryEndpoint> {
        self.open(Side::Destination)
    }

    /// The calls so far.
    pub fn counts(&self) -> Counts {
        self.state().counts
    }

    /// Begins to count again.
    pub fn reset_counts(&self) {
        self.state().counts = Counts::default();
    }

    /// Everything that is there now, for comparison.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.state())
    }

    /// How many creates of two steps stand between them.
    pub fn unfinished(&self) -> usize {
        self.state().items.values().filter(|item| !item.complete).count()
    }

    /// What the mailbox can do.
    pub fn options(&self) -> Options {
        self.state().options.clone()
    }

    /// Changes what the mailbox can do. Endpoints that are open keep the [`Capabilities`](mailmove_core::Capabilities)
    /// that they told, but the new limits hold at once: a quota may be raised between two runs.
    pub fn change_options(&self, change: impl FnOnce(&mut Options)) {
        change(&mut self.state().options);
    }

    /// The inbox.
    pub fn inbox(&self) -> FolderId {
        self.folder(&["INBOX"])
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn open(&self, side: Side) -> Arc<MemoryEndpoint> {
        self.state().counts.opened += 1;
        Arc::new(MemoryEndpoint::new(self.clone(), side))
    }
}

impl Default for MemoryMailbox {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("MemoryMailbox")
            .field("folders", &state.folders.len())
            .field("items", &state.items.len())
            .finish_non_exhaustive()
    }
}
