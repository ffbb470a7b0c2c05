//! The provider's limit: told before, told while it is waited for, and kept.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mailmove::graph::GraphConnector;
use mailmove::graph::budget::Allowance;
use mailmove::{
    Event, FixedCredentials, Mailbox, MemoryLedger, Migration, Observer, Outcome, Rules, Secret, Side,
    batch::{Batch, BatchJob, Server},
};
use mailmove_testkit::graph::{ALL_ROLES, GraphServer, Limits};
use mailmove_testkit::{MemoryMailbox, NewItem};

use super::{ADDRESS, TOKEN, config};
use crate::support::words;

/// How many times as fast the clock runs: ten minutes in three seconds.
const FAST: u32 = 200;
const REQUESTS: u64 = 100;
const MAILS: u64 = 250;

async fn tenant(users: &[&str]) -> (GraphServer, Arc<GraphConnector>) {
    let limits = Limits::OUTLOOK.with_requests(REQUESTS as usize);
    let server = GraphServer::builder().app_token(TOKEN, &ALL_ROLES).limits(limits).speed(f64::from(FAST));
    let server = users.iter().fold(server, |server, user| server.user(user)).start().await;
    let mut allowance = Allowance::outlook().scaled(FAST);
    allowance.requests = REQUESTS;
    let token = Arc::new(FixedCredentials::owner(Secret::token(TOKEN)));
    let connector = GraphConnector::new(config(&server).without_streams(), token).unwrap().with_allowance(allowance);
    (server, Arc::new(connector))
}

fn old(mails: u64) -> Arc<MemoryMailbox> {
    let old = MemoryMailbox::new();
    for number in 0..mails {
        old.add(
            &old.inbox(),
            NewItem::mail(format!("Subject: {number}\r\nMessage-ID: <{number}@x>\r\n\r\n{number}\r\n")),
        );
    }
    Arc::new(old)
}

#[tokio::test]
async fn the_plan_says_how_long_it_will_take_and_the_run_says_what_it_waits_for() {
    let (server, connector) = tenant(&[ADDRESS]).await;
    let told: Arc<Mutex<Vec<Event>>> = Arc::default();
    let seen = told.clone();
    let (from, to) = (Mailbox::new(Side::Source, ADDRESS), Mailbox::new(Side::Destination, ADDRESS));
    let migration = Migration::new(old(MAILS), from, connector, to)
        .ledger(Arc::new(MemoryLedger::new()))
        .observer(Observer::new(move |event| seen.lock().unwrap().push(event.clone())));
    let plan = migration.plan().await.unwrap();
    let forecast = plan.forecast.unwrap();
    // 250 requests where 97 are granted in three seconds.
    assert!(forecast.at_least >= Duration::from_secs(6) && forecast.at_least < Duration::from_secs(10), "{forecast:?}");
    assert!(forecast.at_most.is_some_and(|most| most >= forecast.at_least), "{forecast:?}");
    assert!(words::forecast(&forecast).starts_with("will take between "), "{}", words::forecast(&forecast));

    let report = migration.run(Some(&plan)).await.unwrap();
    assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
    assert_eq!(server.mailbox(ADDRESS).count("Inbox") as u64, MAILS);
    assert!(server.log().counters().status(429) * 100 <= server.log().counters().requests());
    let waits: Vec<_> = told
        .lock()
        .unwrap()
        .iter()
        .filter_map(|event| if let Event::Waiting { side, until } = event { Some((*side, *until)) } else { None })
        .collect();
    assert!(!waits.is_empty());
    assert!(waits.iter().all(|(side, _)| *side == Side::Destination), "{waits:?}");
    assert!(waits.windows(2).all(|pair| pair[0].1 < pair[1].1), "{waits:?}");
    let line = words::waiting(waits[0].0, waits[0].1);
    assert!(line.starts_with("waiting for the provider of the destination until ") && line.ends_with(" UTC"), "{line}");
    // Nothing is left to do, and nothing holds it up.
    let again = migration.plan().await.unwrap().forecast.unwrap();
    assert_eq!(again.at_least, Duration::ZERO);
}

#[tokio::test]
async fn what_is_not_known_leaves_the_interval_open() {
    let (_server, connector) = tenant(&[ADDRESS]).await;
    let (from, to) = (Mailbox::new(Side::Source, ADDRESS), Mailbox::new(Side::Destination, ADDRESS));
    let of = |old: Arc<MemoryMailbox>, rules: Rules| {
        let migration = Migration::new(old, from.clone(), connector.clone(), to.clone()).rules(rules);
        async move { migration.plan().await.unwrap().forecast.unwrap() }
    };
    // The rules may leave all of it out.
    let mut rules = Rules::default();
    rules.since = Some(time::OffsetDateTime::UNIX_EPOCH);
    let narrowed = of(old(MAILS), rules).await;
    assert_eq!(narrowed.at_least, Duration::ZERO);
    assert!(narrowed.at_most.is_some_and(|most| most >= Duration::from_secs(6)), "{narrowed:?}");
    // What fits below the limit is not held up.
    let small = of(old(20), Rules::default()).await;
    assert_eq!((small.at_least, small.at_most), (Duration::ZERO, Some(Duration::ZERO)));
    assert!(words::forecast(&small).contains("not hold this up"));
}

#[tokio::test]
async fn a_batch_adds_up_what_its_mailboxes_will_take() {
    let addresses = ["a@example.org", "b@example.org", "c@example.org"];
    let (_server, connector) = tenant(&addresses).await;
    let batch = Batch::on(Arc::new(MemoryLedger::new()))
        .source(Server::new(old(MAILS)))
        .destination(Server::new(connector))
        .mailboxes(2);
    let batch = batch.open().await.unwrap();
    let jobs: Vec<BatchJob> = addresses
        .iter()
        .map(|address| BatchJob::new(Mailbox::new(Side::Source, *address), Mailbox::new(Side::Destination, *address)))
        .collect();
    let ids: Vec<_> = jobs.iter().map(|job| job.id.clone()).collect();
    batch.add(jobs).await.unwrap();
    let mut found = Vec::new();
    for id in &ids {
        found.push(batch.preflight(id).await.unwrap());
    }
    let each = found[0].forecast.unwrap();
    assert!(each.at_least >= Duration::from_secs(6), "{each:?}");
    let all = batch.forecast(&found).unwrap();
    // Three of a kind, two at a time.
    assert!(all.at_least >= each.at_least * 3 / 2, "{all:?} of {each:?}");
    assert!(all.at_most.unwrap() >= all.at_least && all.at_most.unwrap() >= each.at_most.unwrap() * 2, "{all:?}");
    assert!(batch.forecast(&[]).is_none());
}
