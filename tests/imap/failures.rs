//! What goes wrong outside of us ends in one clear line, loses nothing, and the next run goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mailmove::{Connector, ErrorKind, Ledger, Outcome, Report, Side};
use mailmove_testkit::imap::{Action, Fault, LoggedCommand};

use crate::pair::{PASSWORD, Pair, end, letters, plain, server};

/// The error that ended the run: its line names the side and says what to do.
#[track_caller]
fn why(report: &Report, side: Side) -> mailmove::Error {
    let error = report.outcome.error().unwrap_or_else(|| panic!("{report:#?}")).clone();
    assert_eq!(error.side(), Some(side), "{error}");
    let line = error.to_string();
    assert!(line.starts_with(&format!("{side}: ")) && line.contains("; ") && !line.contains('\n'), "{line}");
    assert!(!line.contains(PASSWORD), "{line}");
    error
}

#[tokio::test]
async fn a_wrong_password_is_offered_once_and_names_its_side() {
    let pair = Pair::start().await;
    letters(&pair.source(), 6);
    let (from, to) = (plain(&pair.old), plain(&pair.new));
    for (source, destination, side) in [("wrong", PASSWORD, Side::Source), (PASSWORD, "wrong", Side::Destination)] {
        let server = if side == Side::Source { &pair.old } else { &pair.new };
        pair.forget();
        let report = pair.between((&from, source), (&to, destination)).run(None).await.unwrap();
        assert_eq!(why(&report, side).kind(), ErrorKind::Credential);
        assert!(report.plan.is_none());
        assert_eq!(server.log().counters().sign_ins().refused, 1);
    }
    pair.run_to_the_end().await;
    pair.assert_equal();
}

#[tokio::test]
async fn an_unknown_host_is_named() {
    let pair = Pair::start().await;
    let report = pair.between(("imaps://alice@no-such-host.invalid", PASSWORD), (&plain(&pair.new), PASSWORD));
    let error = why(&report.run(None).await.unwrap(), Side::Source);
    assert_eq!(error.kind(), ErrorKind::Resolve);
    assert!(error.to_string().contains("no-such-host.invalid"), "{error}");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let pair = Pair::of(server().tls(), server().starttls()).await;
    let from = format!("imaps://alice@localhost:{}", pair.old.port());
    let to = format!("imap://alice@localhost:{}", pair.new.port());
    for (url, side) in [(from, Side::Source), (to, Side::Destination)] {
        let (connector, mailbox) = end((&url, PASSWORD), side, &mailmove::ConnectOptions::new()).unwrap();
        let error = connector.source(&mailbox).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
        assert!(error.to_string().contains("certificate"), "{error}");
        let verification = connector.verify(&mailbox).await;
        assert_eq!(verification.stages.last().unwrap().stage, mailmove::Stage::Tls);
    }
    let counters = [pair.old.log().counters(), pair.new.log().counters()];
    assert!(counters.iter().all(|counters| counters.sign_ins().refused + counters.sign_ins().accepted == 0));
}

#[tokio::test]
async fn a_server_that_takes_no_password_in_the_clear_gets_none() {
    let pair = Pair::of(server().login_disabled(), server()).await;
    let error = why(&pair.run().await, Side::Source);
    assert!(error.to_string().contains("LOGINDISABLED"), "{error}");
    let log = pair.old.log();
    assert_eq!(log.counters().command("LOGIN") + log.counters().command("AUTHENTICATE"), 0, "{:?}", log.lines());
}

#[tokio::test]
async fn without_starttls_nobody_signs_in() {
    let pair = Pair::start().await;
    let url = format!("imap://alice@127.0.0.1:{}", pair.old.port());
    let (connector, mailbox) = end((&url, PASSWORD), Side::Source, &mailmove::ConnectOptions::new()).unwrap();
    let error = connector.source(&mailbox).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    assert_eq!(pair.old.log().counters().sign_ins(), Default::default());
}

#[tokio::test]
async fn a_server_that_goes_away_in_the_middle_loses_nothing() {
    for side in [Side::Source, Side::Destination] {
        let pair = Pair::start().await;
        letters(&pair.source(), 900);
        let server = if side == Side::Source { &pair.old } else { &pair.new };
        let work = if side == Side::Source { "BODY" } else { "APPEND" };
        let seen = AtomicU64::new(0);
        // From the third such command on nobody is answered any more, on whatever connection.
        let gone = move |command: &LoggedCommand| {
            let works = u64::from(command.line.contains(work));
            seen.fetch_add(works, Ordering::Relaxed) + works > 2
        };
        server.faults().add(Fault::any().when(gone).then(Action::CutBefore));
        let report = pair.run().await;
        assert!(!matches!(report.outcome, Outcome::Completed), "{report:#?}");
        let error = report.error.clone().unwrap();
        assert_eq!(error.side(), Some(side), "{error}");

        server.faults().clear();
        pair.run_to_the_end().await;
        pair.assert_equal();
    }
}

#[tokio::test]
async fn a_full_mailbox_stops_the_run_and_the_next_one_goes_on() {
    let pair = Pair::start().await;
    letters(&pair.source(), 60);
    pair.destination().set_quota(Some(2_000));
    let report = pair.run().await;
    assert!(!matches!(report.outcome, Outcome::Completed));
    let error = report.error.clone().unwrap();
    assert_eq!((error.kind(), error.side()), (ErrorKind::Quota, Some(Side::Destination)), "{error}");
    pair.destination().set_quota(None);
    pair.run_to_the_end().await;
    pair.assert_equal();
}

#[tokio::test]
async fn a_ledger_works_for_one_at_a_time() {
    let pair = Pair::start().await;
    letters(&pair.source(), 6);
    let first = pair.migration();
    assert_eq!(pair.ledger().unwrap_err().kind(), ErrorKind::LedgerInUse);
    assert!(matches!(first.run(None).await.unwrap().outcome, Outcome::Completed));
    drop(first);

    let ledger = pair.ledger().unwrap();
    let job = mailmove::JobId::new("another job");
    let held = ledger.claim(&job, "alice").await.unwrap();
    let migration = pair_with(&pair, ledger.clone());
    let error = migration.run(None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LedgerInUse, "{error}");
    drop(held);
    assert!(matches!(migration.run(None).await.unwrap().outcome, Outcome::Completed));
    pair.assert_equal();
}

fn pair_with(pair: &Pair, ledger: mailmove::SqliteLedger) -> mailmove::Migration {
    let options = mailmove::ConnectOptions::new().allow_plaintext();
    let (source, from) = end((&plain(&pair.old), PASSWORD), Side::Source, &options).unwrap();
    let (destination, to) = end((&plain(&pair.new), PASSWORD), Side::Destination, &options).unwrap();
    mailmove::Migration::new(source, from, destination, to).ledger(Arc::new(ledger))
}

#[tokio::test]
async fn every_door_is_named_and_nothing_is_written() {
    let pair = Pair::start().await;
    letters(&pair.source(), 3);
    let before = pair.destination().snapshot();
    let options = mailmove::ConnectOptions::new().allow_plaintext();
    for (server, side) in [(&pair.old, Side::Source), (&pair.new, Side::Destination)] {
        let (connector, mailbox) = end((&plain(server), PASSWORD), side, &options).unwrap();
        let verification = connector.verify(&mailbox).await;
        assert!(verification.is_ok(), "{verification:#?}");
        let last = if side == Side::Source { mailmove::Stage::Read } else { mailmove::Stage::Write };
        assert_eq!(verification.stages.last().unwrap().stage, last, "{verification:#?}");
        let (connector, mailbox) = end((&plain(server), "wrong"), side, &options).unwrap();
        let refused = connector.verify(&mailbox).await;
        assert_eq!(refused.stages.last().unwrap().stage, mailmove::Stage::SignIn, "{refused:#?}");
        assert_eq!(refused.error().unwrap().side(), Some(side));
    }
    assert_eq!(pair.destination().snapshot(), before);
}

#[tokio::test]
async fn a_name_that_people_know_is_the_connectors_name() {
    let pair = Pair::start().await;
    let options = mailmove::ConnectOptions::new().allow_plaintext();
    let (connector, _): (Arc<dyn Connector>, _) = end((&plain(&pair.old), PASSWORD), Side::Source, &options).unwrap();
    assert_eq!(connector.name(), format!("imap://127.0.0.1:{}", pair.old.port()));
}
