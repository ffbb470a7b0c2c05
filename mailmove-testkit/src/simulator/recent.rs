//! What a server was asked.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Mutex;

use super::lock;

/// The last so many of what a server was asked, and how often each thing was asked, by its name. Counts forget nothing.
pub(crate) struct Recent<E, const KEPT: usize> {
    entries: Mutex<VecDeque<E>>,
    counts: Mutex<BTreeMap<String, u64>>,
}

impl<E, const KEPT: usize> Default for Recent<E, KEPT> {
    fn default() -> Self {
        Self { entries: Mutex::default(), counts: Mutex::default() }
    }
}

impl<E, const KEPT: usize> fmt::Debug for Recent<E, KEPT> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lock(&self.counts).fmt(f)
    }
}

impl<E, const KEPT: usize> Recent<E, KEPT> {
    /// Something was asked.
    pub(crate) fn push(&self, name: &str, entry: E) {
        *lock(&self.counts).entry(name.to_owned()).or_default() += 1;
        let mut entries = lock(&self.entries);
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// What is to be told of each, in the order in which they came.
    pub(crate) fn tell<T>(&self, tell: impl Fn(&E) -> T) -> Vec<T> {
        lock(&self.entries).iter().map(tell).collect()
    }

    /// Changes the last one of which this is true.
    #[cfg(feature = "http")]
    pub(crate) fn change(&self, which: impl Fn(&E) -> bool, change: impl FnOnce(&mut E)) {
        if let Some(entry) = lock(&self.entries).iter_mut().rev().find(|entry| which(entry)) {
            change(entry);
        }
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        lock(&self.counts).clone()
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        lock(&self.entries).clear();
        lock(&self.counts).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn the_oldest_are_only_counted() {
        let recent = Recent::<u32, 2>::default();
        for number in 1..=3 {
            recent.push("a", number);
        }
        assert_eq!(recent.tell(|number| *number), [2, 3]);
        assert_eq!(recent.counts()["a"], 3);
    }
}
