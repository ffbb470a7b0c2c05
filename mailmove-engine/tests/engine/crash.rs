//! The run dies at every step, twice, twins included, late commits included.

use std::time::Duration;

use mailmove_testkit::{NewItem, Options, When};

use crate::common::{Pair, fill, options, plain};

/// Kills a run at one step, the next run at another, and lets the third come to its end.
async fn kill_twice(source: Options, destination: Options, first: (usize, When), second: (usize, When)) -> bool {
    let pair = Pair::with(source, destination);
    fill(&pair.source, 12);
    let mut died = false;
    for (step, when) in [first, second] {
        pair.schedule.crash_at(step, when);
        let migration = pair.migration();
        let end = pair.schedule.drive(migration.run(None)).await;
        died |= end.is_none();
        drop(migration);
        pair.schedule.restart();
    }
    let report = pair.run().await;
    pair.schedule.quiet().await;
    let differences = pair.destination.snapshot().differences(&pair.source.snapshot());
    assert!(differences.is_empty(), "killed at {first:?}, then at {second:?}:\n{}", differences.join("\n"));
    assert_eq!(report.outcome.as_str(), "completed", "killed at {first:?}, then at {second:?}: {report:#?}");
    died
}

async fn kill_everywhere(source: fn() -> Options, destination: fn() -> Options, when: When) {
    for step in 1.. {
        let again = 1 + step * 7 % 23;
        if !kill_twice(source(), destination(), (step, when), (again, when)).await || step > 400 {
            assert!(step > 10, "a run has more steps than that");
            break;
        }
    }
}

fn bare() -> Options {
    options().with(|options| {
        options.identities = false;
        options.marks = false;
        options.revisions = false;
    })
}

#[tokio::test]
async fn killed_before_every_step() {
    kill_everywhere(options, options, When::Before).await;
    kill_everywhere(bare, bare, When::Before).await;
}

#[tokio::test]
async fn killed_after_every_step() {
    kill_everywhere(options, options, When::After).await;
    kill_everywhere(bare, bare, When::After).await;
}

#[tokio::test]
async fn killed_in_the_middle_of_every_batch() {
    kill_everywhere(options, options, When::Half).await;
    kill_everywhere(bare, bare, When::Half).await;
}

#[tokio::test]
async fn killed_with_writes_still_on_the_way() {
    let when = When::Late(Duration::from_millis(15));
    kill_everywhere(options, options, when).await;
    kill_everywhere(bare, bare, when).await;
}

/// Streams have other bytes than what the destination tells of its items, and carry no mark.
fn streams() -> Options {
    bare().with_fast_transfer()
}

#[tokio::test]
async fn killed_while_streams_are_written() {
    for when in [When::Before, When::After, When::Half, When::Late(Duration::from_millis(15))] {
        kill_everywhere(streams, streams, when).await;
    }
}

/// Rather twice than not at all: the identifier of another mail says nothing about one that never arrived.
#[tokio::test]
async fn a_stream_is_not_taken_for_another_mail_with_its_message_id() {
    let mail =
        |text: &str| NewItem::mail(format!("Message-ID: <same@example.org>\r\nSubject: {text}\r\n\r\n{text}\r\n"));
    let mut died = false;
    for (step, texts) in (1..60).flat_map(|step| [(step, &["one"][..]), (step, &["one", "two", "three"])]) {
        let pair = Pair::with(streams(), streams().with(|options| options.positions = false));
        let (from, to) = (pair.source.inbox(), pair.destination.inbox());
        pair.destination.add(&to, mail("somebody else's"));
        for text in texts {
            pair.source.add(&from, mail(text));
        }
        for when in [When::Half, When::Before] {
            pair.schedule.crash_at(step, when);
            let migration = pair.migration();
            died |= pair.schedule.drive(migration.run(None)).await.is_none();
            drop(migration);
            pair.schedule.restart();
        }
        pair.run().await;
        let lost = pair.destination.snapshot().differences(&pair.source.snapshot());
        let lost = lost.into_iter().find(|told| told.contains("missing"));
        assert_eq!(lost, None, "killed at {step}");
    }
    assert!(died);
}

#[tokio::test]
async fn killed_where_the_destination_tells_no_ids() {
    kill_everywhere(plain, plain, When::After).await;
    kill_everywhere(plain, plain, When::Half).await;
    kill_everywhere(plain, plain, When::Late(Duration::from_millis(15))).await;
}
