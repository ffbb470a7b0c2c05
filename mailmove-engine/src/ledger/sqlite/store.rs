//! Writing: entries into tables, inside the transaction of the moment.

use std::collections::HashMap;
use std::path::PathBuf;

use mailmove_core::{Epoch, FeedId, FolderId};
use rusqlite::{Connection, OptionalExtension};

use super::error::Fault;
use super::items::Items;
use super::names::Names;
use super::schema;
use super::tally::Tally;
use crate::ledger::claims::{another_destination, unknown_folder};
use crate::ledger::{Entry, FeedRow, FolderKey, FolderRow, JobId};

/// The open file with what is remembered of it.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) conn: Connection,
    pub(super) path: PathBuf,
    pub(super) names: Names,
    /// The job of each folder met lately.
    folders: HashMap<FolderKey, i64>,
    tally: Tally,
    /// The last run of each job claimed since the file was opened.
    begun: HashMap<i64, u32>,
    /// Whether the index of digests is there for certain.
    digests_indexed: bool,
}

/// The job that a request is about.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) key: i64,
    pub(super) destination: i64,
    pub(super) name: JobId,
}

impl Store {
    pub(super) fn new(conn: Connection, path: PathBuf) -> Self {
        Self {
            conn,
            path,
            names: Names::default(),
            folders: HashMap::new(),
            tally: Tally::default(),
            begun: HashMap::new(),
            digests_indexed: false,
        }
    }

    pub(super) fn begin(&self) -> Result<(), Fault> {
        self.conn.prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
        Ok(())
    }

    /// Durable when it returns.
    pub(super) fn commit(&mut self) -> Result<(), Fault> {
        self.tally.write(&self.conn)?;
        self.conn.prepare_cached("COMMIT")?.execute(())?;
        Ok(())
    }

    /// Back to the last commit, in the file and in memory.
    pub(super) fn roll_back(&mut self) {
        if !self.conn.is_autocommit() {
            // Where this fails the database has rolled back on its own; a transaction that is stuck fails the next begin.
            let _ = self.conn.execute_batch("ROLLBACK");
        }
        self.names = Names::default();
        self.folders.clear();
        self.tally.clear();
        self.begun.clear();
        self.digests_indexed = false;
    }

    /// Makes the index of digests where it is not there yet.
    pub(super) fn index_digests(&mut self) -> Result<(), Fault> {
        if !self.digests_indexed {
            self.conn.execute_batch(schema::DIGEST_INDEX)?;
            self.digests_indexed = true;
        }
        Ok(())
    }

    /// Finds a job, or begins it, and gives its next run a number. The number of a run is kept with the first thing that
    /// the run records: a run with nothing to do writes nothing.
    pub(super) fn claim(&mut self, name: &JobId, destination: &str) -> Result<(Job, u32), Fault> {
        let known = self
            .conn
            .prepare_cached(
                "SELECT job.key, job.run, destination.key, destination.name FROM job
                 JOIN destination ON destination.key = job.destination WHERE job.name = ?1",
            )?
            .query_row([name.as_str()], |row| {
                Ok((row.get(0)?, row.get::<_, u32>(1)?, row.get(2)?, row.get::<_, String>(3)?))
            })
            .optional()?;
        let (key, run, destination) = match known {
            Some((_, _, _, before)) if before != destination => {
                return Err(Fault::Refused(another_destination(name, &before, destination)));
            }
            Some((key, run, known, _)) => (key, run, known),
            None => {
                let into = self.destination(destination)?;
                self.conn
                    .prepare_cached("INSERT INTO job (name, destination, run) VALUES (?1, ?2, 0)")?
                    .execute((name.as_str(), into))?;
                (self.conn.last_insert_rowid(), 0, into)
            }
        };
        let last = self.begun.entry(key).or_insert(run);
        *last += 1;
        let run = *last;
        Ok((Job { key, destination, name: name.clone() }, run))
    }

    /// Keeps the number of a run.
    pub(super) fn keep_run(&self, job: &Job, run: u32) -> Result<(), Fault> {
        self.conn.prepare_cached("UPDATE job SET run = max(run, ?2) WHERE key = ?1")?.execute((job.key, run))?;
        Ok(())
    }

    /// Whether a record may be applied: every folder in it was opened by its job.
    pub(super) fn check(&mut self, job: &Job, entries: &[Entry]) -> Result<(), Fault> {
        entries.iter().try_for_each(|entry| match entry {
            Entry::Feed(_) => Ok(()),
            Entry::Row(row) => self.check_folder(job, row.place.folder),
            Entry::Forget(place) => self.check_folder(job, place.folder),
            Entry::Folder(row) => {
                let opened = self
                    .conn
                    .prepare_cached("SELECT 1 FROM folder WHERE key = ?1 AND job = ?2 AND id = ?3 AND epoch = ?4")?
                    .exists((row.key.0, job.key, row.id.as_str(), row.epoch.as_str()))?;
                if opened { Ok(()) } else { Err(Fault::Refused(unknown_folder(&job.name, row.key))) }
            }
        })
    }

    /// Applies a record that was checked.
    pub(super) fn apply(&mut self, job: &Job, entries: &[Entry]) -> Result<(), Fault> {
        let mut items = Items::new(&self.conn, &mut self.names, &mut self.tally, job)?;
        entries.iter().try_for_each(|entry| match entry {
            Entry::Row(row) => items.put(row),
            Entry::Forget(place) => items.forget(place),
            Entry::Folder(row) => put_folder(&self.conn, row),
            Entry::Feed(row) => put_feed(&self.conn, job, row),
        })
    }

    pub(super) fn open_folders(&mut self, job: &Job, folders: &[(FolderId, Epoch)]) -> Result<Vec<FolderKey>, Fault> {
        let mut find = self.conn.prepare_cached("SELECT key FROM folder WHERE job = ?1 AND id = ?2 AND epoch = ?3")?;
        let mut make = self.conn.prepare_cached(
            "INSERT INTO folder (job, id, epoch, path, live, target_path) VALUES (?1, ?2, ?3, '[]', 1, '[]')",
        )?;
        let mut open = |id: &FolderId, epoch: &Epoch| -> Result<FolderKey, Fault> {
            let name = (job.key, id.as_str(), epoch.as_str());
            let known = find.query_row(name, |row| row.get(0)).optional()?;
            Ok(FolderKey(match known {
                Some(key) => key,
                None => make.insert(name)?,
            }))
        };
        folders.iter().map(|(id, epoch)| open(id, epoch)).collect()
    }

    fn destination(&self, name: &str) -> Result<i64, Fault> {
        let known = self
            .conn
            .prepare_cached("SELECT key FROM destination WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        match known {
            Some(key) => Ok(key),
            None => Ok(self.conn.prepare_cached("INSERT INTO destination (name) VALUES (?1)")?.insert([name])?),
        }
    }

    fn check_folder(&mut self, job: &Job, folder: FolderKey) -> Result<(), Fault> {
        const REMEMBERED: usize = 16_384;
        let owner = match self.folders.get(&folder) {
            Some(&owner) => Some(owner),
            None => {
                let found = self
                    .conn
                    .prepare_cached("SELECT job FROM folder WHERE key = ?1")?
                    .query_row([folder.0], |row| row.get(0))
                    .optional()?;
                if self.folders.len() >= REMEMBERED {
                    self.folders.clear();
                }
                if let Some(owner) = found {
                    self.folders.insert(folder, owner);
                }
                found
            }
        };
        if owner == Some(job.key) { Ok(()) } else { Err(Fault::Refused(unknown_folder(&job.name, folder))) }
    }
}

fn put_folder(conn: &Connection, row: &FolderRow) -> Result<(), Fault> {
    conn.prepare_cached(
        "UPDATE folder SET path = ?2, live = ?3, target = ?4, target_path = ?5, target_epoch = ?6, state = ?7
                 WHERE key = ?1",
    )?
    .execute((
        row.key.0,
        path_text(&row.path)?,
        row.live,
        row.target.as_ref().map(FolderId::as_str),
        path_text(&row.target_path)?,
        row.target_epoch.as_ref().map(Epoch::as_str),
        row.state.as_ref().map(|state| state.as_str()),
    ))?;
    Ok(())
}

fn put_feed(conn: &Connection, job: &Job, row: &FeedRow) -> Result<(), Fault> {
    let feed: &FeedId = &row.feed;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO feed (job, id, cursor, selection, complete) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute((
        job.key,
        feed.as_str(),
        row.cursor.as_ref().map(|cursor| cursor.as_str()),
        row.selection.as_ref().map(|selection| selection.as_bytes()),
        row.complete,
    ))?;
    Ok(())
}

fn path_text(path: &[String]) -> Result<String, Fault> {
    serde_json::to_string(path).map_err(|_| Fault::Damaged("path of a folder"))
}
