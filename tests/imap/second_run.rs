//! A second run costs what changed.

use mailmove::Outcome;
use mailmove_testkit::imap::{Capability, ImapServer};

use crate::pair::{Pair, letter, letters, server};

/// Everything that opens a folder, reads a message, or writes.
const WORK: [&str; 10] =
    ["SELECT", "EXAMINE", "FETCH", "SEARCH", "APPEND", "STORE", "COPY", "MOVE", "CREATE", "SUBSCRIBE"];

fn work(server: &ImapServer) -> Vec<(&'static str, u64)> {
    let counters = server.log().counters();
    WORK.iter().map(|name| (*name, counters.command(name))).filter(|(_, times)| *times > 0).collect()
}

#[tokio::test]
async fn a_second_run_opens_no_folder_reads_no_message_and_writes_nothing() {
    let pair = Pair::start().await;
    letters(&pair.source(), 60);
    pair.run_to_the_end().await;
    pair.forget();

    let report = pair.run().await;

    assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
    assert_eq!((report.this_run.copied, report.this_run.updated), (0, 0));
    for server in [&pair.old, &pair.new] {
        assert_eq!(work(server), [], "{:#?}", server.log().lines());
        assert_eq!(server.log().counters().connections, 1);
    }
    pair.assert_equal();
}

#[tokio::test]
async fn only_the_folder_in_which_something_happened_is_opened() {
    let pair = Pair::start().await;
    letters(&pair.source(), 30);
    pair.run_to_the_end().await;
    pair.source().append("Work", letter(100));
    let uid = pair.source().uids("Work")[0];
    pair.source().set_flags("Work", uid, &["\\Answered"]);
    pair.forget();

    let report = pair.run().await;

    assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
    assert_eq!((report.this_run.copied, report.this_run.updated), (1, 1));
    assert_eq!(pair.old.log().counters().fetched, 1);
    let opened: Vec<String> =
        pair.old.log().lines().into_iter().filter(|line| line.contains("EXAMINE") || line.contains("SELECT")).collect();
    assert!(opened.iter().all(|line| line.contains("Work") && !line.contains("Work/Old")), "{opened:#?}");
    pair.assert_equal();
}

#[tokio::test]
async fn without_condstore_a_second_run_reads_flags_and_no_message() {
    let without = || server().without(Capability::Condstore);
    let pair = Pair::of(without(), without()).await;
    letters(&pair.source(), 30);
    pair.run_to_the_end().await;
    let uid = pair.source().uids("INBOX")[0];
    pair.source().set_flags("INBOX", uid, &["\\Answered", "\\Seen"]);
    pair.forget();

    let report = pair.run().await;

    assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
    assert_eq!((report.this_run.copied, report.this_run.updated), (0, 1));
    assert_eq!(pair.old.log().counters().fetched, 0);
    assert_eq!(pair.new.log().counters().command("APPEND"), 0);
    pair.assert_equal();
}

#[tokio::test]
async fn what_the_destinations_user_did_stays() {
    let pair = Pair::start().await;
    letters(&pair.source(), 12);
    pair.run_to_the_end().await;
    let (there, here) = (pair.destination(), pair.source());
    let removed = there.uids("Work")[0];
    there.expunge("Work", &[removed]);
    let flagged = there.uids("INBOX")[0];
    there.set_flags("INBOX", flagged, &["\\Seen", "\\Deleted"]);
    here.set_flags("INBOX", here.uids("INBOX")[0], &["\\Seen", "\\Answered"]);

    pair.run_to_the_end().await;

    assert_eq!(there.count("Work"), here.count("Work") - 1);
    let inbox = there.snapshot().folder("INBOX").unwrap().clone();
    assert_eq!(inbox.messages[0].flags, ["\\Answered", "\\Deleted", "\\Seen"]);
}
