//! Writes into one folder: runs of the same kind, one after the other.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use mailmove_core::{Error, ErrorKind, FolderId, Item, ItemId, Recovery, Result, Revision, Write, Written};
use tokio::sync::OwnedMutexGuard;

use super::known::KnownFolder;
use super::{Client, Way};
use crate::engine::{Burst, Opening};
use crate::map::message::uid_of;
use crate::pool::{Ticket, Use};

/// The turn of a call in its folder's queue. Given up as soon as its last command is on its way.
pub(super) type Turn = Option<OwnedMutexGuard<()>>;

impl Client {
    /// One verdict per write, in their order.
    pub(crate) async fn write(&self, id: &FolderId, batch: &[Write]) -> Vec<Result<Written>> {
        self.take_fresh();
        self.take_filled();
        if batch.is_empty() {
            return Vec::new();
        }
        let folder = self.folder(id);
        let mut turn: Turn = Some(folder.order.clone().lock_owned().await);
        if let Err(error) = self.breathe().await {
            return batch.iter().map(|_| Err(error.clone())).collect();
        }
        let runs = runs(batch);
        let mut verdicts = Vec::with_capacity(batch.len());
        for (number, run) in runs.iter().enumerate() {
            // Only behind the last run may the next call go on.
            let turn = if number + 1 == runs.len() { turn.take() } else { None };
            verdicts.extend(self.run(&folder, &batch[run.clone()], turn).await);
        }
        let verdicts = verdicts.into_iter().map(|verdict| {
            verdict.map_err(|error| {
                let error = self.quirks.reread(error);
                self.heed(&error);
                self.here(error).with("folder", folder.display())
            })
        });
        verdicts.collect()
    }

    async fn run(&self, folder: &Arc<KnownFolder>, run: &[Write], turn: Turn) -> Vec<Result<Written>> {
        match &run[0] {
            Write::Create { .. } => {
                let items: Vec<&Item> = run.iter().filter_map(created).collect();
                match self.spend(Way::Up, items.iter().map(|item| item.body.len()).sum()) {
                    Ok(()) => self.put(folder, &items, turn).await,
                    Err(error) => for_all(run.len(), &error),
                }
            }
            Write::Replace { .. } => {
                // Mail does not change: a new version would be another message.
                let what = "IMAP cannot put one message in the place of another";
                run.iter().map(|_| Err(Error::new(ErrorKind::Unsupported, what))).collect()
            }
            Write::Flags { .. } => self.flag(folder, run, turn).await,
            Write::Move { to, .. } => {
                let to = self.folder(to);
                self.relocate(folder, run, Some(&to), turn).await
            }
            Write::Remove { .. } => self.relocate(folder, run, None, turn).await,
        }
    }

    /// Opens a folder for writing, and sends commands when it is certain that it is the right one: a UID in the wrong
    /// folder is somebody else's message.
    pub(super) async fn modify(&self, folder: &Arc<KnownFolder>, turn: Turn, mut commands: Burst) -> Result<Ticket> {
        let ticket = self.lane(folder, 4096, Use::ReadSmall).await?;
        // One at a time on each connection: two would open their folders over each other for ever.
        let alone = ticket.connection().changing.lock().await;
        loop {
            let opened = ticket.connection().send_in(to_write(folder), Burst::default());
            self.selected(folder, opened.clone()).await?;
            match ticket.connection().send_while(&opened, commands) {
                Ok(()) => break,
                // Somebody who reads opened another folder in the meantime.
                Err(back) => commands = back,
            }
        }
        drop((turn, alone));
        Ok(ticket)
    }

    /// The same in one round trip, for what can be undone, in a folder that was looked at just now. If it is another one
    /// all the same, that is the error.
    pub(super) async fn modify_at_once(
        &self,
        folder: &Arc<KnownFolder>,
        turn: Turn,
        commands: Burst,
    ) -> Result<Ticket> {
        let ticket = self.lane(folder, 4096, Use::ReadSmall).await?;
        let opened = ticket.connection().send_in(to_write(folder), commands);
        drop(turn);
        self.selected(folder, opened).await?;
        Ok(ticket)
    }
}

pub(super) fn to_write(folder: &KnownFolder) -> Opening {
    Opening { folder: folder.wire.clone(), writable: true, condstore: false, fresh: false }
}

/// The UIDs that a run is about. `Err`: why one of them cannot be touched.
pub(super) fn targets(run: &[Write]) -> Vec<Result<u32>> {
    run.iter()
        .map(|write| target(write).map_or_else(|| Err(missing_id("none")), |(id, expect)| uid(id, expect)))
        .collect()
}

fn uid(id: &ItemId, expect: Option<&Revision>) -> Result<u32> {
    let uid = uid_of(id).ok_or_else(|| missing_id(id.as_str()))?;
    match expect {
        // Messages have no revisions here, so whoever expects one means another system's item.
        Some(_) => Err(Error::new(ErrorKind::Conflict, "the message has no revision").with("item", id)),
        None => Ok(uid),
    }
}

/// The error of a message that is not in its folder.
pub(super) fn missing_id(id: &str) -> Error {
    Error::new(ErrorKind::NotFound, "the message is not there").with("item", id)
}

/// A fault of the whole folder, told to each write.
pub(super) fn for_all<T>(count: usize, error: &Error) -> Vec<Result<T>> {
    (0..count).map(|_| Err(error.clone())).collect()
}

/// A refusal that is about the folder stops the folder, not the item.
pub(super) fn of_folder(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::AccessDenied => error.with_recovery(Recovery::StopFolder),
        _ => error,
    }
}

/// Stretches of the same kind in which no item is touched twice.
fn runs(batch: &[Write]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut touched: HashSet<&ItemId> = HashSet::new();
    for (at, write) in batch.iter().enumerate() {
        let id = target(write).map(|(id, _)| id);
        let goes_on = runs.last().is_some_and(|run| is_like(&batch[run.start], write));
        if !goes_on || id.is_some_and(|id| touched.contains(id)) {
            runs.push(at..at);
            touched.clear();
        }
        touched.extend(id);
        if let Some(run) = runs.last_mut() {
            run.end = at + 1;
        }
    }
    runs
}

fn is_like(one: &Write, two: &Write) -> bool {
    match (one, two) {
        (Write::Move { to: one, .. }, Write::Move { to: two, .. }) => one == two,
        _ => std::mem::discriminant(one) == std::mem::discriminant(two),
    }
}

fn created(write: &Write) -> Option<&Item> {
    match write {
        Write::Create { item, .. } => Some(item),
        _ => None,
    }
}

fn target(write: &Write) -> Option<(&ItemId, Option<&Revision>)> {
    match write {
        Write::Create { .. } => None,
        Write::Flags { id, .. } => Some((id, None)),
        Write::Replace { id, expect, .. } | Write::Move { id, expect, .. } | Write::Remove { id, expect } => {
            Some((id, expect.as_ref()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailmove_core::Flags;

    #[test]
    fn runs_end_where_the_kind_changes_or_an_item_comes_again() {
        let flags = |id: &str| Write::Flags { id: id.into(), add: Flags::default(), remove: Flags::default() };
        let remove = |id: &str| Write::Remove { id: id.into(), expect: None };
        let moved = |id: &str, to: &str| Write::Move { id: id.into(), to: to.into(), expect: None };
        let batch =
            [flags("1"), flags("2"), flags("1"), remove("1"), moved("2", "a"), moved("3", "a"), moved("4", "b")];
        assert_eq!(runs(&batch), [0..2, 2..3, 3..4, 4..6, 6..7]);
    }

    #[test]
    fn what_has_no_revision_cannot_be_expected_to_have_one() {
        let conflict = [Write::Remove { id: "1".into(), expect: Some(Revision::new("x")) }];
        assert_eq!(targets(&conflict)[0].as_ref().unwrap_err().kind(), ErrorKind::Conflict);
        let odd = [Write::Remove { id: "01".into(), expect: None }];
        assert_eq!(targets(&odd)[0].as_ref().unwrap_err().kind(), ErrorKind::NotFound);
    }
}
