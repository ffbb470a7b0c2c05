//! [`Destination::write`](mailmove_core::Destination::write): order, full batches, and writes that nobody waited for.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use mailmove_core::{ItemFlags, ItemId, Match, Result, Wanted, Write, Written};

use super::bench::create;
use super::check::{check, only, skip};
use super::{Bench, Harness, Outcome, Place};

/// How long the items of a dropped write are waited for at most: what counts is that none of them is ever half there.
const PATIENCE: Duration = Duration::from_secs(1);

/// After how many polls writes are dropped.
const POLLS: std::ops::Range<usize> = 0..12;

/// Items of one batch are stored in their order.
pub async fn a_batch_is_stored_in_its_order(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Batch").await?;
    let order = [3, 1, 4, 0, 5, 7, 2, 6];
    let verdicts = bench.write(&place.id, &twins(&bench, &place, &order)?).await?;
    expect_order(&bench, &place, verdicts, &order).await
}

/// Calls for one folder take effect in the order in which they are first polled.
pub async fn calls_take_effect_in_the_order_of_their_first_poll(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Calls").await?;
    let order = [7, 5, 3, 1, 6, 2];
    let batch = twins(&bench, &place, &order)?;
    let destination = bench.destination()?;
    let (first, second, third) = tokio::join!(
        biased;
        destination.write(&place.id, &batch[..2]),
        destination.write(&place.id, &batch[2..4]),
        destination.write(&place.id, &batch[4..]),
    );
    let verdicts = [first, second, third].into_iter().flatten().collect();
    expect_order(&bench, &place, verdicts, &order).await
}

/// As many writes as the endpoint says it takes are taken in one call.
pub async fn a_full_batch_is_taken(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Full").await?;
    let limits = bench.destination()?.capabilities();
    let size = bench.harmless(place.kind, 1_000_000)?.body.len();
    let most = (limits.batch_bytes / size).max(1).min(limits.batch_items as u64).min(1000);
    let batch = (0..most)
        .map(|number| Ok(create(bench.harmless(place.kind, number)?, number as usize)))
        .collect::<Outcome<Vec<_>>>()?;
    let verdicts = bench.destination()?.write(&place.id, &batch).await;
    check!(verdicts.len() as u64 == most, "{most} writes got {} verdicts", verdicts.len());
    for verdict in verdicts {
        verdict?;
    }
    let wanted = (0..most).map(|number| Ok(Wanted::Like(bench.harmless(place.kind, number)?.fingerprint)));
    let answers = bench.destination()?.locate(&place.id, &wanted.collect::<Outcome<Vec<_>>>()?, None).await?;
    check!(answers.iter().all(|found| found.len() == 1), "a full batch was not written whole");
    Ok(())
}

/// A write that is dropped at any moment leaves whole items or none; an unfinished one is named so, and can be removed.
pub async fn a_dropped_write_leaves_whole_items_or_none(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Dropped").await?;
    let keeps = bench.keeps_bytes(place.kind).await?;
    let destination = bench.destination()?;
    let mut dropped = 0;
    for polls in POLLS {
        let number = polls as u64 * 2;
        let batch = [number, number + 1].map(|number| Ok(create(bench.harmless(place.kind, number)?, number as usize)));
        let batch = batch.into_iter().collect::<Outcome<Vec<Write>>>()?;
        dropped += usize::from(poll_and_drop(destination.write(&place.id, &batch), polls).await);
    }
    check!(dropped > 0, "no write could be dropped");
    tokio::time::sleep(destination.capabilities().settle.min(PATIENCE)).await;
    let mut whole = 0;
    for number in 0..POLLS.end as u64 * 2 {
        let found = find(&bench, &place, number).await?;
        check!(found.len() <= 1, "an item that was written once is there {} times", found.len());
        for unfinished in found.iter().filter(|found| !found.complete) {
            if destination.capabilities().removes {
                let id = unfinished.id.clone();
                bench.write_one(&place.id, Write::Remove { id, expect: None }).await??;
                check!(find(&bench, &place, number).await?.is_empty(), "an unfinished item cannot be removed");
            }
        }
        whole += found.iter().filter(|found| found.complete).count();
    }
    if bench.source().is_ok() {
        let listed = bench.list(&place).await?.items;
        check!(listed.len() == whole, "{whole} whole items are found, and {} are seen", listed.len());
        for item in bench.read(&listed).await? {
            let number = (0..POLLS.end as u64 * 2).map(|number| bench.harmless(place.kind, number));
            let originals = number.collect::<Outcome<Vec<_>>>()?;
            let same = |original: &mailmove_core::Item| match keeps {
                true => original.body.digest() == item.body.digest(),
                false => original.fingerprint.uid == item.fingerprint.uid,
            };
            let known = originals.iter().any(same);
            check!(known, "a dropped write left half an item");
        }
    }
    Ok(())
}

/// Polls this often, with others getting their turn in between, then drops. Whether it was dropped before its end.
async fn poll_and_drop<T>(future: impl Future<Output = T>, polls: usize) -> bool {
    let mut future = pin!(future);
    for _ in 0..polls {
        if poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await {
            return false;
        }
        tokio::task::yield_now().await;
    }
    true
}

/// Items with the same bytes, told apart by their flags: each bit of a number is one.
fn twins(bench: &Bench, place: &Place, order: &[u16]) -> Outcome<Vec<Write>> {
    let twin = |number: &u16| {
        let mut item = bench.harmless(place.kind, 1)?;
        item.flags.state = ItemFlags::from_bits_truncate(*number);
        Ok(create(item, usize::from(*number)))
    };
    order.iter().map(twin).collect()
}

/// Whether twins were stored in this order, which is the order in which they are located.
async fn expect_order(bench: &Bench, place: &Place, verdicts: Vec<Result<Written>>, order: &[u16]) -> Outcome {
    for verdict in verdicts {
        if !verdict?.losses.is_empty() {
            skip!("twins cannot be told apart: not all flags are kept");
        }
    }
    let listed = bench.list(place).await?.items;
    let number = |id: &ItemId| listed.iter().find(|item| item.id == *id).map(|item| item.flags.state.bits());
    let located: Vec<Option<u16>> = find(bench, place, 1).await?.iter().map(|found| number(&found.id)).collect();
    let expected: Vec<Option<u16>> = order.iter().copied().map(Some).collect();
    check!(located == expected, "twins were written as {expected:?}, and are stored as {located:?}");
    Ok(())
}

async fn find(bench: &Bench, place: &Place, number: u64) -> Outcome<Vec<Match>> {
    let print = bench.harmless(place.kind, number)?.fingerprint;
    only(bench.destination()?.locate(&place.id, &[Wanted::Like(print)], None).await?)
}
