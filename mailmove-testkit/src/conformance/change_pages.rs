//! [`Source::changes`](mailmove_core::Source::changes): pages, cursors, identities and ids.

use std::collections::HashSet;

use mailmove_core::{Detail, ErrorKind, ItemId, ItemRef, Write};

use super::bench::granted;
use super::check::{check, skip};
use super::{Bench, Harness, Outcome, Place, Unmet};

/// Items to fill more than a page of most endpoints.
const MANY: u64 = 250;

/// A listing of many items comes to an end, and names each.
pub async fn pages_end_and_lose_nothing(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Many").await?;
    bench.seed(&place, 1..=MANY).await?;
    let listing = bench.list(&place).await?;
    let ids: HashSet<&ItemId> = listing.items.iter().map(|item| &item.id).collect();
    check!(ids.len() as u64 == MANY, "{MANY} items, and {} on {} pages", ids.len(), listing.pages);
    let rest = bench.list_after(&place, Some(&listing.next), Detail::Listing).await?;
    if let Ok(rest) = rest {
        check!(rest.items.is_empty(), "nothing changed, and {} items are named again", rest.items.len());
    }
    Ok(())
}

/// An expired cursor is `CursorExpired`; listed again, the ids are the same.
pub async fn an_expired_cursor_says_so_and_ids_stay(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Expired").await?;
    bench.seed(&place, [1, 2]).await?;
    let before = bench.list(&place).await?;
    granted(bench.user()?.expire_cursors().await)?;
    let Err(error) = bench.list_after(&place, Some(&before.next), Detail::Listing).await? else {
        return Err(Unmet::Broken("an expired cursor was taken".into()));
    };
    check!(error.kind() == ErrorKind::CursorExpired, "the error is {}, expected cursor-expired", error.kind());
    let ids = |items: Vec<ItemRef>| items.into_iter().map(|item| item.id).collect::<Vec<_>>();
    let after = bench.list(&place).await?;
    check!(ids(before.items) == ids(after.items), "the ids changed, and the epoch did not");
    Ok(())
}

/// An identity is the same before and after a move, and no other item's.
pub async fn an_identity_survives_a_move(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let (place, other) = (bench.place("From").await?, bench.place("To").await?);
    bench.seed(&place, [1, 2]).await?;
    let before = identities(&bench, &place).await?;
    let [(first, identity), (_, another)] = &before[..] else {
        return Err(Unmet::Broken(format!("2 items, and {} are listed", before.len())));
    };
    check!(identity != another, "two items have the same identity");
    if bench.destination().is_ok() && bench.capabilities()?.moves {
        let write = Write::Move { id: first.clone(), to: other.id.clone(), expect: None };
        bench.write_one(&place.id, write).await??;
    } else {
        granted(bench.user()?.move_item(&place.id, first, &other.id).await)?;
    }
    let after = identities(&bench, &other).await?;
    check!(after.len() == 1 && after[0].1 == *identity, "the identity was {identity:?}, and is {after:?}");
    Ok(())
}

/// An item in two folders of one feed is one item.
pub async fn an_item_with_labels_is_one_item(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let (place, other) = (bench.place("One").await?, bench.place("Two").await?);
    bench.seed(&place, [1]).await?;
    let id = bench.list_of(&place, 1).await?[0].id.clone();
    granted(bench.user()?.label(&place.id, &id, &other.id).await)?;
    check!(bench.feed(&place.id).await? == bench.feed(&other.id).await?, "two folders share an item, but no feed");
    let listed = bench.list_of(&place, 1).await?;
    check!(listed[0].id == id, "a label made another item of it");
    let folders: HashSet<_> = listed[0].folders.iter().collect();
    check!(folders == HashSet::from([&place.id, &other.id]), "it stands in {folders:?}");
    check!(bench.list(&other).await?.items == listed, "its second folder does not name it");
    Ok(())
}

/// Ids that differ in case only are two ids.
pub async fn an_id_in_another_case_is_another_id(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Case").await?;
    bench.seed(&place, 1..=5).await?;
    let items = bench.list(&place).await?.items;
    let mut asked = 0;
    for item in &items {
        let text = item.id.as_str();
        for swapped in [text.to_ascii_uppercase(), text.to_ascii_lowercase()].map(ItemId::from) {
            if items.iter().any(|other| other.id == swapped) {
                continue;
            }
            let mut wrong = item.clone();
            wrong.id = swapped;
            let answers = bench.fetch(&[wrong], &crate::memory::standard_format(place.kind)).await?;
            check!(answers.len() == 1 && answers[0].is_err(), "an id in another case was taken for {:?}", item.id);
            asked += 1;
        }
    }
    if asked == 0 {
        skip!("its ids have no case");
    }
    Ok(())
}

async fn identities(bench: &Bench, place: &Place) -> Outcome<Vec<(ItemId, String)>> {
    bench.source()?;
    let listing = bench.list_after(place, None, Detail::Identity).await??;
    let identity = |item: ItemRef| match item.identity {
        Some(identity) => Ok((item.id, identity)),
        None => skip!("its items have no identity"),
    };
    listing.items.into_iter().map(identity).collect()
}
