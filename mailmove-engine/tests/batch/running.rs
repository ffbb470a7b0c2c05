//! Many mailboxes at once: limits, fairness, stopping, dying, going on.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use mailmove_core::{Error, ErrorKind, Side};
use mailmove_engine::batch::{Batch, BatchEvent, BatchJob, Pass, Selection, Server, SheetOptions, State};
use mailmove_engine::{Event, SqliteLedger, Stop};

use crate::common::{Town, World, go, id, job, new, old, only, state};

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("user{number:03}")).collect()
}

/// The most mailboxes of these that were running at the same moment.
fn at_once(world: &World) -> usize {
    let (mut running, mut most) = (HashSet::new(), 0);
    for event in world.events.lock().unwrap().iter() {
        if let BatchEvent::State { id, to, .. } = event {
            if *to == State::Running {
                running.insert(id.clone())
            } else {
                running.remove(id)
            };
            most = most.max(running.len());
        }
    }
    most
}

#[tokio::test]
async fn a_sheet_of_mailboxes_moves_whole_and_no_more_at_once_than_allowed() {
    let world = World::new();
    let batch = world.builder().mailboxes(4).open().await.unwrap();
    let names = names(40);
    world.fill(&names.iter().map(String::as_str).collect::<Vec<_>>(), 7);
    let rows = names.iter().map(|name| format!("{name}@old.example,{name}@new.example\n")).collect::<String>();
    let sheet = SheetOptions::new().read(format!("Source Email,Destination Email\n{rows}").as_bytes()).unwrap();
    assert_eq!(batch.add(sheet.rows.clone()).await.unwrap(), 40);
    assert_eq!(batch.add(sheet.rows).await.unwrap(), 0, "the same sheet again");
    let summary = go(&batch, Pass::Full).await;
    assert_eq!(summary.count(&[State::Completed]), 40);
    assert!(names.iter().all(|name| world.arrived(name) == 7));
    assert_eq!(at_once(&world), 4);
}

#[tokio::test]
async fn a_server_has_a_limit_of_its_own_and_does_not_hold_the_others() {
    let world = World::new();
    let (slow, quick) = (Server::new(Arc::new(world.old.clone())).at_most(1), Server::new(Arc::new(world.old.clone())));
    let batch = world.builder().mailboxes(3).server(Side::Source, "slow", slow).server(Side::Source, "quick", quick);
    let batch = batch.server(Side::Destination, "new", Server::new(Arc::new(world.new.clone()))).open().await.unwrap();
    let names = names(12);
    world.fill(&names.iter().map(String::as_str).collect::<Vec<_>>(), 3);
    let from = |at: usize| if at.is_multiple_of(2) { "slow" } else { "quick" };
    batch.add(names.iter().enumerate().map(|(at, name)| job(name).servers(from(at), "new"))).await.unwrap();
    go(&batch, Pass::Full).await;
    let (mut slow, mut quick) = (HashSet::new(), HashSet::new());
    let (mut most_slow, mut most_quick) = (0, 0);
    for event in world.events.lock().unwrap().iter() {
        let BatchEvent::State { id: of, to, .. } = event else { continue };
        let at = names.iter().position(|name| id(name) == *of).unwrap();
        let set = if at.is_multiple_of(2) { &mut slow } else { &mut quick };
        if *to == State::Running {
            set.insert(at)
        } else {
            set.remove(&at)
        };
        (most_slow, most_quick) = (most_slow.max(slow.len()), most_quick.max(quick.len()));
    }
    assert_eq!(most_slow, 1);
    assert!(most_quick >= 2, "{most_quick}");
    let told = batch.add([job("x").servers("nowhere", "new")]).await.unwrap_err().to_string();
    assert!(told.contains("nowhere"), "{told}");
}

#[tokio::test]
async fn one_huge_mailbox_does_not_hold_the_others() {
    let world = World::new();
    let batch = world.builder().mailboxes(1).turn(Duration::ZERO).open().await.unwrap();
    world.fill(&["huge"], 3_000);
    let small = names(5);
    world.fill(&small.iter().map(String::as_str).collect::<Vec<_>>(), 3);
    batch.add([job("huge")]).await.unwrap();
    batch.add(small.iter().map(|name| job(name))).await.unwrap();
    go(&batch, Pass::Full).await;
    let ends: Vec<_> = world
        .events
        .lock()
        .unwrap()
        .iter()
        .filter_map(|event| match event {
            BatchEvent::State { id, to: State::Completed, .. } => Some(id.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(ends.len(), 6);
    assert_eq!(ends[5], id("huge"), "it began first and was done last");
    assert_eq!(world.arrived("huge"), 3_000);
    let passes = batch.passes(&id("huge")).await.unwrap();
    assert_eq!((passes.len(), passes[0].copied), (1, 3_000), "several turns are one pass");
}

#[tokio::test]
async fn two_mailboxes_into_one_are_moved_one_after_the_other() {
    let world = World::new();
    let batch = world.batch().await;
    world.fill(&["a", "b"], 4);
    let into = |login: &str| new("both").with_login(login);
    batch.add([BatchJob::new(old("a"), into("one")), BatchJob::new(old("b"), into("other"))]).await.unwrap();
    let summary = go(&batch, Pass::Full).await;
    assert_eq!(summary.count(&[State::Completed]), 2);
    assert_eq!(at_once(&world), 1);
}

/// Stops this at the first item that a mailbox moves.
fn at_first_item(batch: mailmove_engine::batch::BatchBuilder, stop: Stop) -> mailmove_engine::batch::BatchBuilder {
    batch.observer(mailmove_engine::batch::BatchObserver::new(move |event| {
        if let BatchEvent::Run { event: Event::Progress(done), .. } = event
            && done.copied > 0
        {
            stop.stop();
        }
    }))
}

#[tokio::test]
async fn a_batch_that_is_stopped_goes_on_where_it_was() {
    let world = World::new();
    let stop = Stop::new();
    let batch = at_first_item(world.builder().mailboxes(2), stop.clone()).stop(stop).open().await.unwrap();
    world.fill(&["a", "b", "c"], 2_500);
    batch.add(["a", "b", "c"].map(job)).await.unwrap();
    let summary = go(&batch, Pass::Full).await;
    assert_eq!(summary.count(&[State::Queued]), 3, "{summary:?}");
    let before: usize = ["a", "b", "c"].iter().map(|name| world.arrived(name)).sum();
    assert!((1..7_500).contains(&before), "{before}");
    drop(batch);
    let batch = world.batch().await;
    let summary = batch.run().await.unwrap();
    assert_eq!(summary.count(&[State::Completed]), 3);
    assert!(["a", "b", "c"].iter().all(|name| world.arrived(name) == 2_500));
}

#[tokio::test]
async fn one_mailbox_is_stopped_and_the_others_go_on() {
    let world = World::new();
    let batch = world.builder().mailboxes(2).open().await.unwrap();
    world.fill(&["a", "b"], 2_000);
    batch.add(["a", "b"].map(job)).await.unwrap();
    batch.start(&Selection::All, Pass::Full).await.unwrap();
    let running = tokio::spawn({
        let batch = batch.clone();
        async move { batch.run().await.unwrap() }
    });
    while state(&batch, "a").await != State::Running {
        tokio::task::yield_now().await;
    }
    let told = batch.start(&only("a"), Pass::Full).await.unwrap_err().to_string();
    assert!(told.contains("running"), "{told}");
    batch.stop(&only("a")).await.unwrap();
    running.await.unwrap();
    assert_eq!((state(&batch, "a").await, state(&batch, "b").await), (State::Stopped, State::Completed));
    go(&batch, Pass::Full).await;
    assert_eq!((state(&batch, "a").await, world.arrived("a")), (State::Completed, 2_000));
}

#[tokio::test]
async fn what_was_running_when_the_process_died_is_queued_again() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("project");
    let world = World::new();
    world.fill(&["a", "b"], 1_500);
    let open = || {
        Batch::on(Arc::new(SqliteLedger::open(&path).unwrap()))
            .source(Server::new(Arc::new(world.old.clone())))
            .destination(Server::new(Arc::new(world.new.clone())))
            .mailboxes(1)
    };
    let batch = open().open().await.unwrap();
    batch.add(["a", "b"].map(job)).await.unwrap();
    batch.start(&Selection::All, Pass::Full).await.unwrap();
    let running = tokio::spawn({
        let batch = batch.clone();
        async move { batch.run().await }
    });
    while world.arrived("a") == 0 {
        tokio::task::yield_now().await;
    }
    // Nothing is tidied up: the work is dropped where it stands.
    running.abort();
    let _ = running.await;
    assert_eq!(state(&batch, "a").await, State::Running);
    drop(batch);
    let batch = open().open().await.unwrap();
    assert_eq!((state(&batch, "a").await, state(&batch, "b").await), (State::Queued, State::Queued));
    let summary = batch.run().await.unwrap();
    assert_eq!(summary.count(&[State::Completed]), 2);
    assert_eq!((world.arrived("a"), world.arrived("b")), (1_500, 1_500));
}

#[tokio::test]
async fn a_mailbox_that_is_added_while_the_batch_serves_is_moved_at_once() {
    let world = World::new();
    let stop = Stop::new();
    let batch = world.builder().stop(stop.clone()).open().await.unwrap();
    world.fill(&["a"], 2);
    let serving = tokio::spawn({
        let batch = batch.clone();
        async move { batch.serve().await.unwrap() }
    });
    batch.add([job("a")]).await.unwrap();
    batch.start(&Selection::All, Pass::Full).await.unwrap();
    while state(&batch, "a").await != State::Completed {
        tokio::task::yield_now().await;
    }
    assert!(batch.run().await.unwrap_err().to_string().contains("at work already"));
    stop.stop();
    assert_eq!(serving.await.unwrap().count(&[State::Completed]), 1);
}

#[tokio::test]
async fn a_disk_that_is_full_ends_the_batch_and_fails_nobody() {
    let world = World::new();
    let batch = world.builder().mailboxes(1).open().await.unwrap();
    world.fill(&["a", "b"], 2);
    batch.add(["a", "b"].map(job)).await.unwrap();
    world.old.trouble("a@old.example", Error::new(ErrorKind::Storage, "no room"));
    batch.start(&Selection::All, Pass::Full).await.unwrap();
    assert_eq!(batch.run().await.unwrap_err().kind(), ErrorKind::Storage);
    assert_eq!((state(&batch, "a").await, state(&batch, "b").await), (State::Queued, State::Queued));
    let summary = batch.run().await.unwrap();
    assert_eq!(summary.count(&[State::Completed]), 2);
}

#[tokio::test]
async fn towns_are_apart() {
    let (one, other) = (Town::new(), Town::new());
    one.mailbox("a").create_folder(&["Work"]);
    assert!(other.mailbox("a").find_folder(&["Work"]).is_none());
}
