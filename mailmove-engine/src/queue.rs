//! What waits to be done in one feed, and what of it goes together.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use mailmove_core::FolderId;

use crate::ledger::Place;
use crate::pass::{Pass, TargetFolder};
use crate::task::{Act, Task};
use crate::window::Window;

/// Tasks in their order, and the places that have one under way.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    tasks: VecDeque<Task>,
    busy: HashSet<Place>,
}

/// Tasks that go together.
#[derive(Debug)]
pub(crate) enum Batch {
    /// Items to bring over.
    Carry(Window),
    /// Flags to bring over, of items that stand in one destination folder.
    Flags { target: Arc<TargetFolder>, at: FolderId, tasks: Vec<Task> },
    /// No route carries this one.
    Unroutable(Box<Task>),
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// The places that have a task under way: a page that names one again waits for it.
    pub(crate) fn busy(&self) -> &HashSet<Place> {
        &self.busy
    }

    pub(crate) fn push(&mut self, task: Task) {
        self.busy.insert(task.place());
        self.tasks.push_back(task);
    }

    /// Puts tasks back before all others, in their order: items keep their order as far as they can.
    pub(crate) fn push_first(&mut self, tasks: Vec<Task>) {
        for task in tasks.into_iter().rev() {
            self.busy.insert(task.place());
            self.tasks.push_front(task);
        }
    }

    /// A task came to its end.
    pub(crate) fn done(&mut self, place: &Place) {
        self.busy.remove(place);
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Task> {
        self.tasks.drain(..)
    }

    /// The next tasks that go together.
    pub(crate) fn next(&mut self, pass: &Pass) -> Option<Batch> {
        let first = self.tasks.pop_front()?;
        Some(match first.act {
            Act::Carry => self.window(pass, first),
            Act::Flags => self.flags(pass, first),
        })
    }

    fn next_if(&mut self, goes_with: impl Fn(&Task) -> bool) -> Option<Task> {
        self.tasks.front().filter(|task| goes_with(task))?;
        self.tasks.pop_front()
    }

    fn window(&mut self, pass: &Pass, first: Task) -> Batch {
        let (source, destination) = (pass.source.capabilities(), pass.destination.capabilities());
        let items = source.batch_items.min(destination.batch_items).max(1);
        let limit = source.batch_bytes.min(destination.batch_bytes);
        let Some(route) = pass.routes(first.item.kind).nth(first.route) else {
            return Batch::Unroutable(Box::new(first));
        };
        let (format, key) = (route.format.clone(), (first.item.kind, first.route));
        let target = first.folder.target.clone();
        // What failed together goes in smaller company, until it goes alone.
        let tries = first.tries;
        let items = (items >> (2 * tries).min(16)).max(1);
        let (mut bytes, mut tasks) = (first.item.size, vec![first]);
        while tasks.len() < items {
            let fits = |task: &Task| {
                task.act == Act::Carry
                    && Arc::ptr_eq(&task.folder, &tasks[0].folder)
                    && (task.item.kind, task.route) == key
                    && bytes + task.item.size <= limit
                    && task.tries == tries
            };
            let Some(task) = self.next_if(fits) else { break };
            bytes += task.item.size;
            tasks.push(task);
        }
        Batch::Carry(Window { target, format, tasks, bytes })
    }

    fn flags(&mut self, pass: &Pass, first: Task) -> Batch {
        let stands =
            |task: &Task| task.row.as_ref().and_then(|row| row.target.as_ref()).map(|there| there.folder.clone());
        let target = first.folder.target.clone();
        let at = stands(&first);
        let mut tasks = vec![first];
        while tasks.len() < pass.destination.capabilities().batch_items.max(1) {
            let same = |task: &Task| {
                task.act == Act::Flags && Arc::ptr_eq(&task.folder, &tasks[0].folder) && stands(task) == at
            };
            let Some(task) = self.next_if(same) else { break };
            tasks.push(task);
        }
        Batch::Flags { at: at.unwrap_or_else(|| target.id.clone()), target, tasks }
    }
}
