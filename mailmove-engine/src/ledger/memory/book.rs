//! What was recorded, and the ways in which it is looked up.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use mailmove_core::{Digest, Epoch, FeedId, FolderId, ItemId, Result};

use crate::ledger::claims::{another_destination, unknown_folder};
use crate::ledger::{Entry, FeedRow, FolderKey, FolderRow, Group, JobId, Owner, Place, Remarks, Row, RowState, Select};

/// How many rows one digest or identity answers with at most.
const ALIKE: usize = 1_000;

/// An item at a destination, or, with `None`, all those in a folder whose id was never told.
type Stand = (FolderId, Epoch, Option<ItemId>);

#[derive(Debug, Default)]
pub(super) struct Book {
    jobs: HashMap<JobId, Job>,
    folders: BTreeMap<FolderKey, (JobId, FolderRow)>,
    rows: BTreeMap<Place, Row>,
    by_digest: HashMap<Digest, BTreeSet<Place>>,
    by_identity: HashMap<String, BTreeSet<Place>>,
    by_stand: BTreeMap<Stand, BTreeSet<Place>>,
}

#[derive(Debug)]
struct Job {
    destination: String,
    run: u32,
    keys: HashMap<(FolderId, Epoch), FolderKey>,
    feeds: BTreeMap<FeedId, FeedRow>,
}

impl Book {
    /// Begins a new run of a job and tells its number.
    pub(super) fn begin(&mut self, name: &JobId, destination: &str) -> Result<u32> {
        let new = || Job { destination: destination.to_owned(), run: 0, keys: HashMap::new(), feeds: BTreeMap::new() };
        let job = self.jobs.entry(name.clone()).or_insert_with(new);
        if job.destination != destination {
            return Err(another_destination(name, &job.destination, destination));
        }
        job.run += 1;
        Ok(job.run)
    }

    pub(super) fn record(&mut self, job: &JobId, entries: Vec<Entry>) -> Result<()> {
        for entry in &entries {
            self.check(job, entry)?;
        }
        for entry in entries {
            match entry {
                Entry::Folder(row) => self.put_folder(row),
                Entry::Feed(row) => {
                    if let Some(job) = self.jobs.get_mut(job) {
                        job.feeds.insert(row.feed.clone(), row);
                    }
                }
                Entry::Row(row) => self.put(*row),
                Entry::Forget(place) => self.take(&place),
            }
        }
        Ok(())
    }

    pub(super) fn open_folders(&mut self, name: &JobId, folders: &[(FolderId, Epoch)]) -> Vec<FolderKey> {
        let Some(job) = self.jobs.get_mut(name) else { return Vec::new() };
        let open = |(id, epoch): &(FolderId, Epoch)| {
            let next = FolderKey(self.folders.len() as i64 + 1);
            let key = *job.keys.entry((id.clone(), epoch.clone())).or_insert(next);
            let new = || (name.clone(), FolderRow::new(key, id.clone(), epoch.clone(), Vec::new()));
            self.folders.entry(key).or_insert_with(new);
            key
        };
        folders.iter().map(open).collect()
    }

    pub(super) fn folders(&self, job: &JobId) -> Vec<FolderRow> {
        let mine = self.folders.values().filter(|(owner, _)| owner == job);
        mine.map(|(_, row)| {
            let mut row = row.clone();
            for item in self.within(row.key) {
                match item.state {
                    RowState::Pending | RowState::Failed => row.due += 1,
                    RowState::Intended => row.intended += 1,
                    _ => {}
                }
            }
            row
        })
        .collect()
    }

    pub(super) fn feeds(&self, job: &JobId) -> Vec<FeedRow> {
        self.jobs.get(job).map(|job| job.feeds.values().cloned().collect()).unwrap_or_default()
    }

    pub(super) fn row(&self, job: &JobId, place: &Place) -> Option<&Row> {
        self.rows.get(place).filter(|_| self.has(job, place.folder))
    }

    pub(super) fn scan(&self, job: &JobId, select: &Select, after: Option<&Place>, limit: usize) -> Vec<Row> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let wanted = |row: &&Row| {
            self.has(job, row.place.folder)
                && select.folder.is_none_or(|folder| row.place.folder == folder)
                && (select.states.is_empty() || select.states.contains(&row.state))
                && select
                    .target
                    .as_ref()
                    .is_none_or(|folder| row.target.as_ref().is_some_and(|target| target.folder == *folder))
        };
        self.rows.range((from, Bound::Unbounded)).map(|(_, row)| row).filter(wanted).take(limit).cloned().collect()
    }

    pub(super) fn alike(&self, job: &JobId, digest: &Digest) -> Vec<Row> {
        self.some_of(job, self.by_digest.get(digest))
    }

    pub(super) fn identical(&self, job: &JobId, identity: &str) -> Vec<Row> {
        self.some_of(job, self.by_identity.get(identity))
    }

    pub(super) fn owner(
        &self,
        job: &JobId,
        destination: &str,
        folder: &FolderId,
        epoch: &Epoch,
        item: &ItemId,
    ) -> Option<Owner> {
        let places = self.by_stand.get(&(folder.clone(), epoch.clone(), Some(item.clone())))?;
        let owners = self.sharing(destination, places).map(|(name, row)| {
            let job = (name != job).then(|| name.clone());
            Owner::new(job, row.place.clone(), self.is_live(row))
        });
        owners.min_by_key(|owner| (!owner.live, owner.job.is_some()))
    }

    pub(super) fn owned(&self, destination: &str, folder: &FolderId, epoch: &Epoch) -> u64 {
        let stands = self.by_stand.range((folder.clone(), epoch.clone(), None)..);
        let stands = stands.take_while(|(stand, _)| stand.0 == *folder && stand.1 == *epoch);
        stands
            .map(|(stand, places)| {
                let there = self.sharing(destination, places).filter(|(_, row)| row.state.is_there()).count() as u64;
                if stand.2.is_some() { there.min(1) } else { there }
            })
            .sum()
    }

    pub(super) fn anonymous(&self, destination: &str, folder: &FolderId, epoch: &Epoch, digest: &Digest) -> u64 {
        let Some(places) = self.by_digest.get(digest) else { return 0 };
        let stands_there = |row: &Row| {
            let there = row.target.as_ref();
            there.is_some_and(|there| there.folder == *folder && there.epoch == *epoch && there.item.is_none())
        };
        let counts = |row: &Row| stands_there(row) && row.state.is_there() && self.is_live(row);
        self.sharing(destination, places).filter(|(_, row)| counts(row)).count() as u64
    }

    pub(super) fn summary(&self, job: &JobId) -> Vec<Group> {
        let mut groups = BTreeMap::<_, (u64, u64)>::new();
        for row in self.rows.values().filter(|row| self.has(job, row.place.folder)) {
            let (items, bytes) = groups.entry((row.place.folder, row.kind, row.state, row.reason.clone())).or_default();
            *items += 1;
            *bytes += row.size;
        }
        let group =
            |((folder, kind, state, reason), (items, bytes))| Group::new(folder, kind, state, reason, items, bytes);
        groups.into_iter().map(group).collect()
    }

    pub(super) fn remarks(&self, job: &JobId) -> Remarks {
        let mut remarks = Remarks::default();
        for row in self.rows.values().filter(|row| self.has(job, row.place.folder)) {
            count_once(&mut remarks.losses, row.losses.iter().map(|loss| &*loss.code));
            count_once(&mut remarks.altered, row.altered.iter().map(|altered| &*altered.code));
        }
        remarks
    }

    fn check(&self, job: &JobId, entry: &Entry) -> Result<()> {
        let (folder, known) = match entry {
            Entry::Feed(_) => return Ok(()),
            Entry::Row(row) => (row.place.folder, self.has(job, row.place.folder)),
            Entry::Forget(place) => (place.folder, self.has(job, place.folder)),
            Entry::Folder(row) => {
                let opened = self.folders.get(&row.key).filter(|(owner, _)| owner == job);
                (row.key, opened.is_some_and(|(_, known)| known.id == row.id && known.epoch == row.epoch))
            }
        };
        if known { Ok(()) } else { Err(unknown_folder(job, folder)) }
    }

    fn has(&self, job: &JobId, folder: FolderKey) -> bool {
        self.folders.get(&folder).is_some_and(|(owner, _)| owner == job)
    }

    fn is_live(&self, row: &Row) -> bool {
        row.state != RowState::GoneAtSource
            && self.folders.get(&row.place.folder).is_some_and(|(_, folder)| folder.live)
    }

    /// These rows, as far as their job goes into this destination, with the name of the job.
    fn sharing<'a>(
        &'a self,
        destination: &'a str,
        places: &'a BTreeSet<Place>,
    ) -> impl Iterator<Item = (&'a JobId, &'a Row)> {
        places.iter().filter_map(move |place| {
            let (job, _) = self.folders.get(&place.folder)?;
            let shares = self.jobs.get(job)?.destination == destination;
            shares.then_some((job, self.rows.get(place)?))
        })
    }

    fn some_of(&self, job: &JobId, places: Option<&BTreeSet<Place>>) -> Vec<Row> {
        places.into_iter().flatten().filter_map(|place| self.row(job, place)).take(ALIKE).cloned().collect()
    }

    fn within(&self, folder: FolderKey) -> impl Iterator<Item = &Row> {
        let first = Place { folder, item: ItemId::new("") };
        self.rows.range(first..).take_while(move |(place, _)| place.folder == folder).map(|(_, row)| row)
    }

    fn put_folder(&mut self, row: FolderRow) {
        if let Some((_, known)) = self.folders.get_mut(&row.key) {
            *known = FolderRow { due: 0, intended: 0, ..row };
        }
    }

    fn put(&mut self, row: Row) {
        self.take(&row.place);
        let place = &row.place;
        if let Some(digest) = row.digest {
            self.by_digest.entry(digest).or_default().insert(place.clone());
        }
        if let Some(identity) = &row.identity {
            self.by_identity.entry(identity.clone()).or_default().insert(place.clone());
        }
        if let Some(stand) = stand_of(&row) {
            self.by_stand.entry(stand).or_default().insert(place.clone());
        }
        self.rows.insert(place.clone(), row);
    }

    fn take(&mut self, place: &Place) {
        let Some(row) = self.rows.remove(place) else { return };
        if let Some(digest) = &row.digest {
            forget(self.by_digest.get_mut(digest), place);
        }
        if let Some(identity) = &row.identity {
            forget(self.by_identity.get_mut(identity), place);
        }
        if let Some(stand) = stand_of(&row) {
            forget(self.by_stand.get_mut(&stand), place);
        }
    }
}

fn stand_of(row: &Row) -> Option<Stand> {
    row.target.as_ref().map(|target| (target.folder.clone(), target.epoch.clone(), target.item.clone()))
}

fn forget(places: Option<&mut BTreeSet<Place>>, place: &Place) {
    if let Some(places) = places {
        places.remove(place);
    }
}

/// A row that says the same twice counts once.
fn count_once<'a>(counts: &mut BTreeMap<String, u64>, codes: impl Iterator<Item = &'a str>) {
    for code in codes.collect::<BTreeSet<_>>() {
        *counts.entry(code.to_owned()).or_default() += 1;
    }
}
