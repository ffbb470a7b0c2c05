//! [`Destination::locate`](mailmove_core::Destination::locate).

use mailmove_core::{
    ErrorKind, Evidence, Fingerprint, Flags, FolderId, ItemFlags, ItemId, Kind, Mark, Match, Position, Wanted, Write,
};
use time::OffsetDateTime;

use super::bench::create;
use super::changes::remove;
use super::check::{check, kind, only, skip};
use super::{Bench, Harness, Outcome, Place};
use crate::nasty;

/// An empty request gives an empty answer.
pub async fn no_questions_are_no_answers(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Nothing").await?;
    bench.seed(&place, [1]).await?;
    let answers = bench.destination()?.locate(&place.id, &[], None).await?;
    check!(answers.is_empty(), "nothing was asked, and {} answers came", answers.len());
    Ok(())
}

/// One answer per question, in their order; what is not there is an empty answer.
pub async fn questions_are_answered_in_their_order(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Order").await?;
    let mut ids = Vec::new();
    for number in [1, 2] {
        ids.push(bench.create(&place.id, bench.harmless(place.kind, number)?).await?.id);
    }
    let numbers = [2, 9, 1];
    let wanted = numbers.iter().map(|number| like(&bench, &place, *number)).collect::<Outcome<Vec<_>>>()?;
    let answers = locate(&bench, &place, &wanted, None).await?;
    let named: Vec<Vec<&ItemId>> = answers.iter().map(|found| found.iter().map(|one| &one.id).collect()).collect();
    check!(named == [vec![&ids[1]], vec![], vec![&ids[0]]], "asked for 2, 9 and 1, and {named:?} came");
    Ok(())
}

/// Everything that a completed write stored is found at once, in its own folder only.
pub async fn what_was_written_is_found_at_once(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    for kind in bench.kinds()? {
        let place = bench.place_for(kind, &format!("New {kind}")).await?;
        let elsewhere = bench.place_for(kind, &format!("Other {kind}")).await?;
        let item = bench.harmless(kind, 1)?;
        let print = item.fingerprint.clone();
        let written = bench.write_one(&place.id, create(item, 1)).await??;
        let found = only(locate(&bench, &place, &[Wanted::Like(print.clone())], None).await?)?;
        check!(found.len() == 1, "a {kind} that was just written is found {} times", found.len());
        check!(found[0].complete, "a {kind} that was written whole is said to be unfinished");
        check!(written.id.is_none_or(|id| id == found[0].id), "a {kind} was written with one id, and has another");
        let other = only(locate(&bench, &elsewhere, &[Wanted::Like(print)], None).await?)?;
        check!(other.is_empty(), "a {kind} is found in a folder in which it is not");
    }
    Ok(())
}

/// An id is known while its item is there, and no longer.
pub async fn an_id_is_known_while_its_item_is_there(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Known").await?;
    let (one, two) = (bench.harmless(place.kind, 1)?, bench.harmless(place.kind, 2)?);
    let (one, two) = (bench.create(&place.id, one).await?.id, bench.create(&place.id, two).await?.id);
    let known = [Wanted::Known(one.clone()), Wanted::Known(two.clone())];
    let answers = locate(&bench, &place, &known, None).await?;
    for (id, found) in [&one, &two].into_iter().zip(&answers) {
        let by_id = |found: &[Match]| found.len() == 1 && found[0].id == *id && found[0].by == Evidence::Id;
        check!(by_id(found), "the id {id:?} is answered with {found:?}");
    }
    for odd in nasty::ids().into_iter().filter(|odd| *odd != one && *odd != two) {
        let found = only(locate(&bench, &place, &[Wanted::Known(odd.clone())], None).await?)?;
        check!(found.is_empty(), "nobody has the id {odd:?}, and {found:?} answers to it");
    }
    remove(&bench, &place, &one).await?;
    let answers = locate(&bench, &place, &known, None).await?;
    check!(answers[0].is_empty(), "the id of an item that is gone is known");
    check!(answers[1].len() == 1, "the id of the other item is not known any more");
    Ok(())
}

/// Every item that answers is named, twins included, in the order in which they were written.
pub async fn twins_are_all_named_in_the_order_of_writing(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Twins").await?;
    let mut written = Vec::new();
    for _ in 0..3 {
        bench.seed(&place, [1]).await?;
        let found = only(locate(&bench, &place, &[like(&bench, &place, 1)?], None).await?)?;
        check!(found.len() == written.len() + 1, "{} twins, and {} are named", written.len() + 1, found.len());
        let ids: Vec<ItemId> = found.into_iter().map(|one| one.id).collect();
        check!(ids.starts_with(&written), "the twins {written:?} are now named {ids:?}");
        written = ids;
    }
    Ok(())
}

/// What an answer tells of an item's flags and date is that item's own: twins are told apart by it.
pub async fn twins_are_told_apart_truly(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Apart").await?;
    let print = like(&bench, &place, 1)?;
    for (at, state) in [ItemFlags::SEEN, ItemFlags::FLAGGED].into_iter().enumerate() {
        let mut item = bench.harmless(place.kind, 1)?;
        item.flags = Flags::new(state);
        let received = item.received;
        let id = bench.write_one(&place.id, create(item, at)).await??.id;
        let found = only(locate(&bench, &place, std::slice::from_ref(&print), None).await?)?;
        let Some(new) = found.into_iter().nth(at) else { skip!("it does not keep twins") };
        check!(id.is_none_or(|id| id == new.id), "the twin that was written last is not named last");
        let told = new.flags.map(|flags| flags.state & (ItemFlags::SEEN | ItemFlags::FLAGGED));
        check!(told.is_none_or(|told| told == state), "a twin was written as {state:?}, and is said to be {told:?}");
        let seconds = |when: Option<OffsetDateTime>| when.map(OffsetDateTime::unix_timestamp);
        let told = seconds(new.received);
        check!(
            told.is_none() || received.is_none() || told == seconds(received),
            "a twin is said to be of another day"
        );
    }
    Ok(())
}

/// An item is named to every question that it answers.
pub async fn an_item_is_named_to_every_question(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Every").await?;
    let id = bench.create(&place.id, bench.harmless(place.kind, 1)?).await?.id;
    let wanted = [like(&bench, &place, 1)?, Wanted::Known(id.clone()), like(&bench, &place, 1)?];
    for found in locate(&bench, &place, &wanted, None).await? {
        check!(found.len() == 1 && found[0].id == id, "an item was named to one question and not to the next");
    }
    Ok(())
}

/// Only what lies behind the position is named, when one is given.
pub async fn only_what_lies_behind_the_position_is_named(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Behind").await?;
    let before = bench.create(&place.id, bench.harmless(place.kind, 1)?).await?.id;
    let Some(floor) = position(&bench, &place.id).await? else { skip!("its folders have no position") };
    bench.seed(&place, [1, 2]).await?;
    let wanted = [like(&bench, &place, 1)?, like(&bench, &place, 2)?, Wanted::Known(before.clone())];
    let answers = locate(&bench, &place, &wanted, Some(&floor)).await?;
    check!(answers[0].len() == 1, "1 of 2 twins lies behind the position, and {} are named", answers[0].len());
    check!(answers[0][0].id != before, "the twin before the position is named");
    check!(answers[1].len() == 1, "an item behind the position is not named");
    check!(answers[2].is_empty(), "an id before the position is named");
    let all = locate(&bench, &place, &wanted, place.position.as_ref()).await?;
    check!(all[0].len() == 2, "2 twins lie behind the position of the empty folder, and {} are named", all[0].len());
    Ok(())
}

/// Our mark is found again, on the item that carries it.
pub async fn a_mark_is_found_again(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Marks").await?;
    let item = |_| bench.harmless(place.kind, 1);
    let items = (0..3).map(item).collect::<Outcome<Vec<_>>>()?;
    let batch: Vec<Write> = items.into_iter().enumerate().map(|(at, item)| create(item, at)).collect();
    for verdict in bench.write(&place.id, &batch).await? {
        verdict?;
    }
    let twins = only(locate(&bench, &place, &[like(&bench, &place, 1)?], None).await?)?;
    check!(twins.len() == 3, "3 twins were written, and {} are named", twins.len());
    let marked = |at: usize| {
        let mut print = Fingerprint::default();
        print.mark = Some(Mark::new(format!("mark-{at}")));
        Wanted::Like(print)
    };
    let answers = locate(&bench, &place, &[marked(1), marked(7)], None).await?;
    if answers[0].is_empty() {
        skip!("it keeps no marks");
    }
    let right = answers[0].len() == 1 && answers[0][0].by == Evidence::Mark && answers[0][0].id == twins[1].id;
    check!(right, "the mark of the second of three twins is on {:?}", answers[0]);
    check!(answers[1].is_empty(), "a mark that nobody carries is found on {:?}", answers[1]);
    Ok(())
}

/// The same identifier with another text is never evidence of the same bytes.
pub async fn another_text_is_not_the_same_bytes(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Texts").await?;
    let first = nasty::harmless(place.kind, 1);
    let mut second = first.to_vec();
    second.extend(b"X-ONE-MORE:line\r\n");
    bench.seed_items(&place, vec![bench.item(place.kind, first)?]).await?;
    let print = bench.item(place.kind, second)?.fingerprint;
    let found = only(locate(&bench, &place, &[Wanted::Like(print)], None).await?)?;
    check!(found.iter().all(|one| one.by > Evidence::Digest), "another text is taken for the same: {found:?}");
    if place.kind != Kind::Mail {
        check!(found.len() == 1, "an item with the same identifier is not named");
    }
    Ok(())
}

/// A fingerprint without any evidence finds nothing, whatever its size.
pub async fn no_evidence_finds_nothing(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Evidence").await?;
    bench.seed(&place, [1]).await?;
    let size = bench.harmless(place.kind, 1)?.fingerprint.size;
    let mut print = Fingerprint::default();
    print.size = size;
    let found = only(locate(&bench, &place, &[Wanted::Like(print)], None).await?)?;
    check!(found.is_empty(), "{found:?} is named for its size alone");
    Ok(())
}

/// A folder that does not exist is `NotFound`, never empty.
pub async fn a_missing_folder_cannot_be_searched(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("There").await?;
    let wanted = [like(&bench, &place, 1)?];
    let answer = bench.destination()?.locate(&FolderId::new("there is no such folder"), &wanted, None).await;
    let error = kind(&answer, "searching a folder that does not exist")?;
    check!(error == ErrorKind::NotFound, "the error is {error}, expected not-found");
    Ok(())
}

fn like(bench: &Bench, place: &Place, number: u64) -> Outcome<Wanted> {
    Ok(Wanted::Like(bench.harmless(place.kind, number)?.fingerprint))
}

async fn locate(bench: &Bench, place: &Place, wanted: &[Wanted], after: Option<&Position>) -> Outcome<Vec<Vec<Match>>> {
    let answers = bench.destination()?.locate(&place.id, wanted, after).await?;
    check!(answers.len() == wanted.len(), "{} questions got {} answers", wanted.len(), answers.len());
    Ok(answers)
}

async fn position(bench: &Bench, folder: &FolderId) -> Outcome<Option<Position>> {
    let folders = bench.destination()?.folders().await?;
    Ok(folders.into_iter().find(|found| found.id == *folder).and_then(|found| found.position))
}
