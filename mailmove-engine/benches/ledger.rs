//! What the ledger costs: recording a first pass, looking when there is nothing to do, and the questions of a delta.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::{StreamExt, stream};
use mailmove_core::{Digest, Epoch, Flags, FolderId, ItemFlags, ItemId, Kind, Position, Via};
use mailmove_engine::ledger::{
    Entry, FolderKey, JobId, Journal, Ledger, MemoryLedger, Place, Row, RowState, Select, SqliteLedger, Target,
};
use time::{Duration, OffsetDateTime};
use tokio::runtime::Runtime;

/// Rows of one record.
const BATCH: usize = 200;

/// Records that wait for the disk at the same time.
const IN_FLIGHT: usize = 4;

fn first_pass(c: &mut Criterion) {
    const ITEMS: usize = 20_000;
    let runtime = Runtime::new().unwrap();
    let mut group = c.benchmark_group("first pass, 20,000 items, two versions each");
    group.sample_size(10).throughput(Throughput::Elements(2 * ITEMS as u64));
    group.bench_function("memory", |bench| {
        let pass = |ledger: MemoryLedger| runtime.block_on(record(&ledger, ITEMS));
        bench.iter_batched(MemoryLedger::new, pass, BatchSize::PerIteration);
    });
    group.bench_function("sqlite", |bench| {
        let fresh = || {
            let home = tempfile::tempdir().unwrap();
            (SqliteLedger::open(home.path().join("ledger")).unwrap(), home)
        };
        let pass = |(ledger, home): (SqliteLedger, _)| {
            runtime.block_on(record(&ledger, ITEMS));
            (ledger, home)
        };
        bench.iter_batched(fresh, pass, BatchSize::PerIteration);
    });
}

fn nothing_to_do(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = c.benchmark_group("nothing to do: open, claim, look, sum up, close");
    for items in [20_000, 200_000] {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ledger");
        runtime.block_on(record(&SqliteLedger::open(&path).unwrap(), items));
        group.bench_function(format!("{items} items"), |bench| bench.iter(|| runtime.block_on(look(&path))));
    }
}

fn questions(c: &mut Criterion) {
    const ITEMS: usize = 20_000;
    const ASKED: usize = 1_000;
    let runtime = Runtime::new().unwrap();
    let home = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(home.path().join("ledger")).unwrap();
    runtime.block_on(record(&ledger, ITEMS));
    let journal = runtime.block_on(claim(&ledger));
    let key = runtime.block_on(open(&*journal));
    let asked = || (0..ASKED).map(|at| at * 7_919 % ITEMS);
    let ids: Vec<ItemId> = asked().map(|at| ItemId::from(at.to_string())).collect();
    let digests: Vec<Digest> = asked().map(digest).collect();
    let (folder, epoch) = name();
    let mut group = c.benchmark_group("1,000 answers out of 20,000 items");
    group.throughput(Throughput::Elements(ASKED as u64));
    group.bench_function("rows", |bench| bench.iter(|| runtime.block_on(journal.rows(key, &ids)).unwrap()));
    group.bench_function("alike", |bench| bench.iter(|| runtime.block_on(journal.alike(&digests)).unwrap()));
    group.bench_function("owners", |bench| {
        bench.iter(|| runtime.block_on(journal.owners(&folder, &epoch, &ids)).unwrap());
    });
    group.bench_function("scan", |bench| {
        bench.iter(|| runtime.block_on(journal.scan(&Select::all(), None, ASKED)).unwrap());
    });
}

async fn claim(ledger: &dyn Ledger) -> Arc<dyn Journal> {
    ledger.claim(&JobId::new("job"), "destination").await.unwrap()
}

async fn open(journal: &dyn Journal) -> FolderKey {
    journal.open_folders(&[name()]).await.unwrap()[0]
}

/// Every item is about to be written, then written.
async fn record(ledger: &dyn Ledger, items: usize) {
    let journal = claim(ledger).await;
    let key = open(&*journal).await;
    let window = async |first: usize| {
        for state in [RowState::Intended, RowState::Copied] {
            let entries = (first..items.min(first + BATCH)).map(|at| Entry::Row(Box::new(row(key, at, state))));
            journal.record(entries.collect()).await.unwrap();
        }
    };
    stream::iter((0..items).step_by(BATCH)).map(window).buffer_unordered(IN_FLIGHT).collect::<()>().await;
}

/// What a run asks when nothing changed.
async fn look(path: &Path) {
    let ledger = SqliteLedger::open(path).unwrap();
    let journal = claim(&ledger).await;
    let (folder, epoch) = name();
    journal.folders().await.unwrap();
    journal.feeds().await.unwrap();
    let due = Select::all().in_states(&[RowState::Pending, RowState::Failed, RowState::Intended]);
    assert_eq!(journal.scan(&due, None, BATCH).await.unwrap(), []);
    journal.owned(&folder, &epoch).await.unwrap();
    journal.summary().await.unwrap();
    journal.remarks().await.unwrap();
}

fn name() -> (FolderId, Epoch) {
    ("INBOX".into(), "1700000000".into())
}

fn digest(at: usize) -> Digest {
    Digest::of(&at.to_le_bytes())
}

/// A row as mail over IMAP leaves it.
fn row(folder: FolderKey, at: usize, state: RowState) -> Row {
    let item = ItemId::from(at.to_string());
    let mut row = Row::new(Place { folder, item: item.clone() }, Kind::Mail, state);
    row.attempt = 1;
    row.flags = Flags::new(ItemFlags::SEEN);
    row.size = 4_000 + at as u64;
    row.received = Some(OffsetDateTime::UNIX_EPOCH + Duration::minutes(at as i64));
    row.digest = Some(digest(at));
    row.uid = Some(format!("<20240101.{at}.0123456789abcdef@mail.example.org>"));
    row.key = Some(digest(at + 1));
    let (target, epoch) = name();
    let mut target = Target::new(target, epoch);
    if state == RowState::Copied {
        target.item = Some(item);
        row.via = Some(Via::fixed("append"));
    } else {
        row.floor = Some(Position::from("1"));
    }
    row.target = Some(target);
    row.run = 1;
    row
}

criterion_group!(benches, first_pass, nothing_to_do, questions);
criterion_main!(benches);
