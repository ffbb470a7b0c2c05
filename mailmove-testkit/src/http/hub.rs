//! What a site and its service share.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;

use super::clock::Clock;
use super::fault::Faults;
use super::lock;
use super::log::Log;

/// The log, the fault rules, the clock, and the tasks of one server.
pub(crate) struct Hub {
    pub(crate) log: Arc<Log>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) clock: Clock,
    /// How long a request waits before it is looked at.
    pub(crate) round_trip: Duration,
    pub(super) connections: Mutex<JoinSet<()>>,
    late: Mutex<JoinSet<()>>,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl Hub {
    pub(crate) fn new(clock: Clock, round_trip: Duration) -> Self {
        let (log, faults) = Default::default();
        Self { log, faults, clock, round_trip, connections: Mutex::default(), late: Mutex::default() }
    }

    /// Runs something that outlives its connection, not the server.
    pub(super) fn spawn_late(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut late = lock(&self.late);
        while late.try_join_next().is_some() {}
        late.spawn(task);
    }

    /// Ends all connections at once, in the middle of whatever they do.
    pub(crate) fn disconnect_all(&self) {
        lock(&self.connections).abort_all();
    }

    /// Ends everything.
    pub(super) fn end(&self) {
        self.disconnect_all();
        lock(&self.late).abort_all();
    }
}
