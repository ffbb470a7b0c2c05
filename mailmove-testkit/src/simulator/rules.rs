//! The rules of one server.

use std::fmt;
use std::sync::Mutex;

use super::lock;
use super::rule::{Armed, Rule};

/// Names a rule that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RuleId(u64);

/// The rules of one server. They can be added and removed while it runs; whatever it is asked is held against all of
/// them, in the order in which they were added, and what the matching ones say is done together.
pub struct Rules<E, A>(Mutex<List<E, A>>);

struct List<E, A> {
    rules: Vec<(RuleId, Armed<E, A>)>,
    added: u64,
}

impl<E, A> Default for Rules<E, A> {
    fn default() -> Self {
        Self(Mutex::new(List { rules: Vec::new(), added: 0 }))
    }
}

impl<E, A: Clone> From<Vec<Rule<E, A>>> for Rules<E, A> {
    fn from(rules: Vec<Rule<E, A>>) -> Self {
        let all = Self::default();
        for rule in rules {
            all.add(rule);
        }
        all
    }
}

impl<E, A: Clone + fmt::Debug> fmt::Debug for Rules<E, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(lock(&self.0).rules.iter().map(|(id, armed)| (id, armed.rule()))).finish()
    }
}

impl<E, A: Clone> Rules<E, A> {
    /// Adds a rule; its counting starts now.
    pub fn add(&self, rule: Rule<E, A>) -> RuleId {
        let mut list = lock(&self.0);
        list.added += 1;
        let id = RuleId(list.added);
        list.rules.push((id, Armed::new(rule)));
        id
    }

    /// Takes a rule back; false when it was not there.
    pub fn remove(&self, id: RuleId) -> bool {
        let mut list = lock(&self.0);
        let before = list.rules.len();
        list.rules.retain(|(other, _)| *other != id);
        list.rules.len() < before
    }

    /// Takes all rules back: the server is well again.
    pub fn clear(&self) {
        lock(&self.0).rules.clear();
    }

    /// How often a rule has struck; 0 when it is not there.
    pub fn strikes(&self, id: RuleId) -> u64 {
        lock(&self.0).rules.iter().find(|(other, _)| *other == id).map_or(0, |(_, armed)| armed.strikes())
    }

    /// What happens to what was asked.
    pub(crate) fn decide(&self, asked: &E) -> Vec<A> {
        lock(&self.0).rules.iter_mut().filter_map(|(_, armed)| armed.strike(asked)).flatten().collect()
    }
}
