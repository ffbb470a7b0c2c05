//! The engine alone: from memory to memory, with the ledger in memory. What is left is classifying, queueing, recording.
#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use mailmove_core::{Mailbox, Side};
use mailmove_engine::{MemoryLedger, Migration};
use mailmove_testkit::{MemoryMailbox, NewItem, Options};

const ITEMS: u64 = 2_000;

fn options() -> Options {
    Options::new().with(|options| {
        options.capabilities.batch_items = 200;
        options.capabilities.in_flight = 2;
    })
}

fn pair() -> Migration {
    let source = MemoryMailbox::with_options(options());
    source.add_all(&source.inbox(), (0..ITEMS).map(NewItem::numbered_mail));
    let destination = MemoryMailbox::with_options(options());
    let (from, to) = (Mailbox::new(Side::Source, "a"), Mailbox::new(Side::Destination, "b"));
    Migration::new(Arc::new(source), from, Arc::new(destination), to).ledger(Arc::new(MemoryLedger::new()))
}

fn engine(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(ITEMS));
    group.bench_function("first run", |bench| {
        bench.iter_batched(pair, |pair| runtime.block_on(pair.run(None)).unwrap(), BatchSize::LargeInput);
    });
    let moved = pair();
    runtime.block_on(moved.run(None)).unwrap();
    group.bench_function("nothing to do", |bench| bench.iter(|| runtime.block_on(moved.run(None)).unwrap()));
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
