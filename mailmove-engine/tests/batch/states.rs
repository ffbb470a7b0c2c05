//! Where a mailbox may stand, one transition after another.

use mailmove_core::{Error, ErrorKind, Secret, Side};
use mailmove_engine::batch::State::{self, *};
use mailmove_engine::batch::{Pass, Selection};
use time::Duration;

use crate::common::{START, World, at, flagged, go, id, item, job, new, old, only, state};

/// Every legal transition, written down a second time.
const LEGAL: &[(State, State)] = &[
    (NotSubmitted, Queued),
    (NotSubmitted, WaitingForUser),
    (Queued, Verifying),
    (Queued, Running),
    (Queued, Stopped),
    (WaitingForUser, Verifying),
    (WaitingForUser, Queued),
    (WaitingForUser, Stopped),
    (Verifying, Queued),
    (Verifying, WaitingForUser),
    (Verifying, WaitingForProvider),
    (Verifying, Deferred),
    (Verifying, NeedsCredential),
    (Verifying, Completed),
    (Verifying, Failed),
    (Verifying, Stopped),
    (Running, Queued),
    (Running, WaitingForProvider),
    (Running, Deferred),
    (Running, NeedsCredential),
    (Running, Completed),
    (Running, CompletedWithErrors),
    (Running, Failed),
    (Running, Stopped),
    (WaitingForProvider, Queued),
    (WaitingForProvider, Stopped),
    (Deferred, Queued),
    (Deferred, Stopped),
    (NeedsCredential, Queued),
    (NeedsCredential, WaitingForUser),
    (NeedsCredential, Stopped),
    (Completed, Queued),
    (Completed, WaitingForUser),
    (CompletedWithErrors, Queued),
    (CompletedWithErrors, WaitingForUser),
    (Failed, Queued),
    (Failed, WaitingForUser),
    (Stopped, Queued),
    (Stopped, WaitingForUser),
];

#[test]
fn each_of_the_144_transitions_is_legal_or_illegal_as_written_down() {
    for from in State::ALL {
        for to in State::ALL {
            assert_eq!(from.may_become(to), LEGAL.contains(&(from, to)), "{from} -> {to}");
        }
    }
}

#[tokio::test]
async fn from_not_submitted_to_completed_and_round_again() {
    let world = World::new();
    let batch = world.filled(&["a"], 3).await;
    assert_eq!(state(&batch, "a").await, NotSubmitted);
    go(&batch, Pass::Full).await;
    go(&batch, Pass::Verify).await;
    assert_eq!(world.path("a"), [Queued, Running, Completed, Queued, Verifying, Completed]);
    assert_eq!(world.arrived("a"), 3);
}

#[tokio::test]
async fn what_waits_is_stopped_before_it_is_deleted() {
    let world = World::new();
    let batch = world.batch().await;
    batch.add([flagged("a", 192), job("b")]).await.unwrap();
    batch.start(&Selection::All, Pass::Full).await.unwrap();
    for (name, waits) in [("a", WaitingForUser), ("b", Queued)] {
        assert_eq!(state(&batch, name).await, waits);
        let told = batch.remove(&id(name)).await.unwrap_err().to_string();
        assert!(told.contains(waits.as_str()) && told.contains("stop it first"), "{told}");
        batch.stop(&only(name)).await.unwrap();
        assert_eq!(state(&batch, name).await, Stopped);
        batch.remove(&id(name)).await.unwrap();
    }
    assert!(batch.items().await.is_empty());
    assert!(world.batch().await.items().await.is_empty(), "gone from the store as well");
}

#[tokio::test]
async fn a_start_from_the_wrong_place_names_both_states_and_starts_nothing() {
    let world = World::new();
    let batch = world.filled(&["a", "b"], 1).await;
    batch.start(&only("a"), Pass::Full).await.unwrap();
    let both = Selection::Only(vec![id("b"), id("a")]);
    let told = batch.start(&both, Pass::Full).await.unwrap_err().to_string();
    assert!(told.contains("a mailbox that is queued cannot become queued"), "{told}");
    assert_eq!(state(&batch, "b").await, NotSubmitted);
    // Whoever starts everything means what can be started.
    assert_eq!(batch.start(&Selection::All, Pass::Full).await.unwrap().queued, 1);
}

#[tokio::test]
async fn a_wrong_password_fails_the_mailbox_and_a_changed_one_pauses_it() {
    let world = World::new();
    let batch = world.filled(&["a"], 4).await;
    world.old.lock("a@old.example", "right");
    batch.give(&id("a"), Side::Source, None, Secret::password("wrong")).await.unwrap();
    go(&batch, Pass::Full).await;
    let failed = item(&batch, "a").await;
    assert_eq!((failed.state, failed.why.unwrap().side), (Failed, Some(Side::Source)));

    batch.give(&id("a"), Side::Source, None, Secret::password("right")).await.unwrap();
    go(&batch, Pass::Full).await;
    assert_eq!(state(&batch, "a").await, Completed);

    world.old.lock("a@old.example", "changed");
    world.fill(&["a"], 6);
    go(&batch, Pass::Full).await;
    let paused = item(&batch, "a").await;
    assert_eq!((paused.state, paused.why.unwrap().side), (NeedsCredential, Some(Side::Source)));
    assert_eq!(world.arrived("a"), 4, "what was moved stays moved");

    // Given anew it goes on without another start.
    batch.give(&id("a"), Side::Source, None, Secret::password("changed")).await.unwrap();
    batch.run().await.unwrap();
    assert_eq!((state(&batch, "a").await, world.arrived("a")), (Completed, 10));
}

#[tokio::test]
async fn a_mailbox_that_is_not_there_yet_is_deferred_for_a_day_at_most() {
    let world = World::new();
    let batch = world.filled(&["a"], 2).await;
    let missing = || Error::new(ErrorKind::NotProvisioned, "the mailbox is being made");
    (0..100).for_each(|_| world.new.trouble("a@new.example", missing()));
    go(&batch, Pass::Full).await;
    let first = item(&batch, "a").await;
    assert_eq!(first.state, Deferred);
    assert_eq!(first.until, Some(at(START) + Duration::minutes(15)));
    let mut looks = 0;
    while state(&batch, "a").await == Deferred {
        let wait = item(&batch, "a").await.until.unwrap() - at(world.now());
        assert!(wait <= Duration::hours(24));
        world.pass_time(wait);
        batch.run().await.unwrap();
        looks += 1;
    }
    assert_eq!(state(&batch, "a").await, Failed);
    assert!(looks < 20, "{looks}");
    let told = item(&batch, "a").await.why.unwrap();
    assert!(told.kind == ErrorKind::NotProvisioned && told.text.contains("24 hours"), "{told:?}");
    let waited = world.now() - START;
    assert_eq!(waited, 24 * 3600);
}

#[tokio::test]
async fn a_deferred_mailbox_goes_on_when_it_is_there() {
    let world = World::new();
    let batch = world.filled(&["a"], 2).await;
    world.new.trouble("a@new.example", Error::new(ErrorKind::NotProvisioned, "the mailbox is being made"));
    go(&batch, Pass::Full).await;
    batch.run().await.unwrap();
    assert_eq!(state(&batch, "a").await, Deferred, "not before its time");
    world.pass_time(Duration::minutes(15));
    batch.run().await.unwrap();
    assert_eq!((state(&batch, "a").await, world.arrived("a")), (Completed, 2));
}

#[tokio::test]
async fn a_server_that_asks_for_patience_gets_it_a_few_times() {
    let world = World::new();
    let batch = world.filled(&["a", "b"], 2).await;
    let busy = || Error::new(ErrorKind::Throttled, "too many requests");
    world.old.trouble("a@old.example", busy());
    (0..20).for_each(|_| world.old.trouble("b@old.example", busy()));
    go(&batch, Pass::Full).await;
    assert_eq!(state(&batch, "a").await, WaitingForProvider);
    for _ in 0..10 {
        world.pass_time(Duration::hours(1));
        batch.run().await.unwrap();
    }
    assert_eq!((state(&batch, "a").await, state(&batch, "b").await), (Completed, Failed));
    assert_eq!(item(&batch, "b").await.why.unwrap().kind, ErrorKind::Throttled);
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_is_waited_for() {
    let world = World::new();
    let batch = world.filled(&["a"], 3).await;
    world.old.faults().always(mailmove_testkit::Method::Fetch, mailmove_testkit::Fault::error(ErrorKind::Network));
    go(&batch, Pass::Full).await;
    assert_eq!(state(&batch, "a").await, WaitingForProvider);
    for _ in 0..10 {
        world.pass_time(Duration::hours(1));
        batch.run().await.unwrap();
    }
    let left = item(&batch, "a").await;
    assert_eq!((left.state, left.why.unwrap().kind), (CompletedWithErrors, ErrorKind::Network), "not for ever");
    assert_eq!(batch.passes(&id("a")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn waking_a_mailbox_lets_it_go_on_at_once() {
    let world = World::new();
    let batch = world.filled(&["a", "b"], 2).await;
    for name in ["a", "b"] {
        world.new.trouble(&format!("{name}@new.example"), Error::new(ErrorKind::NotProvisioned, "not yet"));
    }
    go(&batch, Pass::Full).await;
    batch.wake(&new("a")).await.unwrap();
    batch.wake(&old("nobody")).await.unwrap();
    batch.run().await.unwrap();
    assert_eq!((state(&batch, "a").await, state(&batch, "b").await), (Completed, Deferred));
}

#[tokio::test]
async fn items_that_fail_make_a_mailbox_completed_with_errors() {
    let world = World::new();
    let batch = world.filled(&["a"], 3).await;
    let refused = Error::new(ErrorKind::Refused, "the server does not like it");
    world.new.faults().refuse(
        move |write| matches!(write, mailmove_core::Write::Create { item, .. } if crate::flags::is_message(item, 1)),
        refused,
    );
    go(&batch, Pass::Full).await;
    assert_eq!((state(&batch, "a").await, world.arrived("a")), (CompletedWithErrors, 2));
    let passes = batch.passes(&id("a")).await.unwrap();
    assert_eq!((passes.len(), passes[0].failed, passes[0].copied, passes[0].problems.len()), (1, 1, 2, 1));
}

#[tokio::test]
async fn what_goes_on_by_itself_or_needs_a_credential_can_be_stopped() {
    let world = World::new();
    let batch = world.filled(&["busy", "early", "changed"], 1).await;
    world.old.lock("changed@old.example", "right");
    batch.give(&id("changed"), Side::Source, None, Secret::password("right")).await.unwrap();
    batch.start(&only("changed"), Pass::Full).await.unwrap();
    batch.run().await.unwrap();
    world.old.lock("changed@old.example", "another");
    world.old.trouble("busy@old.example", Error::new(ErrorKind::Throttled, "too many requests"));
    world.new.trouble("early@new.example", Error::new(ErrorKind::NotProvisioned, "not yet"));
    go(&batch, Pass::Full).await;
    for (name, waits) in [("busy", WaitingForProvider), ("early", Deferred), ("changed", NeedsCredential)] {
        assert_eq!(state(&batch, name).await, waits);
        assert!(batch.remove(&id(name)).await.is_err(), "{waits}");
        batch.stop(&only(name)).await.unwrap();
        assert_eq!(state(&batch, name).await, Stopped);
    }
    world.pass_time(Duration::hours(25));
    batch.run().await.unwrap();
    assert_eq!(world.arrived("busy") + world.arrived("early"), 0, "stopped is stopped");
}

#[tokio::test]
async fn trying_a_mailbox_leads_wherever_moving_it_would() {
    let world = World::new();
    let batch = world.filled(&["early", "changed", "busy"], 1).await;
    world.old.lock("changed@old.example", "right");
    batch.give(&id("changed"), Side::Source, None, Secret::password("right")).await.unwrap();
    go(&batch, Pass::Full).await;
    world.old.lock("changed@old.example", "another");
    world.old.trouble("busy@old.example", Error::new(ErrorKind::Throttled, "too many requests"));
    world.new.trouble("early@new.example", Error::new(ErrorKind::NotProvisioned, "not yet"));
    go(&batch, Pass::Verify).await;
    for (name, there) in [("busy", WaitingForProvider), ("early", Deferred), ("changed", NeedsCredential)] {
        assert_eq!(world.path(name)[3..], [Queued, Verifying, there], "{name}");
    }
}

#[tokio::test]
async fn what_a_user_answered_and_is_refused_later_is_asked_for_again() {
    let world = World::new();
    let batch = world.batch().await;
    world.fill(&["a"], 2);
    world.old.lock("a@old.example", "right");
    batch.add([flagged("a", 192)]).await.unwrap();
    let ask = || batch.start(&Selection::All, Pass::Full);
    let answer = async |password: &str| {
        let key = ask().await.unwrap().requests.remove(0).key;
        batch.submit(&key, None, Secret::password(password)).await.unwrap();
        batch.run().await.unwrap();
    };
    answer("right").await;
    world.old.lock("a@old.example", "changed");
    world.fill(&["a"], 4);
    go(&batch, Pass::Full).await;
    assert_eq!(state(&batch, "a").await, NeedsCredential);
    answer("changed").await;
    assert_eq!((state(&batch, "a").await, world.arrived("a")), (Completed, 6), "its progress was kept");
    assert!(world.path("a").windows(2).any(|two| two == [NeedsCredential, WaitingForUser]));
}

#[tokio::test]
async fn a_mailbox_can_be_stopped_while_an_answer_is_tried() {
    let world = World::new();
    let batch = world.batch().await;
    world.fill(&["a"], 2);
    batch.add([flagged("a", 192)]).await.unwrap();
    let key = batch.start(&Selection::All, Pass::Full).await.unwrap().requests.remove(0).key;
    let door = world.old.hold("a@old.example");
    let trying = batch.clone();
    let trying = tokio::spawn(async move { trying.submit(&key, None, Secret::password("any")).await });
    while state(&batch, "a").await != Verifying {
        tokio::task::yield_now().await;
    }
    batch.stop(&only("a")).await.unwrap();
    assert_eq!(state(&batch, "a").await, Stopped);
    door.notify_one();
    trying.await.unwrap().unwrap();
    assert_eq!(state(&batch, "a").await, Stopped, "a right answer starts nothing that was stopped");
}

#[tokio::test]
async fn a_mailbox_with_errors_asks_when_its_credential_is_not_there_any_more() {
    let world = World::new();
    let batch = world.filled(&["a"], 3).await;
    let refused = Error::new(ErrorKind::Refused, "the server does not like it");
    let which = |write: &mailmove_core::Write| matches!(write, mailmove_core::Write::Create { .. });
    world.new.faults().refuse(which, refused);
    go(&batch, Pass::Full).await;
    assert_eq!(state(&batch, "a").await, CompletedWithErrors);
    batch.add([flagged("a", 192)]).await.unwrap();
    assert_eq!(batch.start(&only("a"), Pass::RetryErrors).await.unwrap().waiting, 1);
    assert_eq!(state(&batch, "a").await, WaitingForUser);
}
