//! [`Destination::ensure_folders`](mailmove_core::Destination::ensure_folders).

use std::collections::HashSet;

use mailmove_core::{EnsuredFolder, Folder, FolderNames, Kind, NewFolder, Result};

use super::check::{check, only, skip};
use super::{Bench, Harness, Outcome, Unmet};
use crate::memory::check_names;
use crate::nasty;

/// An empty request gives an empty answer.
pub async fn no_folders_asked_for_are_no_folders_made(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let before = bench.endpoint()?.folders().await?;
    let answers = bench.destination()?.ensure_folders(&[]).await;
    check!(answers.is_empty(), "nothing was asked, and {} answers came", answers.len());
    check!(bench.endpoint()?.folders().await?.len() == before.len(), "nothing was asked, and a folder was made");
    Ok(())
}

/// One verdict per folder, in their order; `created` only the first time, and the same folder the second.
pub async fn a_new_folder_is_created_once(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let names = ["C", "A", "B"];
    let first = ensure(&bench, &names.map(|name| vec![name])).await?;
    let second = ensure(&bench, &names.map(|name| vec![name])).await?;
    let tree = bench.endpoint()?.folders().await?;
    for ((name, first), second) in names.iter().zip(&first).zip(&second) {
        check!(first.created, "the new folder {name} is not said to be created");
        check!(!second.created, "the folder {name} is said to be created twice");
        check!((&first.id, &first.epoch) == (&second.id, &second.epoch), "the folder {name} is another one now");
        let listed = tree.iter().find(|folder| folder.id == first.id);
        check!(listed.is_some_and(|folder| folder.path == [*name]), "the verdict for {name} names {listed:?}");
        check!(listed.is_some_and(|folder| folder.epoch == first.epoch), "the tree tells another epoch of {name}");
        check!(first.items.is_none_or(|items| items == 0), "the new folder {name} is not empty");
    }
    Ok(())
}

/// A missing parent is created as well.
pub async fn missing_parents_are_created_as_well(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let made = ensure(&bench, &[vec!["One", "Two", "Three"]]).await?;
    check!(made[0].created, "a folder below missing parents is not said to be created");
    for depth in 1..=3 {
        let path = ["One", "Two", "Three"][..depth].to_vec();
        let found = find(&bench, &path).await?;
        check!(found.is_some(), "{path:?} is not listed");
        check!(depth < 3 || found.is_some_and(|folder| folder.id == made[0].id), "the verdict names another folder");
    }
    Ok(())
}

/// A folder that exists is no error, and is left as it is.
pub async fn a_folder_that_exists_is_left_as_it_is(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let place = bench.place("Kept").await?;
    bench.seed(&place, 1..=2).await?;
    let before = find(&bench, &["Kept"]).await?;
    let again = ensure(&bench, &[vec!["Kept"]]).await?;
    check!(!again[0].created && again[0].id == place.id, "a folder that exists was made again");
    check!(again[0].items.is_none_or(|items| items == 2), "a folder with 2 items is said to hold {:?}", again[0].items);
    check!(find(&bench, &["Kept"]).await? == before, "a folder that exists was changed");
    Ok(())
}

/// Subscriptions are as asked, also for a folder that exists.
pub async fn subscriptions_are_as_asked(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    ensure(&bench, &[vec!["Subscribed"]]).await?;
    for subscribed in [true, false, true] {
        let mut folder = NewFolder::new(vec!["Subscribed".into()]);
        folder.kinds = bench.kinds()?[..1].to_vec();
        folder.subscribed = Some(subscribed);
        only(bench.destination()?.ensure_folders(&[folder]).await)??;
        match find(&bench, &["Subscribed"]).await?.and_then(|folder| folder.subscribed) {
            None => skip!("it knows no subscriptions"),
            Some(is) => check!(is == subscribed, "the subscription was to be {subscribed}, and is {is}"),
        }
    }
    Ok(())
}

/// The same folder twice in one request is one folder with two verdicts.
pub async fn a_folder_asked_for_twice_is_one_folder(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let made = ensure(&bench, &[vec!["Twin"], vec!["Other"], vec!["Twin"]]).await?;
    check!(made[0].id == made[2].id && made[0].id != made[1].id, "the verdicts name the wrong folders");
    check!(made[0].created && !made[2].created, "one folder was created twice");
    Ok(())
}

/// Every kind that is accepted has a folder that takes it.
pub async fn a_folder_for_every_kind(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    for kind in bench.kinds()? {
        let name = format!("For {kind}");
        let place = bench.place_for(kind, &name).await?;
        bench.seed(&place, [1]).await?;
        let kinds = find(&bench, &[&name]).await?.map(|folder| folder.kinds);
        check!(kinds.as_ref().is_some_and(|kinds| kinds.contains(&kind)), "a folder for {kind} holds {kinds:?}");
    }
    Ok(())
}

/// A name within the rules stays as it is, character for character; nothing else is taken for it.
pub async fn odd_names_stay_as_they_are(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let rules = bench.destination()?.capabilities().names.clone();
    let names: Vec<String> = nasty::folder_names().into_iter().filter(|name| allowed(name, &rules)).collect();
    let paths: Vec<Vec<&str>> = names.iter().flat_map(|name| [vec![name.as_str()], vec![name, "below"]]).collect();
    let made = ensure(&bench, &paths).await?;
    let tree = bench.endpoint()?.folders().await?;
    for (path, made) in paths.iter().zip(&made) {
        let listed = tree.iter().find(|folder| folder.id == made.id).map(|folder| &folder.path);
        check!(listed.is_some_and(|listed| same(listed, path, &rules)), "asked for {path:?}, and {listed:?} was made");
    }
    let ids: HashSet<_> = made.iter().map(|made| &made.id).collect();
    let different: HashSet<Vec<String>> = paths.iter().map(|path| key(path, &rules)).collect();
    check!(ids.len() == different.len(), "{} names became {} folders", different.len(), ids.len());
    Ok(())
}

/// A name outside the rules fails nobody else, and is not made into another name.
pub async fn a_name_that_cannot_be_fails_nobody_else(harness: &dyn Harness) -> Outcome {
    let bench = Bench::open(harness).await?;
    let rules = bench.destination()?.capabilities().names.clone();
    let names = nasty::folder_names();
    let Some(bad) = names.iter().find(|name| !allowed(name, &rules)) else { skip!("every name is allowed") };
    let asked = [folder(&bench, &["Before"])?, folder(&bench, &[bad])?, folder(&bench, &["After"])?];
    let answers = bench.destination()?.ensure_folders(&asked).await;
    check!(answers.len() == 3, "3 folders got {} verdicts", answers.len());
    check!(answers[0].is_ok() && answers[2].is_ok(), "the name {bad:?} failed the others");
    if let Ok(made) = &answers[1] {
        let tree = bench.endpoint()?.folders().await?;
        let listed = tree.iter().find(|folder| folder.id == made.id).map(|folder| &folder.path);
        check!(listed.is_some_and(|path| path == &asked[1].path), "{bad:?} was quietly made into {listed:?}");
    }
    Ok(())
}

fn allowed(name: &String, rules: &FolderNames) -> bool {
    check_names(std::slice::from_ref(name), rules).is_ok()
}

fn key(path: &[&str], rules: &FolderNames) -> Vec<String> {
    let fold = |name: &&str| if rules.ignores_case { name.to_lowercase() } else { (*name).to_owned() };
    path.iter().map(fold).collect()
}

fn same(listed: &[String], asked: &[&str], rules: &FolderNames) -> bool {
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    key(&listed, rules) == key(asked, rules)
}

fn folder(bench: &Bench, path: &[&str]) -> Outcome<NewFolder> {
    let mut folder = NewFolder::new(path.iter().map(|name| (*name).to_owned()).collect());
    folder.kinds = bench.kinds()?.first().copied().into_iter().collect::<Vec<Kind>>();
    Ok(folder)
}

async fn ensure(bench: &Bench, paths: &[Vec<&str>]) -> Outcome<Vec<EnsuredFolder>> {
    let asked = paths.iter().map(|path| folder(bench, path)).collect::<Outcome<Vec<_>>>()?;
    let answers: Vec<Result<EnsuredFolder>> = bench.destination()?.ensure_folders(&asked).await;
    check!(answers.len() == asked.len(), "{} folders got {} verdicts", asked.len(), answers.len());
    let named = |(path, answer): (&Vec<&str>, Result<EnsuredFolder>)| {
        answer.map_err(|error| Unmet::Broken(format!("{path:?} was not made: {error}")))
    };
    paths.iter().zip(answers).map(named).collect()
}

async fn find(bench: &Bench, path: &[&str]) -> Outcome<Option<Folder>> {
    Ok(bench.endpoint()?.folders().await?.into_iter().find(|folder| folder.path == path))
}
