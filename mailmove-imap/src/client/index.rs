//! What is in a destination folder: enough to find candidates, with the digests of those that were read.

use std::collections::HashMap;

use mailmove_core::{Digest, Fingerprint, Flags};
use time::OffsetDateTime;

use crate::wire::{Indexed, UidSet};

/// The messages of one folder from some UID on, ascending.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// UIDVALIDITY: with another one, nothing here counts.
    validity: Option<u32>,
    /// The range of UIDs that was looked at: from here, up to but not including there.
    covered: Option<(u32, u32)>,
    entries: Vec<Indexed>,
    /// What was read.
    read: HashMap<u32, Known>,
}

/// A message that was read.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) digest: Digest,
    /// Its true length in octets.
    pub(super) length: u64,
    pub(super) flags: Option<Flags>,
    pub(super) received: Option<OffsetDateTime>,
}

impl Index {
    /// Forgets everything when the folder is another one.
    pub(super) fn belongs_to(&mut self, validity: Option<u32>) {
        if self.validity != validity {
            *self = Self { validity, ..Self::default() };
        }
    }

    /// The ranges that have to be looked at so that everything from `from` on is known. The last one is open.
    pub(super) fn missing(&self, from: u32) -> Vec<(u32, u32)> {
        match self.covered {
            None => vec![(from, u32::MAX)],
            Some((first, next)) if from < first => vec![(from, first - 1), (next, u32::MAX)],
            Some((_, next)) => vec![(next, u32::MAX)],
        }
    }

    /// Adds what was found in the range from `from`; `next` is where what was not looked at begins.
    pub(super) fn extend(&mut self, from: u32, found: Vec<Indexed>, next: u32) {
        let end = found.last().map_or(next, |last| next.max(last.uid.saturating_add(1)));
        match &mut self.covered {
            Some((first, after)) if from < *first => {
                *first = from;
                *after = (*after).max(end);
                self.entries.splice(0..0, found);
            }
            Some((_, after)) => {
                let known = *after;
                *after = (*after).max(end);
                self.entries.extend(found.into_iter().filter(|entry| entry.uid >= known));
            }
            None => {
                self.covered = Some((from, end));
                self.entries = found;
            }
        }
    }

    /// For each wanted fingerprint, the UIDs from `from` on that may be it: those of its size or of its key. With
    /// `all`, sizes prove nothing, and everything without a key of its own may be anything.
    pub(super) fn candidates(&self, wanted: &[&Fingerprint], from: u32, all: bool) -> Vec<Vec<u32>> {
        let mut by_size: HashMap<u64, Vec<usize>> = HashMap::new();
        let mut by_key: HashMap<Digest, Vec<usize>> = HashMap::new();
        for (at, print) in wanted.iter().enumerate() {
            if print.digest.is_some() {
                by_size.entry(print.size).or_default().push(at);
            }
            if let Some(key) = print.key {
                by_key.entry(key).or_default().push(at);
            }
        }
        let mut candidates = vec![Vec::new(); wanted.len()];
        for entry in self.entries.iter().filter(|entry| entry.uid >= from) {
            let sized = by_size.get(&entry.size).into_iter().flatten();
            let keyed = entry.key.and_then(|key| by_key.get(&key)).into_iter().flatten();
            for at in sized.chain(keyed) {
                push(&mut candidates[*at], entry.uid);
            }
            if all {
                for (at, print) in wanted.iter().enumerate() {
                    if print.digest.is_some() && (entry.key.is_none() || print.key.is_none()) {
                        push(&mut candidates[at], entry.uid);
                    }
                }
            }
        }
        candidates
    }

    pub(super) fn entry(&self, uid: u32) -> Option<&Indexed> {
        self.entries.binary_search_by_key(&uid, |entry| entry.uid).ok().map(|at| &self.entries[at])
    }

    /// Some message that was not read yet.
    pub(super) fn any_unread(&self) -> Option<u32> {
        self.entries.iter().map(|entry| entry.uid).find(|uid| !self.read.contains_key(uid))
    }

    pub(super) fn read(&self, uid: u32) -> Option<&Known> {
        self.read.get(&uid)
    }

    pub(super) fn was_read(&mut self, uid: u32, known: Known) {
        self.read.insert(uid, known);
    }

    /// These are not there any more.
    pub(super) fn remove(&mut self, gone: &UidSet) {
        if !gone.is_empty() {
            self.entries.retain(|entry| !gone.contains(entry.uid));
            self.read.retain(|uid, _| !gone.contains(*uid));
        }
    }
}

fn push(candidates: &mut Vec<u32>, uid: u32) {
    if candidates.last() != Some(&uid) {
        candidates.push(uid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(uid: u32, size: u64, key: Option<u8>) -> Indexed {
        Indexed { uid, size, key: key.map(|key| Digest::from_bytes([key; 32])) }
    }

    fn print(size: u64, key: Option<u8>) -> Fingerprint {
        let mut print = Fingerprint::new(Digest::of(b"x"), size);
        print.key = key.map(|key| Digest::from_bytes([key; 32]));
        print
    }

    #[test]
    fn a_folder_is_looked_at_once_and_then_only_behind_what_is_known() {
        let mut index = Index::default();
        index.belongs_to(Some(7));
        assert_eq!(index.missing(10), [(10, u32::MAX)]);
        index.extend(10, vec![entry(11, 1, None)], 12);
        assert_eq!(index.missing(10), [(12, u32::MAX)]);
        assert_eq!(index.missing(1), [(1, 9), (12, u32::MAX)]);
        index.extend(1, vec![entry(3, 1, None)], 10);
        index.extend(12, vec![entry(11, 1, None), entry(12, 1, None)], 12);
        assert_eq!(index.missing(1), [(13, u32::MAX)]);
        assert_eq!(index.candidates(&[&print(1, None)], 1, false), [[3, 11, 12]]);
        index.remove(&UidSet::range(11, 11));
        assert_eq!(index.candidates(&[&print(1, None)], 4, false), [[12]]);
        index.belongs_to(Some(8));
        assert_eq!(index.missing(1), [(1, u32::MAX)]);
    }

    #[test]
    fn candidates_have_the_size_or_the_key_and_are_named_once() {
        let mut index = Index::default();
        index.extend(1, vec![entry(1, 5, Some(1)), entry(2, 6, Some(1)), entry(3, 5, Some(2)), entry(4, 9, None)], 5);
        let wanted = [print(5, Some(1)), print(5, None), print(7, None)];
        let wanted: Vec<&Fingerprint> = wanted.iter().collect();
        assert_eq!(index.candidates(&wanted, 1, false), [vec![1, 2, 3], vec![1, 3], vec![]]);
        assert_eq!(index.candidates(&wanted, 1, true), [vec![1, 2, 3, 4], vec![1, 2, 3, 4], vec![1, 2, 3, 4]]);
    }
}
