//! Rows to record.

use std::sync::Arc;

use mailmove_core::{Digest, Epoch, FolderId, ItemId, Kind};
use mailmove_engine::ledger::{Entry, FolderKey, JobId, Journal, Ledger, Place, Row, RowState, Target};

pub async fn claim(ledger: &dyn Ledger, job: &str, destination: &str) -> Arc<dyn Journal> {
    ledger.claim(&JobId::new(job), destination).await.unwrap()
}

pub async fn open(journal: &dyn Journal, name: &str) -> FolderKey {
    journal.open_folders(&[folder(name)]).await.unwrap()[0]
}

pub fn folder(name: &str) -> (FolderId, Epoch) {
    (FolderId::from(name), Epoch::from("1"))
}

pub fn place(folder: FolderKey, item: &str) -> Place {
    Place { folder, item: ItemId::from(item) }
}

pub fn row(folder: FolderKey, item: &str, state: RowState) -> Row {
    Row::new(place(folder, item), Kind::Mail, state)
}

/// A row whose item stands in the folder `name`, as `item` when that is known.
pub fn standing(mut row: Row, name: &str, item: Option<&str>) -> Row {
    let (folder, epoch) = folder(name);
    let mut target = Target::new(folder, epoch);
    target.item = item.map(ItemId::from);
    row.target = Some(target);
    row
}

pub fn with_bytes(mut row: Row, bytes: &str) -> Row {
    row.digest = Some(Digest::of(bytes.as_bytes()));
    row.size = bytes.len() as u64;
    row
}

pub fn entry(row: &Row) -> Entry {
    Entry::Row(Box::new(row.clone()))
}

pub async fn put(journal: &dyn Journal, rows: &[Row]) {
    journal.record(rows.iter().map(entry).collect()).await.unwrap();
}

pub fn places(rows: &[Row]) -> Vec<(i64, &str)> {
    rows.iter().map(|row| (row.place.folder.0, row.place.item.as_str())).collect()
}

pub fn items(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.place.item.as_str()).collect()
}
