//! Removals: what went at the source goes at the destination, only when asked, only what is ours and untouched.

use std::collections::HashMap;

use mailmove_core::{ErrorKind, FolderId, Result, Write};

use crate::ledger::{Entry, FolderKey, Row, RowState, Select};
use crate::pass::{Pass, short_answer};
use crate::rules::Removals;

/// The largest part of a folder that may go at once without being forced, in percent.
const LIMIT: usize = 10;
/// How many rows are looked at in one go.
const PAGE: usize = 1_000;

/// Removes what went, after every feed was listed.
pub(crate) async fn mirror(pass: &Pass) -> Result<()> {
    let Removals::Mirror { force } = pass.rules.removals else { return Ok(()) };
    if !pass.destination.capabilities().removes {
        pass.note("the destination cannot remove single items: nothing was removed there".to_owned());
        return Ok(());
    }
    for folder in pass.folders.values() {
        if !pass.is_listed(folder.row.key) || pass.is_over() {
            continue;
        }
        let (gone, there) = vanished(pass, folder.row.key).await?;
        if !force && gone.len() * 100 > there * LIMIT {
            pass.note(format!(
                "{} of {there} items went from \"{}\" at once: not removed at the destination; force it if that is meant",
                gone.len(),
                folder.name()
            ));
            continue;
        }
        remove(pass, gone).await?;
    }
    Ok(())
}

/// The rows of a folder that can be removed, and how many of its items are at the destination.
async fn vanished(pass: &Pass, folder: FolderKey) -> Result<(Vec<Row>, usize)> {
    let select = Select::all().in_folder(folder);
    let (mut after, mut gone, mut there) = (None, Vec::new(), 0);
    loop {
        let rows = pass.journal.scan(&select, after.as_ref(), PAGE).await?;
        let full = rows.len() == PAGE;
        after = rows.last().map(|row| row.place.clone());
        there += rows.iter().filter(|row| row.state.is_there() && row.target.is_some()).count();
        gone.extend(rows.into_iter().filter(|row| removable(pass, row)));
        if !full {
            return Ok((gone, there));
        }
    }
}

/// Gone at the source, written by us, not moved elsewhere.
fn removable(pass: &Pass, row: &Row) -> bool {
    row.state == RowState::GoneAtSource
        && row.via.is_some()
        && row.target.as_ref().is_some_and(|there| there.item.is_some())
        && !pass.is_taken(&row.place)
}

async fn remove(pass: &Pass, rows: Vec<Row>) -> Result<()> {
    let mut by_folder: HashMap<FolderId, Vec<Row>> = HashMap::new();
    for row in rows {
        if let Some(there) = &row.target {
            by_folder.entry(there.folder.clone()).or_default().push(row);
        }
    }
    for (folder, rows) in by_folder {
        for batch in rows.chunks(pass.destination.capabilities().batch_items.max(1)) {
            let writes: Vec<Write> = batch
                .iter()
                .filter_map(|row| row.target.as_ref())
                .filter_map(|there| Some(Write::Remove { id: there.item.clone()?, expect: there.revision.clone() }))
                .collect();
            let verdicts = pass.destination.write(&folder, &writes).await;
            if verdicts.len() != batch.len() {
                return Err(short_answer("write"));
            }
            let mut entries = Vec::new();
            for (row, verdict) in batch.iter().zip(verdicts) {
                let mut row = row.clone();
                match verdict {
                    Ok(_) => {
                        row.target = None;
                        pass.count(|progress| progress.updated += 1);
                    }
                    Err(error) if error.kind() == ErrorKind::NotFound => row.target = None,
                    Err(error) if error.kind() == ErrorKind::Conflict => {
                        row.reason = Some("edited-at-destination".to_owned());
                    }
                    Err(error) => {
                        pass.note(format!("an item that went at the source was not removed: {error}"));
                        continue;
                    }
                }
                pass.stamp(&mut row);
                entries.push(Entry::Row(Box::new(row)));
            }
            pass.journal.record(entries).await?;
        }
    }
    Ok(())
}
