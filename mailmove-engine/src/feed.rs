//! One feed, one pass: listing, reading, writing and recording overlap.
//!
//! ```text
//! listing -> classify -> queue -> windows -> fetch (2 in flight) -> write (2 in flight) -> rows -> reached
//! ```
//!
//! The cursor moves only when every item of its page has a row.

mod supply;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use mailmove_core::{Change, Cursor, Digest, Error, FeedId, FolderId, ItemId, Page, Result};

use crate::flagging::carry_flags;
use crate::ledger::{Entry, FeedRow, Place, Row, RowState};
use crate::pages::Pages;
use crate::pass::{Pass, SourceFolder};
use crate::queue::{Batch, Queue};
use crate::settle;
use crate::task::{Act, End};
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
                End::Again(task) => {
                    task.folder.target.under_way().leave(&task.place());
                    again.push(*task);
                }
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

    fn record(&mut self, entries: Vec<Entry>) {
        if entries.is_empty() {
            return;
        }
        let (journal, job) = (self.pass.journal.clone(), self.job.clone());
        let written: Vec<_> = entries.iter().filter_map(written).collect();
        self.recording.push_back(Box::pin(async move {
            let recorded = journal.record_later(entries).await;
            for (place, attempt, nameless) in written {
                if let Some(folder) = job.folders.iter().find(|folder| folder.row.key == place.folder) {
                    // Nobody looks for what stands there otherwise, and so many traces are much memory.
                    let stays = nameless && folder.target.must_look();
                    folder.target.under_way().recorded(&place, attempt, stays);
                }
            }
            recorded
        }));
        self.pressed = false;
    }

    /// What is left behind when a folder is left before its end has a row as well, so that the sums close.
    async fn leave(&mut self) -> Result<()> {
        for fetched in self.ready.drain(..) {
            fetched.unfold();
        }
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

/// The place of a row that says what became of its item, at which attempt, and whether it is there without a known id.
fn written(entry: &Entry) -> Option<(Place, u32, bool)> {
    let Entry::Row(row) = entry else { return None };
    let nameless = row.state.is_there() && row.target.as_ref().is_none_or(|there| there.item.is_none());
    Some((row.place.clone(), row.attempt, nameless))
}
