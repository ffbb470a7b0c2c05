//! [`Destination::write`](mailmove_core::Destination::write): what is stored, and what is not.

use std::collections::HashMap;

use mailmove_core::{
    Digest, ErrorKind, Flags, FolderId, Format, Item, ItemFlags, ItemId, Kind, Result, Write, Written,
};
use time::OffsetDateTime;

use super::bench::{create, granted};
use super::check::{check, kind, skip};
use super::{Bench, Harness, Outcome, Place};
use crate::nasty;

/// A size above which the limit of a route is not tried.
const REASONABLE: u64 = 64 << 20;

/// An empty batch gives an empty answer.
pub async fn an_empty_batch_writes_nothing(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Nothing").await?;
    let verdicts = bench.destination()?.write(&place.id, &[]).await;
    check!(verdicts.is_empty(), "nothing was written, and {} verdicts came", verdicts.len());
    Ok(())
}

/// One verdict per write, in their order; what is refused fails nobody else.
pub async fn a_refused_item_fails_nobody_else(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Refused").await?;
    let mut unknown = bench.harmless(place.kind, 2)?;
    unknown.format = Format::new("application/x-nobody-writes-this");
    let nobody = Write::Flags { id: ItemId::new("nobody"), add: Flags::new(ItemFlags::SEEN), remove: Flags::default() };
    let batch = [
        create(bench.harmless(place.kind, 1)?, 1),
        create(unknown, 2),
        create(bench.harmless(place.kind, 3)?, 3),
        nobody,
        create(bench.harmless(place.kind, 5)?, 5),
    ];
    let verdicts = bench.write(&place.id, &batch).await?;
    check!(
        kind(&verdicts[1], "writing a format that nobody knows")? == ErrorKind::Unsupported,
        "it is not unsupported"
    );
    check!(kind(&verdicts[3], "flagging an item that is not there")? == ErrorKind::NotFound, "it is not not-found");
    check!([0, 2, 4].iter().all(|at| verdicts[*at].is_ok()), "a refused write failed the others");
    for number in [1, 3, 5] {
        check!(count(&bench, &place, number).await? == 1, "item {number} of a batch is not there");
    }
    check!(count(&bench, &place, 2).await? == 0, "an item that was refused is there");
    Ok(())
}

/// A folder that does not exist takes nothing, and says so for each write.
pub async fn a_missing_folder_takes_nothing(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let first = *bench.kinds()?.first().unwrap_or(&Kind::Mail);
    let batch = [create(bench.harmless(first, 1)?, 1), create(bench.harmless(first, 2)?, 2)];
    let verdicts = bench.write(&FolderId::new("there is no such folder"), &batch).await?;
    for verdict in &verdicts {
        let error = kind(verdict, "writing into a folder that does not exist")?;
        check!(error == ErrorKind::NotFound, "the error is {error}, expected not-found");
    }
    Ok(())
}

/// Created items keep their bytes, flags and received date, but for what the verdict names as lost or altered.
pub async fn items_keep_bytes_flags_and_date(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    for kind in bench.kinds()? {
        let place = bench.place_for(kind, &format!("Whole {kind}")).await?;
        let when = OffsetDateTime::from_unix_timestamp(1_000_000_000).ok();
        for (number, state) in
            [ItemFlags::empty(), ItemFlags::SEEN | ItemFlags::FLAGGED, ItemFlags::ANSWERED].into_iter().enumerate()
        {
            let mut item = bench.harmless(kind, number as u64)?;
            item.flags = Flags::new(state);
            if number == 1 {
                item.flags.add_category("Conformance");
            }
            item.received = when.filter(|_| kind == Kind::Mail);
            let sent = item.clone();
            let written = bench.write_one(&place.id, create(item, number)).await??;
            if !written.losses.is_empty() || !written.altered.is_empty() {
                continue;
            }
            let listed = bench.list(&place).await?.items;
            let read = bench.read(&listed).await?;
            let Some(read) = read.iter().find(|read| read.body.digest() == sent.body.digest()) else {
                return Err(super::Unmet::Broken(format!("the bytes of a {kind} changed, and nothing was said")));
            };
            check!(read.flags == sent.flags, "the flags of a {kind} were {:?}, and are {:?}", sent.flags, read.flags);
            let seconds = |item: &Item| item.received.map(OffsetDateTime::unix_timestamp);
            let same = sent.received.is_none() || seconds(read) == seconds(&sent);
            check!(same, "a {kind} was received {:?}, and is {:?}", sent.received, read.received);
        }
    }
    Ok(())
}

/// What is nasty is stored whole, or refused; never quietly changed, merged or lost.
pub async fn nasty_items_are_kept_whole_or_refused(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    for at in bench.kinds()? {
        let place = bench.place_for(at, &format!("Nasty {at}")).await?;
        let samples = nasty::samples(at);
        let items = samples.iter().map(|sample| bench.item(at, sample.bytes.clone())).collect::<Outcome<Vec<_>>>()?;
        let batch: Vec<Write> = items.into_iter().enumerate().map(|(at, item)| create(item, at)).collect();
        let verdicts = bench.write(&place.id, &batch).await?;
        let listed = bench.list(&place).await?.items;
        let stored = verdicts.iter().filter(|verdict| verdict.is_ok()).count();
        check!(listed.len() == stored, "{stored} of the {at} samples were taken, and {} are there", listed.len());
        let mut there: HashMap<Digest, usize> = HashMap::new();
        for item in bench.read(&listed).await? {
            *there.entry(*item.body.digest()).or_default() += 1;
        }
        for (sample, verdict) in samples.iter().zip(&verdicts) {
            match verdict {
                Ok(written) if written.losses.is_empty() && written.altered.is_empty() => {
                    let left = there.entry(Digest::of(&sample.bytes)).or_default();
                    check!(*left > 0, "{}: its bytes are not there", sample.name);
                    *left -= 1;
                }
                Ok(_) => {}
                Err(error) => {
                    let refused = [ErrorKind::Refused, ErrorKind::TooLarge, ErrorKind::Unsupported];
                    check!(refused.contains(&error.kind()), "{}: {error}", sample.name);
                }
            }
        }
    }
    Ok(())
}

/// Two items with the same bytes are two items.
pub async fn twins_stay_two(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Twins").await?;
    bench.seed(&place, [1, 1]).await?;
    bench.seed(&place, [1]).await?;
    let there = count(&bench, &place, 1).await?;
    check!(there == 3, "3 twins were written, and {there} are there");
    Ok(())
}

/// Every route that is accepted works, and the verdict names it.
pub async fn every_accepted_route_can_be_written(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    for route in bench.destination()?.capabilities().accepts.clone() {
        if route.format != crate::memory::standard_format(route.kind) {
            continue;
        }
        let place = bench.place_for(route.kind, &format!("{} by {}", route.kind, route.via)).await?;
        let item = bench.harmless(route.kind, 1)?;
        let written: Written = bench.write_one(&place.id, create(item, 1)).await??;
        let vias = bench.destination()?.capabilities().accepts.iter().map(|route| &route.via);
        check!(vias.into_iter().any(|via| *via == written.via), "it was written by {}, which is no route", written.via);
    }
    Ok(())
}

/// An item beyond the limit of its route is `TooLarge`, and fails nobody else.
pub async fn an_item_beyond_the_limit_is_too_large(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let limits: Vec<(Kind, u64)> = bench
        .destination()?
        .capabilities()
        .accepts
        .iter()
        .filter_map(|route| Some((route.kind, route.max_bytes.filter(|most| *most < REASONABLE)?)))
        .collect();
    let Some((at, most)) = limits.first().copied() else { skip!("it tells no limit within reason") };
    let place = bench.place_for(at, "Limit").await?;
    let mut bytes = nasty::harmless(at, 1).to_vec();
    let line = b"This line is here to make it large enough to be refused.\r\n";
    while bytes.len() as u64 <= most {
        bytes.extend(line);
    }
    let batch = [create(bench.item(at, bytes)?, 1), create(bench.harmless(at, 2)?, 2)];
    let verdicts = bench.write(&place.id, &batch).await?;
    let error = kind(&verdicts[0], "writing an item beyond the limit")?;
    check!(error == ErrorKind::TooLarge, "the error is {error}, expected too-large");
    check!(verdicts[1].is_ok(), "an item beyond the limit failed another one");
    Ok(())
}

/// Flags change by what is asked, and what others set stays.
pub async fn flags_change_by_what_is_asked_alone(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Flags").await?;
    let mut item = bench.harmless(place.kind, 1)?;
    item.flags = Flags::new(ItemFlags::FLAGGED | ItemFlags::ANSWERED);
    let id = bench.create(&place.id, item).await?.id;
    let (add, remove) = (Flags::new(ItemFlags::SEEN), Flags::new(ItemFlags::ANSWERED));
    bench.write_one(&place.id, Write::Flags { id, add, remove }).await??;
    let state = bench.list_of(&place, 1).await?[0].flags.state;
    check!(state.contains(ItemFlags::SEEN), "a flag that was to be set is {state:?}");
    check!(!state.contains(ItemFlags::ANSWERED), "a flag that was to be cleared is {state:?}");
    check!(state.contains(ItemFlags::FLAGGED), "a flag that nobody named is gone: {state:?}");
    Ok(())
}

/// The flags of an item that is not there cannot be changed.
pub async fn flags_of_a_missing_item_are_not_found(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Missing").await?;
    let kept = bench.create(&place.id, bench.harmless(place.kind, 1)?).await?.id;
    for id in nasty::ids().into_iter().filter(|id| *id != kept) {
        let write = Write::Flags { id: id.clone(), add: Flags::new(ItemFlags::SEEN), remove: Flags::default() };
        let verdict: Result<Written> = bench.write_one(&place.id, write).await?;
        let error = kind(&verdict, "flagging an item that is not there")?;
        check!(error == ErrorKind::NotFound, "for {id:?} the error is {error}, expected not-found");
    }
    let listed = bench.list(&place).await?.items;
    check!(listed.iter().all(|item| item.flags.is_empty()), "a flag went to another item");
    Ok(())
}

/// No write ever sends mail to anybody.
pub async fn nobody_gets_mail(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let before = granted(bench.user()?.sent_mails().await)?;
    for kind in bench.kinds()? {
        let place = bench.place_for(kind, &format!("Quiet {kind}")).await?;
        let bytes = if kind == Kind::Event { nasty::invitation(1) } else { nasty::harmless(kind, 1) };
        let id = bench.create(&place.id, bench.item(kind, bytes)?).await?.id;
        if bench.capabilities()?.removes {
            bench.write_one(&place.id, Write::Remove { id, expect: None }).await??;
        }
    }
    let sent = granted(bench.user()?.sent_mails().await)? - before;
    check!(sent == 0, "{sent} mails were sent to people");
    Ok(())
}

/// How often a harmless item is there.
async fn count(bench: &Bench, place: &Place, number: u64) -> Outcome<usize> {
    let print = bench.harmless(place.kind, number)?.fingerprint;
    let answers = bench.destination()?.locate(&place.id, &[mailmove_core::Wanted::Like(print)], None).await?;
    Ok(super::check::only(answers)?.len())
}
