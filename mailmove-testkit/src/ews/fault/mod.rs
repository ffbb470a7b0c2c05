//! Misbehaviour on purpose: rules that say which request goes wrong, and how.

mod action;
mod mutation;
mod rule;

pub use action::Action;
pub(crate) use action::{Effect, busy};
pub use mutation::Mutation;
pub use rule::Fault;

use std::fmt;
use std::sync::Mutex;

use super::log::LoggedRequest;
use super::state::lock;
use rule::Armed;

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
