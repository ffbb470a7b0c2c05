//! When something goes wrong, and what.

use std::fmt;
use std::sync::Arc;

type Condition<E> = dyn Fn(&E) -> bool + Send + Sync;

/// A rule: what has to be asked, how often, and what happens then. `E` is what the server logs of it, `A` is what can
/// happen. Every simulator adds what can be told of its protocol: the name of an operation, a mailbox.
pub struct Rule<E, A> {
    /// Each with words for it.
    conditions: Vec<(String, Arc<Condition<E>>)>,
    nth: Option<u64>,
    every: Option<u64>,
    times: Option<u64>,
    chance: Option<(f64, u64)>,
    actions: Vec<A>,
}

impl<E, A: Clone> Clone for Rule<E, A> {
    fn clone(&self) -> Self {
        let (conditions, actions) = (self.conditions.clone(), self.actions.clone());
        Self { conditions, actions, ..*self }
    }
}

impl<E, A: fmt::Debug> fmt::Debug for Rule<E, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("conditions", &self.conditions.iter().map(|(words, _)| words).collect::<Vec<_>>())
            .field("nth", &self.nth)
            .field("every", &self.every)
            .field("times", &self.times)
            .field("chance", &self.chance)
            .field("actions", &self.actions)
            .finish()
    }
}

impl<E, A> Rule<E, A> {
    /// For everything.
    pub fn any() -> Self {
        Self { conditions: Vec::new(), nth: None, every: None, times: None, chance: None, actions: Vec::new() }
    }

    /// Only when this is true. Said again, all of it has to be true.
    #[must_use]
    pub fn when(self, condition: impl Fn(&E) -> bool + Send + Sync + 'static) -> Self {
        self.only("when …", condition)
    }

    /// Only the nth of those that match so far, counted from 1.
    #[must_use]
    pub fn nth(mut self, n: u64) -> Self {
        self.nth = Some(n);
        self
    }

    /// Only every nth of those that match so far.
    #[must_use]
    pub fn every(mut self, n: u64) -> Self {
        self.every = Some(n.max(1));
        self
    }

    /// At most so many times.
    #[must_use]
    pub fn times(mut self, n: u64) -> Self {
        self.times = Some(n);
        self
    }

    /// With this probability, 0 to 1. The same seed chooses the same ones in every run.
    #[must_use]
    pub fn chance(mut self, probability: f64, seed: u64) -> Self {
        self.chance = Some((probability, seed));
        self
    }

    /// What happens. May be called again: all of it happens, in this order where order matters.
    #[must_use]
    pub fn then(mut self, action: impl Into<A>) -> Self {
        self.actions.push(action.into());
        self
    }

    /// Only when this is true, in words for those who look at the rule.
    pub(crate) fn only(
        mut self,
        words: impl Into<String>,
        condition: impl Fn(&E) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.conditions.push((words.into(), Arc::new(condition)));
        self
    }

    fn concerns(&self, asked: &E) -> bool {
        self.conditions.iter().all(|(_, condition)| condition(asked))
    }
}

/// A rule with its counts.
pub(super) struct Armed<E, A> {
    rule: Rule<E, A>,
    matched: u64,
    strikes: u64,
    random: u64,
}

impl<E, A: Clone> Armed<E, A> {
    pub(super) fn new(rule: Rule<E, A>) -> Self {
        let random = rule.chance.map_or(0, |(_, seed)| seed);
        Self { rule, matched: 0, strikes: 0, random }
    }

    pub(super) fn rule(&self) -> &Rule<E, A> {
        &self.rule
    }

    pub(super) fn strikes(&self) -> u64 {
        self.strikes
    }

    /// What happens, if this is one of those that are meant.
    pub(super) fn strike(&mut self, asked: &E) -> Option<Vec<A>> {
        if !self.rule.concerns(asked) {
            return None;
        }
        self.matched += 1;
        let chosen = self.rule.nth.is_none_or(|n| self.matched == n)
            && self.rule.every.is_none_or(|n| self.matched.is_multiple_of(n))
            && self.rule.times.is_none_or(|n| self.strikes < n)
            && self.rule.chance.is_none_or(|(probability, _)| self.draw() < probability);
        chosen.then(|| {
            self.strikes += 1;
            self.rule.actions.clone()
        })
    }

    /// A number from 0 up to 1 (SplitMix64).
    fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let bits = (z ^ (z >> 31)) >> 11;
        bits as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Plain = Rule<char, ()>;

    fn struck(rule: Plain, asked: &str) -> Vec<bool> {
        let mut armed = Armed::new(rule.then(()));
        asked.chars().map(|one| armed.strike(&one).is_some()).collect()
    }

    #[test]
    fn counting_starts_at_one_and_counts_matches_only() {
        let a = || Plain::any().when(|one| *one == 'a');
        assert_eq!(struck(a().nth(2), "abaa"), [false, false, true, false]);
        assert_eq!(struck(Plain::any().every(2), "abcd"), [false, true, false, true]);
        assert_eq!(struck(Plain::any().times(1), "ab"), [true, false]);
    }

    #[test]
    fn all_conditions_have_to_be_true() {
        let rule = Plain::any().when(|one| *one > 'a').when(|one| *one < 'c');
        assert_eq!(struck(rule, "abc"), [false, true, false]);
    }

    #[test]
    fn the_same_seed_strikes_the_same_ones() {
        let asked = "a".repeat(1000);
        let first = struck(Plain::any().chance(0.3, 7), &asked);
        assert_eq!(first, struck(Plain::any().chance(0.3, 7), &asked));
        assert_ne!(first, struck(Plain::any().chance(0.3, 8), &asked));
        let share = first.iter().filter(|struck| **struck).count();
        assert!((200..400).contains(&share), "{share}");
    }
}
