//! What is asked of a tenant that only a tenant can answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mailmove::graph::GraphConnector;
use mailmove::{FixedCredentials, Mailbox, Secret, Side};
use mailmove_testkit::graph::{ALL_ROLES, GraphServer};

use super::probe::{FOLDERS, Probe};
use super::{ADDRESS, TOKEN, config, settings};
use crate::support::rest::Rest;

const QUESTIONS: [&str; 7] = [
    "Is a message taken with the header",
    "Is such a message a draft",
    "Is a stream given",
    "Is a stream taken that this tenant gave",
    "Is a stream taken that was made here",
    "Does an event come back",
    "Are tasks listed",
];

/// Asks a tenant whose application may do this, and gives what was answered to each question.
async fn asked(server: &GraphServer) -> Vec<String> {
    let credentials = Arc::new(FixedCredentials::owner(Secret::token(TOKEN)));
    let (config, mailbox) = (config(server), Mailbox::new(Side::Destination, ADDRESS));
    let rest = Rest::new(config.base().unwrap().as_str(), settings(), credentials.clone(), mailbox.clone()).unwrap();
    let plain = GraphConnector::new(config.clone(), credentials.clone()).unwrap();
    let foreign = GraphConnector::new(config.with_foreign_streams(), credentials).unwrap();
    let lines = Mutex::new(Vec::new());
    let tell = |line: String| lines.lock().unwrap().push(line);
    let mut probe = Probe::open([&plain, &foreign], &mailbox, rest, &tell).await.unwrap();
    probe.pause = Duration::from_millis(1);
    probe.run().await;
    let lines = lines.into_inner().unwrap();
    assert!(lines.iter().all(|line| !line.contains('\n')), "{lines:#?}");
    let answer = |question: &&str| {
        let mut answers = lines.iter().filter(|line| line.starts_with(*question));
        let answer = answers.next().unwrap_or_else(|| panic!("{question}: {lines:#?}")).clone();
        assert!(answers.next().is_none(), "{lines:#?}");
        answer.split_once("? ").unwrap().1.to_owned()
    };
    assert!(!lines.iter().any(|line| line.contains("stays")), "{lines:#?}");
    QUESTIONS.iter().map(answer).collect()
}

/// Nothing is left, neither where it was written nor in the bin.
fn clean(server: &GraphServer) {
    for folder in server.mailbox(ADDRESS).snapshot() {
        assert!(FOLDERS.iter().all(|(_, name)| !folder.path.contains(name)), "{folder:?}");
        assert!(folder.items.is_empty(), "{folder:?}");
    }
}

#[tokio::test]
async fn every_question_is_answered_in_a_line_and_nothing_stays() {
    let server = GraphServer::builder().user(ADDRESS).app_token(TOKEN, &ALL_ROLES).start().await;
    let answers = asked(&server).await;
    assert!(answers[0].starts_with("yes, by create-message"), "{answers:#?}");
    assert!(answers[1].starts_with("false, 2024-01-01"), "{answers:#?}");
    assert!(answers[2].starts_with("yes, of "), "{answers:#?}");
    assert!(answers[3].starts_with("yes, by import-session"), "{answers:#?}");
    assert!(answers[4].starts_with("yes, by import-session-foreign"), "{answers:#?}");
    assert!(answers[5].starts_with("yes, under an id of its own"), "{answers:#?}");
    assert!(answers[6].starts_with("yes"), "{answers:#?}");
    clean(&server);
}

#[tokio::test]
async fn a_permission_that_is_missing_is_an_answer() {
    let server = GraphServer::builder().user(ADDRESS).app_token(TOKEN, &["Mail.ReadWrite", "User.Read.All"]).start();
    let server = server.await;
    let answers = asked(&server).await;
    assert!(answers[0].starts_with("yes") && answers[1].starts_with("false"), "{answers:#?}");
    assert!(answers[2..].iter().all(|answer| answer.starts_with("no: ")), "{answers:#?}");
    clean(&server);

    let server = GraphServer::builder().user(ADDRESS).app_token(TOKEN, &["Calendars.ReadWrite"]).start().await;
    let answers = asked(&server).await;
    let mut no: Vec<bool> = answers.iter().map(|answer| answer.starts_with("no: ")).collect();
    assert!(!no.remove(5) && no.into_iter().all(|no| no), "{answers:#?}");
    clean(&server);
}
