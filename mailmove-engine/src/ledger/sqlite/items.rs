//! Writing rows: the hot path. Each item of a migration passes here at least twice.

use mailmove_core::{Epoch, FolderId};
use rusqlite::{CachedStatement, Connection, OptionalExtension};

use super::code;
use super::error::Fault;
use super::names::Names;
use super::rows::{self, Keys};
use super::store::Job;
use super::tally::{Cell, Codes, List, Tally};
use crate::ledger::{Place, Row, RowState, Target};

/// What one record needs to write rows, made ready once for all of them.
pub(super) struct Items<'s> {
    conn: &'s Connection,
    names: &'s mut Names,
    tally: &'s mut Tally,
    job: &'s Job,
    find: CachedStatement<'s>,
    insert: CachedStatement<'s>,
    update: CachedStatement<'s>,
    update_found_alike: CachedStatement<'s>,
    delete: CachedStatement<'s>,
    /// Neighbours mostly go into the same folder.
    last_target: Option<(FolderId, Epoch, i64)>,
}

/// What a former version of a row leaves behind.
struct Former {
    cell: Cell,
    size: i64,
    found_alike: bool,
    rare: Option<String>,
}

impl<'s> Items<'s> {
    pub(super) fn new(
        conn: &'s Connection,
        names: &'s mut Names,
        tally: &'s mut Tally,
        job: &'s Job,
    ) -> Result<Self, Fault> {
        let find = "SELECT kind, state, reason, size, digest, identity, rare FROM item WHERE folder = ?1 AND item = ?2";
        Ok(Self {
            find: conn.prepare_cached(find)?,
            insert: conn.prepare_cached(&rows::INSERT)?,
            update: conn.prepare_cached(&rows::UPDATE)?,
            update_found_alike: conn.prepare_cached(&rows::UPDATE_FOUND_ALIKE)?,
            delete: conn.prepare_cached("DELETE FROM item WHERE folder = ?1 AND item = ?2")?,
            last_target: None,
            conn,
            names,
            tally,
            job,
        })
    }

    /// Puts a row in the place of its former version, if there is one.
    pub(super) fn put(&mut self, row: &Row) -> Result<(), Fault> {
        let keys = self.keys(row)?;
        if !(is_mostly_new(row.state) && self.insert(row, &keys)?) {
            match self.former(&row.place, Some(row))? {
                Some(former) => self.replace(&former, row, &keys)?,
                None => {
                    self.insert(row, &keys)?;
                }
            }
        }
        let kind = code::kind(row.kind);
        let cell = Cell { folder: row.place.folder.0, kind, state: code::state(row.state), reason: keys.reason };
        self.tally.add(cell, row.size.cast_signed());
        self.remark(&rows::codes(row), 1)
    }

    /// Takes a row away, if there is one.
    pub(super) fn forget(&mut self, place: &Place) -> Result<(), Fault> {
        let Some(former) = self.former(place, None)? else { return Ok(()) };
        self.delete.execute((place.folder.0, place.item.as_str()))?;
        self.uncount(&former)
    }

    /// False: there is a row already, and it was left alone.
    fn insert(&mut self, row: &Row, keys: &Keys) -> Result<bool, Fault> {
        rows::bind(&mut self.insert, row, keys)?;
        Ok(self.insert.raw_execute()? > 0)
    }

    fn replace(&mut self, former: &Former, row: &Row, keys: &Keys) -> Result<(), Fault> {
        let update = if former.found_alike { &mut self.update_found_alike } else { &mut self.update };
        rows::bind(update, row, keys)?;
        update.raw_execute()?;
        self.uncount(former)
    }

    fn keys(&mut self, row: &Row) -> Result<Keys, Fault> {
        let (conn, names) = (self.conn, &mut *self.names);
        Ok(Keys {
            reason: row.reason.as_ref().map(|text| names.word(conn, text)).transpose()?,
            via: row.via.as_ref().map(|via| names.word(conn, via.as_str())).transpose()?,
            digest: row.digest.as_ref().map(|digest| rows::digest_key(self.job.key, digest)),
            identity: row.identity.as_ref().map(|identity| rows::identity_key(self.job.key, identity)),
            target: row.target.as_ref().map(|target| self.target(target)).transpose()?,
        })
    }

    fn target(&mut self, target: &Target) -> Result<i64, Fault> {
        if let Some((folder, epoch, key)) = &self.last_target
            && *folder == target.folder
            && *epoch == target.epoch
        {
            return Ok(*key);
        }
        let key = self.names.target(self.conn, self.job.destination, &target.folder, &target.epoch)?;
        self.last_target = Some((target.folder.clone(), target.epoch.clone(), key));
        Ok(key)
    }

    /// What stands at a place now, and whether `next` is found by the same things.
    fn former(&mut self, place: &Place, next: Option<&Row>) -> Result<Option<Former>, Fault> {
        let folder = place.folder.0;
        let former = self.find.query_row((folder, place.item.as_str()), |found| {
            let digest = found.get_ref(4)?.as_blob_or_null()?;
            let identity = found.get_ref(5)?.as_str_or_null()?;
            Ok(Former {
                cell: Cell { folder, kind: found.get(0)?, state: found.get(1)?, reason: found.get(2)? },
                size: found.get(3)?,
                found_alike: next.is_some_and(|next| {
                    next.digest.as_ref().map(|digest| &digest.as_bytes()[..]) == digest
                        && next.identity.as_deref() == identity
                }),
                rare: found.get(6)?,
            })
        });
        Ok(former.optional()?)
    }

    fn uncount(&mut self, former: &Former) -> Result<(), Fault> {
        self.tally.take(former.cell, former.size);
        match &former.rare {
            Some(rare) => rows::with_codes(rare, |codes| self.remark(codes, -1)),
            None => Ok(()),
        }
    }

    fn remark(&mut self, codes: &Codes<'_>, rows: i64) -> Result<(), Fault> {
        for (list, codes) in List::BOTH.into_iter().zip(codes) {
            for code in codes {
                let code = self.names.word(self.conn, code)?;
                self.tally.remark(self.job.key, list, code, rows);
            }
        }
        Ok(())
    }
}

/// Whether a row in this state is mostly the first of its item, so that it pays to insert it without looking.
fn is_mostly_new(state: RowState) -> bool {
    matches!(state, RowState::Pending | RowState::Intended | RowState::Filtered | RowState::Lost)
}
