//! Misbehaviour on purpose: rules that say which request goes wrong, and how.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use super::lock;
use super::log::LoggedRequest;
use super::rule::{Armed, Fault};

/// What happens to a request that a [`Fault`] matches.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Action {
    /// Not executed; this HTTP status.
    Status {
        /// 429, 503, 413, 403 …
        code: u16,
        /// The Retry-After header.
        retry_after: Option<Duration>,
        /// What is told: an error code of the protocol, or the text of a body that begins with `<` or `{`.
        body: String,
    },
    /// The connection ends; the request is not executed.
    CutBefore,
    /// The request is executed, then the connection ends without a word.
    LoseAnswer,
    /// The connection ends after so many octets of the answer's body. The request is executed.
    CutOutput {
        /// Octets that still arrive.
        after: usize,
    },
    /// The answer's body ends after so many octets as if it were whole. The request is executed.
    Truncate {
        /// Octets that are left.
        after: usize,
    },
    /// The connection ends at once, and the request is executed so much later.
    CommitLate(Duration),
    /// Nothing is executed nor answered, and the connection stays open.
    Stall,
    /// Waits so long, then goes on as if nothing had been.
    Wait(Duration),
    /// The body of the answer is sent so many octets at a time.
    Slow {
        /// Octets in one piece.
        chunk: usize,
        /// The wait before each piece.
        delay: Duration,
    },
    /// In the answer's text, every occurrence of the first is replaced by the second.
    Replace(String, String),
}

/// Names a rule that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FaultId(u64);

/// The rules of one server. They can be added and removed while it runs; every request is held against all of them, in
/// the order in which they were added, and what the matching ones say is done together.
#[derive(Default)]
pub struct Faults {
    rules: Mutex<Vec<(FaultId, Armed)>>,
    next: Mutex<u64>,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(lock(&self.rules).iter().map(|(id, armed)| (id, armed.fault()))).finish()
    }
}

impl Faults {
    /// Adds a rule; its counting starts now.
    pub fn add(&self, fault: Fault) -> FaultId {
        let mut next = lock(&self.next);
        *next += 1;
        let id = FaultId(*next);
        lock(&self.rules).push((id, Armed::new(fault)));
        id
    }

    /// Takes a rule back; false when it was not there.
    pub fn remove(&self, id: FaultId) -> bool {
        let mut rules = lock(&self.rules);
        let before = rules.len();
        rules.retain(|(other, _)| *other != id);
        rules.len() < before
    }

    /// Takes all rules back: the server is well again.
    pub fn clear(&self) {
        lock(&self.rules).clear();
    }

    /// How often a rule has struck; 0 when it is not there.
    pub fn strikes(&self, id: FaultId) -> u64 {
        lock(&self.rules).iter().find(|(other, _)| *other == id).map_or(0, |(_, armed)| armed.strikes())
    }

    /// What happens to this request.
    pub(crate) fn decide(&self, request: &LoggedRequest) -> Vec<Action> {
        let mut rules = lock(&self.rules);
        rules.iter_mut().filter_map(|(_, armed)| armed.strike(request)).flatten().collect()
    }
}
