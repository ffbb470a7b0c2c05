//! Everything arrives, and arrives as it was.

use std::sync::Arc;

use mailmove::{AuditLevel, ConnectOptions, Kind, Migration, Outcome, Rules, Side};
use mailmove_testkit::imap::NewMessage;
use mailmove_testkit::nasty;
use time::macros::datetime;

use crate::pair::{PASSWORD, Pair, end, letter, letters, plain, server};

#[tokio::test]
async fn a_mailbox_moves_whole_and_the_source_stays_as_it_was() {
    let pair = Pair::start().await;
    let source = pair.source();
    letters(&source, 30);
    source.create_folder("Sent").set_special_use("Sent", "\\Sent");
    source.create_folder("Nasty");
    for sample in nasty::samples(Kind::Mail) {
        source.append("Nasty", NewMessage::new(sample.bytes).received(datetime!(1999-12-31 23:59:58 UTC)));
    }
    let before = source.snapshot();

    let report = pair.run().await;

    assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
    pair.assert_equal();
    assert_eq!(source.snapshot(), before);
    let audit = pair.migration().audit(AuditLevel::Content { share: 1.0 }).await.unwrap();
    assert!(audit.is_clean(), "{audit:#?}");
    assert_eq!(audit.found, before.messages() as u64);
}

#[tokio::test]
async fn every_nasty_folder_name_arrives() {
    let pair = Pair::start().await;
    for (number, name) in nasty::folder_names().into_iter().enumerate() {
        // The delimiter, wildcards and control characters cannot be part of a name at either server.
        if name.contains(['/', '*', '%']) || name.chars().any(char::is_control) {
            continue;
        }
        pair.source().create_folder(&name).append(&name, letter(number as u64));
    }
    let report = pair.run().await;
    assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
    pair.assert_equal();
}

#[tokio::test]
async fn a_tree_with_another_delimiter_and_a_prefix_becomes_the_same_tree() {
    let pair = Pair::of(server().delimiter('.').prefix("INBOX."), server()).await;
    let source = pair.source();
    for (number, name) in ["INBOX.Work", "INBOX.Work.2024", "INBOX.Work.Größe & Gewicht"].into_iter().enumerate() {
        source.create_folder(name).subscribe(name).append(name, letter(number as u64));
    }
    pair.run_to_the_end().await;
    pair.assert_equal();
    assert!(pair.destination().folders().contains(&"Work/Größe & Gewicht".to_owned()));
}

#[tokio::test]
async fn mail_moves_over_tls_and_starttls() {
    let pair = Pair::of(server().tls(), server().starttls()).await;
    letters(&pair.source(), 9);
    let trust = |pem: Option<&str>| {
        let mut options = ConnectOptions::new();
        options.trust.push(pem.unwrap().as_bytes().to_vec());
        options
    };
    let from = format!("imaps://alice@localhost:{}", pair.old.port());
    let to = format!("imap://alice@localhost:{}", pair.new.port());
    let (source, from) = end((&from, PASSWORD), Side::Source, &trust(pair.old.ca_pem())).unwrap();
    let (destination, to) = end((&to, PASSWORD), Side::Destination, &trust(pair.new.ca_pem())).unwrap();
    let report = Migration::new(source, from, destination, to).run(None).await.unwrap();
    assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
    pair.assert_equal();
}

#[tokio::test]
async fn a_plan_writes_nothing_and_holds() {
    let pair = Pair::start().await;
    letters(&pair.source(), 9);
    let before = pair.destination().snapshot();
    let migration = pair.migration();
    let plan = migration.plan().await.unwrap();
    assert_eq!(pair.destination().snapshot(), before);
    assert_eq!(pair.new.log().counters().command("APPEND") + pair.new.log().counters().command("CREATE"), 0);
    assert_eq!(plan.folders.len(), 3);
    // Mail that arrives meanwhile changes counts, not decisions.
    pair.source().append("INBOX", letter(100));
    let report = migration.run(Some(&plan)).await.unwrap();
    assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
    pair.assert_equal();
}

#[tokio::test]
async fn rules_choose_and_the_sums_close() {
    let pair = Pair::start().await;
    letters(&pair.source(), 12);
    let old = letter(50).received(datetime!(2001-01-01 0:00 UTC));
    pair.source().append("INBOX", old);
    let mut rules = Rules::default();
    rules.exclude = vec![mailmove::FolderPattern::new("Work/Old")];
    rules.since = Some(datetime!(2020-01-01 0:00 UTC));
    let report = pair.migration().rules(rules).run(None).await.unwrap();
    assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
    let all: u64 = report.totals.values().map(|tally| tally.items).sum();
    assert_eq!(report.count(&[mailmove::RowState::Filtered]), 1);
    assert_eq!(all, (pair.source().count("INBOX") + pair.source().count("Work")) as u64);
    assert!(!pair.destination().folders().contains(&"Work/Old".to_owned()));
    // Wider rules later move the rest.
    pair.run_to_the_end().await;
    pair.assert_equal();
}

#[tokio::test]
async fn one_ledger_serves_many_mailboxes_side_by_side() {
    let old = server().user("bob", PASSWORD).start().await;
    let new = server().user("bob", PASSWORD).start().await;
    let folder = tempfile::tempdir().unwrap();
    let ledger = Arc::new(mailmove::SqliteLedger::open(folder.path().join("ledger")).unwrap());
    let mut runs = Vec::new();
    for user in ["alice", "bob"] {
        letters(&old.mailbox(user), 15);
        let url = |server| plain(server).replace("alice", user);
        let options = ConnectOptions::new().allow_plaintext();
        let (source, from) = end((&url(&old), PASSWORD), Side::Source, &options).unwrap();
        let (destination, to) = end((&url(&new), PASSWORD), Side::Destination, &options).unwrap();
        let migration = Migration::new(source, from, destination, to).ledger(ledger.clone());
        runs.push(tokio::spawn(async move { migration.run(None).await.unwrap() }));
    }
    for run in runs {
        let report = run.await.unwrap();
        assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
    }
    for user in ["alice", "bob"] {
        let differences = old.mailbox(user).snapshot().differences(&new.mailbox(user).snapshot());
        assert!(differences.is_empty(), "{differences:#?}");
    }
}
