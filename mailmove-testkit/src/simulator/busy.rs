//! What is under way.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use super::lock;

/// How many requests are worked on at the same time, by whose they are.
#[derive(Debug)]
pub(crate) struct Busy<K: Eq + Hash = String>(Mutex<HashMap<K, Count>>);

#[derive(Debug, Default)]
struct Count {
    now: usize,
    peak: usize,
}

/// A place among those that are worked on; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place<K: Eq + Hash = String> {
    busy: Arc<Busy<K>>,
    whose: K,
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        if let Some(count) = lock(&self.busy.0).get_mut(&self.whose) {
            count.now -= 1;
        }
    }
}

impl<K: Eq + Hash> Default for Busy<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash + Clone> Busy<K> {
    /// A place among at most so many; none when all are taken.
    pub(crate) fn enter(self: &Arc<Self>, whose: K, most: usize) -> Option<Place<K>> {
        let mut counts = lock(&self.0);
        let count = counts.entry(whose.clone()).or_default();
        if count.now >= most {
            return None;
        }
        count.now += 1;
        count.peak = count.peak.max(count.now);
        Some(Place { busy: self.clone(), whose })
    }

    /// The most that ever were at the same time.
    #[cfg(feature = "zimbra")]
    pub(crate) fn peak(&self, whose: &K) -> usize {
        lock(&self.0).get(whose).map_or(0, |count| count.peak)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_few_and_come_back() {
        let busy = Arc::new(Busy::default());
        let (one, two) = (busy.enter("ann", 2), busy.enter("ann", 2));
        assert!(one.is_some() && two.is_some() && busy.enter("ann", 2).is_none());
        assert!(busy.enter("bob", 2).is_some());
        drop(one);
        assert!(busy.enter("ann", 2).is_some());
    }
}
