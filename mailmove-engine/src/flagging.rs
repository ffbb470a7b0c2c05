//! Flags that changed at the source, carried as the change alone: what the destination's user set stays set.

use std::sync::Arc;

use mailmove_core::{ErrorKind, Evidence, FolderId, Recovery, Write};

use crate::ledger::{Row, RowState};
use crate::pass::{Pass, TargetFolder, short_answer};
use crate::task::{End, Task, flag_change};
use crate::twins::{Sought, matches, pair};
use crate::window::Ended;

/// Carries the flags of these tasks, whose items stand in one destination folder.
pub(crate) async fn carry_flags(pass: Arc<Pass>, target: Arc<TargetFolder>, at: FolderId, tasks: Vec<Task>) -> Ended {
    let mut ended = Ended::default();
    let tasks = match find_ids(&pass, &target, tasks).await {
        Ok(tasks) => tasks,
        Err(error) => {
            ended.stop = Some(error);
            return ended;
        }
    };
    let (mut known, mut writes) = (Vec::new(), Vec::new());
    for (task, row) in tasks {
        let id = row.target.as_ref().and_then(|there| there.item.clone());
        match (id, flag_change(&row.flags, &task.item.flags)) {
            (Some(id), Some((add, remove))) => {
                writes.push(Write::Flags { id, add, remove });
                known.push((task, row));
            }
            // Nothing to change, or nothing there to change: the row keeps what was carried.
            _ => ended.ends.push((task.page, End::row(row))),
        }
    }
    if writes.is_empty() {
        return ended;
    }
    let verdicts = pass.destination.write(&at, &writes).await;
    if verdicts.len() != writes.len() {
        ended.stop = Some(short_answer("write"));
        return ended;
    }
    for ((task, mut row), verdict) in known.into_iter().zip(verdicts) {
        match verdict {
            Ok(written) => {
                row.flags = task.item.flags.clone();
                row.state = RowState::Updated;
                row.losses.extend(written.losses);
                row.losses.dedup();
                if let Some(there) = &mut row.target {
                    there.revision = written.revision.or(there.revision.take());
                }
                pass.stamp(&mut row);
                pass.count(|progress| progress.updated += 1);
                ended.ends.push((task.page, End::row(row)));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                row.state = RowState::GoneAtDestination;
                row.target = None;
                pass.stamp(&mut row);
                ended.ends.push((task.page, End::row(row)));
            }
            Err(error) if error.kind() == ErrorKind::Conflict => {
                row.state = RowState::Kept;
                pass.stamp(&mut row);
                ended.ends.push((task.page, End::row(row)));
            }
            // The same change twice is one change: whatever may have happened, it can be asked for again.
            Err(error) => {
                let again = matches!(error.recovery(), Recovery::Retry { .. } | Recovery::Locate | Recovery::Requeue);
                if again && task.tries + 1 < pass.rules.attempts {
                    let task = Task { tries: task.tries + 1, row: Some(row), ..task };
                    ended.ends.push((task.page, End::Again(Box::new(task))));
                } else if again || matches!(error.recovery(), Recovery::StopFolder | Recovery::Relist) {
                    ended.stop.get_or_insert(error);
                } else if matches!(error.recovery(), Recovery::SkipItem | Recovery::OtherRoute) {
                    row.losses.push(mailmove_core::Loss::new("flags", error.to_string()));
                    row.losses.dedup();
                    pass.stamp(&mut row);
                    ended.ends.push((task.page, End::row(row)));
                } else {
                    pass.halt(error.clone());
                    ended.stop.get_or_insert(error);
                }
            }
        }
    }
    ended
}

/// Ids stay unknown until they are needed; here they are.
async fn find_ids(pass: &Pass, target: &TargetFolder, tasks: Vec<Task>) -> mailmove_core::Result<Vec<(Task, Row)>> {
    let mut rows: Vec<Row> = tasks.iter().map(Task::row).collect();
    let unknown = |row: &&mut Row| row.target.as_ref().is_some_and(|there| there.item.is_none());
    let mut nameless: Vec<&mut Row> = rows.iter_mut().filter(unknown).collect();
    if !nameless.is_empty() {
        let sought: Vec<Sought> = nameless.iter().map(|row| Sought::like(row)).collect();
        let found = matches(pass, target, &sought, None).await?;
        let found = pair(found, |at, candidate| {
            let strong = candidate.found.by <= Evidence::Digest;
            strong && candidate.is_for(&nameless[at].place) && target.claim(&candidate.found.id)
        });
        for (row, found) in nameless.iter_mut().zip(found) {
            if let (Some(candidate), Some(there)) = (found, &mut row.target) {
                there.item = Some(candidate.found.id);
                there.revision = candidate.found.revision;
            }
        }
    }
    Ok(tasks.into_iter().zip(rows).collect())
}
