//! What each pass does, and what is kept of it.

use std::sync::{Arc, Mutex};

use mailmove_core::{Error, ErrorKind, Forwarding};
use mailmove_engine::batch::{Pass, Selection, Server, State};
use mailmove_testkit::NewItem;
use time::macros::datetime;

use crate::common::{Controls, World, at, flagged, go, id, item, job, only, state};

#[tokio::test]
async fn verify_moves_nothing_and_says_which_side_stays_shut() {
    let world = World::new();
    let batch = world.filled(&["a", "b"], 3).await;
    world.new.trouble("b@new.example", Error::new(ErrorKind::AccessDenied, "no right to write"));
    go(&batch, Pass::Verify).await;
    assert_eq!((state(&batch, "a").await, state(&batch, "b").await), (State::Completed, State::Failed));
    assert!(item(&batch, "b").await.why.unwrap().text.starts_with("destination: "));
    assert_eq!(world.arrived("a"), 0);
}

#[tokio::test]
async fn a_trial_moves_ten_items_of_each_folder_and_a_full_pass_the_rest() {
    let world = World::new();
    let batch = world.filled(&["a"], 25).await;
    let mailbox = world.old.mailbox("a@old.example");
    let work = mailbox.create_folder(&["Work"]);
    (0..4).for_each(|number| drop(mailbox.add(&work, NewItem::numbered_mail(100 + number))));
    go(&batch, Pass::Trial).await;
    assert_eq!(world.arrived("a"), 14);
    // A second trial adds nothing to what is there.
    mailbox.add(&mailbox.inbox(), NewItem::numbered_mail(500));
    go(&batch, Pass::Trial).await;
    assert_eq!(world.arrived("a"), 14);
    go(&batch, Pass::Full).await;
    assert_eq!((state(&batch, "a").await, world.arrived("a")), (State::Completed, 30));
    world.new.mailbox("a@new.example").snapshot().assert_same(&mailbox.snapshot());
}

#[tokio::test]
async fn a_trial_moves_no_more_than_five_megabytes_of_a_folder() {
    let world = World::new();
    let batch = world.filled(&["a"], 0).await;
    let mailbox = world.old.mailbox("a@old.example");
    let inbox = mailbox.inbox();
    for (number, size) in [(1, 3_000_000), (2, 3_000_000), (3, 1_000_000), (4, 6_000_000)] {
        let text = format!("Message-ID: <{number}@x>\r\n\r\n{}", "x".repeat(size));
        mailbox.add(&inbox, NewItem::mail(text));
    }
    go(&batch, Pass::Trial).await;
    assert_eq!(world.arrived("a"), 2, "the first and the third");
}

#[tokio::test]
async fn pre_staging_moves_what_is_older_than_the_day() {
    let world = World::new();
    let batch = world.filled(&["a"], 10).await;
    // Messages are a minute apart, from the beginning of 2024.
    go(&batch, Pass::PreStage { before: datetime!(2024-01-01 00:04 UTC) }).await;
    assert_eq!(world.arrived("a"), 4);
    go(&batch, Pass::Full).await;
    assert_eq!(world.arrived("a"), 10);
    let kept = batch.passes(&id("a")).await.unwrap();
    assert_eq!(kept[0].pass, Pass::PreStage { before: datetime!(2024-01-01 00:04 UTC) });
}

#[tokio::test]
async fn retrying_errors_reads_nothing_new() {
    let world = World::new();
    let batch = world.filled(&["a"], 3).await;
    let error = Error::new(ErrorKind::Refused, "not today");
    let today = Arc::new(Mutex::new(true));
    let refuses = today.clone();
    let which = move |write: &mailmove_core::Write| match write {
        mailmove_core::Write::Create { item, .. } => *refuses.lock().unwrap() && crate::flags::is_message(item, 2),
        _ => false,
    };
    world.new.faults().refuse(which, error);
    go(&batch, Pass::Full).await;
    assert_eq!((state(&batch, "a").await, world.arrived("a")), (State::CompletedWithErrors, 2));
    *today.lock().unwrap() = false;
    let mailbox = world.old.mailbox("a@old.example");
    mailbox.add(&mailbox.inbox(), NewItem::numbered_mail(77));
    mailbox.reset_counts();
    go(&batch, Pass::RetryErrors).await;
    assert_eq!((state(&batch, "a").await, world.arrived("a")), (State::Completed, 3));
    assert_eq!(mailbox.counts().changes, 0, "no folder was read");
    go(&batch, Pass::Full).await;
    assert_eq!(world.arrived("a"), 4);
}

#[tokio::test]
async fn errors_are_not_retried_where_a_flag_forbids_it() {
    let world = World::new();
    let batch = world.batch().await;
    batch.add([flagged("a", 4_194_304)]).await.unwrap();
    let told = batch.start(&only("a"), Pass::RetryErrors).await.unwrap_err().to_string();
    assert!(told.contains("4194304"), "{told}");
}

#[tokio::test]
async fn forwarding_and_revoking_need_a_control() {
    let world = World::new();
    let batch = world.filled(&["a"], 2).await;
    go(&batch, Pass::Full).await;
    for pass in [Pass::ForwardingOnly, Pass::RevokeAccess] {
        go(&batch, pass).await;
        let failed = item(&batch, "a").await;
        let why = failed.why.unwrap();
        assert_eq!((failed.state, why.kind), (State::Failed, ErrorKind::Unsupported));
        assert!(why.text.contains("by hand at the server"), "{}", why.text);
    }
}

#[tokio::test]
async fn forwarding_only_moves_nothing_and_revoking_waits_for_everybody() {
    let world = World::new();
    let controls = Arc::new(Controls::default());
    let old = Server::new(Arc::new(world.old.clone()));
    let old = old.forwarding(controls.clone()).revocation(controls.clone());
    let batch = world.builder().source(old).open().await.unwrap();
    world.fill(&["a", "b"], 2);
    batch.add([job("a"), job("b")]).await.unwrap();
    batch.start(&only("a"), Pass::ForwardingOnly).await.unwrap();
    batch.run().await.unwrap();
    assert_eq!(*controls.forwards.lock().unwrap(), [Forwarding::to("a@new.example")]);
    assert_eq!(world.arrived("a"), 0);

    let told = batch.start(&only("a"), Pass::RevokeAccess).await.unwrap_err().to_string();
    assert!(told.contains("not at their end: 1"), "{told}");
    go(&batch, Pass::Full).await;
    go(&batch, Pass::RevokeAccess).await;
    assert_eq!(controls.revoked.lock().unwrap().len(), 2);
    assert_eq!(state(&batch, "b").await, State::Completed);
    let notes = batch.passes(&id("b")).await.unwrap().pop().unwrap().notes;
    assert_eq!(notes[0], "access to the source mailbox was given up: at once");
    assert!(notes[1].starts_with("destination: ") && notes[1].contains("by hand"), "{notes:?}");
}

#[tokio::test]
async fn a_connector_brings_its_own_controls() {
    let world = World::new();
    let controls = Arc::new(Controls { keeps_copy: true, ..Controls::default() });
    world.old.controls(controls.clone());
    let batch = world.filled(&["a"], 2).await;
    assert_eq!(batch.preflight(&id("a")).await.unwrap().forwardings, Some(Vec::new()));
    go(&batch, Pass::ForwardingOnly).await;
    let notes = batch.passes(&id("a")).await.unwrap().pop().unwrap().notes;
    assert_eq!(notes[0], "mail is sent on to a@new.example (a copy stays); before, to nobody");
    assert!(notes[1].contains("a second time"), "{notes:?}");
    let warnings = batch.preflight(&id("a")).await.unwrap().warnings;
    assert!(warnings.iter().any(|text| text.contains("arrives twice")), "{warnings:?}");
    go(&batch, Pass::RevokeAccess).await;
    assert_eq!(*controls.revoked.lock().unwrap(), ["a@old.example"]);
}

#[tokio::test]
async fn a_forwarding_that_the_server_forgets_is_a_failure() {
    let world = World::new();
    world.old.controls(Arc::new(Controls { forgets: true, ..Controls::default() }));
    let batch = world.filled(&["a"], 2).await;
    go(&batch, Pass::ForwardingOnly).await;
    let failed = item(&batch, "a").await;
    assert_eq!((failed.state, failed.why.unwrap().kind), (State::Failed, ErrorKind::Protocol));
}

#[tokio::test]
async fn what_a_pass_did_is_kept_and_never_changes() {
    let world = World::new();
    let batch = world.filled(&["a"], 3).await;
    go(&batch, Pass::Full).await;
    let first = batch.passes(&id("a")).await.unwrap();
    assert_eq!((first[0].number, first[0].copied, first[0].state), (1, 3, State::Completed));
    assert_eq!(first[0].started, at(crate::common::START));
    world.fill(&["a"], 2);
    world.pass_time(time::Duration::hours(1));
    go(&batch, Pass::Full).await;
    let reopened = world.batch().await;
    let both = reopened.passes(&id("a")).await.unwrap();
    assert_eq!(both.len(), 2);
    assert_eq!(both[0], first[0]);
    assert_eq!((both[1].number, both[1].copied, both[1].totals["copied"].items), (2, 2, 5));
    assert_eq!(both[1].timeline.last().unwrap().items, 2);
}

#[tokio::test]
async fn the_second_pass_over_an_unchanged_mailbox_copies_nothing() {
    let world = World::new();
    let batch = world.filled(&["a", "b"], 5).await;
    go(&batch, Pass::Full).await;
    let mailbox = world.old.mailbox("a@old.example");
    mailbox.reset_counts();
    batch.start(&Selection::All, Pass::Full).await.unwrap();
    batch.run().await.unwrap();
    assert_eq!(mailbox.counts().changes, 0);
    assert_eq!(batch.passes(&id("a")).await.unwrap()[1].copied, 0);
}
