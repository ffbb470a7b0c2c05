//! A mailbox whose folders are labels, as source and as destination.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::{PASSWORD, USER, config, destination, message, provider, source};
use mailmove_engine::{AuditLevel, MemoryLedger, Migration, Outcome, Report};
use mailmove_imap::{ImapConnector, Labels, Quirks, Sign};
use mailmove_testkit::imap::{ImapServer, ImapServerBuilder, NewMessage, Persona};

const ALL: &str = "[Gmail]/All Mail";

async fn start(server: ImapServerBuilder) -> ImapServer {
    server.user(USER, PASSWORD).start().await
}

async fn gmail() -> ImapServer {
    start(Persona::Gmail.builder().labels()).await
}

/// One message with three labels, one with a label that has an accent, one without any, one that was sent, and two that
/// stand apart. Returns how many places they have.
fn fill(server: &ImapServer) -> usize {
    let mailbox = server.mailbox(USER);
    mailbox.create_folder("Work").create_folder("Work/2024").create_folder("Größe");
    let put = |folder: &str, number: u32, flags: &[&str]| {
        mailbox.append(folder, NewMessage::new(message(number)).flags(flags.iter().copied()));
    };
    for folder in ["INBOX", "Work", "Work/2024"] {
        put(folder, 1, &["\\Seen", "\\Flagged"]);
    }
    put("Größe", 2, &[]);
    put(ALL, 3, &["\\Seen"]);
    put("[Gmail]/Sent Mail", 4, &["\\Seen"]);
    put("[Gmail]/Starred", 1, &["\\Seen", "\\Flagged"]);
    put("[Gmail]/Important", 2, &[]);
    put("[Gmail]/Spam", 5, &[]);
    put("[Gmail]/Trash", 6, &[]);
    8
}

struct Run {
    from: Arc<ImapConnector>,
    to: Arc<ImapConnector>,
    ledger: Arc<MemoryLedger>,
}

impl Run {
    fn between(old: &ImapServer, new: &ImapServer, labels: Labels) -> Self {
        let mut config = config(old);
        config.labels = labels;
        let from = Arc::new(ImapConnector::new(config, provider()));
        let to = Arc::new(ImapConnector::new(common::config(new), provider()));
        Self { from, to, ledger: Arc::default() }
    }

    fn migration(&self) -> Migration {
        Migration::new(self.from.clone(), source(), self.to.clone(), destination()).ledger(self.ledger.clone())
    }

    async fn run(&self) -> Report {
        let report = self.migration().run(None).await.unwrap();
        assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
        report
    }

    async fn assert_clean(&self) {
        let audit = self.migration().audit(AuditLevel::Metadata).await.unwrap();
        assert!(audit.is_clean(), "{audit:#?}");
    }
}

fn count(server: &ImapServer, folder: &str) -> usize {
    server.mailbox(USER).count(folder)
}

#[tokio::test]
async fn every_label_is_a_place_and_the_message_is_read_where_it_stands_once() {
    let (old, new) = (gmail().await, start(ImapServer::builder()).await);
    let places = fill(&old);
    let run = Run::between(&old, &new, Labels::Copies);
    run.run().await;
    assert_eq!(new.mailbox(USER).snapshot().messages(), places, "{:?}", new.mailbox(USER).folders());
    for folder in ["INBOX", "Work", "Work/2024", "Größe", ALL] {
        assert_eq!(count(&new, folder), 1, "{folder}");
    }
    let kept = new.mailbox(USER).messages(ALL);
    assert!(format!("{kept:?}").contains("Seen"), "what has no label is where all mail is: {kept:?}");
    assert!(!new.mailbox(USER).folders().iter().any(|folder| folder.contains("Starred")), "views are no folders");
    let opened: Vec<String> = old.log().lines().into_iter().filter(|line| line.contains("EXAMINE")).collect();
    assert!(
        opened.iter().all(|line| ["All Mail", "Spam", "Trash"].iter().any(|name| line.contains(name))),
        "{opened:?}"
    );
    run.assert_clean().await;
}

#[tokio::test]
async fn a_label_that_comes_and_one_that_goes_are_seen() {
    let (old, new) = (gmail().await, start(ImapServer::builder()).await);
    let places = fill(&old);
    let run = Run::between(&old, &new, Labels::Copies);
    run.run().await;
    old.mailbox(USER).append("Größe", NewMessage::new(message(1)).flags(["\\Seen", "\\Flagged"]));
    old.mailbox(USER).append("Work", NewMessage::new(message(7)));
    let fetched = old.log().counters().fetched;
    run.run().await;
    assert_eq!(new.mailbox(USER).snapshot().messages(), places + 2);
    assert_eq!((count(&new, "Größe"), count(&new, "Work")), (2, 2));
    assert_eq!(old.log().counters().fetched - fetched, 2, "only the places that are new are read");
    run.run().await;
    assert_eq!(new.mailbox(USER).snapshot().messages(), places + 2);
}

#[tokio::test]
async fn one_place_is_enough_when_the_other_labels_become_keywords() {
    let (old, new) = (gmail().await, start(ImapServer::builder()).await);
    let places = fill(&old);
    let run = Run::between(&old, &new, Labels::First);
    let report = run.run().await;
    assert_eq!(new.mailbox(USER).snapshot().messages(), places - 2);
    let kept = format!("{:?}", new.mailbox(USER).messages("INBOX"));
    assert!(kept.contains("Work"), "{kept}");
    assert_eq!((count(&new, "INBOX"), count(&new, "Work")), (1, 0));
    let losses: Vec<_> = report.plan.iter().flat_map(|plan| &plan.routes).flat_map(|route| &route.losses).collect();
    assert!(losses.iter().any(|loss| loss.code == "labels"), "{losses:?}");
}

#[tokio::test]
async fn a_message_goes_in_once_and_gets_its_other_labels_there() {
    let (old, new) = (gmail().await, gmail().await);
    fill(&old);
    let run = Run::between(&old, &new, Labels::Copies);
    run.run().await;
    assert_eq!(count(&new, ALL), 4, "one message, whatever its labels");
    for folder in ["INBOX", "Work", "Work/2024", "Größe", "[Gmail]/Sent Mail", "[Gmail]/Spam", "[Gmail]/Trash"] {
        assert_eq!(count(&new, folder), 1, "{folder}");
    }
    let counters = new.log().counters();
    assert_eq!(counters.appended, 6, "one upload for each message");
    run.assert_clean().await;
    run.run().await;
    assert_eq!(new.log().counters().appended, 6);
}

#[tokio::test]
async fn where_all_mail_is_hidden_folders_are_folders() {
    let old = gmail().await;
    fill(&old);
    old.mailbox(USER).delete_folder(ALL);
    let new = start(ImapServer::builder()).await;
    Run::between(&old, &new, Labels::Copies).run().await;
    assert_eq!((count(&new, "INBOX"), count(&new, "Work"), count(&new, "Größe")), (1, 1, 1));
}

#[tokio::test]
async fn when_a_day_is_used_up_the_run_waits_for_the_next() {
    let (old, new) = (gmail().await, start(ImapServer::builder()).await);
    old.mailbox(USER).create_folder("Work").create_folder("Work/2024");
    for number in 0..20 {
        let text = format!("{}{}", message(number), "x".repeat(200_000));
        old.mailbox(USER).append("Work/2024", NewMessage::new(text));
    }
    let mut quirks = Quirks::new("Gmail");
    quirks.signs = vec![Sign::Capability("X-GM-EXT-1".into())].into();
    quirks.daily_download = Some(2_500_000);
    let mut config = config(&old);
    config.quirks.push(quirks);
    let from = Arc::new(ImapConnector::new(config, provider()));
    let to = Arc::new(ImapConnector::new(common::config(&new), provider()));
    let migration = Migration::new(from, source(), to, destination()).ledger(Arc::new(MemoryLedger::new()));
    for _ in 0..2 {
        let report = migration.run(None).await.unwrap();
        let Outcome::Paused { until: Some(until), why } = &report.outcome else { panic!("{report:#?}") };
        assert!(*until > time::OffsetDateTime::now_utc() + time::Duration::hours(23));
        assert!(why.to_string().contains("waiting for provider until"), "{why}");
        assert!((1..20).contains(&count(&new, "Work/2024")), "what fits into the day has gone");
    }
    assert!(old.log().counters().bytes_out < 3_000_000, "and nothing more was asked for");
}
