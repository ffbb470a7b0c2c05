//! A first run reads while the destination's folders are made.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{USER, connector, destination, message, server, source};
use mailmove_engine::{Migration, Report, Rules, Sample};
use mailmove_testkit::imap::{Action, Fault, ImapServer, NewMessage};

const MESSAGES: u64 = 30;

/// A server with mail in three folders.
async fn filled() -> ImapServer {
    let server = server(|server| server).await;
    let mailbox = server.mailbox(USER);
    for folder in ["Work", "Sent"] {
        mailbox.create_folder(folder);
    }
    for number in 0..MESSAGES {
        let folder = ["INBOX", "Work", "Sent"][(number % 3) as usize];
        mailbox.append(folder, NewMessage::new(message(number as u32)));
    }
    server
}

fn migration(from: &ImapServer, to: &ImapServer) -> Migration {
    Migration::new(Arc::new(connector(from)), source(), Arc::new(connector(to)), destination())
}

async fn run(from: &ImapServer, rules: Rules) -> Report {
    let slow = Fault::on("CREATE").then(Action::Wait(Duration::from_millis(100)));
    let to = server(|server| server.fault(slow)).await;
    let report = migration(from, &to).rules(rules).run(None).await.unwrap();
    assert_eq!(report.outcome.as_str(), "completed", "{report:#?}");
    report
}

#[tokio::test]
async fn what_is_written_first_is_read_before_there_is_a_folder_for_it() {
    let from = filled().await;
    let to = server(|server| server.fault(Fault::on("CREATE").then(Action::Stall))).await;
    let migration = migration(&from, &to);
    let all_read = async {
        while from.log().counters().fetched < MESSAGES {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        report = migration.run(None) => panic!("it ended without its folders: {report:#?}"),
        read = tokio::time::timeout(Duration::from_secs(30), all_read) => read.unwrap(),
    }
}

#[tokio::test]
async fn nothing_is_read_twice_for_it() {
    let from = filled().await;
    run(&from, Rules::default()).await;
    assert_eq!(from.log().counters().fetched, MESSAGES);
}

#[tokio::test]
async fn what_rules_leave_out_is_not_read() {
    let from = filled().await;
    let mut rules = Rules::default();
    rules.sample = Some(Sample { items: 2, bytes: u64::MAX });
    let report = run(&from, rules).await;
    assert_eq!((report.this_run.copied, from.log().counters().fetched), (6, 6));
}
