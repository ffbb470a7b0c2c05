//! What a destination mailbox holds, as far as it takes to recognise things: kept up to date by what changed since the
//! last look, so that looking costs what changed and not what is there.
//!
//! A mailbox may hold hundreds of thousands of items, so of each no more is kept than some numbers; and they are asked
//! for only in folders that somebody looks into.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use mailmove_core::{Digest, ErrorKind, Evidence, Fingerprint, Item, ItemId, Match, Result, Revision};

use crate::endpoint::ZimbraMailbox;
use crate::map;
use crate::map::item::hash;
use crate::wire::item::{ItemData, Sort};
use crate::wire::sync::Sync;

/// How many changes one answer tells.
const CHANGES: u32 = 3_000;

/// A mailbox.
#[derive(Debug, Default)]
pub(crate) struct Index {
    token: Option<String>,
    folders: HashMap<Arc<str>, BTreeMap<u64, Entry>>,
    homes: HashMap<u64, Arc<str>>,
}

/// An item: what it is, and what is known of it.
#[derive(Debug, Clone)]
struct Entry {
    sort: Sort,
    facts: Option<Facts>,
}

/// What an item is known by; texts by the numbers that stand for them.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) revision: u64,
    pub(crate) size: Option<u64>,
    pub(crate) uid: Option<u128>,
    pub(crate) mark: Option<u128>,
    /// Of a message that was read once to be compared.
    pub(crate) content: Option<Content>,
}

/// What the content of a message says.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) digest: Digest,
    pub(crate) uid: Option<u128>,
    pub(crate) key: Option<Digest>,
}

impl Index {
    /// Reads what changed since the last time; what there is, the first time.
    pub(crate) async fn refresh(&mut self, mailbox: &ZimbraMailbox) -> Result<()> {
        loop {
            let first = self.token.is_none();
            let operation = Sync { token: self.token.clone(), limit: CHANGES };
            let synced = match mailbox.client.ask(&operation).await {
                Err(error) if error.kind() == ErrorKind::CursorExpired && !first => {
                    *self = Self::default();
                    continue;
                }
                synced => synced?,
            };
            self.token = Some(synced.token);
            for (id, (sort, folder)) in synced.all {
                self.put(id, sort, folder, None);
            }
            for id in synced.gone {
                self.forget(id);
            }
            for item in synced.changed {
                self.change(item);
            }
            if !synced.more {
                return Ok(());
            }
        }
    }

    /// Asks for what is not known yet of what a folder holds.
    pub(crate) async fn complete(&mut self, mailbox: &ZimbraMailbox, folder: &str) -> Result<()> {
        let Some(entries) = self.folders.get_mut(folder) else { return Ok(()) };
        let unknown = entries.iter().filter(|(_, entry)| entry.facts.is_none());
        let unknown: Vec<(u64, Sort)> = unknown.map(|(id, entry)| (*id, entry.sort)).collect();
        for (asked, item) in unknown.iter().zip(mailbox.describe(&unknown).await?) {
            match (item, entries.get_mut(&asked.0)) {
                (Some(item), Some(entry)) => entry.facts = Some(Facts::of(&item)),
                // Gone in the meantime; the next changes say so.
                _ => _ = entries.remove(&asked.0),
            }
        }
        Ok(())
    }

    /// Messages of a folder that have one of these lengths and were never read: their numbers, from `floor` on.
    pub(crate) fn unread(&self, folder: &str, floor: u64, sizes: &[u64]) -> Vec<u64> {
        let due = |(_, entry): &(&u64, &Entry)| {
            let fits = |facts: &Facts| facts.content.is_none() && facts.size.is_none_or(|size| sizes.contains(&size));
            entry.sort == Sort::Message && entry.facts.as_ref().is_some_and(fits)
        };
        self.entries(folder, floor).filter(due).map(|(id, _)| *id).collect()
    }

    /// Whether a folder holds messages at all.
    pub(crate) fn holds_messages(&self, folder: &str, floor: u64) -> bool {
        self.entries(folder, floor).any(|(_, entry)| entry.sort == Sort::Message)
    }

    /// Those of these that are messages of a folder and were never read.
    pub(crate) fn not_yet_read(&self, folder: &str, floor: u64, ids: &[u64]) -> Vec<u64> {
        let due = |id: &&u64| {
            let entry = self.folders.get(folder).and_then(|entries| entries.get(id));
            entry.and_then(|entry| entry.facts.as_ref()).is_some_and(|facts| facts.content.is_none())
        };
        ids.iter().filter(|id| **id >= floor).filter(due).copied().collect()
    }

    /// Keeps what the content of a message says.
    pub(crate) fn learn(&mut self, folder: &str, id: u64, content: Content) {
        let entry = self.folders.get_mut(folder).and_then(|entries| entries.get_mut(&id));
        if let Some(facts) = entry.and_then(|entry| entry.facts.as_mut()) {
            facts.content = Some(content);
        }
    }

    /// Everything of a folder that answers to each of these, in the order in which it was written.
    pub(crate) fn like(&self, folder: &str, floor: u64, wanted: &[&Fingerprint]) -> Vec<Vec<Match>> {
        let prints: Vec<Print> = wanted.iter().map(|print| Print::of(print)).collect();
        let mut found = vec![Vec::new(); wanted.len()];
        for (id, entry) in self.entries(folder, floor) {
            let Some(facts) = &entry.facts else { continue };
            for (at, print) in prints.iter().enumerate() {
                if let Some(by) = print.matches(facts) {
                    found[at].push(facts.answer(*id, by));
                }
            }
        }
        found
    }

    /// An item by its number, when it is in this folder.
    pub(crate) fn known(&self, folder: &str, floor: u64, id: &ItemId) -> Option<Match> {
        let number = map::item::number(id).ok().filter(|number| *number >= floor)?;
        let facts = self.folders.get(folder)?.get(&number)?.facts.as_ref()?;
        Some(facts.answer(number, Evidence::Id))
    }

    fn entries(&self, folder: &str, floor: u64) -> impl Iterator<Item = (&u64, &Entry)> {
        self.folders.get(folder).into_iter().flat_map(move |entries| entries.range(floor..))
    }

    fn change(&mut self, item: ItemData) {
        let Some(sort) = item.sort else { return };
        let known = self.homes.get(&item.id).and_then(|home| self.folders.get(home)?.get(&item.id)?.facts.clone());
        // Where only flags, tags or the folder changed, the rest is as it was.
        let facts = known.filter(|facts| item.revision == Some(facts.revision));
        let folder: Arc<str> = match self.folders.get_key_value(item.folder.as_str()) {
            Some((folder, _)) => folder.clone(),
            None => item.folder.as_str().into(),
        };
        self.put(item.id, sort, folder, facts);
    }

    fn put(&mut self, id: u64, sort: Sort, folder: Arc<str>, facts: Option<Facts>) {
        if self.homes.get(&id).is_some_and(|home| *home != folder) {
            self.forget(id);
        }
        self.homes.insert(id, folder.clone());
        self.folders.entry(folder).or_default().insert(id, Entry { sort, facts });
    }

    fn forget(&mut self, id: u64) {
        if let Some(entries) = self.homes.remove(&id).and_then(|home| self.folders.get_mut(&home)) {
            entries.remove(&id);
        }
    }
}

impl Content {
    pub(crate) fn of(item: &Item) -> Self {
        let print = &item.fingerprint;
        Self { digest: *item.body.digest(), uid: print.uid.as_deref().map(hash), key: print.key }
    }
}

impl Facts {
    fn of(item: &ItemData) -> Self {
        let uid = item.uid.as_deref().or_else(|| item.attribute(map::contact::UID));
        Self {
            revision: item.revision.unwrap_or_default(),
            size: item.size,
            uid: uid.map(hash),
            mark: item.attribute(map::contact::MARK).map(hash),
            content: None,
        }
    }

    fn answer(&self, id: u64, by: Evidence) -> Match {
        let mut found = Match::new(ItemId::new(id.to_string()), by);
        found.revision = Some(Revision::new(self.revision.to_string()));
        found
    }
}

/// What is looked for, by numbers.
struct Print {
    mark: Option<u128>,
    digest: Option<Digest>,
    uid: Option<u128>,
    key: Option<Digest>,
}

impl Print {
    fn of(print: &Fingerprint) -> Self {
        Self {
            mark: print.mark.as_ref().map(|mark| hash(mark.as_str())),
            digest: print.digest,
            uid: print.uid.as_deref().map(hash),
            key: print.key,
        }
    }

    /// The strongest that both have in common.
    fn matches(&self, facts: &Facts) -> Option<Evidence> {
        fn same<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.is_some() && one == other
        }
        let content = facts.content.as_ref();
        let uid = content.map_or(facts.uid, |content| content.uid);
        if same(self.mark.as_ref(), facts.mark.as_ref()) {
            Some(Evidence::Mark)
        } else if same(self.digest.as_ref(), content.map(|content| &content.digest)) {
            Some(Evidence::Digest)
        } else if same(self.uid.as_ref(), uid.as_ref()) {
            Some(Evidence::Uid)
        } else if same(self.key.as_ref(), content.and_then(|content| content.key.as_ref())) {
            Some(Evidence::Key)
        } else {
            None
        }
    }
}
