//! A window of items on its way: read at the source, looked for at the destination, intended, written.

use std::collections::HashSet;
use std::sync::Arc;

use mailmove_core::{Evidence, Format, Item, ItemId, Kind, Match, Room, Wanted, Write};

use crate::adopt;
use crate::ledger::{Entry, Row, RowState};
use crate::pass::{Pass, TargetFolder, short_answer};
use crate::task::{End, Task, judge};
use crate::twins::{Candidate, Sought, least_alike, matches, pair};

/// Tasks that go together: one source folder, one destination folder, one format.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) target: Arc<TargetFolder>,
    pub(crate) format: Format,
    pub(crate) tasks: Vec<Task>,
    pub(crate) bytes: u64,
}

/// A window that was read, with the intents of its writes durable.
#[derive(Debug)]
pub(crate) struct Fetched {
    target: Arc<TargetFolder>,
    tasks: Vec<Task>,
    rows: Vec<Row>,
    writes: Vec<Write>,
    /// Tasks that need no write.
    ends: Vec<(u64, End)>,
    /// Why the folder cannot go on.
    stop: Option<mailmove_core::Error>,
    /// Held until the window is written: it is what bounds the bytes on the way.
    room: Room,
}

impl Fetched {
    /// Its tasks, to be done later: nothing was written, and nothing has to be read again.
    pub(crate) fn unfold(self) -> (Vec<Task>, Ended) {
        let keep = |(mut task, write): (Task, Write)| {
            if let Write::Create { item, .. } | Write::Replace { item, .. } = write {
                task.kept = Some(Box::new(item));
            }
            self.target.under_way().leave(&task.place());
            task
        };
        let tasks = self.tasks.into_iter().zip(self.writes).map(keep).collect();
        (tasks, Ended { ends: self.ends, stop: self.stop })
    }
}

/// What became of a window's tasks, by page.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    pub(crate) ends: Vec<(u64, End)>,
    pub(crate) stop: Option<mailmove_core::Error>,
}

impl Ended {
    pub(crate) fn take(&mut self, page: u64, (end, stop): (End, Option<mailmove_core::Error>)) {
        self.ends.push((page, end));
        self.stop = self.stop.take().or(stop);
    }
}

/// Reads a window, sorts out what needs no write, and makes the intents of the rest durable.
pub(crate) async fn fetch(pass: Arc<Pass>, window: Window) -> Fetched {
    let mut ended = Ended::default();
    let room = pass.spool.room(window.bytes).await;
    let Window { target, format, tasks, .. } = window;
    let (tasks, writes) = match carry(&pass, &target, &format, tasks, &mut ended).await {
        Ok(carried) => carried,
        Err((error, tasks)) => {
            for task in tasks {
                let (page, row) = (task.page, task.row());
                ended.take(page, judge(&pass, task, row, error.clone(), true));
            }
            ended.stop.get_or_insert(error);
            (Vec::new(), Vec::new())
        }
    };
    let (tasks, rows) = tasks.into_iter().unzip();
    Fetched { target, tasks, rows, writes, ends: ended.ends, stop: ended.stop, room }
}

type Carried = (Vec<(Task, Row)>, Vec<Write>);

async fn carry(
    pass: &Pass,
    target: &TargetFolder,
    format: &Format,
    tasks: Vec<Task>,
    ended: &mut Ended,
) -> Result<Carried, (mailmove_core::Error, Vec<Task>)> {
    let tasks = adopt::by_identity(pass, target, tasks, ended).await?;
    if tasks.is_empty() {
        return Ok(Carried::default());
    }
    let references: Vec<_> = tasks.iter().filter(|task| task.kept.is_none()).map(|task| task.item.clone()).collect();
    let items = match references.is_empty() {
        true => Vec::new(),
        false => pass.fetch(&tasks[0].folder.folder.feed, &references, format).await,
    };
    if items.len() != references.len() {
        return Err((short_answer("fetch"), tasks));
    }
    let (mut items, mut read) = (items.into_iter(), Vec::<(Task, Item)>::with_capacity(tasks.len()));
    for mut task in tasks {
        let item = match task.kept.take() {
            Some(kept) => Some(Ok(*kept)),
            None => items.next(),
        };
        match item.unwrap_or_else(|| Err(short_answer("fetch"))) {
            Ok(item) => read.push((task, item)),
            Err(error) => {
                let (page, row) = (task.page, task.row());
                ended.take(page, judge(pass, task, row, error, true));
            }
        }
    }
    let read = adopt::by_digest(pass, target, read, ended).await.map_err(first)?;
    let read = look(pass, target, read, ended).await.map_err(first)?;
    let (mut entries, mut carried, mut writes) = (Vec::new(), Vec::new(), Vec::new());
    for (task, item) in read {
        let row = intend(pass, target, &task, &item);
        entries.push(Entry::Row(Box::new(row.clone())));
        writes.push(write(&row, item));
        carried.push((task, row));
    }
    // No write without an intent: durable before the first octet goes out.
    if let Err(error) = pass.journal.record(entries).await {
        pass.halt(error.clone());
        return Err((error, carried.into_iter().map(|(task, _)| task).collect()));
    }
    Ok((carried, writes))
}

fn first((error, read): (mailmove_core::Error, Vec<(Task, Item)>)) -> (mailmove_core::Error, Vec<Task>) {
    (error, read.into_iter().map(|(task, _)| task).collect())
}

/// Finds what is at the destination already. Each item there answers for one item here, twins stay twins.
async fn look(
    pass: &Pass,
    target: &TargetFolder,
    read: Vec<(Task, Item)>,
    ended: &mut Ended,
) -> Result<Vec<(Task, Item)>, (mailmove_core::Error, Vec<(Task, Item)>)> {
    if !target.must_look() || read.is_empty() {
        return Ok(read);
    }
    let sought = |(task, item): &(Task, Item)| {
        let wanted = Wanted::Like(fingerprint(pass, task, item));
        Sought::new(task.place(), wanted, item.flags.clone(), item.received)
    };
    let found = match matches(pass, target, &read.iter().map(sought).collect::<Vec<_>>(), None).await {
        Ok(found) => found,
        Err(error) => return Err((error, read)),
    };
    let reserved = reserved(target, &read, &found);
    // Somebody else's mail with this identifier is there: should this one's answer be lost, it would pass for it.
    let shared: Vec<bool> = found
        .iter()
        .map(|there| there.iter().any(|one| one.owner.is_none() && one.found.by == Evidence::Uid))
        .collect();
    let answers = pair(found, |at, candidate| {
        let (task, item) = &read[at];
        let Match { id, by, .. } = &candidate.found;
        let weak = item.kind == Kind::Mail && *by == Evidence::Uid;
        task.is_new()
            && !weak
            && candidate.is_for(&task.place())
            && !reserved.contains(id)
            && target.claim(id)
            && candidate.orphan.as_ref().is_none_or(|orphan| pass.take_orphan(orphan))
    });
    let mut rest = Vec::with_capacity(read.len());
    for (((task, mut item), answer), shared) in read.into_iter().zip(answers).zip(shared) {
        if item.kind == Kind::Mail && shared {
            item.fingerprint.uid = None;
        }
        let Some(candidate) = answer else {
            rest.push((task, item));
            continue;
        };
        let mut row = carried_row(target, &task, &item);
        row.state = RowState::AlreadyThere;
        row.evidence = Some(candidate.found.by);
        if candidate.found.by == Evidence::Key {
            row.reason = Some("weak-evidence".to_owned());
        }
        if let Some(there) = &mut row.target {
            there.item = Some(candidate.found.id);
            there.revision = candidate.found.revision;
        }
        pass.stamp(&mut row);
        pass.count(|progress| progress.already_there += 1);
        let forget = candidate.orphan;
        ended.ends.push((task.page, End::Row { row: Box::new(row), forget, follow: None }));
    }
    Ok(rest)
}

/// What belongs to rows whose items have no known id: as many candidates as there are such rows.
fn reserved(target: &TargetFolder, read: &[(Task, Item)], found: &[Vec<Candidate>]) -> HashSet<ItemId> {
    let (mut reserved, mut done) = (HashSet::new(), HashSet::new());
    for ((_, item), candidates) in read.iter().zip(found) {
        let nameless = candidates.first().map_or(0, |candidate| candidate.anonymous);
        if nameless > 0 && done.insert(item.fingerprint.digest) {
            reserved.extend(least_alike(candidates, nameless, |id| !target.is_claimed(id)));
        }
    }
    reserved
}

pub(crate) fn fingerprint(pass: &Pass, task: &Task, item: &Item) -> mailmove_core::Fingerprint {
    let mut fingerprint = item.fingerprint.clone();
    fingerprint.mark = Some(pass.mark(&task.folder, &task.item.id, &task.item.content));
    fingerprint
}

/// The row of an item whose body was read.
fn carried_row(target: &TargetFolder, task: &Task, item: &Item) -> Row {
    let known = task.row();
    let mut row = task.fresh(RowState::Intended);
    row.attempt = known.attempt;
    row.size = item.body.len();
    row.flags = item.flags.clone();
    row.received = item.received.or(row.received);
    row.digest = item.fingerprint.digest;
    row.uid = item.fingerprint.uid.clone();
    row.key = item.fingerprint.key;
    row.losses = item.losses.clone();
    row.target = match known.target {
        Some(there) if there.item.is_some() => Some(there),
        _ => Some(target.target()),
    };
    row
}

fn intend(pass: &Pass, target: &TargetFolder, task: &Task, item: &Item) -> Row {
    let mut row = carried_row(target, task, item);
    row.attempt += 1;
    row.mark = Some(pass.mark(&task.folder, &task.item.id, &task.item.content));
    row.floor = target.floor.clone();
    let streams = pass.routes(row.kind).any(|route| route.format == Format::FASTTRANSFER);
    target.under_way().enter(&row, &item.fingerprint, streams);
    // What goes another way than the plan said tells itself what that way does not carry.
    if task.route > 0
        && let Some(route) = pass.routes(task.item.kind).nth(task.route)
    {
        row.losses.extend(route.losses.iter().cloned());
    }
    pass.stamp(&mut row);
    row
}

fn write(row: &Row, item: Item) -> Write {
    let mark = row.mark.clone().unwrap_or_else(|| mailmove_core::Mark::new(""));
    match row.target.as_ref().and_then(|target| target.item.clone().map(|id| (id, target.revision.clone()))) {
        Some((id, expect)) => Write::Replace { id, expect, item, mark },
        None => Write::Create { item, mark },
    }
}

/// Writes a window and turns its verdicts into rows.
pub(crate) async fn write_out(pass: Arc<Pass>, fetched: Fetched) -> Ended {
    let Fetched { target, tasks, rows, writes, ends, stop, room } = fetched;
    let mut ended = Ended { ends, stop };
    if writes.is_empty() {
        return ended;
    }
    let verdicts = pass.destination.write(&target.id, &writes).await;
    drop(room);
    if verdicts.len() != tasks.len() {
        // Nothing is known about any of them.
        pass.halt(short_answer("write"));
        ended.ends.extend(tasks.iter().zip(rows).map(|(task, row)| (task.page, End::Unsettled(Box::new(row)))));
        return ended;
    }
    let (mut copied, mut bytes, mut updated) = (0, 0, 0);
    for (((mut task, mut row), write), verdict) in tasks.into_iter().zip(rows).zip(writes).zip(verdicts) {
        match verdict {
            Ok(written) => {
                let replaced = !task.is_new();
                row.state = if replaced { RowState::Updated } else { RowState::Copied };
                row.via = Some(written.via);
                row.losses.extend(written.losses);
                row.altered = written.altered;
                if let Some(there) = &mut row.target {
                    there.item = written.id.or(there.item.take());
                    there.revision = written.revision;
                }
                pass.stamp(&mut row);
                copied += u64::from(!replaced);
                updated += u64::from(replaced);
                bytes += row.size;
                ended.ends.push((task.page, End::row(row)));
            }
            Err(error) => {
                let page = task.page;
                if let Write::Create { item, .. } | Write::Replace { item, .. } = write {
                    task.kept = Some(Box::new(item));
                }
                ended.take(page, judge(&pass, task, row, error, false));
            }
        }
    }
    pass.count(|progress| {
        progress.copied += copied;
        progress.updated += updated;
        progress.bytes += bytes;
    });
    ended
}
