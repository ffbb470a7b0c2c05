//! One thing to do with one item, and how it ended.

use std::sync::Arc;

use mailmove_core::{Error, ErrorKind, Flags, Item, ItemRef, Kind, Recovery};

use crate::ledger::{Entry, Failure, Place, Row, RowState};
use crate::pass::{Pass, SourceFolder};
use crate::subject;

/// One thing to do with one item in one of its folders.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) folder: Arc<SourceFolder>,
    pub(crate) item: ItemRef,
    /// What the ledger knows about it.
    pub(crate) row: Option<Row>,
    pub(crate) act: Act,
    /// The page that waits for it.
    pub(crate) page: u64,
    /// How often it was tried in this run.
    pub(crate) tries: u32,
    /// Which of its kind's routes it takes.
    pub(crate) route: usize,
    /// The item, when it was read already: trying again does not go back to the source.
    pub(crate) kept: Option<Box<Item>>,
    /// Whether it may wait until everything is listed.
    pub(crate) may_wait: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Bring the item over: create it, or replace the version that we wrote.
    Carry,
    /// Bring over what changed in its flags.
    Flags,
}

impl Task {
    pub(crate) fn place(&self) -> Place {
        Place { folder: self.folder.row.key, item: self.item.id.clone() }
    }

    /// The row as it was, or a first one.
    pub(crate) fn row(&self) -> Row {
        self.row.clone().unwrap_or_else(|| self.fresh(RowState::Pending))
    }

    /// A first row from the listing.
    pub(crate) fn fresh(&self, state: RowState) -> Row {
        let mut row = Row::new(self.place(), self.item.kind, state);
        row.content = self.item.content.clone();
        row.flags = self.item.flags.clone();
        row.size = self.item.size;
        row.received = if self.item.kind == Kind::Mail { self.item.received } else { self.item.dated };
        row.identity = self.item.identity.clone();
        row
    }

    /// Whether nothing of it is at the destination, as far as its own row knows.
    pub(crate) fn is_new(&self) -> bool {
        self.row.as_ref().is_none_or(|row| row.target.as_ref().is_none_or(|target| target.item.is_none()))
    }
}

/// An item as the ledger's row describes it: enough to fetch it again.
pub(crate) fn reference(folder: &SourceFolder, row: &Row) -> ItemRef {
    let mut item = ItemRef::new(row.place.item.clone(), folder.folder.id.clone(), row.size);
    item.kind = row.kind;
    item.content = row.content.clone();
    item.flags = row.flags.clone();
    item.identity = row.identity.clone();
    if row.kind == Kind::Mail {
        item.received = row.received;
    } else {
        item.dated = row.received;
    }
    item
}

/// How a task ended.
#[derive(Debug)]
pub(crate) enum End {
    /// It has its row. `forget`: the place under which it stood before. `follow`: what is still to be done with it.
    Row { row: Box<Row>, forget: Option<Place>, follow: Option<Box<Task>> },
    /// It did not happen and is to be tried again in this run.
    Again(Box<Task>),
    /// It may have happened; its row says so.
    Unsettled(Box<Row>),
    /// It waits until everything is listed.
    Later(Box<Row>),
}

impl End {
    pub(crate) fn row(row: Row) -> Self {
        End::Row { row: Box::new(row), forget: None, follow: None }
    }

    /// What the ledger shall know about it.
    pub(crate) fn entries(&self, into: &mut Vec<Entry>) {
        match self {
            End::Row { row, forget, .. } => {
                into.extend(forget.clone().map(Entry::Forget));
                into.push(Entry::Row(row.clone()));
            }
            End::Later(row) => into.push(Entry::Row(row.clone())),
            // Its row says `Intended` already, or nothing at all.
            End::Unsettled(_) | End::Again(_) => {}
        }
    }
}

/// What an error means for its task, and the error when its folder cannot go on.
pub(crate) fn judge(pass: &Pass, task: Task, mut row: Row, error: Error, reading: bool) -> (End, Option<Error>) {
    let transient = matches!(
        error.kind(),
        ErrorKind::Network
            | ErrorKind::Timeout
            | ErrorKind::Unavailable
            | ErrorKind::Throttled
            | ErrorKind::CredentialExpired
    );
    match error.recovery() {
        Recovery::Locate if !reading => (End::Unsettled(Box::new(row)), None),
        Recovery::Retry { .. } | Recovery::Requeue | Recovery::Locate => {
            if task.tries + 1 < pass.rules.attempts {
                let mut task = task;
                task.tries += 1;
                return (End::Again(Box::new(task)), None);
            }
            if transient {
                // Not the item's fault: it stays due, the folder is left.
                row.state = RowState::Pending;
                return (End::row(row), Some(error));
            }
            (failed(pass, &task, row, &error, reading), None)
        }
        Recovery::OtherRoute if pass.rules.other_routes && pass.routes(row.kind).nth(task.route + 1).is_some() => {
            let mut task = task;
            task.route += 1;
            task.kept = None;
            (End::Again(Box::new(task)), None)
        }
        Recovery::SkipItem if reading && error.kind() == ErrorKind::NotFound => {
            row.state = RowState::GoneAtSource;
            (End::row(row), None)
        }
        Recovery::SkipItem if error.kind() == ErrorKind::NotFound && !task.is_new() => {
            row.state = RowState::GoneAtDestination;
            row.target = None;
            (End::row(row), None)
        }
        Recovery::OtherRoute | Recovery::SkipItem => (failed(pass, &task, row, &error, reading), None),
        Recovery::KeepTheirs => {
            row.state = RowState::Kept;
            (End::row(row), None)
        }
        Recovery::Relist | Recovery::StopFolder => {
            row.state = RowState::Pending;
            (End::row(row), Some(error))
        }
        // Whatever is new here is not the item's fault: stop rather than fail items one by one.
        _ => {
            row.state = RowState::Pending;
            pass.halt(error.clone());
            (End::row(row), Some(error))
        }
    }
}

fn failed(pass: &Pass, task: &Task, mut row: Row, error: &Error, reading: bool) -> End {
    let error = subject::name(pass, task.kept.as_deref(), error);
    row.state = RowState::Failed;
    row.failure = Some(Failure::new(&error));
    // A write counted its attempt with its intent.
    row.attempt += u32::from(reading);
    pass.count(|progress| progress.failed += 1);
    pass.observer.tell(crate::event::Event::ItemFailed {
        folder: task.folder.name(),
        item: task.item.id.to_string(),
        error,
    });
    End::row(row)
}

/// The flags that a listing gives an item whose row is known, and what has to change for it.
pub(crate) fn flag_change(before: &Flags, now: &Flags) -> Option<(Flags, Flags)> {
    let (add, remove) = (now.minus(before), before.minus(now));
    (!add.is_empty() || !remove.is_empty()).then_some((add, remove))
}
