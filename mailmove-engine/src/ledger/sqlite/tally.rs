//! The rows, counted: what the summary says without going through them.

use std::collections::{BTreeSet, HashMap};

use rusqlite::Connection;

use super::error::Fault;

/// How the counts changed since they were written last.
#[derive(Debug, Default)]
pub(super) struct Tally {
    cells: HashMap<Cell, (i64, i64)>,
    remarks: HashMap<(i64, List, i64), i64>,
}

/// What rows are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Cell {
    pub(super) folder: i64,
    pub(super) kind: i64,
    pub(super) state: i64,
    pub(super) reason: Option<i64>,
}

/// Which list of a row a remark stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum List {
    Losses = 0,
    Altered = 1,
}

impl List {
    pub(super) const BOTH: [List; 2] = [List::Losses, List::Altered];
}

/// The stable names of a row's losses and alterations; one that is said twice counts once.
pub(super) type Codes<'a> = [BTreeSet<&'a str>; 2];

impl Tally {
    /// One row more.
    pub(super) fn add(&mut self, cell: Cell, size: i64) {
        let (items, bytes) = self.cells.entry(cell).or_default();
        *items += 1;
        *bytes = bytes.wrapping_add(size);
    }

    /// One row less.
    pub(super) fn take(&mut self, cell: Cell, size: i64) {
        let (items, bytes) = self.cells.entry(cell).or_default();
        *items -= 1;
        *bytes = bytes.wrapping_sub(size);
    }

    /// So many rows more of a job say this.
    pub(super) fn remark(&mut self, job: i64, list: List, code: i64, rows: i64) {
        *self.remarks.entry((job, list, code)).or_default() += rows;
    }

    /// Nothing changed after all.
    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.remarks.clear();
    }

    /// Brings the tables up to date, within the transaction that wrote the rows.
    pub(super) fn write(&mut self, conn: &Connection) -> Result<(), Fault> {
        let mut add = conn.prepare_cached(
            "INSERT INTO tally (folder, kind, state, reason, items, bytes) VALUES (?1, ?2, ?3, ifnull(?4, 0), ?5, ?6)
             ON CONFLICT DO UPDATE SET items = items + excluded.items, bytes = bytes + excluded.bytes",
        )?;
        for (cell, (items, bytes)) in self.cells.drain().filter(|(_, count)| *count != (0, 0)) {
            add.execute((cell.folder, cell.kind, cell.state, cell.reason, items, bytes))?;
        }
        let mut add = conn.prepare_cached(
            "INSERT INTO remark (job, list, code, items) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET items = items + excluded.items",
        )?;
        for ((job, list, code), items) in self.remarks.drain().filter(|(_, items)| *items != 0) {
            add.execute((job, list as i64, code, items))?;
        }
        Ok(())
    }
}
