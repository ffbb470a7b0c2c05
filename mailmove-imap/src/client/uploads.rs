//! Where messages were put that may have to stand in other places as well.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mailmove_core::{Digest, FolderId, Item};
use tokio::sync::Notify;

/// For how many messages it is remembered where they were put.
const REMEMBERED: usize = 20_000;

/// Under which label messages were put in, so that the next label is only added.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    known: Mutex<Known>,
    /// Rings when somebody's uploads are over.
    over: Notify,
}

#[derive(Debug, Default)]
struct Known {
    uploads: HashMap<Key, Upload>,
    /// Those that are there, the oldest first.
    order: VecDeque<Key>,
}

#[derive(Debug)]
enum Upload {
    UnderWay,
    There(Place),
}

/// The same bytes from the same source.
type Key = (Digest, u64);

#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) folder: FolderId,
    pub(super) validity: Option<u32>,
    pub(super) uid: u32,
}

/// Messages that somebody puts in. Whoever else has them waits until this is dropped.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    uploads: &'a Uploads,
    mine: HashSet<Key>,
}

impl Uploads {
    /// Claims those of these messages that nobody has yet, and waits for those that somebody is putting in. All are claimed
    /// at once and none later, so that nobody waits for who waits for them.
    pub(super) async fn claim(&self, items: &[&Item]) -> Claim<'_> {
        let mut mine = HashSet::new();
        {
            let mut known = self.known();
            for item in items {
                if let Entry::Vacant(place) = known.uploads.entry(key(item)) {
                    place.insert(Upload::UnderWay);
                    mine.insert(key(item));
                }
            }
        }
        let claim = Claim { uploads: self, mine };
        loop {
            let over = self.over.notified();
            tokio::pin!(over);
            over.as_mut().enable();
            let others = |item: &&Item| {
                let under_way = matches!(self.known().uploads.get(&key(item)), Some(Upload::UnderWay));
                under_way && !claim.mine.contains(&key(item))
            };
            if !items.iter().any(others) {
                return claim;
            }
            over.await;
        }
    }

    pub(super) fn find(&self, item: &Item) -> Option<Place> {
        match self.known().uploads.get(&key(item)) {
            Some(Upload::There(place)) => Some(place.clone()),
            Some(Upload::UnderWay) | None => None,
        }
    }

    pub(super) fn remember(&self, item: &Item, place: Place) {
        let mut known = self.known();
        if !matches!(known.uploads.insert(key(item), Upload::There(place)), Some(Upload::There(_))) {
            known.order.push_back(key(item));
        }
        if known.order.len() > REMEMBERED
            && let Some(oldest) = known.order.pop_front()
        {
            known.uploads.remove(&oldest);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut known = self.uploads.known();
        for key in &self.mine {
            if let Some(Upload::UnderWay) = known.uploads.get(key) {
                known.uploads.remove(key);
            }
        }
        drop(known);
        self.uploads.over.notify_waiters();
    }
}

fn key(item: &Item) -> Key {
    (*item.body.digest(), item.body.len())
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;
    use mailmove_core::{Body, Format, Kind};

    use super::*;

    fn item(text: &'static str) -> Item {
        Item::new("1", Kind::Mail, Format::RFC5322, Body::unpooled(text))
    }

    fn place() -> Place {
        Place { folder: "a".into(), validity: None, uid: 7 }
    }

    #[tokio::test]
    async fn who_has_the_same_message_waits_and_finds_it_there() {
        let (uploads, one, two, three) = (Uploads::default(), item("one"), item("two"), item("three"));
        let first = uploads.claim(&[&one, &two]).await;
        let same = [&two, &three];
        let mut second = pin!(uploads.claim(&same));
        assert!(poll!(second.as_mut()).is_pending());
        uploads.remember(&two, place());
        drop(first);
        drop(second.await);
        assert_eq!(uploads.find(&two).map(|place| place.uid), Some(7));
        assert!(uploads.find(&one).is_none(), "what was not put in is nowhere");
        assert!(poll!(pin!(uploads.claim(&[&one, &three]))).is_ready(), "and nobody waits for it any more");
    }

    #[tokio::test]
    async fn twins_in_one_claim_do_not_wait_for_each_other() {
        let (uploads, one) = (Uploads::default(), item("one"));
        let _claim = uploads.claim(&[&one, &one]).await;
        uploads.remember(&one, place());
        assert!(uploads.find(&one).is_some());
    }
}
