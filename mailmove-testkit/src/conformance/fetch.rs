//! [`Source::fetch`](mailmove_core::Source::fetch).

use mailmove_core::{Digest, Error, ErrorKind, Format, Item, ItemFlags, ItemRef, Result, Spool};

use super::changes::{remove, set};
use super::check::{check, kind};
use super::{Bench, Harness, Outcome, Place};
use crate::memory::standard_format;
use crate::nasty;

/// An empty request gives an empty answer.
pub async fn an_empty_request_gives_an_empty_answer(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Nothing").await?;
    bench.seed(&place, [1]).await?;
    let answers = bench.fetch(&[], &standard_format(place.kind)).await?;
    check!(answers.is_empty(), "nothing was asked, and {} answers came", answers.len());
    Ok(())
}

/// One verdict per reference, in the order of the request.
pub async fn answers_come_in_the_order_of_the_request(harness: &dyn Harness) -> Outcome {
    let (bench, place, mut items) = seeded(harness, 1..=5).await?;
    items.reverse();
    items.swap(0, 2);
    let answers = bench.fetch(&items, &standard_format(place.kind)).await?;
    check!(answers.len() == items.len(), "{} references got {} verdicts", items.len(), answers.len());
    for (asked, answer) in items.iter().zip(answers) {
        let answer = answer?;
        check!(answer.origin == asked.id, "asked for {:?}, and {:?} came", asked.id, answer.origin);
        let alone = bench.read(std::slice::from_ref(asked)).await?;
        check!(alone[0].body.digest() == answer.body.digest(), "a body came with another item's id");
    }
    Ok(())
}

/// A missing item is `NotFound` in its place, and fails nobody else.
pub async fn a_missing_item_is_not_found_in_its_place(harness: &dyn Harness) -> Outcome {
    let (bench, place, items) = seeded(harness, 1..=3).await?;
    remove(&bench, &place, &items[1].id).await?;
    expect_second_missing(&bench, &items).await?;
    for id in nasty::ids() {
        let mut odd = items.clone();
        odd[1].id = id;
        if items.iter().all(|item| item.id != odd[1].id) {
            expect_second_missing(&bench, &odd).await?;
        }
    }
    Ok(())
}

/// The same reference twice is answered twice.
pub async fn an_item_asked_for_twice_is_answered_twice(harness: &dyn Harness) -> Outcome {
    let (bench, place, items) = seeded(harness, 1..=2).await?;
    let twice = [items[0].clone(), items[1].clone(), items[0].clone()];
    let answers = bench.fetch(&twice, &standard_format(place.kind)).await?;
    check!(answers.len() == 3, "3 references got {} verdicts", answers.len());
    let digests = answers.into_iter().map(|answer| Ok(*answer?.body.digest())).collect::<Result<Vec<Digest>>>()?;
    check!(digests[0] == digests[2] && digests[0] != digests[1], "the same item came back as two");
    Ok(())
}

/// Flags and dates are those of the moment of reading.
pub async fn flags_are_those_of_the_moment_of_reading(harness: &dyn Harness) -> Outcome {
    let (bench, place, items) = seeded(harness, 1..=2).await?;
    set(&bench, &place, &items[0].id, ItemFlags::FLAGGED).await?;
    let read = bench.read(&items).await?;
    check!(read[0].flags.state.contains(ItemFlags::FLAGGED), "a flag set after the listing is missing");
    check!(!read[1].flags.state.contains(ItemFlags::FLAGGED), "a flag went to another item");
    check!(read[0].received == items[0].received, "the received date differs from the listing's");
    Ok(())
}

/// Reading changes nothing, read state included.
pub async fn reading_changes_nothing(harness: &dyn Harness) -> Outcome {
    let (bench, place, items) = seeded(harness, 1..=2).await?;
    let before = bench.source()?.folders().await?;
    bench.read(&items).await?;
    bench.list(&place).await?;
    let after = bench.list(&place).await?.items;
    check!(after == items, "reading changed an item from {items:?} to {after:?}");
    check!(bench.source()?.folders().await? == before, "reading changed a folder");
    Ok(())
}

/// An item says what it is, and its fingerprint is that of its body.
pub async fn what_is_read_describes_itself(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    for at in bench.kinds()? {
        let place = bench.place_for(at, &format!("One {at}")).await?;
        bench.seed(&place, [1]).await?;
        let listed = bench.list_of(&place, 1).await?;
        let item = bench.read(&listed).await?.remove(0);
        check!(
            item.kind == at && item.format == standard_format(at),
            "a {at} came as {} in {}",
            item.kind,
            item.format
        );
        let (print, body) = (&item.fingerprint, &item.body);
        check!(print.digest == Some(*body.digest()), "the digest of a {at} is not its body's");
        check!(print.size == body.len(), "the size of a {at} is {}, its body has {}", print.size, body.len());
        check!(Digest::of(&body.bytes()?) == *body.digest(), "the body of a {at} is not what its digest says");
        check!(print.uid.is_some(), "a {at} with an identifier of its own comes without it");
    }
    Ok(())
}

/// Every route on offer works.
pub async fn every_offered_route_can_be_read(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let seeds = bench.kinds()?;
    for (number, route) in bench.source()?.capabilities().offers.clone().into_iter().enumerate() {
        if !seeds.contains(&route.kind) {
            continue;
        }
        let place = bench.place_for(route.kind, &format!("Route {number}")).await?;
        bench.seed(&place, [1]).await?;
        let listed = bench.list_of(&place, 1).await?;
        let item = super::check::only(bench.fetch(&listed, &route.format).await?)??;
        check!(item.format == route.format, "asked for {}, and {} came", route.format, item.format);
        check!(!item.body.is_empty(), "a {} came without its body", route.kind);
    }
    Ok(())
}

/// A format that is not on offer is `Unsupported`, item by item.
pub async fn a_format_that_is_not_offered_is_unsupported(harness: &dyn Harness) -> Outcome {
    let (bench, _, items) = seeded(harness, 1..=2).await?;
    let answers = bench.fetch(&items, &Format::new("application/x-nobody-reads-this")).await?;
    check!(answers.len() == items.len(), "{} references got {} verdicts", items.len(), answers.len());
    for answer in &answers {
        let error = kind(answer, "reading in a format that nobody knows")?;
        check!(error == ErrorKind::Unsupported, "the error is {error}, expected unsupported");
    }
    Ok(())
}

/// A large body goes through a small spool.
pub async fn a_large_body_needs_no_memory(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Large").await?;
    let keeps = bench.keeps_bytes(place.kind).await?;
    let mut bytes = nasty::harmless(place.kind, 1).to_vec();
    if place.kind == mailmove_core::Kind::Mail {
        (0..30_000).for_each(|n| bytes.extend(format!("This is line {n} of a long message.\r\n").bytes()));
    }
    let item = bench.item(place.kind, bytes.clone())?;
    bench.seed_items(&place, vec![item]).await?;
    let listed = bench.list(&place).await?.items;
    let spool = Spool::new(1024);
    let answers = bench.source()?.fetch(&listed, &standard_format(place.kind), &spool).await;
    let item = super::check::only(answers)??;
    check!(spool.used() <= spool.capacity(), "the spool's bound was passed");
    let first = item.body.bytes()?;
    check!(!keeps || first == bytes, "the body is not the same");
    check!(keeps || first.len() > bytes.len() / 2, "of {} bytes {} are left", bytes.len(), first.len());
    check!(item.body.bytes()? == first, "the body is not the same when it is read again");
    Ok(())
}

/// Several calls may be in flight; each gets its own answer.
pub async fn several_reads_may_be_in_flight(harness: &dyn Harness) -> Outcome {
    let (bench, place, items) = seeded(harness, 1..=6).await?;
    let format = standard_format(place.kind);
    let (one, two, three) = tokio::join!(
        bench.fetch(&items[..2], &format),
        bench.fetch(&items[2..4], &format),
        bench.fetch(&items[4..], &format),
    );
    let answers: Vec<Result<Item, Error>> = [one?, two?, three?].into_iter().flatten().collect();
    check!(answers.len() == items.len(), "6 references in 3 calls got {} verdicts", answers.len());
    for (asked, answer) in items.iter().zip(answers) {
        check!(answer?.origin == asked.id, "an answer came to another call");
    }
    Ok(())
}

async fn seeded(
    harness: &dyn Harness,
    numbers: std::ops::RangeInclusive<u64>,
) -> Outcome<(Bench, Place, Vec<ItemRef>)> {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Reading").await?;
    bench.source()?;
    let count = numbers.clone().count();
    bench.seed(&place, numbers).await?;
    let items = bench.list_of(&place, count).await?;
    Ok((bench, place, items))
}

async fn expect_second_missing(bench: &Bench, items: &[ItemRef]) -> Outcome {
    let answers = bench.fetch(items, &standard_format(items[0].kind)).await?;
    check!(answers.len() == items.len(), "{} references got {} verdicts", items.len(), answers.len());
    let error = kind(&answers[1], "reading an item that is not there")?;
    let id = &items[1].id;
    check!(error == ErrorKind::NotFound, "for {id:?} the error is {error}, expected not-found");
    check!(answers[0].is_ok() && answers[2].is_ok(), "the missing item {id:?} failed the others");
    Ok(())
}
