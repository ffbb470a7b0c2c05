//! What can only be seen from within: full disks, and what shares a transaction.

use std::sync::Arc;
use std::time::Instant;

use mailmove_core::{ErrorKind, FeedId, ItemId, Kind};
use tokio::sync::oneshot;

use super::*;
use crate::ledger::{RowState, Select};

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_nothing_half_done() {
    let home = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(home.path().join("ledger")).unwrap();
    let journal = ledger.claim(&JobId::new("a"), "x").await.unwrap();
    let other = ledger.claim(&JobId::new("b"), "y").await.unwrap();
    let key = journal.open_folders(&[("INBOX".into(), "1".into())]).await.unwrap()[0];
    journal.record(rows(key, 0..10)).await.unwrap();
    let roomy = room(&ledger, None).await;

    let large = journal.record(rows(key, 10..2_000)).await.unwrap_err();
    assert_eq!(large.kind(), ErrorKind::Ledger);
    let line = large.to_string();
    assert!(line.contains("its disk is full") && line.contains("path: ") && line.contains("; make room"), "{line}");
    let cursor = vec![Entry::Feed(FeedRow::new(FeedId::from("INBOX")))];
    let behind = journal.record(cursor.clone()).await.unwrap_err();
    assert_eq!(behind.kind(), ErrorKind::Ledger, "nothing goes past rows that are not there");
    other.record(cursor.clone()).await.unwrap();

    room(&ledger, Some(roomy)).await;
    journal.record(cursor.clone()).await.unwrap_err();
    assert_eq!(journal.scan(&Select::all(), None, 5_000).await.unwrap().len(), 10);
    assert_eq!(journal.feeds().await.unwrap(), []);
    drop(journal);
    let journal = ledger.claim(&JobId::new("a"), "x").await.unwrap();
    journal.record(rows(key, 10..2_000)).await.unwrap();
    let summary = journal.summary().await.unwrap();
    assert_eq!(summary, [Group::new(key, Kind::Mail, RowState::Intended, None, 2_000, 0)]);
}

#[tokio::test]
async fn what_waits_together_is_committed_together() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    let mut store = Store::new(open::open(&path).unwrap(), path);
    let mut group = thread::Group::default();
    let (answer, mut claimed) = oneshot::channel();
    group.take(&mut store, Request::Claim { job: JobId::new("a"), destination: "x".into(), answer });
    group.commit(&mut store);
    let hold = claimed.try_recv().unwrap().map(|(job, run)| Arc::new(Hold::new(job, run))).unwrap();
    let folders = vec![("INBOX".into(), "1".into())];
    let (answer, mut opened) = oneshot::channel();
    group.take(&mut store, Request::OpenFolders { hold: hold.clone(), folders, answer });
    let mut answers: Vec<_> = (0..3)
        .map(|at| {
            let (answer, answered) = oneshot::channel();
            let entries = rows(FolderKey(1), at..at + 1);
            group.take(&mut store, Request::Record { hold: hold.clone(), entries, pressing: true, answer });
            answered
        })
        .collect();
    let seen = store.rows(&hold.job, FolderKey(1), &["2".into()]).unwrap();
    assert!(seen[0].is_some(), "a read sees what was recorded before it");
    assert!(!store.conn.is_autocommit(), "the transaction is still open");
    assert!(answers.iter_mut().all(|answer| answer.try_recv().is_err()), "nothing is acknowledged before the commit");
    group.commit(&mut store);
    assert!(store.conn.is_autocommit());
    assert_eq!(opened.try_recv().unwrap().unwrap(), [FolderKey(1)]);
    assert!(answers.iter_mut().all(|answer| answer.try_recv().unwrap().is_ok()));
}

#[tokio::test]
async fn a_refused_record_fails_alone_and_a_lost_transaction_fails_everyone_in_it() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    let mut store = Store::new(open::open(&path).unwrap(), path);
    let mut group = thread::Group::default();
    let claim = |store: &mut Store, group: &mut thread::Group, job: &str| {
        let (answer, mut claimed) = oneshot::channel();
        group.take(store, Request::Claim { job: JobId::new(job), destination: job.into(), answer });
        group.commit(store);
        claimed.try_recv().unwrap().map(|(job, run)| Arc::new(Hold::new(job, run))).unwrap()
    };
    let (one, two) = (claim(&mut store, &mut group, "a"), claim(&mut store, &mut group, "b"));
    let record = |store: &mut Store, group: &mut thread::Group, hold: &Arc<Hold>, entries| {
        let (answer, answered) = oneshot::channel();
        group.take(store, Request::Record { hold: hold.clone(), entries, pressing: true, answer });
        answered
    };
    let feed = || vec![Entry::Feed(FeedRow::new("INBOX".into()))];
    let mut good = record(&mut store, &mut group, &one, feed());
    let mut bad = record(&mut store, &mut group, &two, rows(FolderKey(9), 0..1));
    group.commit(&mut store);
    good.try_recv().unwrap().unwrap();
    assert_eq!(bad.try_recv().unwrap().unwrap_err().kind(), ErrorKind::Bug);

    let mut first = record(&mut store, &mut group, &one, feed());
    store.conn.execute_batch("ROLLBACK").unwrap();
    let mut second = record(&mut store, &mut group, &one, feed());
    group.commit(&mut store);
    for answer in [&mut first, &mut second] {
        assert_eq!(answer.try_recv().unwrap().unwrap_err().kind(), ErrorKind::Ledger);
    }
    let mut later = record(&mut store, &mut group, &one, feed());
    assert!(later.try_recv().unwrap().is_err());
}

#[tokio::test]
async fn what_nobody_waits_for_lingers_until_somebody_does() {
    let home = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(home.path().join("ledger")).unwrap();
    let journal = ledger.claim(&JobId::new("a"), "x").await.unwrap();
    let key = journal.open_folders(&[("INBOX".into(), "1".into())]).await.unwrap()[0];
    journal.record_later(rows(key, 0..1)).await.unwrap();
    // In one transaction, so the first cannot be acknowledged before the second.
    let (later, pressing) = (journal.record_later(rows(key, 1..2)), journal.record(Vec::new()));
    let (later, pressing) = tokio::join!(later, pressing);
    later.unwrap();
    pressing.unwrap();
    assert_eq!(journal.scan(&Select::all(), None, 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn transactions_that_somebody_waits_for_keep_their_distance_where_there_are_many_and_take_what_waits() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    let mut store = Store::new(open::open(&path).unwrap(), path);
    let mut group = thread::Group::default();
    let (answer, mut claimed) = oneshot::channel();
    group.take(&mut store, Request::Claim { job: JobId::new("a"), destination: "x".into(), answer });
    group.commit(&mut store);
    let before = Instant::now();
    let hold = claimed.try_recv().unwrap().map(|(job, run)| Arc::new(Hold::new(job, run))).unwrap();
    let record = |pressing| {
        let (answer, answered) = oneshot::channel();
        let entries = vec![Entry::Feed(FeedRow::new("INBOX".into()))];
        (Request::Record { hold: hold.clone(), entries, pressing, answer }, answered)
    };
    let mut take = |group: &mut thread::Group, pressing, now| {
        let (request, answered) = record(pressing);
        group.take(&mut store, request);
        let room = group.room(now);
        if matches!(room, thread::Room::Now) {
            group.commit(&mut store);
        }
        (room, answered)
    };
    assert!(matches!(take(&mut group, false, before).0, thread::Room::Until(_)), "nobody waits for it");
    assert!(matches!(take(&mut group, true, before).0, thread::Room::Now), "there was one alone before");
    let rooms = std::iter::repeat_with(|| take(&mut group, true, before).0);
    let thread::Room::Until(end) = rooms.take(50).find(|room| !matches!(room, thread::Room::Now)).unwrap() else {
        panic!("fifty at once")
    };
    assert!(matches!(take(&mut group, false, end).0, thread::Room::Now), "somebody still waits");
}

/// Lets the file grow to this many pages, or not at all any more; tells how many it might have had before.
async fn room(ledger: &SqliteLedger, pages: Option<i64>) -> i64 {
    let read = move |store: &mut Store, answer: Answer<i64>| {
        let number = |sql: &str| store.conn.query_row(sql, (), |row| row.get::<_, i64>(0)).unwrap();
        let before = number("PRAGMA max_page_count");
        let pages = pages.unwrap_or_else(|| number("PRAGMA page_count") + 4);
        assert_eq!(number(&format!("PRAGMA max_page_count = {pages}")), pages);
        answer.send(Ok(before)).unwrap();
    };
    let request = |answer| Request::Read { what: Reads::Tables, read: Box::new(move |store| read(store, answer)) };
    ledger.file.ask(request).await.unwrap()
}

fn rows(folder: FolderKey, items: std::ops::Range<usize>) -> Vec<Entry> {
    let row = |item: usize| {
        let place = Place { folder, item: ItemId::from(item.to_string()) };
        Entry::Row(Box::new(Row::new(place, Kind::Mail, RowState::Intended)))
    };
    items.map(row).collect()
}
