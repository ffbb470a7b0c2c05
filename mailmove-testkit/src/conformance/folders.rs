//! [`Endpoint::folders`](mailmove_core::Endpoint::folders).

use std::collections::HashSet;

use mailmove_core::{Flags, Folder, FolderId, ItemFlags, Kind, NewFolder, Write};

use super::bench::granted;
use super::check::{check, only, skip};
use super::{Bench, Harness, Outcome, Unmet};

/// Parents come before children.
pub async fn parents_come_before_children(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let path: Vec<String> = ["Parent", "Child", "Grandchild"].map(str::to_owned).to_vec();
    make(&bench, &path, &bench.kinds()?[..1]).await?;
    let mut seen = HashSet::new();
    let folders = bench.endpoint()?.folders().await?;
    for folder in &folders {
        check!(!folder.path.is_empty(), "a folder has no name");
        let parent = &folder.path[..folder.path.len() - 1];
        check!(parent.is_empty() || seen.contains(parent), "{} comes before its parent", folder.display_path());
        seen.insert(folder.path.as_slice());
    }
    check!(seen.contains(path.as_slice()), "a new folder is not listed");
    Ok(())
}

/// Ids name one folder each.
pub async fn every_folder_has_an_id_of_its_own(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    for name in ["A", "B"] {
        bench.place(name).await?;
    }
    let folders = bench.endpoint()?.folders().await?;
    let ids: HashSet<&FolderId> = folders.iter().map(|folder| &folder.id).collect();
    let paths: HashSet<&Vec<String>> = folders.iter().map(|folder| &folder.path).collect();
    check!(ids.len() == folders.len(), "two folders have the same id");
    check!(paths.len() == folders.len(), "two folders have the same path");
    Ok(())
}

/// Two calls with nothing changed in between give the same.
pub async fn two_looks_at_the_tree_are_the_same(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Same").await?;
    bench.seed(&place, 1..=2).await?;
    let first = bench.endpoint()?.folders().await?;
    let second = bench.endpoint()?.folders().await?;
    check!(first == second, "nothing changed, and yet:\n{first:?}\n{second:?}");
    let items = folder(&bench, &place.id).await?.items;
    check!(items.is_none_or(|items| items == 2), "a folder with 2 items is said to hold {items:?}");
    Ok(())
}

/// Any change to an item of a folder, flags included, gives the folder another state.
pub async fn every_change_gives_a_folder_another_state(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("State").await?;
    let mut states = vec![state(&bench, &place.id).await?];
    let id = bench.create(&place.id, bench.harmless(place.kind, 1)?).await?.id;
    states.push(state(&bench, &place.id).await?);
    let add = Flags::new(ItemFlags::FLAGGED);
    bench.write_one(&place.id, Write::Flags { id: id.clone(), add, remove: Flags::default() }).await??;
    states.push(state(&bench, &place.id).await?);
    if bench.capabilities()?.removes {
        bench.write_one(&place.id, Write::Remove { id, expect: None }).await??;
        states.push(state(&bench, &place.id).await?);
    }
    let different: HashSet<_> = states.iter().collect();
    check!(different.len() == states.len(), "added, flagged, removed: the states were {states:?}");
    Ok(())
}

/// A folder that holds no items has no kinds.
pub async fn a_folder_that_holds_only_folders_has_no_kinds(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let path = vec!["Only folders".to_owned()];
    granted(bench.user()?.create_folder(&path, &[]).await)?;
    let folders = bench.endpoint()?.folders().await?;
    let found = folders.iter().find(|folder| folder.path == path);
    check!(found.is_some_and(|folder| !folder.holds_items()), "it is said to be {found:?}");
    Ok(())
}

/// A folder that was deleted and made again has another id, or another epoch.
pub async fn a_recreated_folder_is_not_the_one_it_was(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Again").await?;
    bench.seed(&place, 1..=1).await?;
    let before = folder(&bench, &place.id).await?;
    granted(bench.user()?.recreate_folder(&place.id).await)?;
    let folders = bench.endpoint()?.folders().await?;
    let Some(after) = folders.iter().find(|folder| folder.path == before.path) else {
        return Err(Unmet::Broken("the folder is gone".into()));
    };
    check!((&after.id, &after.epoch) != (&before.id, &before.epoch), "it looks like the folder that was deleted");
    Ok(())
}

async fn make(bench: &Bench, path: &[String], kinds: &[Kind]) -> Outcome {
    let Ok(destination) = bench.destination() else {
        return granted(bench.user()?.create_folder(path, kinds).await);
    };
    let mut new = NewFolder::new(path.to_vec());
    new.kinds = kinds.to_vec();
    only(destination.ensure_folders(&[new]).await)??;
    Ok(())
}

async fn folder(bench: &Bench, id: &FolderId) -> Outcome<Folder> {
    let folders = bench.endpoint()?.folders().await?;
    let found = folders.into_iter().find(|folder| folder.id == *id);
    found.ok_or_else(|| Unmet::Broken("a folder that was made is not listed".into()))
}

async fn state(bench: &Bench, id: &FolderId) -> Outcome<mailmove_core::StateToken> {
    match folder(bench, id).await?.state {
        Some(state) => Ok(state),
        None => skip!("its folders have no state"),
    }
}
