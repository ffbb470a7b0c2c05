//! Where the work of a feed comes from: what is due, then page after page of its listing.

use std::collections::HashMap;
use std::sync::Arc;

use mailmove_core::{Change, Detail, Error, ErrorKind, Gone, Page, Recovery, Result};

use super::{DUE, Feed, QUEUE, Stage};
use crate::classify;
use crate::ledger::{Row, RowState, Select};
use crate::pass::SourceFolder;
use crate::task::{Act, Task, reference};

impl Feed {
    /// Takes up what is due, then page after page. Due work drains before the listing begins: a page may name it again.
    pub(super) async fn refill(&mut self) -> Result<()> {
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

    pub(super) fn due_task(&self, folder: &Arc<SourceFolder>, row: Row) -> Task {
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

    pub(super) fn enqueue(&mut self, task: Task) {
        self.pages.begin(task.page);
        self.queue.push(task);
    }

    pub(super) async fn listed(&mut self, page: Result<Page>) -> Result<()> {
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

    /// Items that were named again while their task was under way.
    pub(super) async fn take_echo(&mut self) -> Result<()> {
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
}
