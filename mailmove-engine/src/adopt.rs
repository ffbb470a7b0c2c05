//! Orphans: rows whose item moved, whose folder was renamed, whose epoch is over. An unknown item takes over one orphan
//! of the same identity, one for one, so that twins stay two and nothing is written twice.

use std::collections::HashMap;

use mailmove_core::{Error, FolderId, Item, Result, Write};

use crate::ledger::{Place, Row, RowState};
use crate::pass::{Pass, TargetFolder, short_answer};
use crate::task::{Act, End, Task, flag_change};
use crate::twins::{Sought, matches, pair};
use crate::window::Ended;

/// What the rows that look like an unknown item say about it.
enum Kin {
    /// This orphan is it.
    Orphan(Box<Row>),
    /// It may have moved away from a folder that is not listed yet.
    Wait,
    /// It is new.
    None,
}

/// Adopts by the identity that the source gives, before anything is read. Gives back what has to be read.
pub(crate) async fn by_identity(
    pass: &Pass,
    target: &TargetFolder,
    tasks: Vec<Task>,
    ended: &mut Ended,
) -> Result<Vec<Task>, (Error, Vec<Task>)> {
    let identities: Vec<String> =
        tasks.iter().filter(|task| task.is_new()).filter_map(|task| task.item.identity.clone()).collect();
    if pass.first || identities.is_empty() {
        return Ok(tasks);
    }
    let rows = match pass.journal.identical(&identities).await {
        Ok(rows) => rows,
        Err(error) => return Err((error, tasks)),
    };
    let known: HashMap<String, Vec<Row>> = identities.into_iter().zip(rows).collect();
    let (mut rest, mut adopted) = (Vec::new(), Vec::new());
    for task in tasks {
        let same = task.item.identity.as_ref().filter(|_| task.is_new()).and_then(|identity| known.get(identity));
        let alike: Vec<&Row> = same.into_iter().flatten().filter(|row| row.content == task.item.content).collect();
        match kin(pass, target, &task, &alike) {
            Kin::Orphan(row) => adopted.push((task, *row)),
            Kin::Wait => wait(pass, task, ended),
            Kin::None => rest.push(task),
        }
    }
    adopt(pass, target, adopted, ended).await.map_err(|error| (error, Vec::new()))?;
    Ok(rest)
}

/// Adopts by the bytes. Gives back what has to be written.
pub(crate) async fn by_digest(
    pass: &Pass,
    target: &TargetFolder,
    read: Vec<(Task, Item)>,
    ended: &mut Ended,
) -> Result<Vec<(Task, Item)>, (Error, Vec<(Task, Item)>)> {
    if pass.first || read.is_empty() {
        return Ok(read);
    }
    let digests: Vec<_> = read.iter().map(|(_, item)| *item.body.digest()).collect();
    let rows = match pass.journal.alike(&digests).await {
        Ok(rows) => rows,
        Err(error) => return Err((error, read)),
    };
    let (mut rest, mut adopted) = (Vec::new(), Vec::new());
    for ((task, item), alike) in read.into_iter().zip(rows) {
        if !task.is_new() {
            rest.push((task, item));
            continue;
        }
        match kin(pass, target, &task, &alike.iter().collect::<Vec<_>>()) {
            Kin::Orphan(row) => adopted.push((task, *row)),
            Kin::Wait => wait(pass, task, ended),
            Kin::None => rest.push((task, item)),
        }
    }
    adopt(pass, target, adopted, ended).await.map_err(|error| (error, Vec::new()))?;
    Ok(rest)
}

fn kin(pass: &Pass, target: &TargetFolder, task: &Task, alike: &[&Row]) -> Kin {
    let own = task.place();
    let here = |row: &Row| row.target.as_ref().is_some_and(|there| there.folder == target.id);
    let mut candidates: Vec<&&Row> = alike
        .iter()
        .filter(|row| row.place != own && row.kind == task.item.kind && !pass.is_taken(&row.place))
        .filter(|row| (row.state.is_there() && row.target.is_some()) || row.state == RowState::GoneAtDestination)
        .collect();
    // The one that stands in the right folder already comes first.
    candidates.sort_by_key(|row| (!here(row), row.place.clone()));
    let orphaned = |row: &Row| !pass.live.contains(&row.place.folder) || row.state == RowState::GoneAtSource;
    for row in candidates.iter().filter(|row| orphaned(row)) {
        if pass.take_orphan(&row.place) {
            return Kin::Orphan(Box::new((**row).clone()));
        }
    }
    let open = |row: &Row| row.run < pass.journal.run() && !pass.is_listed(row.place.folder);
    if task.may_wait && candidates.iter().any(|row| open(row)) { Kin::Wait } else { Kin::None }
}

fn wait(pass: &Pass, task: Task, ended: &mut Ended) {
    let mut row = task.row();
    row.state = RowState::Pending;
    row.reason = Some("waits-for-listing".to_owned());
    pass.stamp(&mut row);
    ended.ends.push((task.page, End::Later(Box::new(row))));
}

/// Gives each orphan its new place, and moves its item at the destination when it stands in the wrong folder.
async fn adopt(pass: &Pass, target: &TargetFolder, adopted: Vec<(Task, Row)>, ended: &mut Ended) -> Result<()> {
    let mut moves: HashMap<FolderId, Vec<(Task, Row, Write)>> = HashMap::new();
    for (task, orphan) in adopted {
        let there = orphan.target.clone();
        let item = there.as_ref().and_then(|there| there.item.clone());
        match (there, item) {
            (Some(there), Some(id))
                if there.folder != target.id && orphan.state.is_there() && pass.destination.capabilities().moves =>
            {
                let write = Write::Move { id, to: target.id.clone(), expect: there.revision.clone() };
                moves.entry(there.folder).or_default().push((task, orphan, write));
            }
            _ => take_over(pass, task, orphan, ended),
        }
    }
    for (from, batch) in moves {
        let writes: Vec<Write> = batch.iter().map(|(_, _, write)| write.clone()).collect();
        let verdicts = pass.destination.write(&from, &writes).await;
        if verdicts.len() != writes.len() {
            return Err(short_answer("write"));
        }
        for ((task, mut orphan, _), verdict) in batch.into_iter().zip(verdicts) {
            match verdict {
                Ok(written) => {
                    let mut there = target.target();
                    there.item = written.id;
                    there.revision = written.revision;
                    orphan.target = Some(there);
                    orphan.state = RowState::Updated;
                    pass.count(|progress| progress.updated += 1);
                }
                // Moved before a crash, moved or removed by its user: it is where it is, or gone.
                Err(error) => find_moved(pass, target, &mut orphan, &error).await?,
            }
            take_over(pass, task, orphan, ended);
        }
    }
    Ok(())
}

/// A move that did not work: the item may stand in the new folder already.
async fn find_moved(pass: &Pass, target: &TargetFolder, orphan: &mut Row, error: &Error) -> Result<()> {
    let found = matches(pass, target, &[Sought::like(orphan)], None).await?;
    let unclear = found.iter().flatten().any(|candidate| candidate.arriving);
    let free = pair(found, |_, candidate| {
        candidate.owner.is_none() && candidate.is_for(&orphan.place) && target.claim(&candidate.found.id)
    });
    let free = free.into_iter().next().flatten();
    match free {
        Some(candidate) => {
            let mut there = target.target();
            there.item = Some(candidate.found.id);
            there.revision = candidate.found.revision;
            orphan.target = Some(there);
            orphan.state = RowState::Updated;
        }
        // It, or a twin that is being written: rather twice than not at all.
        None if error.kind() == mailmove_core::ErrorKind::NotFound && unclear => {
            orphan.state = RowState::Pending;
            orphan.target = None;
        }
        None if error.kind() == mailmove_core::ErrorKind::NotFound => {
            orphan.state = RowState::GoneAtDestination;
            orphan.target = None;
        }
        None => {
            pass.note(format!("an item that moved at the source stays where it is at the destination: {error}"));
        }
    }
    Ok(())
}

/// The orphan's row under its new place; its flags follow where they changed meanwhile.
fn take_over(pass: &Pass, task: Task, orphan: Row, ended: &mut Ended) {
    let forget: Place = orphan.place.clone();
    let mut row = orphan;
    row.place = task.place();
    row.content = task.item.content.clone();
    row.identity = task.item.identity.clone().or(row.identity);
    if row.state == RowState::GoneAtSource {
        row.state = if row.via.is_some() { RowState::Copied } else { RowState::AlreadyThere };
    }
    row.failure = None;
    pass.stamp(&mut row);
    let changed = row.state.is_there() && flag_change(&row.flags, &task.item.flags).is_some();
    let follow = changed.then(|| Box::new(Task { row: Some(row.clone()), act: Act::Flags, ..task.clone() }));
    ended.ends.push((task.page, End::Row { row: Box::new(row), forget: Some(forget), follow }));
}
