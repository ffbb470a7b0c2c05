//! What is known before anything moves.

use mailmove_core::{Error, ErrorKind, Side};
use mailmove_engine::batch::{Pass, State};

use crate::common::{World, go, id, state};

#[tokio::test]
async fn a_source_that_does_not_fit_is_named_before_it_is_moved() {
    let world = World::new();
    let batch = world.filled(&["a", "b"], 10).await;
    world.new.mailbox("a@new.example").change_options(|options| options.quota = Some(100));
    let tight = batch.preflight(&id("a")).await.unwrap();
    assert_eq!((tight.fits, tight.room, tight.items), (Some(false), Some(100), Some(10)));
    assert!(tight.warnings.iter().any(|text| text.contains("less room")), "{:?}", tight.warnings);
    let unknown = batch.preflight(&id("b")).await.unwrap();
    assert_eq!((unknown.fits, unknown.room, unknown.estimate), (None, None, None));
    assert_eq!((state(&batch, "a").await, world.arrived("a")), (State::NotSubmitted, 0));
}

#[tokio::test]
async fn a_mailbox_that_does_not_open_is_named_with_its_side() {
    let world = World::new();
    let batch = world.filled(&["a"], 1).await;
    world.new.trouble("a@new.example", Error::new(ErrorKind::NotProvisioned, "the mailbox is being made"));
    let shut = batch.preflight(&id("a")).await.unwrap().shut.unwrap();
    assert_eq!((shut.side, shut.kind), (Some(Side::Destination), ErrorKind::NotProvisioned));
}

#[tokio::test]
async fn how_long_it_takes_is_told_by_what_was_measured() {
    let world = World::new();
    let batch = world.filled(&["a", "b"], 200).await;
    batch.start(&crate::common::only("a"), Pass::Full).await.unwrap();
    batch.run().await.unwrap();
    assert!(batch.preflight(&id("b")).await.unwrap().estimate.is_some());
    go(&batch, Pass::Full).await;
    assert_eq!(batch.preflight(&id("b")).await.unwrap().items, Some(0), "nothing changed since");
}
