//! Claims and records.

use std::pin::pin;
use std::time::Duration;

use futures_util::{FutureExt, poll};
use mailmove_core::{
    Alteration, Digest, Error, ErrorKind, Evidence, FeedId, Flags, ItemFlags, ItemId, Kind, Loss, Mark, Position,
    Revision, Via,
};
use mailmove_engine::ledger::{
    Entry, Failure, FeedRow, FolderKey, FolderRow, Group, JobId, Ledger, Row, RowState, Select,
};
use time::macros::datetime;

use crate::sample::*;

pub async fn a_claim_holds_job_and_destination_until_it_is_dropped(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    for (job, destination) in [("a", "x"), ("a", "y"), ("b", "x")] {
        let refused = ledger.claim(&JobId::new(job), destination).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::LedgerInUse, "{job} into {destination}");
    }
    let other = claim(ledger, "b", "y").await;
    drop(journal);
    let again = claim(ledger, "a", "x").await;
    drop((other, again));
}

pub async fn each_claim_begins_a_new_run(ledger: &dyn Ledger) {
    for run in 1..=3 {
        assert_eq!(claim(ledger, "a", "x").await.run(), run);
    }
    assert_eq!(claim(ledger, "b", "x").await.run(), 1);
}

pub async fn a_job_stays_with_its_destination(ledger: &dyn Ledger) {
    drop(claim(ledger, "a", "x").await);
    let refused = ledger.claim(&JobId::new("a"), "y").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Config);
    assert!(refused.to_string().contains("before: x"), "{refused}");
    assert_eq!(claim(ledger, "a", "x").await.run(), 2);
    assert_eq!(claim(ledger, "b", "y").await.run(), 1);
}

pub async fn a_row_comes_back_as_it_was(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let key = open(&*journal, "INBOX").await;
    let bare = row(key, "bare", RowState::Pending);
    let mut full =
        standing(with_bytes(row(key, "füll 1/\u{1f4e7}", RowState::Failed), "bytes"), "Archive", Some("t 1"));
    full.kind = Kind::Event;
    full.reason = Some("too-large".into());
    full.failure = Some(Failure::new(&Error::new(ErrorKind::TooLarge, "NO \"too\" large").with("limit", 7)));
    full.attempt = 3;
    full.content = Revision::from("etag-1");
    full.flags = Flags::new(ItemFlags::SEEN | ItemFlags::JUNK).with_category("Später").with_category("a b");
    full.size = u64::MAX;
    full.received = Some(datetime!(1999-12-31 23:59:59.123_456_789 -03:30));
    full.identity = Some("M1".into());
    full.uid = Some("<1@x>".into());
    full.key = Some(Digest::of(b"key"));
    full.mark = Some(Mark::from("mark"));
    full.target.as_mut().unwrap().revision = Some(Revision::from("7"));
    full.floor = Some(Position::from("99"));
    full.via = Some(Via::fixed("append"));
    full.evidence = Some(Evidence::Key);
    full.losses = vec![Loss::new("keyword", "a keyword was \"too long\"")];
    full.altered = vec![Alteration::new("nul-removed", "one NUL"), Alteration::new("bare-lf", "two lines")];
    full.run = 2;
    full.at = datetime!(2026-11-20 09:00:00.000_000_001 UTC);
    let mut old = row(key, "old", RowState::Copied);
    old.received = Some(datetime!(0001-01-01 00:00:00 +14:00));
    let mut far = row(key, "far", RowState::Copied);
    far.received = Some(datetime!(9999-12-31 23:59:59 UTC));
    let rows = [bare, full, old, far];
    put(&*journal, &rows).await;
    let ids: Vec<ItemId> = rows.iter().map(|row| row.place.item.clone()).collect();
    let found: Vec<Row> = journal.rows(key, &ids).await.unwrap().into_iter().map(Option::unwrap).collect();
    assert_eq!(found, rows);
    assert_eq!(found[1].received.unwrap().offset(), rows[1].received.unwrap().offset());
    for state in RowState::ALL {
        for kind in Kind::ALL {
            let mut row = row(key, "every", state);
            row.kind = kind;
            put(&*journal, &[row.clone()]).await;
            assert_eq!(journal.rows(key, &["every".into()]).await.unwrap(), [Some(row)]);
        }
    }
}

pub async fn the_last_version_of_a_row_is_the_row(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let key = open(&*journal, "INBOX").await;
    let mut first = standing(with_bytes(row(key, "1", RowState::Intended), "one"), "T", None);
    first.identity = Some("I".into());
    first.reason = Some("r".into());
    first.losses = vec![Loss::new("keyword", "gone")];
    let last = standing(with_bytes(row(key, "1", RowState::Copied), "two"), "T", Some("9"));
    put(&*journal, &[first]).await;
    put(&*journal, std::slice::from_ref(&last)).await;
    assert_eq!(journal.scan(&Select::all(), None, 10).await.unwrap(), [last]);
    let alike = journal.alike(&[Digest::of(b"one"), Digest::of(b"two")]).await.unwrap();
    assert_eq!(alike.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(journal.identical(&["I".into()]).await.unwrap(), [[]]);
    assert_eq!(journal.owned(&"T".into(), &"1".into()).await.unwrap(), 1);
}

pub async fn what_was_recorded_is_there_for_the_next_claim(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let key = open(&*journal, "INBOX").await;
    let kept = row(key, "1", RowState::Copied);
    put(&*journal, std::slice::from_ref(&kept)).await;
    drop(journal);
    let journal = claim(ledger, "a", "x").await;
    assert_eq!(open(&*journal, "INBOX").await, key);
    assert_eq!(journal.scan(&Select::all(), None, 10).await.unwrap(), [kept]);
}

pub async fn a_record_is_applied_whole_or_not_at_all(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let other = claim(ledger, "b", "y").await;
    let (mine, theirs) = (open(&*journal, "INBOX").await, open(&*other, "INBOX").await);
    let good = row(mine, "1", RowState::Pending);
    for foreign in [
        entry(&row(theirs, "1", RowState::Pending)),
        Entry::Forget(place(theirs, "1")),
        Entry::Folder(FolderRow::new(theirs, "INBOX".into(), "1".into(), vec![])),
        entry(&row(FolderKey(77), "1", RowState::Pending)),
    ] {
        let feed = Entry::Feed(FeedRow::new(FeedId::from("f")));
        let failed = journal.record(vec![feed, entry(&good), foreign]).await.unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Bug);
    }
    assert_eq!(journal.scan(&Select::all(), None, 10).await.unwrap(), []);
    assert_eq!(journal.feeds().await.unwrap(), []);
    put(&*other, &[row(theirs, "1", RowState::Pending)]).await;
}

pub async fn nothing_is_recorded_after_a_failed_record(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let key = open(&*journal, "INBOX").await;
    let good = row(key, "1", RowState::Pending);
    journal.record(vec![entry(&row(FolderKey(77), "1", RowState::Pending))]).await.unwrap_err();
    assert_eq!(journal.record(vec![entry(&good)]).await.unwrap_err().kind(), ErrorKind::Bug);
    assert_eq!(journal.scan(&Select::all(), None, 10).await.unwrap(), []);
    drop(journal);
    let journal = claim(ledger, "a", "x").await;
    put(&*journal, std::slice::from_ref(&good)).await;
    assert_eq!(journal.scan(&Select::all(), None, 10).await.unwrap(), [good]);
}

pub async fn records_take_effect_in_the_order_of_first_poll(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let key = open(&*journal, "INBOX").await;
    let version = |attempt: u32| {
        let mut row = row(key, "1", RowState::Pending);
        row.attempt = attempt;
        vec![entry(&row)]
    };
    let mut late = pin!(journal.record(version(2)));
    let mut early = pin!(journal.record(version(1)));
    let (mut early_done, mut late_done) = (poll!(&mut early).is_ready(), poll!(&mut late).is_ready());
    let seen = journal.rows(key, &["1".into()]).await.unwrap();
    assert_eq!(seen[0].as_ref().unwrap().attempt, 2, "a read sees everything recorded before it");
    for (done, future) in [(&mut late_done, late), (&mut early_done, early)] {
        if !*done {
            future.await.unwrap();
        }
    }
    assert_eq!(journal.rows(key, &["1".into()]).await.unwrap()[0].as_ref().unwrap().attempt, 2);
}

pub async fn a_polled_record_takes_effect_without_its_future(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let key = open(&*journal, "INBOX").await;
    let never = journal.record(vec![entry(&row(key, "never", RowState::Pending))]);
    let _ = journal.record(vec![entry(&row(key, "polled", RowState::Pending))]).now_or_never();
    drop(never);
    let _ =
        tokio::time::timeout(Duration::ZERO, journal.record(vec![entry(&row(key, "timed", RowState::Copied))])).await;
    assert_eq!(items(&journal.scan(&Select::all(), None, 10).await.unwrap()), ["polled", "timed"]);
}

pub async fn a_forgotten_row_is_gone_from_every_answer(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let key = open(&*journal, "INBOX").await;
    let mut gone = standing(with_bytes(row(key, "1", RowState::Copied), "bytes"), "T", Some("9"));
    gone.identity = Some("I".into());
    let moved = row(key, "2", RowState::Pending);
    journal.record(vec![entry(&gone), Entry::Forget(place(key, "1")), entry(&moved)]).await.unwrap();
    journal.record(vec![Entry::Forget(place(key, "1")), Entry::Forget(place(key, "never"))]).await.unwrap();
    let (target, epoch) = folder("T");
    assert_eq!(journal.rows(key, &["1".into()]).await.unwrap(), [None]);
    assert_eq!(items(&journal.scan(&Select::all(), None, 10).await.unwrap()), ["2"]);
    assert_eq!(journal.alike(&[Digest::of(b"bytes")]).await.unwrap(), [[]]);
    assert_eq!(journal.identical(&["I".into()]).await.unwrap(), [[]]);
    assert_eq!(journal.owners(&target, &epoch, &["9".into()]).await.unwrap(), [None]);
    assert_eq!(journal.owned(&target, &epoch).await.unwrap(), 0);
    assert_eq!(journal.summary().await.unwrap(), [Group::new(key, Kind::Mail, RowState::Pending, None, 1, 0)]);
}
