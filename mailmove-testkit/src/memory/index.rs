use std::collections::BTreeSet;

use mailmove_core::{Digest, Fingerprint, Mark};

use super::item::Stored;

/// Finds items of one folder by what they look like, in the order in which they were written.
#[derive(Debug, Default)]
pub(super) struct Index {
    marks: BTreeSet<(Mark, u64)>,
    digests: BTreeSet<(Digest, u64)>,
    uids: BTreeSet<(String, u64)>,
    keys: BTreeSet<(Digest, u64)>,
}

impl Index {
    pub(super) fn insert(&mut self, item: &Stored) {
        let print = item.fingerprint();
        self.marks.extend(item.mark.iter().map(|mark| (mark.clone(), item.uid)));
        self.digests.extend(print.digest.map(|digest| (digest, item.uid)));
        self.uids.extend(print.uid.iter().map(|uid| (uid.clone(), item.uid)));
        self.keys.extend(print.key.map(|key| (key, item.uid)));
    }

    pub(super) fn remove(&mut self, item: &Stored) {
        let print = item.fingerprint();
        item.mark.iter().for_each(|mark| _ = self.marks.remove(&(mark.clone(), item.uid)));
        print.digest.iter().for_each(|digest| _ = self.digests.remove(&(*digest, item.uid)));
        print.uid.iter().for_each(|uid| _ = self.uids.remove(&(uid.clone(), item.uid)));
        print.key.iter().for_each(|key| _ = self.keys.remove(&(*key, item.uid)));
    }

    /// The numbers, from this one on, of every item that shares any evidence with the fingerprint.
    pub(super) fn like(&self, print: &Fingerprint, from: u64) -> BTreeSet<u64> {
        let mut found = BTreeSet::new();
        collect(&self.marks, print.mark.as_ref(), from, &mut found);
        collect(&self.digests, print.digest.as_ref(), from, &mut found);
        collect(&self.uids, print.uid.as_ref(), from, &mut found);
        collect(&self.keys, print.key.as_ref(), from, &mut found);
        found
    }
}

fn collect<T: Ord + Clone>(set: &BTreeSet<(T, u64)>, wanted: Option<&T>, from: u64, found: &mut BTreeSet<u64>) {
    if let Some(wanted) = wanted {
        found.extend(set.range((wanted.clone(), from)..=(wanted.clone(), u64::MAX)).map(|(_, uid)| *uid));
    }
}
