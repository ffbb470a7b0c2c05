//! Reading: the questions of a journal.

use mailmove_core::{Digest, Epoch, FolderId, ItemId};
use rusqlite::Params;

use super::code;
use super::error::Fault;
use super::rows::{self, COLUMNS};
use super::store::{Job, Store};
use super::tally::List;
use crate::ledger::{FeedRow, FolderKey, FolderRow, Group, JobId, Owner, Place, Remarks, Row, RowState, Select};

/// How many rows one digest or identity answers with at most.
const ALIKE: usize = 1_000;

impl Store {
    pub(super) fn folders(&mut self, job: &Job) -> Result<Vec<FolderRow>, Fault> {
        let mut find = self.conn.prepare_cached(
            "SELECT key, id, epoch, path, live, target, target_path, target_epoch, state,
                 (SELECT total(items) FROM tally WHERE folder = key AND tally.state < 2),
                 (SELECT total(items) FROM tally WHERE folder = key AND tally.state = 2)
             FROM folder WHERE job = ?1 ORDER BY key",
        )?;
        collect(find.query([job.key])?, |found| {
            let (id, epoch) = (rows::text(found, 1)?.into(), rows::text(found, 2)?.into());
            let mut row = FolderRow::new(FolderKey(found.get(0)?), id, epoch, path(rows::text(found, 3)?)?);
            row.live = found.get(4)?;
            row.target = rows::opt_text(found, 5)?.map(Into::into);
            row.target_path = path(rows::text(found, 6)?)?;
            row.target_epoch = rows::opt_text(found, 7)?.map(Into::into);
            row.state = rows::opt_text(found, 8)?.map(Into::into);
            row.due = found.get::<_, f64>(9)? as u64;
            row.intended = found.get::<_, f64>(10)? as u64;
            Ok(row)
        })
    }

    pub(super) fn feeds(&mut self, job: &Job) -> Result<Vec<FeedRow>, Fault> {
        let mut find =
            self.conn.prepare_cached("SELECT id, cursor, selection, complete FROM feed WHERE job = ?1 ORDER BY id")?;
        collect(find.query([job.key])?, |found| {
            let mut row = FeedRow::new(rows::text(found, 0)?.into());
            row.cursor = rows::opt_text(found, 1)?.map(Into::into);
            row.selection = found.get::<_, Option<[u8; 32]>>(2)?.map(Digest::from_bytes);
            row.complete = found.get(3)?;
            Ok(row)
        })
    }

    pub(super) fn rows(&mut self, job: &Job, folder: FolderKey, items: &[ItemId]) -> Result<Vec<Option<Row>>, Fault> {
        if !self.folder_keys(job, folder)?.contains(&folder.0) {
            return Ok(vec![None; items.len()]);
        }
        let (conn, names) = (&self.conn, &mut self.names);
        let mut find = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM item WHERE folder = ?1 AND item = ?2"))?;
        let mut row = |item: &ItemId| -> Result<Option<Row>, Fault> {
            let mut found = find.query((folder.0, item.as_str()))?;
            found.next()?.map(|found| rows::decode(found, conn, names)).transpose()
        };
        items.iter().map(&mut row).collect()
    }

    pub(super) fn scan(
        &mut self,
        job: &Job,
        select: &Select,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        let first = after.map_or(FolderKey(i64::MIN), |after| after.folder);
        let mut folders = self.folder_keys(job, first)?;
        folders.retain(|&key| select.folder.is_none_or(|wanted| wanted.0 == key));
        let due = code::all_due(&select.states);
        let mask = code::mask(&select.states);
        let target = select.target.as_ref().map(FolderId::as_str);
        let mut rows = Vec::new();
        for folder in folders {
            let after = after.filter(|after| after.folder.0 == folder).map(|after| after.item.as_str());
            let sql = scan_sql(due, after.is_some(), target.is_some());
            let left = i64::try_from(limit - rows.len()).unwrap_or(i64::MAX);
            let parameters = (folder, after.unwrap_or_default(), mask, left, job.destination, target);
            rows.extend(self.select(&sql, parameters)?);
            if rows.len() >= limit {
                break;
            }
        }
        Ok(rows)
    }

    pub(super) fn alike(&mut self, job: &Job, digests: &[Digest]) -> Result<Vec<Vec<Row>>, Fault> {
        self.index_digests()?;
        let sql = format!(
            "SELECT {COLUMNS} FROM item INDEXED BY item_digest WHERE digest_key = ?1 AND digest = ?2
             AND (SELECT job FROM folder WHERE key = item.folder) = ?3 ORDER BY folder, item LIMIT {ALIKE}"
        );
        let rows = |digest| self.select(&sql, (rows::digest_key(job.key, digest), digest.as_bytes(), job.key));
        digests.iter().map(rows).collect()
    }

    pub(super) fn identical(&mut self, job: &Job, identities: &[String]) -> Result<Vec<Vec<Row>>, Fault> {
        let sql = format!(
            "SELECT {COLUMNS} FROM item INDEXED BY item_identity WHERE identity_key = ?1 AND identity = ?2
             AND (SELECT job FROM folder WHERE key = item.folder) = ?3 ORDER BY folder, item LIMIT {ALIKE}"
        );
        let rows = |identity: &String| self.select(&sql, (rows::identity_key(job.key, identity), identity, job.key));
        identities.iter().map(rows).collect()
    }

    pub(super) fn owners(
        &mut self,
        job: &Job,
        folder: &FolderId,
        epoch: &Epoch,
        items: &[ItemId],
    ) -> Result<Vec<Option<Owner>>, Fault> {
        let Some(target) = self.names.known_target(&self.conn, job.destination, folder, epoch)? else {
            return Ok(vec![None; items.len()]);
        };
        let mut find = self.conn.prepare_cached(
            "SELECT item.folder, item.item, item.state, folder.live, folder.job, job.name
             FROM item INDEXED BY item_owner JOIN folder ON folder.key = item.folder JOIN job ON job.key = folder.job
             WHERE item.target = ?1 AND item.target_item = ?2",
        )?;
        let mut owner = |item: &ItemId| -> Result<Option<Owner>, Fault> {
            let owners = collect(find.query((target, item.as_str()))?, |found| {
                let place = Place { folder: FolderKey(found.get(0)?), item: rows::text(found, 1)?.into() };
                let live = found.get::<_, i64>(2)? != code::state(RowState::GoneAtSource) && found.get(3)?;
                let other = found.get::<_, i64>(4)? != job.key;
                let other = if other { Some(JobId::new(rows::text(found, 5)?)) } else { None };
                Ok(Owner::new(other, place, live))
            })?;
            Ok(owners.into_iter().min_by(|a, b| rank(a).cmp(&rank(b))))
        };
        items.iter().map(&mut owner).collect()
    }

    pub(super) fn owned(&mut self, job: &Job, folder: &FolderId, epoch: &Epoch) -> Result<u64, Fault> {
        let Some(target) = self.names.known_target(&self.conn, job.destination, folder, epoch)? else { return Ok(0) };
        let mut count = self.conn.prepare_cached(
            "SELECT
                 (SELECT count(DISTINCT target_item) FROM item INDEXED BY item_owner
                  WHERE target = ?1 AND target_item IS NOT NULL AND state > 2 AND state < 8)
               + (SELECT count(*) FROM item INDEXED BY item_anonymous
                  WHERE target = ?1 AND target_item IS NULL AND state > 2 AND state < 8)",
        )?;
        Ok(count.query_row([target], |found| found.get::<_, i64>(0))?.cast_unsigned())
    }

    pub(super) fn anonymous(
        &mut self,
        job: &Job,
        folder: &FolderId,
        epoch: &Epoch,
        digests: &[Digest],
    ) -> Result<Vec<u64>, Fault> {
        let Some(target) = self.names.known_target(&self.conn, job.destination, folder, epoch)? else {
            return Ok(vec![0; digests.len()]);
        };
        let mut count = self.conn.prepare_cached(
            "SELECT count(*) FROM item INDEXED BY item_anonymous JOIN folder ON folder.key = item.folder
             WHERE item.target = ?1 AND item.digest = ?2 AND item.target_item IS NULL
             AND item.state > 2 AND item.state < 8 AND item.state <> 7 AND folder.live",
        )?;
        let mut count = |digest: &Digest| -> Result<u64, Fault> {
            Ok(count.query_row((target, digest.as_bytes()), |found| found.get::<_, i64>(0))?.cast_unsigned())
        };
        digests.iter().map(&mut count).collect()
    }

    pub(super) fn summary(&mut self, job: &Job) -> Result<Vec<Group>, Fault> {
        let (conn, names) = (&self.conn, &mut self.names);
        let mut find = conn.prepare_cached(
            "SELECT tally.folder, tally.kind, tally.state, tally.reason, tally.items, tally.bytes
             FROM folder JOIN tally ON tally.folder = folder.key WHERE folder.job = ?1 AND tally.items > 0",
        )?;
        let mut groups = collect(find.query([job.key])?, |found| {
            let kind = code::kind_of(found.get(1)?).ok_or(Fault::Damaged("kind of a count"))?;
            let state = code::state_of(found.get(2)?).ok_or(Fault::Damaged("state of a count"))?;
            let reason = match found.get(3)? {
                0 => None,
                key => Some(names.word_of(conn, key)?),
            };
            let (items, bytes) = (found.get::<_, i64>(4)?.cast_unsigned(), found.get::<_, i64>(5)?.cast_unsigned());
            Ok(Group::new(FolderKey(found.get(0)?), kind, state, reason, items, bytes))
        })?;
        groups.sort_by(|a, b| (a.folder, a.kind, a.state, &a.reason).cmp(&(b.folder, b.kind, b.state, &b.reason)));
        Ok(groups)
    }

    pub(super) fn remarks(&mut self, job: &Job) -> Result<Remarks, Fault> {
        let mut find = self.conn.prepare_cached(
            "SELECT word.text, remark.items FROM remark JOIN word ON word.key = remark.code
             WHERE remark.job = ?1 AND remark.list = ?2 AND remark.items > 0",
        )?;
        let mut list = |list: List| {
            let counts = collect(find.query((job.key, list as i64))?, |found| {
                Ok((found.get(0)?, found.get::<_, i64>(1)?.cast_unsigned()))
            })?;
            Ok::<_, Fault>(counts.into_iter().collect())
        };
        Ok(Remarks { losses: list(List::Losses)?, altered: list(List::Altered)? })
    }

    /// The folders of a job from this key on, in order.
    fn folder_keys(&self, job: &Job, first: FolderKey) -> Result<Vec<i64>, Fault> {
        let mut find = self.conn.prepare_cached("SELECT key FROM folder WHERE job = ?1 AND key >= ?2 ORDER BY key")?;
        let keys = find.query_map((job.key, first.0), |found| found.get(0))?;
        Ok(keys.collect::<Result<_, _>>()?)
    }

    fn select(&mut self, sql: &str, parameters: impl Params) -> Result<Vec<Row>, Fault> {
        let (conn, names) = (&self.conn, &mut self.names);
        let mut find = conn.prepare_cached(sql)?;
        collect(find.query(parameters)?, |found| rows::decode(found, conn, names))
    }
}

fn collect<T>(
    mut found: rusqlite::Rows<'_>,
    mut read: impl FnMut(&rusqlite::Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

fn rank(owner: &Owner) -> (bool, bool, &Place) {
    (!owner.live, owner.job.is_some(), &owner.place)
}

/// Parameters: folder, item to begin behind (or at, with ''), states as bits, limit, destination, target folder.
fn scan_sql(due: bool, behind: bool, at_target: bool) -> String {
    let index = if due { "INDEXED BY item_due" } else { "" };
    let begin = if behind { ">" } else { ">=" };
    let states = if due { "AND state < 3" } else { "" };
    let target = if at_target {
        "target IN (SELECT key FROM target WHERE destination = ?5 AND folder = ?6)"
    } else {
        "?5 IS NOT ?6"
    };
    format!(
        "SELECT {COLUMNS} FROM item {index} WHERE folder = ?1 AND item {begin} ?2 {states} AND (?3 >> state) & 1
         AND {target} ORDER BY item LIMIT ?4"
    )
}

fn path(text: &str) -> Result<Vec<String>, Fault> {
    serde_json::from_str(text).map_err(|_| Fault::Damaged("path of a folder"))
}
