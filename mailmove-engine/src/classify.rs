//! What a page of changes means, held against the rows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use mailmove_core::{Change, Flags, FolderId, ItemId, ItemRef, MailboxFlags, Result};

use crate::feed::FeedJob;
use crate::ledger::{Entry, Place, Row, RowState, Select};
use crate::pass::{Pass, SourceFolder};
use crate::rules::reason;
use crate::task::{Act, Task, flag_change};

/// A page, sorted.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    pub(crate) tasks: Vec<Task>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) seen: u64,
}

/// Whether a change is about an item that has a task under way.
pub(crate) fn is_busy(folders: &[Arc<SourceFolder>], change: &Change, busy: &HashSet<Place>) -> bool {
    if busy.is_empty() {
        return false;
    }
    let (id, named): (&ItemId, Option<&[FolderId]>) = match change {
        Change::Present(item) => (&item.id, Some(&item.folders)),
        Change::Flags { id, folder, .. } | Change::Gone { id, folder } => {
            (id, folder.as_ref().map(std::slice::from_ref))
        }
    };
    folders.iter().any(|folder| {
        let here = named.is_none_or(|named| named.contains(&folder.folder.id));
        here && busy.contains(&Place { folder: folder.row.key, item: id.clone() })
    })
}

/// Sorts changes into rows that are final and tasks that are to be done.
pub(crate) async fn classify(pass: &Pass, job: &FeedJob, page: u64, changes: Vec<Change>) -> Result<Sorted> {
    let mut sorted = Sorted::default();
    // The last word about an item wins.
    let mut last: HashMap<ItemId, usize> = HashMap::new();
    for (at, change) in changes.iter().enumerate() {
        if let Change::Present(item) = change {
            last.insert(item.id.clone(), at);
        }
    }
    let superseded = |at: usize, item: &ItemRef| last.get(&item.id) != Some(&at);
    for folder in &job.folders {
        let about: Vec<(usize, &Change)> =
            changes.iter().enumerate().filter(|(_, change)| concerns(folder, job, change)).collect();
        let ids: Vec<ItemId> = about.iter().map(|(_, change)| id(change).clone()).collect();
        let rows = if pass.first { vec![None; ids.len()] } else { pass.journal.rows(folder.row.key, &ids).await? };
        for ((at, change), row) in about.into_iter().zip(rows) {
            match change {
                Change::Present(item) if superseded(at, item) => {}
                Change::Present(item) => {
                    sorted.seen += 1;
                    if item.folders.contains(&folder.folder.id) {
                        present(pass, folder, item.clone(), row, page, &mut sorted);
                    } else if let Some(row) = row {
                        // Still in the feed, no longer in this folder.
                        gone(pass, row, &mut sorted);
                    }
                }
                Change::Flags { known, value, .. } => {
                    if let Some(row) = row {
                        let now = known.apply(&row.flags, value);
                        flags(folder, row, now, page, &mut sorted);
                    }
                }
                Change::Gone { .. } => {
                    if let Some(row) = row {
                        gone(pass, row, &mut sorted);
                    }
                }
            }
        }
    }
    Ok(sorted)
}

/// The rows of items that a complete listing did not name.
pub(crate) async fn absent(
    pass: &Pass,
    folders: &[Arc<SourceFolder>],
    named: &HashMap<FolderId, HashSet<ItemId>>,
) -> Result<Vec<Entry>> {
    let mut sorted = Sorted::default();
    for folder in folders {
        let named = named.get(&folder.folder.id);
        let select = Select::all().in_folder(folder.row.key);
        let mut after = None;
        loop {
            let rows = pass.journal.scan(&select, after.as_ref(), 1_000).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.place.clone());
            for row in rows {
                if named.is_none_or(|named| !named.contains(&row.place.item)) {
                    gone(pass, row, &mut sorted);
                }
            }
        }
    }
    Ok(sorted.entries)
}

fn id(change: &Change) -> &ItemId {
    match change {
        Change::Present(item) => &item.id,
        Change::Flags { id, .. } | Change::Gone { id, .. } => id,
    }
}

fn concerns(folder: &SourceFolder, job: &FeedJob, change: &Change) -> bool {
    match change {
        // An item of a feed with several folders may have left any of them.
        Change::Present(item) => job.folders.len() > 1 || item.folders.contains(&folder.folder.id),
        Change::Flags { folder: named, .. } | Change::Gone { folder: named, .. } => {
            named.as_ref().is_none_or(|named| *named == folder.folder.id)
        }
    }
}

fn present(pass: &Pass, folder: &Arc<SourceFolder>, item: ItemRef, row: Option<Row>, page: u64, sorted: &mut Sorted) {
    let task = |item: ItemRef, row: Option<Row>, act: Act| Task {
        folder: folder.clone(),
        item,
        row,
        act,
        page,
        tries: 0,
        route: 0,
        kept: None,
        may_wait: true,
    };
    let mut filtered = pass.rules.filters(&item);
    if filtered.is_none() && !pass.take_sample(folder.row.key, item.size) {
        filtered = Some(reason::SAMPLE);
    }
    let Some(mut row) = row else {
        let task = task(item, None, Act::Carry);
        match filtered {
            Some(reason) => sorted.entries.push(out(pass, task.fresh(RowState::Filtered), reason)),
            None => sorted.tasks.push(task),
        }
        return;
    };
    match row.state {
        RowState::Copied | RowState::Updated | RowState::AlreadyThere | RowState::GoneAtSource
            if row.target.is_some() =>
        {
            if row.state == RowState::GoneAtSource {
                // Its id came back within the same epoch.
                row.state = if row.via.is_some() { RowState::Copied } else { RowState::AlreadyThere };
                pass.stamp(&mut row);
                sorted.entries.push(Entry::Row(Box::new(row.clone())));
            }
            if row.content != item.content && filtered.is_none() {
                sorted.tasks.push(task(item, Some(row), Act::Carry));
            } else if flag_change(&row.flags, &item.flags).is_some() {
                sorted.tasks.push(task(item, Some(row), Act::Flags));
            }
        }
        RowState::Filtered | RowState::Lost | RowState::Pending | RowState::GoneAtSource => match filtered {
            Some(reason) => sorted.entries.push(out(pass, row, reason)),
            None => sorted.tasks.push(task(item, Some(row), Act::Carry)),
        },
        RowState::Failed => match filtered {
            Some(reason) => sorted.entries.push(out(pass, row, reason)),
            // Due work was done before the listing; what failed then rests, unless its bytes are others now.
            None if row.content != item.content => sorted.tasks.push(task(item, Some(row), Act::Carry)),
            None if row.run < pass.journal.run() && pass.may_try(&row) => {
                sorted.tasks.push(task(item, Some(row), Act::Carry));
            }
            None => {}
        },
        // Edited or removed by the destination's user, or still to be settled: theirs stays, and nothing is sent twice.
        RowState::Kept | RowState::GoneAtDestination | RowState::Intended => {
            if row.state == RowState::GoneAtDestination && pass.has(MailboxFlags::REMIGRATE_SUCCESSFUL) {
                sorted.tasks.push(task(item, Some(row), Act::Carry));
            }
        }
        RowState::Copied | RowState::Updated | RowState::AlreadyThere => {
            if filtered.is_none() {
                sorted.tasks.push(task(item, Some(row), Act::Carry));
            }
        }
    }
}

fn flags(folder: &Arc<SourceFolder>, row: Row, now: Flags, page: u64, sorted: &mut Sorted) {
    let carried = matches!(row.state, RowState::Copied | RowState::Updated | RowState::AlreadyThere);
    if !carried || flag_change(&row.flags, &now).is_none() {
        return;
    }
    let mut item = crate::task::reference(folder, &row);
    item.flags = now;
    let folder = folder.clone();
    sorted.tasks.push(Task {
        folder,
        item,
        row: Some(row),
        act: Act::Flags,
        page,
        tries: 0,
        route: 0,
        kept: None,
        may_wait: true,
    });
}

fn gone(pass: &Pass, mut row: Row, sorted: &mut Sorted) {
    if row.state == RowState::GoneAtSource {
        return;
    }
    if !row.state.is_there() {
        row.target = None;
    }
    row.state = RowState::GoneAtSource;
    row.failure = None;
    pass.stamp(&mut row);
    sorted.entries.push(Entry::Row(Box::new(row)));
}

fn out(pass: &Pass, mut row: Row, reason: &'static str) -> Entry {
    row.state = RowState::Filtered;
    row.reason = Some(reason.to_owned());
    row.failure = None;
    pass.stamp(&mut row);
    Entry::Row(Box::new(row))
}
