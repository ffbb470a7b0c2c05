//! Many feeds side by side: large ones a few at a time, small ones many, and those that have to be settled first when
//! they are.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use mailmove_core::{Capabilities, FolderId, Result};

use crate::event::Event;
use crate::feed::{self, FeedEnd, FeedJob};
use crate::ledger::{FolderKey, Row};
use crate::pass::{Pass, TargetFolder};
use crate::relook::{self, Why};
use crate::settle;

/// A feed and what comes before its pass.
pub(crate) struct Slot {
    pub(crate) job: Arc<FeedJob>,
    /// An estimate of the items in it.
    pub(crate) items: u64,
    /// Folders (by their place in the job) that are looked at again first.
    pub(crate) relook: Vec<(usize, Why)>,
}

/// Intents to be settled in one destination folder.
pub(crate) struct Intents {
    pub(crate) target: Arc<TargetFolder>,
    pub(crate) rows: Vec<Row>,
}

/// How many feeds go side by side.
pub(crate) struct Abreast {
    pub(crate) most: usize,
    /// How many of them may be large ones.
    pub(crate) most_large: usize,
    /// A feed of more items than this is a large one.
    pub(crate) batch: u64,
    /// How many bytes go in one window.
    pub(crate) bytes: u64,
}

impl Abreast {
    pub(crate) fn of(source: &Capabilities, destination: &Capabilities) -> Self {
        let most = source.folders.min(destination.folders).max(1);
        let most_large = source.large_folders.min(destination.large_folders).clamp(1, most);
        let batch = source.batch_items.min(destination.batch_items).max(1) as u64;
        Self { most, most_large, batch, bytes: source.batch_bytes.min(destination.batch_bytes) }
    }
}

enum Done {
    Feed { slot: usize, large: bool, end: FeedEnd },
    Settled { target: FolderId, result: Result<()> },
}

/// Settles and reads everything. The ends come in the order of the slots.
pub(crate) async fn run_all(pass: &Arc<Pass>, slots: Vec<Slot>, intents: Vec<Intents>) -> Vec<(Arc<FeedJob>, FeedEnd)> {
    let Abreast { most, most_large, batch, .. } =
        Abreast::of(pass.source.capabilities(), pass.destination.capabilities());

    // In this task, not in tasks of their own: whoever drops the run drops all of it at once, its claim included.
    let mut tasks: FuturesUnordered<BoxFuture<'_, Done>> = FuturesUnordered::new();
    // By destination folder, the source folders of its intents: they wait too, wherever they go by now.
    let mut unsettled: HashMap<FolderId, HashSet<FolderKey>> = HashMap::new();
    for Intents { target, rows } in intents {
        let sources = rows.iter().map(|row| row.place.folder);
        unsettled.entry(target.id.clone()).or_default().extend(sources);
        let pass = pass.clone();
        tasks.push(Box::pin(async move {
            let result = settle::settle(&pass, &target, rows).await.map(drop);
            Done::Settled { target: target.id.clone(), result }
        }));
    }
    let mut order: Vec<usize> = (0..slots.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(slots[*at].items));
    let mut waiting: VecDeque<usize> = order.into();
    let mut ends: Vec<Option<FeedEnd>> = slots.iter().map(|_| None).collect();
    let (mut running, mut large_running) = (0, 0);
    loop {
        let mut at = 0;
        while at < waiting.len() && running < most && !pass.is_over() {
            let slot = waiting[at];
            let large = slots[slot].items > batch;
            let blocked = unsettled.iter().any(|(target, sources)| touches(&slots[slot], target, sources));
            if blocked || (large && large_running >= most_large) {
                at += 1;
                continue;
            }
            waiting.remove(at);
            running += 1;
            large_running += usize::from(large);
            let (pass, job, relook) = (pass.clone(), slots[slot].job.clone(), slots[slot].relook.clone());
            tasks.push(Box::pin(async move { Done::Feed { slot, large, end: read(pass, job, relook).await } }));
        }
        match tasks.next().await {
            Some(Done::Feed { slot, large, end }) => {
                running -= 1;
                large_running -= usize::from(large);
                ends[slot] = Some(end);
            }
            Some(Done::Settled { target, result }) => {
                let sources = unsettled.remove(&target).unwrap_or_default();
                if let Err(error) = result {
                    // Its intents stay; its folders must not be written before they are settled.
                    let held = |slot: &usize| touches(&slots[*slot], &target, &sources);
                    for slot in waiting.iter().copied().filter(held) {
                        ends[slot] = Some(FeedEnd { error: Some(error.clone()), waiting: false });
                    }
                    waiting.retain(|slot| !held(slot));
                }
            }
            None => break,
        }
    }
    slots.into_iter().zip(ends).map(|(slot, end)| (slot.job, end.unwrap_or_default())).collect()
}

/// Whether a feed writes into this destination folder, or reads one of these source folders.
fn touches(slot: &Slot, target: &FolderId, sources: &HashSet<FolderKey>) -> bool {
    slot.job.folders.iter().any(|folder| folder.target.id == *target || sources.contains(&folder.row.key))
}

async fn read(pass: Arc<Pass>, job: Arc<FeedJob>, relooks: Vec<(usize, Why)>) -> FeedEnd {
    for folder in &job.folders {
        pass.observer.tell(Event::FolderStarted { folder: folder.name() });
    }
    let mut end = FeedEnd::default();
    for (at, why) in relooks {
        if let Err(error) = relook::relook(&pass, &job.folders[at], why).await {
            end.error = Some(error);
            break;
        }
    }
    if end.error.is_none() {
        end = feed::read(pass.clone(), job.clone()).await;
    }
    pass.count(|progress| progress.folders += job.folders.len() as u64);
    for folder in &job.folders {
        pass.observer.tell(Event::FolderFinished { folder: folder.name(), error: end.error.clone() });
    }
    end
}
