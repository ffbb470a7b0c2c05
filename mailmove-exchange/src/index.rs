//! What a destination folder holds, as far as it takes to recognise things: kept up to date by what changed since the
//! last look, so that looking costs what changed and not what is there.
//!
//! A folder may hold a hundred thousand items, so of each no more is kept than its id and three numbers.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use mailmove_core::{Digest, Evidence, Fingerprint, FolderId, ItemId, Match, Revision};

/// How many folders are kept in mind at most.
const FOLDERS: usize = 3;

/// The folders that were looked into last, each behind a lock of the connector's choice.
#[derive(Debug, Default)]
pub struct Indexes<L>(Mutex<Vec<(FolderId, Arc<L>)>>);

/// One folder.
#[derive(Debug, Default)]
pub struct Index {
    cursor: Option<String>,
    /// In the order in which they were written; what is gone leaves a hole.
    entries: Vec<Option<Entry>>,
    places: HashMap<Arc<str>, usize>,
}

/// What is known of an item; mark, identifier and revision by the numbers that stand for them ([`hash`]).
#[derive(Debug)]
pub struct Entry {
    /// The item's id.
    pub id: Arc<str>,
    /// The mark that whoever wrote it left on it.
    pub mark: Option<u128>,
    /// What identifies it wherever it is.
    pub uid: Option<u128>,
    /// The revision of its content.
    pub revision: u128,
    /// Whether it was written to its end.
    pub complete: bool,
}

impl<L: Default> Indexes<L> {
    /// What is known of a folder; nothing, when others were looked into since.
    pub fn of(&self, folder: &FolderId) -> Arc<L> {
        let mut indexes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = indexes.iter().position(|(known, _)| known == folder);
        let entry = match known {
            Some(at) => indexes.remove(at),
            None => (folder.clone(), Arc::default()),
        };
        let index = entry.1.clone();
        indexes.push(entry);
        if indexes.len() > FOLDERS {
            indexes.remove(0);
        }
        index
    }
}

impl Index {
    /// From where the next look goes on; from the beginning, when nothing is said.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// The next look goes on from here.
    pub fn go_on_from(&mut self, cursor: String) {
        self.cursor = Some(cursor);
    }

    /// Puts in an item, in its place when it is known.
    pub fn put(&mut self, entry: Entry) {
        match self.places.get(&entry.id) {
            Some(at) => self.entries[*at] = Some(entry),
            None => {
                self.places.insert(entry.id.clone(), self.entries.len());
                self.entries.push(Some(entry));
            }
        }
    }

    /// Takes an item out, if it is there.
    pub fn remove(&mut self, id: &str) {
        if let Some(at) = self.places.remove(id) {
            self.entries[at] = None;
        }
    }

    /// Forgets everything but these.
    pub fn retain<'a>(&mut self, ids: impl Iterator<Item = &'a str>) {
        let ids: HashSet<&str> = ids.collect();
        let gone: Vec<Arc<str>> = self.places.keys().filter(|id| !ids.contains(&***id)).cloned().collect();
        gone.iter().for_each(|id| self.remove(id));
    }

    /// Whether an item is known with this revision.
    pub fn knows(&self, id: &str, revision: u128) -> bool {
        let entry = self.places.get(id).and_then(|at| self.entries[*at].as_ref());
        entry.is_some_and(|entry| entry.revision == revision)
    }

    /// Everything that answers to each of these, in the order in which it was written.
    pub fn like(&self, wanted: &[&Fingerprint]) -> Vec<Vec<Match>> {
        let mut marks: HashMap<u128, Vec<usize>> = HashMap::new();
        let mut uids: HashMap<u128, Vec<usize>> = HashMap::new();
        for (at, print) in wanted.iter().enumerate() {
            if let Some(mark) = &print.mark {
                marks.entry(hash(mark.as_str())).or_default().push(at);
            }
            if let Some(uid) = &print.uid {
                uids.entry(hash(uid)).or_default().push(at);
            }
        }
        let mut found = vec![Vec::new(); wanted.len()];
        for entry in self.entries.iter().flatten() {
            let by_mark = entry.mark.and_then(|mark| marks.get(&mark));
            let by_uid = entry.uid.and_then(|uid| uids.get(&uid));
            let answers = [(by_mark, Evidence::Mark), (by_uid, Evidence::Uid)];
            let mut named: Vec<usize> = Vec::new();
            for (at, by) in answers.into_iter().flat_map(|(at, by)| at.into_iter().flatten().map(move |at| (*at, by))) {
                if !named.contains(&at) {
                    named.push(at);
                    found[at].push(entry.answer(by));
                }
            }
        }
        found
    }
}

impl Entry {
    fn answer(&self, by: Evidence) -> Match {
        let mut found = Match::new(ItemId::new(self.id.clone()), by);
        found.revision = Some(revision(self.revision));
        found.complete = self.complete;
        found
    }
}

/// Stands for a text: 128 bits of its digest.
pub fn hash(text: &str) -> u128 {
    let mut bits = [0; 16];
    bits.copy_from_slice(&Digest::of(text.as_bytes()).as_bytes()[..16]);
    u128::from_be_bytes(bits)
}

/// The revision that a number stands for.
pub fn revision(number: u128) -> Revision {
    Revision::new(format!("{number:032x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, uid: &str) -> Entry {
        Entry { id: id.into(), mark: None, uid: Some(hash(uid)), revision: 7, complete: true }
    }

    fn like(index: &Index, uid: &str) -> Vec<String> {
        let mut print = Fingerprint::new(Digest::of(b""), 0);
        print.uid = Some(uid.to_owned());
        index.like(&[&print]).remove(0).into_iter().map(|found| found.id.as_str().to_owned()).collect()
    }

    #[test]
    fn twins_are_told_in_the_order_in_which_they_were_written_and_in_their_places() {
        let mut index = Index::default();
        for id in ["a", "b", "c"] {
            index.put(entry(id, "same"));
        }
        index.remove("b");
        index.put(entry("a", "same"));
        assert_eq!(like(&index, "same"), ["a", "c"]);
        assert!(like(&index, "other").is_empty());
        assert!(index.knows("a", 7) && !index.knows("a", 8) && !index.knows("b", 7));
        index.retain(["c"].into_iter());
        assert_eq!(like(&index, "same"), ["c"]);
    }

    #[test]
    fn the_folders_looked_into_last_are_kept() {
        let indexes = Indexes::<Mutex<Index>>::default();
        let folder = |number: usize| FolderId::new(format!("f{number}"));
        let first = indexes.of(&folder(0));
        for number in 1..FOLDERS {
            indexes.of(&folder(number));
        }
        assert!(Arc::ptr_eq(&first, &indexes.of(&folder(0))));
        for number in 1..=FOLDERS {
            indexes.of(&folder(number));
        }
        assert!(!Arc::ptr_eq(&first, &indexes.of(&folder(0))));
    }
}
