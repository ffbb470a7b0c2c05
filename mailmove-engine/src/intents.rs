//! Intents that runs before this one left behind.

use std::collections::HashMap;
use std::sync::Arc;

use mailmove_core::{EnsuredFolder, FolderId, Result};

use crate::ledger::{Entry, Journal, RowState, Select};
use crate::pass::{SourceFolder, TargetFolder};
use crate::run::Opened;
use crate::schedule::Intents;

/// Intents of runs that died, by the destination folder in which they may have happened.
pub(crate) async fn intents(
    journal: &dyn Journal,
    opened: &Opened,
    folders: &[Arc<SourceFolder>],
    first: bool,
) -> Result<Vec<Intents>> {
    if first || !opened.known.iter().any(|row| row.intended > 0) {
        return Ok(Vec::new());
    }
    let rows = journal.scan(&Select::all().in_states(&[RowState::Intended]), None, usize::MAX).await?;
    let mut by_target: HashMap<FolderId, Intents> = HashMap::new();
    let mut lost = Vec::new();
    for mut row in rows {
        let Some(id) = row.target.as_ref().map(|there| there.folder.clone()) else { continue };
        if let Some(intents) = by_target.get_mut(&id) {
            intents.rows.push(row);
            continue;
        }
        let target = folders.iter().map(|folder| &folder.target).find(|target| target.id == id).cloned();
        let target = target.or_else(|| {
            let there = opened.destination_folders.iter().find(|folder| folder.id == id)?;
            let ensured = EnsuredFolder::new(there.id.clone(), there.epoch.clone());
            Some(Arc::new(TargetFolder::new(there.path.clone(), ensured)))
        });
        match target {
            Some(target) => drop(by_target.insert(id, Intents { target, rows: vec![row] })),
            None => {
                // The folder is gone, and whatever was written there with it.
                row.state = RowState::Pending;
                row.target = None;
                lost.push(Entry::Row(Box::new(row)));
            }
        }
    }
    if !lost.is_empty() {
        journal.record(lost).await?;
    }
    Ok(by_target.into_values().collect())
}
