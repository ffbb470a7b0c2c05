//! [`Source::changes`](mailmove_core::Source::changes): what is there, and what changed.

use mailmove_core::{Change, Detail, ErrorKind, FeedId, Flags, Gone, ItemFlags, ItemId, ItemRef, Write};

use super::bench::granted;
use super::check::{check, kind, skip};
use super::{Bench, Harness, Outcome, Place, Unmet};

/// A listing from the start names all there is, each item once, twins included.
pub async fn a_listing_names_every_item_twins_included(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let (place, other) = (bench.place("Full").await?, bench.place("Other").await?);
    bench.seed(&place, [1, 2, 2, 3]).await?;
    bench.seed(&other, [4]).await?;
    for item in bench.list_of(&place, 4).await? {
        check!(item.kind == place.kind, "a {} is listed as {}", place.kind, item.kind);
        check!(item.folders == [place.id.clone()], "an item of one folder stands in {:?}", item.folders);
        check!(item.size > 0, "the size of an item is missing");
    }
    bench.list_of(&other, 1).await?;
    let gone = bench.list(&place).await?.gone;
    check!(gone != Gone::Told, "a listing from the start cannot tell what went before");
    Ok(())
}

/// A folder without items is read to its end at once.
pub async fn an_empty_folder_gives_an_empty_last_page(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Empty").await?;
    let listing = bench.list(&place).await?;
    check!(listing.items.is_empty(), "an empty folder holds {:?}", listing.items);
    let again = bench.list(&place).await?;
    check!(again.items.is_empty(), "an empty folder is not empty at the second look");
    bench.feed(&place.id).await?;
    check!(listing.pages == 1, "an empty mailbox took {} pages", listing.pages);
    Ok(())
}

/// A feed that does not exist is `NotFound`, never empty.
pub async fn an_unknown_feed_does_not_exist(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let answer = bench.source()?.changes(&FeedId::new("there is no such feed"), None, Detail::Listing).await;
    let error = kind(&answer, "listing a feed that does not exist")?;
    check!(error == ErrorKind::NotFound, "the error is {error}, expected not-found");
    Ok(())
}

/// What is added is named behind the cursor.
pub async fn a_delta_names_what_was_added(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Delta").await?;
    bench.seed(&place, [1, 2]).await?;
    let before = bench.list(&place).await?;
    bench.seed(&place, [3]).await?;
    let new: Vec<ItemRef> = news(&bench, &place, &before.next).await?;
    let added: Vec<&ItemRef> = new.iter().filter(|item| before.items.iter().all(|old| old.id != item.id)).collect();
    check!(added.len() == 1, "1 item was added, and {} are new", added.len());
    Ok(())
}

/// Flags that changed are named with their value.
pub async fn a_delta_names_changed_flags(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Flags").await?;
    bench.seed(&place, [1, 2]).await?;
    let id = bench.list_of(&place, 2).await?[0].id.clone();
    let before = bench.list(&place).await?;
    set(&bench, &place, &id, ItemFlags::FLAGGED).await?;
    let changes = match bench.list_after(&place, Some(&before.next), Detail::Listing).await? {
        Ok(delta) => delta.changes,
        Err(error) if error.kind() == ErrorKind::CursorExpired => bench.list(&place).await?.changes,
        Err(error) => return Err(error.into()),
    };
    let last = changes.iter().rev().find_map(|change| match change {
        Change::Present(item) if item.id == id => Some(item.flags.state),
        Change::Flags { id: changed, known, value, .. } if *changed == id => {
            Some(known.apply(&Flags::default(), value).state)
        }
        _ => None,
    });
    check!(last.is_some_and(|state| state.contains(ItemFlags::FLAGGED)), "flagged, and the delta says {last:?}");
    Ok(())
}

/// What went is told, or absent from a listing that names all there is.
pub async fn what_was_removed_is_told_or_absent(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Gone").await?;
    bench.seed(&place, [1, 2, 3]).await?;
    let id = bench.list_of(&place, 3).await?[1].id.clone();
    let before = bench.list(&place).await?;
    remove(&bench, &place, &id).await?;
    let named = |changes: &[Change], id: &ItemId| {
        changes.iter().any(|change| matches!(change, Change::Gone { id: gone, .. } if gone == id))
    };
    let fresh = bench.list(&place).await?;
    check!(fresh.items.iter().all(|item| item.id != id), "an item that was removed is still listed");
    check!(fresh.items.len() == 2, "1 of 3 items was removed, and {} are left", fresh.items.len());
    match bench.list_after(&place, Some(&before.next), Detail::Listing).await? {
        Ok(delta) if delta.gone == Gone::Told => {
            check!(named(&delta.changes, &id), "everything that went is told, but not the item that was removed");
            let others = before.items.iter().filter(|item| item.id != id);
            check!(
                others.into_iter().all(|item| !named(&delta.changes, &item.id)),
                "an item is told gone and is there"
            );
        }
        Ok(delta) => check!(delta.gone != Gone::ByAbsence || delta.items.len() == 2, "a delta claims to name all"),
        Err(error) if error.kind() == ErrorKind::CursorExpired => {}
        Err(error) => return Err(error.into()),
    }
    if fresh.gone == Gone::Unknown {
        skip!("nothing is said about what went");
    }
    Ok(())
}

/// Asking twice with the same cursor loses nothing.
pub async fn the_same_cursor_twice_loses_nothing(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Twice").await?;
    bench.seed(&place, [1, 2]).await?;
    let cursor = bench.list(&place).await?.next;
    bench.seed(&place, [3, 4]).await?;
    let ids = |items: Vec<ItemRef>| items.into_iter().map(|item| item.id).collect::<Vec<_>>();
    let first = ids(news(&bench, &place, &cursor).await?);
    let second = ids(news(&bench, &place, &cursor).await?);
    check!(first.len() >= 2 && first == second, "the same cursor gave {first:?}, then {second:?}");
    let (one, two) = (bench.list(&place).await?, bench.list(&place).await?);
    check!(one.items == two.items, "two listings from the start differ");
    Ok(())
}

/// The content's revision changes when the bytes do, and not when only flags do.
pub async fn a_revision_follows_the_bytes_and_not_the_flags(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Revision").await?;
    bench.seed(&place, [1]).await?;
    let revision = async || -> Outcome<ItemRef> {
        let items = bench.list(&place).await?.items;
        items.into_iter().next().ok_or_else(|| Unmet::Broken("the only item is not listed".into()))
    };
    let item = revision().await?;
    set(&bench, &place, &item.id, ItemFlags::FLAGGED).await?;
    check!(revision().await?.content == item.content, "flags changed, and with them the content's revision");
    let bytes = crate::nasty::harmless(place.kind, 2);
    granted(bench.user()?.edit(&place.id, &item.id, bytes).await)?;
    check!(revision().await?.content != item.content, "the bytes changed, and the content's revision did not");
    Ok(())
}

/// The items named behind a cursor; all of them, when it has expired.
async fn news(bench: &Bench, place: &Place, after: &mailmove_core::Cursor) -> Outcome<Vec<ItemRef>> {
    match bench.list_after(place, Some(after), Detail::Listing).await? {
        Ok(delta) => Ok(delta.items),
        Err(error) if error.kind() == ErrorKind::CursorExpired => Ok(bench.list(place).await?.items),
        Err(error) => Err(error.into()),
    }
}

/// Sets a flag, as the destination or as the user.
pub(super) async fn set(bench: &Bench, place: &Place, id: &ItemId, state: ItemFlags) -> Outcome {
    if bench.destination().is_err() {
        return granted(bench.user()?.set_flags(&place.id, id, &Flags::new(state)).await);
    }
    let write = Write::Flags { id: id.clone(), add: Flags::new(state), remove: Flags::default() };
    bench.write_one(&place.id, write).await??;
    Ok(())
}

/// Removes an item, as the destination or as the user.
pub(super) async fn remove(bench: &Bench, place: &Place, id: &ItemId) -> Outcome {
    if bench.destination().is_ok_and(|destination| destination.capabilities().removes) {
        bench.write_one(&place.id, Write::Remove { id: id.clone(), expect: None }).await??;
        return Ok(());
    }
    granted(bench.user()?.delete(&place.id, id).await)
}
