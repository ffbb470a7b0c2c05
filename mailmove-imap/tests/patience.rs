//! Pauses that a provider asks for.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{PASSWORD, config, message, provider};
use mailmove_core::{Connector, Mailbox, Side};
use mailmove_engine::{MemoryLedger, Migration, Outcome};
use mailmove_imap::{ImapConnector, Quirks, Sign};
use mailmove_testkit::imap::{Action, Fault, ImapServer, Persona};

const MAILBOXES: usize = 10;
/// How many seconds long the pauses are; `scripts/interop imap` asks for longer ones.
const PAUSE: &str = "MAILMOVE_TEST_PAUSE";

async fn start(persona: Persona) -> ImapServer {
    let users = (0..MAILBOXES).fold(persona.builder(), |server, number| server.user(&user(number), PASSWORD));
    users.start().await
}

fn user(number: usize) -> String {
    format!("user{number}")
}

/// Moves ten mailboxes side by side. In the middle of it one of the servers wants a pause: what is under way by then is
/// answered, and then nothing is sent to it until the pause is over.
async fn all_hold_still(command: &str, side: Side) {
    let pause = Duration::from_secs(std::env::var(PAUSE).map_or(3, |seconds| seconds.parse().unwrap()));
    let (old, new) = (start(Persona::ExchangeOnline).await, start(Persona::ExchangeOnline).await);
    for number in 0..MAILBOXES {
        for letter in 0..20 {
            old.mailbox(&user(number)).append("INBOX", message(letter).as_str());
        }
    }
    let text = format!("Request is throttled. Suggested Backoff Time: {} milliseconds", pause.as_millis());
    let strict = if side == Side::Source { &old } else { &new };
    let fault = strict.faults().add(Fault::on(command).nth(3).times(1).then(Action::No(text)));
    let from = Arc::new(ImapConnector::new(config(&old), provider()));
    let to = Arc::new(ImapConnector::new(config(&new), provider()));
    let runs: Vec<_> = (0..MAILBOXES)
        .map(|number| {
            let at = |side| Mailbox::new(side, user(number));
            let migration = Migration::new(from.clone(), at(Side::Source), to.clone(), at(Side::Destination))
                .ledger(Arc::new(MemoryLedger::new()));
            tokio::spawn(async move {
                let report = migration.run(None).await.unwrap();
                match report.outcome {
                    Outcome::Completed => report,
                    // What was refused is left to the next run.
                    _ => migration.run(None).await.unwrap(),
                }
            })
        })
        .collect();
    while strict.faults().strikes(fault) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(pause / 3).await;
    let before = strict.log().lines().len();
    tokio::time::sleep(pause / 3).await;
    assert_eq!(strict.log().lines()[before..], [""; 0], "nothing is sent during the pause");
    for run in runs {
        let report = run.await.unwrap();
        assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
    }
    assert!(strict.log().lines().len() > before, "there was something left to send");
    for number in 0..MAILBOXES {
        assert_eq!(new.mailbox(&user(number)).count("INBOX"), 20, "nothing lost, nothing doubled");
    }
}

#[tokio::test]
async fn everybody_holds_still_when_the_source_wants_a_pause() {
    all_hold_still("FETCH", Side::Source).await;
}

#[tokio::test]
async fn everybody_holds_still_when_the_destination_wants_a_pause() {
    all_hold_still("APPEND", Side::Destination).await;
}

#[tokio::test]
async fn a_server_that_says_that_it_is_working_is_not_silent() {
    let server = common::server(|server| server).await;
    let mut config = config(&server);
    config.idle_timeout = Duration::from_millis(900);
    let working = || Action::Garbage(b"* OK [INPROGRESS (NIL 7 100)] Still working\r\n".to_vec().into());
    let busy =
        (0..4).fold(Fault::on("LIST"), |fault, _| fault.then(working()).then(Action::Wait(Duration::from_millis(400))));
    let opened = ImapConnector::new(config, provider()).source(&common::source()).await.unwrap();
    let before = server.log().counters().connections;
    server.faults().add(busy.times(1));
    assert!(!opened.folders().await.unwrap().is_empty());
    assert_eq!(server.log().counters().connections, before, "nobody lost patience");
}

#[tokio::test]
async fn a_program_knows_its_servers_own_words_for_a_pause() {
    let server = common::server(|server| server.greeting("Our own server")).await;
    let mut quirks = Quirks::new("Ours");
    quirks.signs = vec![Sign::Greeting("our own server".into())].into();
    quirks.throttles = vec![("easy, tiger".into(), Duration::from_millis(1_500))].into();
    let mut config = config(&server);
    config.quirks.push(quirks);
    let opened = ImapConnector::new(config, provider()).source(&common::source()).await.unwrap();
    let fault = server.faults().add(Fault::on("LIST").times(1).then(Action::No("Easy, Tiger!".to_owned())));
    let listing = tokio::spawn(async move { opened.folders().await.map(|folders| folders.len()) });
    while server.faults().strikes(fault) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let before = server.log().lines().len();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(server.log().lines()[before..], [""; 0], "it waits");
    assert_eq!(listing.await.unwrap().unwrap(), 1, "and asks again");
}
