//! What a site and its service share.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::clock::Clock;
use super::fault::Action;
use super::log::{Log, LoggedRequest};
use crate::simulator::{Rule, Rules, Tasks};

/// The log, the fault rules, the clock, and the tasks of one server, whose protocol has mishaps of its own or none.
pub(crate) struct Hub<M = Infallible> {
    pub(crate) log: Arc<Log>,
    pub(crate) faults: Arc<Rules<LoggedRequest, Action<M>>>,
    pub(crate) clock: Clock,
    /// How long a request waits before it is looked at.
    pub(crate) round_trip: Duration,
    pub(crate) tasks: Arc<Tasks>,
}

impl<M> fmt::Debug for Hub<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl<M: Clone> Hub<M> {
    pub(crate) fn new(clock: Clock, round_trip: Duration, faults: Vec<Rule<LoggedRequest, Action<M>>>) -> Self {
        Self { log: Arc::default(), faults: Arc::new(faults.into()), clock, round_trip, tasks: Arc::default() }
    }
}
