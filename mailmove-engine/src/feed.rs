//! One feed, one pass: listing, reading, writing and recording overlap.
//!
//! ```text
//! listing -> classify -> queue -> windows -> fetch (2 in flight) -> write (2 in flight) -> rows -> reached
//! ```
//!
//! The cursor moves only when every item of its page has a row.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use mailmove_core::{
    Change, Cursor, Detail, Digest, Error, ErrorKind, FeedId, FolderId, Gone, ItemId, Page, Recovery, Result,
};

use crate::classify;
use crate::flagging::carry_flags;
use crate::ledger::{Entry, FeedRow, Place, Row, RowState, Select};
use crate::pages::Pages;
use crate::pass::{Pass, SourceFolder};
use crate::queue::{Batch, Queue};
use crate::settle;
use crate::task::{Act, End, Task, reference};
use crate::window::{self, Ended, Fetched};

/// What is to be done with a feed in this run.
#[derive(Debug)]
pub(crate) struct FeedJob {
    pub(crate) feed: FeedId,
    pub(crate) folders: Vec<Arc<SourceFolder>>,
    /// Where its listing goes on; `None`: from the start.
    pub(crate) cursor: Option<Cursor>,
    /// Whether it is listed at all, or only what is due is done.
    pub(crate) list: bool,
    pub(crate) selection: Digest,
    /// Everything is listed: what waited for that goes on.
    pub(crate) settled: bool,
}

/// How a pass over a feed ended.
#[derive(Debug, Default)]
pub(crate) struct FeedEnd {
    /// Why it was left before its end.
    pub(crate) error: Option<Error>,
    /// Whether items wait until everything is listed.
    pub(crate) waiting: bool,
}

/// Reads a feed and moves what is new in it.
pub(crate) async fn read(pass: Arc<Pass>, job: Arc<FeedJob>) -> FeedEnd {
    let mut feed = Feed::new(pass, job);
    if let Err(error) = feed.run().await {
        feed.error.get_or_insert(error);
    }
    let left = feed.leave().await;
    FeedEnd { error: feed.error.take().or(left.err()), waiting: feed.waiting }
}

/// How many tasks may wait in the queue before the listing pauses: some windows' worth.
const QUEUE: usize = 1_000;
/// How many due rows are taken up at once.
const DUE: usize = 5_000;

struct Feed {
    pass: Arc<Pass>,
    job: Arc<FeedJob>,
    queue: Queue,
    /// What a page said about items whose task was under way.
    echo: Vec<(u64, Change)>,
    listing: FuturesOrdered<BoxFuture<'static, Result<Page>>>,
    fetching: FuturesOrdered<BoxFuture<'static, Fetched>>,
    ready: VecDeque<Fetched>,
    writing: FuturesOrdered<BoxFuture<'static, Ended>>,
    recording: FuturesOrdered<BoxFuture<'static, Result<()>>>,
    /// The end of `recording` was asked for.
    pressed: bool,
    pages: Pages,
    stage: Stage,
    /// What a listing from the start named, per folder; only then absence can mean gone.
    named: Option<HashMap<FolderId, HashSet<ItemId>>>,
    unsettled: Vec<Row>,
    waiting: bool,
    error: Option<Error>,
}

enum Stage {
    Due { folder: usize, after: Option<Place> },
    List { after: Option<Cursor>, fresh: bool },
    Done,
}

impl Feed {
    fn new(pass: Arc<Pass>, job: Arc<FeedJob>) -> Self {
        Self {
            pass,
            queue: Queue::default(),
            echo: Vec::new(),
            listing: FuturesOrdered::new(),
            fetching: FuturesOrdered::new(),
            ready: VecDeque::new(),
            writing: FuturesOrdered::new(),
            recording: FuturesOrdered::new(),
            pressed: false,
            pages: Pages::default(),
            stage: Stage::Due { folder: 0, after: None },
            named: None,
            unsettled: Vec::new(),
            waiting: false,
            error: None,
            job,
        }
    }

    async fn run(&mut self) -> Result<()> {
        loop {
            self.work().await?;
            if self.over() || self.unsettled.is_empty() {
                break;
            }
            self.settle().await?;
        }
        if !self.over() {
            for folder in &self.job.folders {
                settle::remove_doubles(&self.pass, &folder.target).await?;
            }
        }
        Ok(())
    }

    /// Answers that never came: looks, and puts what is not there before everything that waits, so that items keep their
    /// order.
    async fn settle(&mut self) -> Result<()> {
        while let Some(fetched) = self.ready.pop_back() {
            let (tasks, ended) = fetched.unfold();
            self.queue.push_first(tasks);
            self.ended(ended);
        }
        let rows = std::mem::take(&mut self.unsettled);
        for folder in self.job.folders.clone() {
            let own = rows.iter().filter(|row| row.place.folder == folder.row.key).cloned().collect();
            let due = settle::settle(&self.pass, &folder.target, own).await?;
            let tasks = due.into_iter().map(|row| self.due_task(&folder, row)).collect();
            self.queue.push_first(tasks);
        }
        Ok(())
    }

    /// Turns the wheel until nothing is under way and nothing is left to begin.
    async fn work(&mut self) -> Result<()> {
        loop {
            self.take_echo().await?;
            self.refill().await?;
            self.launch();
            let stands = matches!(self.stage, Stage::Done) || self.over() || self.is_held();
            if self.is_idle() && stands {
                return Ok(());
            }
            if self.is_idle() {
                continue;
            }
            self.press();
            tokio::select! {
                Some(page) = self.listing.next(), if !self.listing.is_empty() => self.listed(page).await?,
                Some(fetched) = self.fetching.next(), if !self.fetching.is_empty() => self.ready.push_back(fetched),
                Some(ended) = self.writing.next(), if !self.writing.is_empty() => self.ended(ended),
                Some(done) = self.recording.next(), if !self.recording.is_empty() => {
                    if let Err(error) = done {
                        self.pass.halt(error.clone());
                        self.error.get_or_insert(error);
                    }
                }
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.recording.is_empty()
            && !self.is_moving()
            && (self.ready.is_empty() || self.is_held())
            && (self.queue.is_empty() || self.over() || self.is_held())
    }

    fn is_moving(&self) -> bool {
        !(self.listing.is_empty() && self.fetching.is_empty() && self.writing.is_empty())
    }

    /// When all that is left is to be recorded, it does not wait for company.
    fn press(&mut self) {
        if !self.pressed && !self.recording.is_empty() && !self.is_moving() {
            let journal = self.pass.journal.clone();
            self.recording.push_back(Box::pin(async move { journal.record(Vec::new()).await }));
            self.pressed = true;
        }
    }

    /// Nothing more is begun in this feed before it is known what became of writes without an answer.
    fn is_held(&self) -> bool {
        !self.unsettled.is_empty()
    }

    fn over(&self) -> bool {
        self.error.is_some() || self.pass.is_over()
    }

    /// Takes up what is due, then page after page. Due work drains before the listing begins: a page may name it again.
    async fn refill(&mut self) -> Result<()> {
        if self.over() || self.is_held() || self.queue.len() >= QUEUE || !self.listing.is_empty() {
            return Ok(());
        }
        match &mut self.stage {
            Stage::Due { folder, after } => {
                let Some(current) = self.job.folders.get(*folder).cloned() else {
                    let drained = self.queue.busy().is_empty() && self.recording.is_empty();
                    if drained && self.job.list {
                        let fresh = self.job.cursor.is_none();
                        self.named = (fresh && !self.pass.first).then(HashMap::new);
                        self.stage = Stage::List { after: self.job.cursor.clone(), fresh };
                    } else if drained {
                        self.stage = Stage::Done;
                    }
                    return Ok(());
                };
                let select = Select::all().in_folder(current.row.key).in_states(&[RowState::Pending, RowState::Failed]);
                let rows = if self.pass.first {
                    Vec::new()
                } else {
                    self.pass.journal.scan(&select, after.as_ref(), DUE).await?
                };
                match rows.last() {
                    Some(last) if rows.len() == DUE => *after = Some(last.place.clone()),
                    _ => (*folder, *after) = (*folder + 1, None),
                }
                let mut rows = rows;
                // Most ids are numbers, and the ledger's order is that of text.
                rows.sort_by(|one, other| {
                    let key = |row: &Row| (row.place.item.as_str().len(), row.place.item.clone());
                    key(one).cmp(&key(other))
                });
                for row in rows {
                    self.take_due(&current, row);
                }
            }
            Stage::List { after, .. } => {
                let (pass, feed, after) = (self.pass.clone(), self.job.feed.clone(), after.clone());
                let detail = if pass.first { Detail::Listing } else { Detail::Identity };
                let ahead = after.is_none().then(|| pass.take_ahead(&feed)).flatten();
                let page = async move { pass.source.changes(&feed, after.as_ref(), detail).await };
                self.listing.push_back(ahead.unwrap_or_else(|| Box::pin(page)));
            }
            Stage::Done => {}
        }
        Ok(())
    }

    fn take_due(&mut self, folder: &Arc<SourceFolder>, row: Row) {
        if !self.pass.may_try(&row) || self.queue.busy().contains(&row.place) {
            return;
        }
        let item = reference(folder, &row);
        if self.pass.rules.filters(&item).is_some() {
            // Another selection: the listing from the start says what becomes of it.
            return;
        }
        let task = self.due_task(folder, row);
        self.enqueue(task);
    }

    fn due_task(&self, folder: &Arc<SourceFolder>, row: Row) -> Task {
        Task {
            folder: folder.clone(),
            item: reference(folder, &row),
            row: Some(row),
            act: Act::Carry,
            page: 0,
            tries: 0,
            route: 0,
            kept: None,
            may_wait: !self.job.settled,
        }
    }

    fn enqueue(&mut self, task: Task) {
        self.pages.begin(task.page);
        self.queue.push(task);
    }

    async fn listed(&mut self, page: Result<Page>) -> Result<()> {
        let page = match page {
            Ok(page) => page,
            Err(error) => return self.relist_or(error),
        };
        let number = self.pages.open(page.next.clone(), page.more);
        if let Some(named) = &mut self.named {
            for change in &page.changes {
                if let Change::Present(item) = change {
                    for folder in &item.folders {
                        named.entry(folder.clone()).or_default().insert(item.id.clone());
                    }
                }
            }
        }
        self.classify(number, page.changes).await?;
        if page.more {
            self.stage = Stage::List { after: Some(page.next), fresh: false };
        } else {
            self.stage = Stage::Done;
            if let (Gone::ByAbsence, Some(named)) = (page.gone, self.named.take()) {
                let gone = classify::absent(&self.pass, &self.job.folders, &named).await?;
                self.record(gone);
            }
        }
        self.reach();
        Ok(())
    }

    /// A cursor that is too old: from the start, once. Rows make that cheap.
    fn relist_or(&mut self, error: Error) -> Result<()> {
        // Not for another epoch: its ids are other items', and belong to a folder key of their own.
        let expired = error.kind() == ErrorKind::CursorExpired;
        match self.stage {
            Stage::List { ref after, fresh: false } if expired && after.is_some() && self.pages.is_empty() => {
                self.named = Some(HashMap::new());
                self.stage = Stage::List { after: None, fresh: true };
                Ok(())
            }
            _ => {
                if matches!(error.recovery(), Recovery::StopMailbox | Recovery::StopAll | Recovery::Pause { .. }) {
                    self.pass.halt(error.clone());
                }
                Err(error)
            }
        }
    }

    async fn classify(&mut self, page: u64, changes: Vec<Change>) -> Result<()> {
        let (now, later): (Vec<Change>, Vec<Change>) =
            changes.into_iter().partition(|change| !classify::is_busy(&self.job.folders, change, self.queue.busy()));
        later.iter().for_each(|_| self.pages.begin(page));
        self.echo.extend(later.into_iter().map(|change| (page, change)));
        let sorted = classify::classify(&self.pass, &self.job, page, now).await?;
        self.pass.count(|progress| progress.seen += sorted.seen);
        self.record(sorted.entries);
        for task in sorted.tasks {
            self.enqueue(task);
        }
        Ok(())
    }

    /// Begins what there is room for.
    fn launch(&mut self) {
        let (source, destination) = (self.pass.source.capabilities(), self.pass.destination.capabilities());
        let depth = destination.in_flight.min(source.in_flight).max(1);
        while !self.is_held() && self.writing.len() < depth {
            let Some(fetched) = self.ready.pop_front() else { break };
            self.writing.push_back(Box::pin(window::write_out(self.pass.clone(), fetched)));
        }
        while !self.over() && !self.is_held() && self.fetching.len() + self.ready.len() < depth {
            match self.queue.next(&self.pass) {
                Some(Batch::Carry(window)) => {
                    self.fetching.push_back(Box::pin(window::fetch(self.pass.clone(), window)));
                }
                Some(Batch::Flags { target, at, tasks }) => {
                    self.writing.push_back(Box::pin(carry_flags(self.pass.clone(), target, at, tasks)));
                }
                Some(Batch::Unroutable(task)) => {
                    let mut row = task.row();
                    row.state = RowState::Lost;
                    row.reason = Some("no-route".to_owned());
                    self.pass.stamp(&mut row);
                    self.ended(Ended { ends: vec![(task.page, End::row(row))], stop: None });
                }
                None => break,
            }
        }
    }

    fn ended(&mut self, ended: Ended) {
        let mut entries = Vec::with_capacity(ended.ends.len());
        let mut again = Vec::new();
        for (page, end) in ended.ends {
            end.entries(&mut entries);
            match end {
                End::Row { row, follow, .. } => {
                    self.queue.done(&row.place);
                    if let Some(task) = follow {
                        self.enqueue(*task);
                    }
                    self.pages.end(page);
                }
                End::Later(row) => {
                    self.waiting = true;
                    self.queue.done(&row.place);
                    self.pages.end(page);
                }
                End::Unsettled(row) => {
                    self.queue.done(&row.place);
                    self.unsettled.push(*row);
                    self.pages.end(page);
                }
                End::Again(task) => again.push(*task),
            }
        }
        self.queue.push_first(again);
        self.record(entries);
        if let Some(error) = ended.stop {
            self.error.get_or_insert(error);
        }
        self.reach();
    }

    /// Moves the cursor over every page whose items all have a row.
    fn reach(&mut self) {
        while self.error.is_none() {
            let Some(page) = self.pages.close() else { break };
            let mut row = FeedRow::new(self.job.feed.clone());
            row.cursor = Some(page.cursor);
            row.selection = Some(self.job.selection);
            row.complete = !page.more;
            let mut entries = vec![Entry::Feed(row)];
            if !page.more {
                for folder in &self.job.folders {
                    self.pass.set_listed(folder.row.key);
                    let mut row = folder.row.clone();
                    row.path = folder.folder.path.clone();
                    row.state = folder.folder.state.clone();
                    row.target_epoch = Some(folder.target.epoch.clone());
                    entries.push(Entry::Folder(row));
                }
            }
            self.record(entries);
        }
    }

    /// Items that were named again while their task was under way.
    async fn take_echo(&mut self) -> Result<()> {
        if self.echo.is_empty() || self.over() || self.echo.iter().any(|(_, change)| self.touches_busy(change)) {
            return Ok(());
        }
        for (page, change) in std::mem::take(&mut self.echo) {
            self.classify(page, vec![change]).await?;
            self.pages.end(page);
        }
        self.reach();
        Ok(())
    }

    fn touches_busy(&self, change: &Change) -> bool {
        classify::is_busy(&self.job.folders, change, self.queue.busy())
    }

    fn record(&mut self, entries: Vec<Entry>) {
        if entries.is_empty() {
            return;
        }
        let journal = self.pass.journal.clone();
        self.recording.push_back(Box::pin(async move { journal.record_later(entries).await }));
        self.pressed = false;
    }

    /// What is left behind when a folder is left before its end has a row as well, so that the sums close.
    async fn leave(&mut self) -> Result<()> {
        let mut entries = Vec::new();
        for task in self.queue.drain().filter(|task| task.act == Act::Carry && task.is_new()) {
            let mut row = task.row();
            row.state = RowState::Pending;
            self.pass.stamp(&mut row);
            entries.push(Entry::Row(Box::new(row)));
        }
        self.record(entries);
        self.press();
        while let Some(done) = self.recording.next().await {
            done?;
        }
        Ok(())
    }
}
