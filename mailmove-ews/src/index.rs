//! What a destination folder holds, as far as it takes to recognise things: kept up to date by what changed since the
//! last look, so that looking costs what changed and not what is there.
//!
//! A folder may hold a hundred thousand items, so of each no more is kept than its id and three numbers.

use std::collections::HashMap;
use std::sync::Arc;

use mailmove_core::{Error, ErrorKind, Evidence, Fingerprint, ItemId, Match, Result};

use crate::client::Client;
use crate::map;
use crate::map::revision::hash;
use crate::wire::ids::FolderRef;
use crate::wire::item::ItemData;
use crate::wire::property::Property;
use crate::wire::shape::Shape;
use crate::wire::sync_folder_items::{Changed, SyncFolderItems};

/// One folder.
#[derive(Debug, Default)]
pub(crate) struct Index {
    state: Option<String>,
    /// In the order in which they were written; what is gone leaves a hole.
    entries: Vec<Option<Entry>>,
    places: HashMap<Arc<str>, usize>,
}

/// An item; mark, identifier and revision by the numbers that stand for them.
#[derive(Debug)]
struct Entry {
    id: Arc<str>,
    mark: Option<u128>,
    uid: Option<u128>,
    revision: u128,
}

impl Index {
    /// Reads what changed since the last time; everything, the first time.
    pub(crate) async fn refresh(&mut self, client: &Client, folder: &FolderRef) -> Result<()> {
        loop {
            let state = self.state.clone();
            let first = state.is_none();
            let operation = SyncFolderItems { folder: folder.clone(), shape: Shape::LISTING, state };
            let page = match client.ask_one(&operation).await {
                Err(error) if error.kind() == ErrorKind::CursorExpired && !first => {
                    *self = Self::default();
                    continue;
                }
                page => page?,
            };
            let (Some(state), Some(last)) = (page.state, page.last) else {
                return Err(Error::new(ErrorKind::Protocol, "the server does not say how far the listing went"));
            };
            self.state = Some(state);
            for change in page.changes {
                match change {
                    Changed::Present(item) => self.put(&item),
                    Changed::Deleted(key) => {
                        if let Some(at) = self.places.remove(key.id.as_str()) {
                            self.entries[at] = None;
                        }
                    }
                    Changed::Read(..) => {}
                }
            }
            if last {
                return Ok(());
            }
        }
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

    fn put(&mut self, item: &ItemData) {
        let id: Arc<str> = item.key.id.as_str().into();
        let entry = Entry {
            id: id.clone(),
            mark: item.property(Property::Mark).map(hash),
            uid: map::item::uid(item).as_deref().map(hash),
            revision: map::revision::number_of(item),
        };
        match self.places.get(&id) {
            Some(at) => self.entries[*at] = Some(entry),
            None => {
                self.places.insert(id, self.entries.len());
                self.entries.push(Some(entry));
            }
        }
    }
}

impl Entry {
    fn answer(&self, by: Evidence) -> Match {
        let mut found = Match::new(ItemId::new(self.id.clone()), by);
        found.revision = Some(map::revision::from_number(self.revision));
        found
    }
}
