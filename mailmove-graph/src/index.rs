//! What a destination folder holds, as far as it takes to recognise things: kept up to date by what changed since the
//! last look, so that looking costs what changed and not what is there.
//!
//! A folder may hold a hundred thousand items, so of each no more is kept than its id and three numbers.

use std::collections::HashMap;
use std::sync::Arc;

use mailmove_core::{ErrorKind, Evidence, Fingerprint, ItemId, Match, Result};

use crate::client::Client;
use crate::map;
use crate::map::revision::hash;
use crate::wire::ask::Path;
use crate::wire::message::{self, Message};
use crate::wire::property::Property;

/// One folder.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// From where the next look goes on.
    link: Option<String>,
    /// In the order in which they were written; what is gone leaves a hole.
    entries: Vec<Option<Entry>>,
    places: HashMap<Arc<str>, usize>,
}

/// What is known of an item; mark, identifier and revision by the numbers that stand for them.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: Arc<str>,
    pub(crate) mark: Option<u128>,
    pub(crate) uid: Option<u128>,
    pub(crate) revision: u128,
    /// Whether it was written to its end.
    pub(crate) complete: bool,
}

impl Index {
    /// Reads what changed in a mail folder since the last time; everything, the first time.
    pub(crate) async fn refresh_mail(&mut self, client: &Client, user: &Path, folder: &str) -> Result<()> {
        let ask = message::delta(user, folder);
        let mut found: Vec<Message> = Vec::new();
        loop {
            let page = match client.page::<Message>(&ask, self.link.as_deref()).await {
                Err(error) if error.kind() == ErrorKind::CursorExpired && self.link.is_some() => {
                    *self = Self::default();
                    found.clear();
                    continue;
                }
                page => page?,
            };
            found.extend(page.value);
            match (page.next, page.delta) {
                (Some(next), _) => self.link = Some(next),
                (None, Some(delta)) => {
                    self.link = Some(delta);
                    break;
                }
                (None, None) => return Err(crate::error::cut_short(false)),
            }
        }
        // The order of a listing is not that of writing.
        found.sort_by(|one, other| one.created_date_time.cmp(&other.created_date_time));
        for message in found {
            match () {
                () if message.removed.is_some() => self.remove(&message.id),
                () if message.is_whole() => self.put(Entry::of(&message)),
                // What it is known by does not change with what a delta names alone.
                () => {}
            }
        }
        Ok(())
    }

    /// Forgets everything but these.
    pub(crate) fn retain<'a>(&mut self, ids: impl Iterator<Item = &'a str>) {
        let ids: std::collections::HashSet<&str> = ids.collect();
        let gone: Vec<Arc<str>> = self.places.keys().filter(|id| !ids.contains(&***id)).cloned().collect();
        gone.iter().for_each(|id| self.remove(id));
    }

    /// Whether an item is known with this revision.
    pub(crate) fn knows(&self, id: &str, revision: u128) -> bool {
        let entry = self.places.get(id).and_then(|at| self.entries[*at].as_ref());
        entry.is_some_and(|entry| entry.revision == revision)
    }

    /// Everything that answers to each of these, in the order in which it was written.
    pub(crate) fn like(&self, wanted: &[&Fingerprint]) -> Vec<Vec<Match>> {
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

    /// Puts in an item, in its place when it is known.
    pub(crate) fn put(&mut self, entry: Entry) {
        match self.places.get(&entry.id) {
            Some(at) => self.entries[*at] = Some(entry),
            None => {
                self.places.insert(entry.id.clone(), self.entries.len());
                self.entries.push(Some(entry));
            }
        }
    }

    fn remove(&mut self, id: &str) {
        if let Some(at) = self.places.remove(id) {
            self.entries[at] = None;
        }
    }
}

impl Entry {
    fn of(message: &Message) -> Self {
        Self {
            id: message.id.as_str().into(),
            mark: message.property(Property::Mark).map(hash),
            uid: map::item::uid(message).as_deref().map(hash),
            revision: map::revision::number_of(message),
            complete: true,
        }
    }

    fn answer(&self, by: Evidence) -> Match {
        let mut found = Match::new(ItemId::new(self.id.clone()), by);
        found.revision = Some(map::revision::from_number(self.revision));
        found.complete = self.complete;
        found
    }
}
