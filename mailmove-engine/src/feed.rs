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
    Change, Cursor, Detail, Digest, Error, ErrorKind, FeedId, FolderId, Format, Gone, ItemId, Page, Recovery, Result,
};

use crate::classify;
use crate::flagging::carry_flags;
use crate::ledger::{Entry, FeedRow, Place, Row, RowState, Select};
use crate::pass::{Pass, SourceFolder};
use crate::settle;
use crate::task::{Act, End, Task, reference};
use crate::window::{self, Ended, Fetched, Window};

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
const DUE: usize = 2_000;

struct Feed {
    pass: Arc<Pass>,
    job: Arc<FeedJob>,
    queue: VecDeque<Task>,
    /// Places with a task under way: a page that names one again waits for it.
    busy: HashSet<Place>,
    echo: Vec<(u64, Change)>,
    listing: FuturesOrdered<BoxFuture<'static, Result<Page>>>,
    fetching: FuturesOrdered<BoxFuture<'static, Fetched>>,
    ready: VecDeque<Fetched>,
    writing: FuturesOrdered<BoxFuture<'static, Ended>>,
    recording: FuturesOrdered<BoxFuture<'static, Result<()>>>,
    pages: VecDeque<Open>,
    next_page: u64,
    stage: Stage,
    /// What a listing from the start named, per folder; only then absence can mean gone.
    named: Option<HashMap<FolderId, HashSet<ItemId>>>,
    unsettled: Vec<Row>,
    /// How often it went round for answers that never came. Only the first round lists.
    rounds: u32,
    waiting: bool,
    error: Option<Error>,
}

/// A page whose items do not all have a row yet.
struct Open {
    number: u64,
    left: u64,
    next: Cursor,
    more: bool,
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
            queue: VecDeque::new(),
            busy: HashSet::new(),
            echo: Vec::new(),
            listing: FuturesOrdered::new(),
            fetching: FuturesOrdered::new(),
            ready: VecDeque::new(),
            writing: FuturesOrdered::new(),
            recording: FuturesOrdered::new(),
            pages: VecDeque::new(),
            next_page: 1,
            stage: Stage::Due { folder: 0, after: None },
            named: None,
            unsettled: Vec::new(),
            rounds: 0,
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
            // Answers that never came: look, and what is not there goes round again.
            let rows = std::mem::take(&mut self.unsettled);
            let mut due = 0;
            for folder in &self.job.folders {
                let own = rows.iter().filter(|row| row.place.folder == folder.row.key).cloned().collect();
                due += settle::settle(&self.pass, &folder.target, own).await?;
            }
            if due == 0 {
                break;
            }
            self.rounds += 1;
            self.stage = Stage::Due { folder: 0, after: None };
        }
        if !self.over() {
            for folder in &self.job.folders {
                settle::remove_doubles(&self.pass, &folder.target).await?;
            }
        }
        Ok(())
    }

    /// Turns the wheel until nothing is under way and nothing is left to begin.
    async fn work(&mut self) -> Result<()> {
        loop {
            self.take_echo().await?;
            self.refill().await?;
            self.launch();
            if self.is_idle() && (matches!(self.stage, Stage::Done) || self.over()) {
                return Ok(());
            }
            if self.is_idle() {
                continue;
            }
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
        self.listing.is_empty()
            && self.fetching.is_empty()
            && self.ready.is_empty()
            && self.writing.is_empty()
            && self.recording.is_empty()
            && (self.queue.is_empty() || self.over())
    }

    fn over(&self) -> bool {
        self.error.is_some() || self.pass.is_over()
    }

    /// Takes up what is due, then page after page. Due work drains before the listing begins: a page may name it again.
    async fn refill(&mut self) -> Result<()> {
        if self.over() || self.queue.len() >= QUEUE || !self.listing.is_empty() {
            return Ok(());
        }
        match &mut self.stage {
            Stage::Due { folder, after } => {
                let Some(current) = self.job.folders.get(*folder).cloned() else {
                    let drained = self.busy.is_empty() && self.recording.is_empty();
                    if drained && self.job.list && self.rounds == 0 {
                        let fresh = self.job.cursor.is_none();
                        self.named = (fresh && !self.pass.first).then(HashMap::new);
                        self.stage = Stage::List { after: self.job.cursor.clone(), fresh };
                    } else if drained {
                        self.stage = Stage::Done;
                    }
                    return Ok(());
                };
                let select = Select::all().in_folder(current.row.key).in_states(&[RowState::Pending, RowState::Failed]);
                let rows = if self.pass.first && self.rounds == 0 {
                    Vec::new()
                } else {
                    self.pass.journal.scan(&select, after.as_ref(), DUE).await?
                };
                match rows.last() {
                    Some(last) if rows.len() == DUE => *after = Some(last.place.clone()),
                    _ => (*folder, *after) = (*folder + 1, None),
                }
                for row in rows {
                    self.take_due(&current, row);
                }
            }
            Stage::List { after, .. } => {
                let (pass, feed, after) = (self.pass.clone(), self.job.feed.clone(), after.clone());
                let detail = if pass.first { Detail::Listing } else { Detail::Identity };
                let page = async move { pass.source.changes(&feed, after.as_ref(), detail).await };
                self.listing.push_back(Box::pin(page));
            }
            Stage::Done => {}
        }
        Ok(())
    }

    fn take_due(&mut self, folder: &Arc<SourceFolder>, row: Row) {
        if !self.pass.may_try(&row) || self.busy.contains(&row.place) {
            return;
        }
        let item = reference(folder, &row);
        if self.pass.rules.filters(&item).is_some() {
            // Another selection: the listing from the start says what becomes of it.
            return;
        }
        self.enqueue(Task {
            folder: folder.clone(),
            item,
            row: Some(row),
            act: Act::Carry,
            page: 0,
            tries: 0,
            route: 0,
            kept: None,
            may_wait: !self.job.settled,
        });
    }

    fn enqueue(&mut self, task: Task) {
        self.busy.insert(task.place());
        if let Some(page) = self.pages.iter_mut().find(|page| page.number == task.page) {
            page.left += 1;
        }
        self.queue.push_back(task);
    }

    async fn listed(&mut self, page: Result<Page>) -> Result<()> {
        let page = match page {
            Ok(page) => page,
            Err(error) => return self.relist_or(error),
        };
        let number = self.next_page;
        self.next_page += 1;
        self.pages.push_back(Open { number, left: 0, next: page.next.clone(), more: page.more });
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
        let expired = error.kind() == ErrorKind::CursorExpired || error.recovery() == Recovery::Relist;
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
            changes.into_iter().partition(|change| !classify::is_busy(&self.job.folders, change, &self.busy));
        if let Some(open) = self.pages.iter_mut().find(|open| open.number == page) {
            open.left += later.len() as u64;
        }
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
        let destination = self.pass.destination.clone();
        let capabilities = destination.capabilities();
        let depth = capabilities.in_flight.min(self.pass.source.capabilities().in_flight).max(1);
        while self.writing.len() < depth {
            let Some(fetched) = self.ready.pop_front() else { break };
            self.writing.push_back(Box::pin(window::write_out(self.pass.clone(), fetched)));
        }
        while !self.over() && self.fetching.len() + self.ready.len() < depth {
            let Some(first) = self.queue.pop_front() else { break };
            match first.act {
                Act::Carry => {
                    if let Some(window) = self.window(first) {
                        self.fetching.push_back(Box::pin(window::fetch(self.pass.clone(), window)));
                    }
                }
                Act::Flags => {
                    let limit = capabilities.batch_items.max(1);
                    let at = first.row.as_ref().and_then(|row| row.target.as_ref()).map(|there| there.folder.clone());
                    let target = first.folder.target.clone();
                    let at = at.unwrap_or_else(|| target.id.clone());
                    let mut tasks = vec![first];
                    while tasks.len() < limit {
                        let same = |task: &Task| {
                            task.act == Act::Flags
                                && Arc::ptr_eq(&task.folder, &tasks[0].folder)
                                && task.row.as_ref().and_then(|row| row.target.as_ref()).map(|there| &there.folder)
                                    == Some(&at)
                        };
                        if !self.queue.front().is_some_and(same) {
                            break;
                        }
                        tasks.extend(self.queue.pop_front());
                    }
                    self.writing.push_back(Box::pin(carry_flags(self.pass.clone(), target, at, tasks)));
                }
            }
        }
    }

    /// Gathers what goes with this task. `None` when no route carries it: its row says so.
    fn window(&mut self, first: Task) -> Option<Window> {
        let (source, destination) = (self.pass.source.capabilities(), self.pass.destination.capabilities());
        let items = source.batch_items.min(destination.batch_items).max(1);
        let limit = source.batch_bytes.min(destination.batch_bytes);
        let Some(route) = self.pass.routes(first.item.kind).nth(first.route) else {
            let mut row = first.row();
            row.state = RowState::Lost;
            row.reason = Some("no-route".to_owned());
            self.pass.stamp(&mut row);
            self.ended(Ended { ends: vec![(first.page, End::row(row))], stop: None });
            return None;
        };
        let (format, key): (Format, _) = (route.format.clone(), (first.item.kind, first.route));
        let target = first.folder.target.clone();
        let (mut bytes, mut tasks) = (first.item.size, vec![first]);
        while tasks.len() < items {
            let fits = |task: &Task| {
                task.act == Act::Carry
                    && Arc::ptr_eq(&task.folder, &tasks[0].folder)
                    && (task.item.kind, task.route) == key
                    && bytes + task.item.size <= limit
                    // What failed once goes in smaller company.
                    && task.tries == 0
                    && tasks[0].tries == 0
            };
            if !self.queue.front().is_some_and(fits) {
                break;
            }
            if let Some(task) = self.queue.pop_front() {
                bytes += task.item.size;
                tasks.push(task);
            }
        }
        Some(Window { target, format, tasks, bytes })
    }

    fn ended(&mut self, ended: Ended) {
        let mut entries = Vec::with_capacity(ended.ends.len());
        for (page, end) in ended.ends {
            end.entries(&mut entries);
            match end {
                End::Row { row, follow, .. } => {
                    self.busy.remove(&row.place);
                    if let Some(task) = follow {
                        self.enqueue(*task);
                    }
                    self.settle_page(page);
                }
                End::Later(row) => {
                    self.waiting = true;
                    self.busy.remove(&row.place);
                    self.settle_page(page);
                }
                End::Unsettled(row) => {
                    self.busy.remove(&row.place);
                    self.unsettled.push(*row);
                    self.settle_page(page);
                }
                End::Again(task) => self.queue.push_front(*task),
            }
        }
        self.record(entries);
        if let Some(error) = ended.stop {
            self.error.get_or_insert(error);
        }
        self.reach();
    }

    fn settle_page(&mut self, page: u64) {
        if let Some(open) = self.pages.iter_mut().find(|open| open.number == page) {
            open.left = open.left.saturating_sub(1);
        }
    }

    /// Moves the cursor over every page whose items all have a row.
    fn reach(&mut self) {
        while self.pages.front().is_some_and(|page| page.left == 0) && self.error.is_none() {
            let Some(page) = self.pages.pop_front() else { break };
            let mut row = FeedRow::new(self.job.feed.clone());
            row.cursor = Some(page.next);
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
            self.settle_page(page);
        }
        self.reach();
        Ok(())
    }

    fn touches_busy(&self, change: &Change) -> bool {
        classify::is_busy(&self.job.folders, change, &self.busy)
    }

    fn record(&mut self, entries: Vec<Entry>) {
        if entries.is_empty() {
            return;
        }
        let journal = self.pass.journal.clone();
        self.recording.push_back(Box::pin(async move { journal.record(entries).await }));
    }

    /// What is left behind when a folder is left before its end has a row as well, so that the sums close.
    async fn leave(&mut self) -> Result<()> {
        let mut entries = Vec::new();
        for task in self.queue.drain(..).filter(|task| task.act == Act::Carry && task.is_new()) {
            let mut row = task.row();
            row.state = RowState::Pending;
            self.pass.stamp(&mut row);
            entries.push(Entry::Row(Box::new(row)));
        }
        self.record(entries);
        while let Some(done) = self.recording.next().await {
            done?;
        }
        Ok(())
    }
}
