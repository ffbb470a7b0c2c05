//! A user is asked, and answers.

use mailmove_core::{Error, ErrorKind, Secret, Side};
use mailmove_engine::batch::{About, Batch, Pass, REQUEST_SUBJECT, Selection, State, Words};
use secrecy::{ExposeSecret, SecretString};
use time::Duration;

use crate::common::{World, flagged, id, item, old, only, state};

async fn asked(world: &World, flags: u32) -> (Batch, Vec<SecretString>) {
    let batch = world.batch().await;
    world.fill(&["a"], 3);
    world.old.lock("a@old.example", "right");
    batch.add([flagged("a", flags)]).await.unwrap();
    let started = batch.start(&Selection::All, Pass::Full).await.unwrap();
    assert_eq!((started.waiting, started.queued), (1, 0));
    (batch, started.requests.into_iter().map(|request| request.key).collect())
}

async fn answer(batch: &Batch, key: &SecretString, password: &str) -> Result<(), Error> {
    batch.submit(key, None, Secret::password(password)).await
}

#[tokio::test]
async fn a_user_answers_and_the_mailbox_moves() {
    let world = World::new();
    let (batch, keys) = asked(&world, 192).await;
    batch.run().await.unwrap();
    assert_eq!(state(&batch, "a").await, State::WaitingForUser);
    assert_eq!(batch.asked(&keys[0]).await, Some(old("a")));
    answer(&batch, &keys[0], "right").await.unwrap();
    batch.run().await.unwrap();
    assert_eq!((state(&batch, "a").await, world.arrived("a")), (State::Completed, 3));
    let path = [State::WaitingForUser, State::Verifying, State::Queued, State::Running, State::Completed];
    assert_eq!(world.path("a"), path);
    // What is known is not asked again.
    assert_eq!(batch.start(&Selection::All, Pass::Full).await.unwrap().queued, 1);
}

#[tokio::test]
async fn a_wrong_answer_fails_the_mailbox_and_uses_the_link_up() {
    let world = World::new();
    let (batch, keys) = asked(&world, 192).await;
    assert_eq!(answer(&batch, &keys[0], "wrong").await.unwrap_err().kind(), ErrorKind::Credential);
    let failed = item(&batch, "a").await;
    assert_eq!((failed.state, failed.why.unwrap().side), (State::Failed, Some(Side::Source)));
    let told = answer(&batch, &keys[0], "right").await.unwrap_err();
    assert!(told.kind() == ErrorKind::NotFound && told.what_to_do().contains("new link"), "{told}");

    let again = batch.start(&only("a"), Pass::Full).await.unwrap().requests;
    assert_ne!(again[0].key.expose_secret(), keys[0].expose_secret());
    answer(&batch, &again[0].key, "right").await.unwrap();
    batch.run().await.unwrap();
    assert_eq!(state(&batch, "a").await, State::Completed);
}

#[tokio::test]
async fn a_stranger_learns_nothing() {
    let world = World::new();
    let (batch, keys) = asked(&world, 192).await;
    let guesses = ["", "0", &"0".repeat(64), &keys[0].expose_secret()[..63], &format!("{}0", keys[0].expose_secret())];
    let mut told = Vec::new();
    for guess in guesses {
        let guess = SecretString::from(guess);
        assert_eq!(batch.asked(&guess).await, None);
        told.push(answer(&batch, &guess, "right").await.unwrap_err().to_string());
    }
    told.dedup();
    assert_eq!(told.len(), 1);
    assert!(!told[0].contains("a@old"), "{told:?}");
    assert_eq!(state(&batch, "a").await, State::WaitingForUser);
}

#[tokio::test]
async fn a_link_is_too_old_after_its_time() {
    let world = World::new();
    let (batch, keys) = asked(&world, 192).await;
    world.pass_time(Duration::minutes(59));
    assert!(batch.asked(&keys[0]).await.is_some());
    world.pass_time(Duration::minutes(1));
    assert!(batch.asked(&keys[0]).await.is_none());
    assert_eq!(answer(&batch, &keys[0], "right").await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn two_answers_at_the_same_moment_are_one() {
    let world = World::new();
    let (batch, keys) = asked(&world, 192).await;
    let (one, other) = tokio::join!(answer(&batch, &keys[0], "right"), answer(&batch, &keys[0], "right"));
    assert_eq!([one, other].iter().filter(|result| result.is_ok()).count(), 1);
}

#[tokio::test]
async fn both_users_have_to_answer() {
    let world = World::new();
    let (batch, keys) = asked(&world, 960).await;
    world.new.lock("a@new.example", "other");
    answer(&batch, &keys[1], "other").await.unwrap();
    assert_eq!(state(&batch, "a").await, State::WaitingForUser);
    answer(&batch, &keys[0], "right").await.unwrap();
    batch.run().await.unwrap();
    assert_eq!((state(&batch, "a").await, world.arrived("a")), (State::Completed, 3));
}

#[tokio::test]
async fn clearing_a_credential_withdraws_the_link_and_starting_asks_anew() {
    let world = World::new();
    let (batch, keys) = asked(&world, 192).await;
    batch.clear_credentials(&id("a"), Side::Destination).await.unwrap();
    assert_eq!(state(&batch, "a").await, State::WaitingForUser, "the other side is nobody's business");
    batch.clear_credentials(&id("a"), Side::Source).await.unwrap();
    assert_eq!(state(&batch, "a").await, State::Stopped);
    assert!(answer(&batch, &keys[0], "right").await.is_err());
    let started = batch.start(&only("a"), Pass::Full).await.unwrap();
    answer(&batch, &started.requests[0].key, "right").await.unwrap();
    batch.run().await.unwrap();
    batch.clear_credentials(&id("a"), Side::Source).await.unwrap();
    assert_eq!(batch.start(&only("a"), Pass::Full).await.unwrap().waiting, 1, "asked again");
}

#[tokio::test]
async fn a_known_password_needs_no_answer() {
    let world = World::new();
    let (batch, keys) = asked(&world, 192).await;
    batch.give(&id("a"), Side::Source, None, Secret::password("right")).await.unwrap();
    assert!(answer(&batch, &keys[0], "right").await.is_err());
    batch.run().await.unwrap();
    assert_eq!(state(&batch, "a").await, State::Completed);
}

#[tokio::test]
async fn the_mail_has_the_subject_and_the_link_and_nothing_else_has() {
    let world = World::new();
    let (batch, keys) = asked(&world, 192).await;
    let key = keys[0].expose_secret();
    let notice = world.post.sent.lock().unwrap()[0].clone();
    assert!(matches!(notice.about, About::Asked { .. }));
    assert_eq!(notice.address, "a@old.example");
    let (subject, text) = Words::default().of(&notice);
    assert_eq!(subject, REQUEST_SUBJECT);
    assert!(text.expose_secret().contains(&format!("https://host.example/answer/{key}\n")));
    let kept = mailmove_engine::ledger::ProjectStore::mailboxes(&*world.ledger).await.unwrap();
    let told = format!("{notice:?} {kept:?} {:?} {batch:?}", world.events.lock().unwrap());
    assert!(!told.contains(key), "{told}");
}

#[tokio::test]
async fn passwords_are_in_no_record_no_event_and_no_error() {
    let world = World::new();
    let (batch, keys) = asked(&world, 960).await;
    world.new.lock("a@new.example", "hunter3");
    let error = answer(&batch, &keys[0], "hunter2-wrong").await.unwrap_err();
    let again = batch.start(&only("a"), Pass::Full).await.unwrap().requests;
    world.old.lock("a@old.example", "hunter2");
    answer(&batch, &again[0].key, "hunter2").await.unwrap();
    answer(&batch, &again[1].key, "hunter3").await.unwrap();
    batch.run().await.unwrap();
    assert_eq!(state(&batch, "a").await, State::Completed);
    let kept = mailmove_engine::ledger::ProjectStore::mailboxes(&*world.ledger).await.unwrap();
    let passes = batch.passes(&id("a")).await.unwrap();
    let told = format!("{error:?} {kept:?} {passes:?} {:?} {batch:?}", world.events.lock().unwrap());
    assert!(!told.contains("hunter"), "{told}");
}

#[tokio::test]
async fn a_question_survives_the_process() {
    let world = World::new();
    let (batch, keys) = asked(&world, 192).await;
    drop(batch);
    let batch = world.batch().await;
    assert_eq!(state(&batch, "a").await, State::WaitingForUser);
    answer(&batch, &keys[0], "right").await.unwrap();
    batch.run().await.unwrap();
    assert_eq!(state(&batch, "a").await, State::Completed);
}

#[tokio::test]
async fn an_answer_for_a_server_that_is_away_is_kept_and_tried_later() {
    let world = World::new();
    let (batch, keys) = asked(&world, 192).await;
    world.old.trouble("a@old.example", Error::new(ErrorKind::Unavailable, "away"));
    assert!(answer(&batch, &keys[0], "right").await.is_err());
    assert_eq!(state(&batch, "a").await, State::WaitingForProvider);
    world.pass_time(Duration::hours(1));
    batch.run().await.unwrap();
    assert_eq!(state(&batch, "a").await, State::Completed);
}

#[tokio::test]
async fn a_server_that_is_away_withdraws_nobody_elses_question() {
    let world = World::new();
    let (batch, keys) = asked(&world, 960).await;
    world.new.lock("a@new.example", "other");
    world.old.trouble("a@old.example", Error::new(ErrorKind::Unavailable, "away"));
    assert!(answer(&batch, &keys[0], "right").await.is_err());
    assert_eq!(state(&batch, "a").await, State::WaitingForUser);
    answer(&batch, &keys[1], "other").await.unwrap();
    batch.run().await.unwrap();
    assert_eq!((state(&batch, "a").await, world.arrived("a")), (State::Completed, 3));
}

#[tokio::test]
async fn a_wrong_answer_is_told_to_those_whom_the_flags_name_and_kept_as_a_pass() {
    let world = World::new();
    let (batch, keys) = asked(&world, 192 + 2 + 8 + 1).await;
    answer(&batch, &keys[0], "wrong").await.unwrap_err();
    let sent = world.post.sent.lock().unwrap()[1..].to_vec();
    let to: Vec<&str> = sent.iter().map(|notice| notice.address.as_str()).collect();
    assert_eq!(to, ["admin@host.example", "a@old.example"]);
    assert!(Words::default().of(&sent[0]).1.expose_secret().contains("source: the server refused the password"));
    let passes = batch.passes(&id("a")).await.unwrap();
    assert_eq!((passes.len(), passes[0].state, passes[0].copied), (1, State::Failed, 0));
    let again = batch.start(&only("a"), Pass::Full).await.unwrap().requests;
    answer(&batch, &again[0].key, "right").await.unwrap();
    batch.run().await.unwrap();
    assert_eq!(batch.passes(&id("a")).await.unwrap()[1].state, State::Completed);
}
