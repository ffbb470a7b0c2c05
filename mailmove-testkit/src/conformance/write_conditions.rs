//! [`Destination::write`](mailmove_core::Destination::write): replacing, moving, removing, and their conditions.

use mailmove_core::{ErrorKind, FolderId, ItemId, Mark, Match, Result, Revision, Wanted, Write, Written};

use super::check::{check, kind, only, skip};
use super::{Bench, Harness, Outcome, Place};

/// A revision that no item has.
const NEVER: &str = "there was never such a revision";

/// A new version takes the place of the old one: one item, the new bytes.
pub async fn a_new_version_takes_the_place_of_the_old_one(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Replace").await?;
    let old = bench.create(&place.id, bench.harmless(place.kind, 1)?).await?;
    bench.seed(&place, [9]).await?;
    let written = replace(&bench, &place, &old.id, old.revision.clone(), 2).await??;
    check!(find(&bench, &place, 1).await?.is_empty(), "the old version is still there");
    let found = find(&bench, &place, 2).await?;
    check!(found.len() == 1, "the new version is there {} times", found.len());
    check!(written.id.as_ref().is_none_or(|id| *id == found[0].id), "the verdict names {:?}", written.id);
    let same = found[0].id == old.id && old.revision.is_some() && found[0].revision == old.revision;
    check!(!same, "the new version has the old one's revision");
    check!(find(&bench, &place, 9).await?.len() == 1, "another item went with the old version");
    let missing = replace(&bench, &place, &ItemId::new("nobody"), None, 3).await?;
    check!(kind(&missing, "replacing an item that is not there")? == ErrorKind::NotFound, "it is not not-found");
    check!(find(&bench, &place, 3).await?.is_empty(), "a replacement of nothing was written");
    Ok(())
}

/// `expect` that differs is `Conflict`, and nothing was written.
pub async fn a_version_that_is_not_expected_is_a_conflict(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Conflict").await?;
    let item = revisioned(&bench, &place, 1).await?;
    let verdict = replace(&bench, &place, &item.id, Some(Revision::new(NEVER)), 2).await?;
    let error = kind(&verdict, "replacing a version that is not there")?;
    check!(error == ErrorKind::Conflict, "the error is {error}, expected conflict");
    check!(find(&bench, &place, 1).await?.len() == 1, "the destination's version was not kept");
    check!(find(&bench, &place, 2).await?.is_empty(), "a version in conflict was written");
    Ok(())
}

/// A moved item is in its new folder and no more in its old one, with bytes and flags.
pub async fn a_move_takes_the_item_along(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    movable(&bench)?;
    let (place, to) = (bench.place("From").await?, bench.place("To").await?);
    bench.seed(&to, [8]).await?;
    let mut item = bench.harmless(place.kind, 1)?;
    item.flags.state = mailmove_core::ItemFlags::FLAGGED;
    let item = bench.create(&place.id, item).await?;
    bench.seed(&place, [9]).await?;
    let written = move_to(&bench, &place, &item, &to.id, item.revision.clone()).await??;
    check!(find(&bench, &place, 1).await?.is_empty(), "a moved item is still in its old folder");
    check!(find(&bench, &place, 9).await?.len() == 1, "another item moved along");
    let found = find(&bench, &to, 1).await?;
    check!(found.len() == 1, "a moved item is in its new folder {} times", found.len());
    check!(written.id.is_none_or(|id| id == found[0].id), "the verdict names another id than the item has");
    if bench.source().is_ok() {
        let moved = bench.list(&to).await?.items.into_iter().find(|item| item.id == found[0].id);
        let flags = moved.map(|item| item.flags.state);
        check!(flags == Some(mailmove_core::ItemFlags::FLAGGED), "a moved item is flagged {flags:?}");
    }
    Ok(())
}

/// A move into a folder that does not exist leaves the item where it is.
pub async fn a_move_to_nowhere_leaves_the_item(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    movable(&bench)?;
    let place = bench.place("Stay").await?;
    let item = bench.create(&place.id, bench.harmless(place.kind, 1)?).await?;
    let verdict = move_to(&bench, &place, &item, &FolderId::new("there is no such folder"), None).await?;
    let error = kind(&verdict, "moving into a folder that does not exist")?;
    check!(error == ErrorKind::NotFound, "the error is {error}, expected not-found");
    check!(find(&bench, &place, 1).await?.len() == 1, "an item moved to nowhere is gone");
    Ok(())
}

/// What somebody else changed is neither moved nor removed.
pub async fn a_changed_item_is_neither_moved_nor_removed(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let can = bench.destination()?.capabilities();
    if !can.moves && !can.removes {
        skip!("it neither moves nor removes");
    }
    let (place, to) = (bench.place("Mine").await?, bench.place("Away").await?);
    let item = revisioned(&bench, &place, 1).await?;
    let never = || Some(Revision::new(NEVER));
    if can.moves {
        let verdict = move_to(&bench, &place, &item, &to.id, never()).await?;
        check!(kind(&verdict, "moving a changed item")? == ErrorKind::Conflict, "it is no conflict");
    }
    if can.removes {
        let verdict = bench.write_one(&place.id, Write::Remove { id: item.id.clone(), expect: never() }).await?;
        check!(kind(&verdict, "removing a changed item")? == ErrorKind::Conflict, "it is no conflict");
    }
    check!(find(&bench, &place, 1).await?.len() == 1, "a changed item is gone");
    Ok(())
}

/// A removal removes this item, and neither its twin nor anything else.
pub async fn a_removal_removes_one_item(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    if !bench.destination()?.capabilities().removes {
        skip!("it removes nothing");
    }
    let place = bench.place("Remove").await?;
    bench.seed(&place, [1, 1, 2]).await?;
    let twins = find(&bench, &place, 1).await?;
    check!(twins.len() == 2, "2 twins were written, and {} are there", twins.len());
    let (id, expect) = (twins[0].id.clone(), twins[0].revision.clone());
    bench.write_one(&place.id, Write::Remove { id: id.clone(), expect }).await??;
    let left: Vec<ItemId> = find(&bench, &place, 1).await?.into_iter().map(|one| one.id).collect();
    check!(left == [twins[1].id.clone()], "one of two twins was removed, and {left:?} is left");
    check!(find(&bench, &place, 2).await?.len() == 1, "another item was removed");
    let verdict = bench.write_one(&place.id, Write::Remove { id, expect: None }).await?;
    check!(kind(&verdict, "removing an item twice")? == ErrorKind::NotFound, "it is not not-found");
    Ok(())
}

fn movable(bench: &Bench) -> Outcome {
    if !bench.destination()?.capabilities().moves {
        skip!("it moves nothing");
    }
    Ok(())
}

/// A new item that has a revision.
async fn revisioned(bench: &Bench, place: &Place, number: u64) -> Outcome<Match> {
    let item = bench.create(&place.id, bench.harmless(place.kind, number)?).await?;
    if item.revision.is_none() {
        skip!("its items have no revision");
    }
    Ok(item)
}

async fn replace(
    bench: &Bench,
    place: &Place,
    id: &ItemId,
    expect: Option<Revision>,
    number: u64,
) -> Outcome<Result<Written>> {
    let (item, mark) = (bench.harmless(place.kind, number)?, Mark::new(format!("mark-{number}")));
    let verdict = bench.write_one(&place.id, Write::Replace { id: id.clone(), expect, item, mark }).await?;
    match verdict {
        Err(error) if error.kind() == ErrorKind::Unsupported => skip!("it replaces nothing"),
        verdict => Ok(verdict),
    }
}

async fn move_to(
    bench: &Bench,
    place: &Place,
    item: &Match,
    to: &FolderId,
    expect: Option<Revision>,
) -> Outcome<Result<Written>> {
    bench.write_one(&place.id, Write::Move { id: item.id.clone(), to: to.clone(), expect }).await
}

async fn find(bench: &Bench, place: &Place, number: u64) -> Outcome<Vec<Match>> {
    let print = bench.harmless(place.kind, number)?.fingerprint;
    only(bench.destination()?.locate(&place.id, &[Wanted::Like(print)], None).await?)
}
