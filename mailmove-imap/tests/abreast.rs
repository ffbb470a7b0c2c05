//! One large folder, written by several connections: side by side, and still in order.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use common::{USER, connector, create, destination, message, server};
use futures_util::future::join_all;
use mailmove_core::{Connector, Destination, NewFolder, Recovery, Result, Written};
use mailmove_testkit::imap::{Action, Fault, ImapServer, ImapServerBuilder};

/// So many messages are a window behind which more will come.
const WINDOW: u32 = 100;

/// A server of a kind that stores messages at the end of their command, and a mailbox of it with four connections.
async fn opened(build: impl FnOnce(ImapServerBuilder) -> ImapServerBuilder) -> (ImapServer, Arc<dyn Destination>) {
    let server = server(|server| build(server.greeting("Dovecot ready."))).await;
    let destination = connector(&server).destination(&destination()).await.unwrap();
    let folders: Vec<NewFolder> = ["a", "b", "c", "d"].map(|name| NewFolder::new(vec![name.to_owned()])).into();
    assert!(destination.ensure_folders(&folders).await.iter().all(Result::is_ok));
    while server.log().counters().sign_ins.values().map(|kind| kind.accepted).sum::<u64>() < 4 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The last one is signed in; it is taken up a moment later.
    tokio::time::sleep(Duration::from_millis(50)).await;
    (server, destination)
}

/// Writes so many windows at once.
async fn write(destination: &Arc<dyn Destination>, windows: u32) -> Vec<Vec<Result<Written>>> {
    write_until(destination, windows * WINDOW).await
}

/// Writes the messages up to this one in windows, all of them at once; the last window may be a small one.
async fn write_until(destination: &Arc<dyn Destination>, last: u32) -> Vec<Vec<Result<Written>>> {
    let windows = (1..=last).step_by(WINDOW as usize).map(|first| async move {
        let numbers = first..=last.min(first + WINDOW - 1);
        destination.write(&"INBOX".into(), &numbers.map(|number| create(message(number))).collect::<Vec<_>>()).await
    });
    tokio::time::timeout(Duration::from_secs(30), join_all(windows)).await.unwrap()
}

fn stored(server: &ImapServer) -> Vec<String> {
    let messages = server.mailbox(USER).messages("INBOX");
    messages.iter().map(|message| String::from_utf8_lossy(&message.bytes).into_owned()).collect()
}

fn all(numbers: impl Iterator<Item = u32>) -> Vec<String> {
    numbers.map(message).collect()
}

/// The connections by which messages came.
fn used(server: &ImapServer) -> BTreeSet<u64> {
    let commands = server.log().commands();
    commands.iter().filter(|command| command.name == "APPEND").map(|command| command.connection).collect()
}

#[tokio::test]
async fn a_large_folder_comes_in_by_several_connections_and_keeps_its_order() {
    let slow = Fault::on("APPEND").nth(1).then(Action::Wait(Duration::from_millis(150)));
    let (server, destination) = opened(|server| server.fault(slow)).await;
    let verdicts = write(&destination, 3).await;
    assert!(verdicts.iter().flatten().all(Result::is_ok));
    assert_eq!(stored(&server), all(1..=3 * WINDOW), "the first was the slowest by far");
    assert!(used(&server).len() > 1, "{:?}", used(&server));
}

#[tokio::test]
async fn on_a_long_way_one_folder_stays_on_one_connection() {
    let (server, destination) = opened(|server| server.round_trip(Duration::from_millis(20))).await;
    let verdicts = write(&destination, 3).await;
    assert!(verdicts.iter().flatten().all(Result::is_ok));
    assert_eq!(stored(&server), all(1..=3 * WINDOW));
    assert_eq!(used(&server).len(), 1);
}

#[tokio::test]
async fn a_server_of_another_kind_is_written_by_one_connection() {
    let (server, destination) = opened(|server| server.greeting("ready")).await;
    write(&destination, 3).await;
    assert_eq!(stored(&server), all(1..=3 * WINDOW));
    assert_eq!(used(&server).len(), 1);
}

#[tokio::test]
async fn what_waited_for_a_refused_window_is_stored_all_the_same() {
    let refused = Fault::on("APPEND").nth(1).then(Action::No("[LIMIT] not now".to_owned()));
    let (server, destination) = opened(|server| server.fault(refused)).await;
    let verdicts = write(&destination, 3).await;
    assert!(verdicts[1..].iter().flatten().all(Result::is_ok));
    let kept = stored(&server);
    assert_eq!(kept.iter().filter(|bytes| all(WINDOW + 1..=3 * WINDOW).contains(bytes)).count(), 2 * WINDOW as usize);
}

#[tokio::test]
async fn a_refused_window_is_sent_again_though_the_last_waits_behind_it() {
    // The last one is small: it goes where the first went, and is held back for the second.
    let refused = Fault::on("APPEND").nth(1).then(Action::No("what is that?".to_owned()));
    let (server, destination) = opened(|server| server.fault(refused)).await;
    let last = 2 * WINDOW + WINDOW / 10;
    let verdicts = write_until(&destination, last).await;
    assert!(verdicts.iter().flatten().all(Result::is_ok));
    let mut kept = stored(&server);
    kept.sort();
    let mut whole = all(1..=last);
    whole.sort();
    assert_eq!(kept, whole);
}

#[tokio::test]
async fn what_waited_for_a_lost_connection_is_stored_all_the_same() {
    for action in [Action::CutBefore, Action::CutAfter] {
        let shown = format!("{action:?}");
        let (server, destination) = opened(|server| server.fault(Fault::on("APPEND").nth(1).then(action))).await;
        let verdicts = write(&destination, 2).await;
        let lost = |verdict: &Result<Written>| verdict.as_ref().unwrap_err().recovery() == Recovery::Locate;
        assert!(verdicts[0].iter().all(lost), "{shown}");
        assert!(verdicts[1].iter().all(Result::is_ok), "{shown}");
        let second = all(WINDOW + 1..=2 * WINDOW);
        assert_eq!(stored(&server).iter().filter(|bytes| second.contains(bytes)).count(), WINDOW as usize, "{shown}");
    }
}
