//! What the traits promise, one promise per function.

use std::pin::pin;
use std::time::Duration;

use futures_util::{FutureExt, poll};
use mailmove_core::{
    Alteration, Digest, Epoch, Error, ErrorKind, Evidence, FeedId, Flags, FolderId, ItemFlags, ItemId, Kind, Loss,
    Mark, Position, Revision, StateToken, Via,
};
use mailmove_engine::ledger::{
    Entry, Failure, FeedRow, FolderKey, FolderRow, Group, JobId, Ledger, Owner, Remarks, Row, RowState, Select,
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

pub async fn folder_keys_are_stable_and_in_order(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let other = claim(ledger, "b", "y").await;
    let asked = [folder("A"), folder("B"), folder("A"), ("A".into(), "2".into())];
    let keys = journal.open_folders(&asked).await.unwrap();
    assert_eq!(keys[0], keys[2]);
    assert!(keys[0] != keys[1] && keys[0] != keys[3] && keys[1] != keys[3]);
    assert_eq!(journal.open_folders(&[folder("B"), folder("A")]).await.unwrap(), [keys[1], keys[0]]);
    assert!(!keys.contains(&open(&*other, "A").await));
    let opened = journal.folders().await.unwrap();
    assert_eq!(opened.len(), 3);
    assert_eq!(opened[0], FolderRow::new(keys[0], "A".into(), "1".into(), vec![]));
    assert_eq!(other.folders().await.unwrap().len(), 1);
    assert_eq!(journal.open_folders(&[]).await.unwrap(), []);
}

pub async fn a_folder_takes_the_place_of_its_former_version(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let key = open(&*journal, "INBOX").await;
    let mut row = FolderRow::new(key, "INBOX".into(), "1".into(), vec!["Ärger".into(), "a/b\"".into()]);
    row.live = false;
    row.target = Some(FolderId::from("T"));
    row.target_path = vec!["Posteingang".into()];
    row.target_epoch = Some(Epoch::from("7"));
    row.state = Some(StateToken::from("s"));
    journal.record(vec![Entry::Folder(row.clone())]).await.unwrap();
    assert_eq!(journal.folders().await.unwrap(), [row]);
    let bare = FolderRow::new(key, "INBOX".into(), "1".into(), vec![]);
    journal.record(vec![Entry::Folder(bare.clone())]).await.unwrap();
    assert_eq!(journal.folders().await.unwrap(), [bare]);
}

pub async fn a_folder_keeps_its_name_and_epoch(ledger: &dyn Ledger) {
    for (id, epoch) in [("Other", "1"), ("INBOX", "2")] {
        let journal = claim(ledger, "a", "x").await;
        let key = open(&*journal, "INBOX").await;
        let renamed = FolderRow::new(key, id.into(), epoch.into(), vec![]);
        assert_eq!(journal.record(vec![Entry::Folder(renamed)]).await.unwrap_err().kind(), ErrorKind::Bug);
    }
}

pub async fn folders_count_what_is_to_be_done(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let (one, two) = (open(&*journal, "A").await, open(&*journal, "B").await);
    let states = RowState::ALL.iter().map(|&state| row(one, state.as_str(), state));
    let rows: Vec<Row> = states.chain([row(two, "i", RowState::Intended), row(two, "j", RowState::Intended)]).collect();
    put(&*journal, &rows).await;
    let counts = |folders: Vec<FolderRow>| folders.iter().map(|row| (row.due, row.intended)).collect::<Vec<_>>();
    assert_eq!(counts(journal.folders().await.unwrap()), [(2, 1), (0, 2)]);
    put(&*journal, &[row(two, "i", RowState::Failed), row(one, "intended", RowState::Copied)]).await;
    let mut lying = FolderRow::new(two, "B".into(), "1".into(), vec![]);
    (lying.due, lying.intended) = (50, 60);
    journal.record(vec![Entry::Folder(lying)]).await.unwrap();
    assert_eq!(counts(journal.folders().await.unwrap()), [(2, 0), (1, 1)]);
}

pub async fn feeds_come_back_as_they_were(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let other = claim(ledger, "b", "y").await;
    let mut feed = FeedRow::new(FeedId::from("INBOX"));
    journal.record(vec![Entry::Feed(feed.clone()), Entry::Feed(FeedRow::new("B".into()))]).await.unwrap();
    feed.cursor = Some("c".into());
    feed.selection = Some(Digest::of(b"rules"));
    feed.complete = true;
    journal.record(vec![Entry::Feed(feed.clone())]).await.unwrap();
    assert_eq!(journal.feeds().await.unwrap(), [FeedRow::new("B".into()), feed]);
    assert_eq!(other.feeds().await.unwrap(), []);
}

pub async fn rows_answer_in_order(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let other = claim(ledger, "b", "y").await;
    let (key, theirs) = (open(&*journal, "A").await, open(&*other, "A").await);
    let (one, two) = (row(key, "1", RowState::Pending), row(key, "2", RowState::Copied));
    put(&*journal, &[one.clone(), two.clone()]).await;
    put(&*other, &[row(theirs, "1", RowState::Pending)]).await;
    let asked: [ItemId; 4] = ["2".into(), "3".into(), "1".into(), "2".into()];
    assert_eq!(journal.rows(key, &asked).await.unwrap(), [Some(two.clone()), None, Some(one), Some(two)]);
    assert_eq!(journal.rows(theirs, &["1".into()]).await.unwrap(), [None], "another job's row");
}

pub async fn a_scan_goes_through_everything_in_order_and_in_pages(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let other = claim(ledger, "b", "y").await;
    let (one, theirs, two) = (open(&*journal, "A").await, open(&*other, "A").await, open(&*journal, "B").await);
    put(&*other, &[row(theirs, "1", RowState::Pending)]).await;
    let mixed = [(two, "b"), (one, "10"), (one, "9"), (two, "ä"), (one, "1"), (two, ""), (one, "a")];
    put(&*journal, &mixed.map(|(key, item)| row(key, item, RowState::Pending))).await;
    let all = journal.scan(&Select::all(), None, 100).await.unwrap();
    let sorted = [(one.0, "1"), (one.0, "10"), (one.0, "9"), (one.0, "a"), (two.0, ""), (two.0, "b"), (two.0, "ä")];
    assert_eq!(places(&all), sorted);
    for select in [Select::all(), Select::all().in_states(&[RowState::Pending])] {
        for limit in 1..=8 {
            let mut paged = Vec::new();
            loop {
                let after = paged.last().map(|row: &Row| row.place.clone());
                let page = journal.scan(&select, after.as_ref(), limit).await.unwrap();
                let end = page.len() < limit;
                paged.extend(page);
                if end {
                    break;
                }
            }
            assert_eq!(paged, all, "pages of {limit}");
        }
    }
    let behind_a_row_that_is_gone = place(one, "5");
    let rest = journal.scan(&Select::all(), Some(&behind_a_row_that_is_gone), 2).await.unwrap();
    assert_eq!(places(&rest), sorted[2..4]);
    assert_eq!(journal.scan(&Select::all(), None, 0).await.unwrap(), []);
}

pub async fn a_scan_keeps_to_its_selection(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let (one, two) = (open(&*journal, "A").await, open(&*journal, "B").await);
    let rows = [
        standing(row(one, "1", RowState::Copied), "T", Some("1")),
        standing(row(one, "2", RowState::Intended), "T", None),
        standing(row(two, "3", RowState::Failed), "U", None),
        row(two, "4", RowState::Filtered),
        standing(row(two, "5", RowState::Pending), "T", Some("2")),
    ];
    put(&*journal, &rows).await;
    let scan = async |select: Select| {
        let rows = journal.scan(&select, None, 100).await.unwrap();
        rows.iter().map(|row| row.place.item.as_str().to_owned()).collect::<Vec<_>>().join("")
    };
    let (due, done) = ([RowState::Pending, RowState::Failed], [RowState::Copied, RowState::Filtered]);
    assert_eq!(scan(Select::all()).await, "12345");
    assert_eq!(scan(Select::all().in_folder(two)).await, "345");
    assert_eq!(scan(Select::all().in_folder(FolderKey(99))).await, "");
    assert_eq!(scan(Select::all().in_states(&due)).await, "35");
    assert_eq!(scan(Select::all().in_states(&[RowState::Intended])).await, "2");
    assert_eq!(scan(Select::all().in_states(&done)).await, "14");
    assert_eq!(scan(Select::all().in_states(&[RowState::Intended, RowState::Copied])).await, "12");
    assert_eq!(scan(Select::all().at_target("T".into())).await, "125");
    assert_eq!(scan(Select::all().at_target("T".into()).in_states(&due)).await, "5");
    assert_eq!(scan(Select::all().at_target("T".into()).in_folder(one).in_states(&done)).await, "1");
    assert_eq!(scan(Select::all().at_target("none".into())).await, "");
}

pub async fn alike_rows_have_the_very_bytes_and_the_same_job(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let other = claim(ledger, "b", "y").await;
    let (one, two, theirs) = (open(&*journal, "A").await, open(&*journal, "B").await, open(&*other, "A").await);
    let rows = [(two, "3", "twin"), (one, "1", "twin"), (one, "2", "single")];
    put(&*journal, &rows.map(|(key, item, bytes)| with_bytes(row(key, item, RowState::Filtered), bytes))).await;
    put(&*journal, &[row(one, "none", RowState::Pending)]).await;
    put(&*other, &[with_bytes(row(theirs, "1", RowState::Copied), "twin")]).await;
    let found = journal.alike(&["none", "twin", "single"].map(|bytes| Digest::of(bytes.as_bytes()))).await.unwrap();
    assert_eq!(found.iter().map(|rows| items(rows)).collect::<Vec<_>>(), [vec![], vec!["1", "3"], vec!["2"]]);
    // The first bytes alone are not the digest.
    let mut near = *Digest::of(b"single").as_bytes();
    near[31] ^= 1;
    assert_eq!(journal.alike(&[Digest::from_bytes(near)]).await.unwrap(), [[]]);
}

pub async fn identical_rows_carry_the_identity_and_have_the_same_job(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let other = claim(ledger, "b", "y").await;
    let (one, two, theirs) = (open(&*journal, "A").await, open(&*journal, "B").await, open(&*other, "A").await);
    let carrying = |key, item, identity: &str| {
        let mut row = row(key, item, RowState::GoneAtSource);
        row.identity = Some(identity.to_owned());
        row
    };
    put(&*journal, &[carrying(two, "2", "I"), carrying(one, "1", "I"), carrying(one, "3", "J")]).await;
    put(&*other, &[carrying(theirs, "1", "I")]).await;
    let found = journal.identical(&["J".into(), "K".into(), "I".into()]).await.unwrap();
    assert_eq!(found.iter().map(|rows| items(rows)).collect::<Vec<_>>(), [vec!["3"], vec![], vec!["1", "2"]]);
}

pub async fn no_more_than_a_thousand_rows_are_alike(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let key = open(&*journal, "A").await;
    let rows: Vec<Row> = (0..1_001)
        .map(|at| {
            let mut row = with_bytes(row(key, &format!("{at:04}"), RowState::Copied), "same");
            row.identity = Some("same".into());
            row
        })
        .collect();
    put(&*journal, &rows).await;
    let alike = journal.alike(&[Digest::of(b"same")]).await.unwrap();
    assert_eq!(items(&alike[0]), items(&rows[..1_000]));
    assert_eq!(journal.identical(&["same".into()]).await.unwrap()[0].len(), 1_000);
}

pub async fn an_owner_is_named_with_its_job_and_place(ledger: &dyn Ledger) {
    let journal = claim(ledger, "archive", "x").await;
    let theirs = open(&*journal, "A").await;
    put(&*journal, &[standing(row(theirs, "7", RowState::Copied), "T", Some("1"))]).await;
    drop(journal);
    let journal = claim(ledger, "primary", "x").await;
    let mine = open(&*journal, "A").await;
    put(&*journal, &[standing(row(mine, "8", RowState::AlreadyThere), "T", Some("2"))]).await;
    put(&*journal, &[standing(row(mine, "9", RowState::Intended), "T", Some("3"))]).await;
    let (target, epoch) = folder("T");
    let asked: [ItemId; 4] = ["3".into(), "2".into(), "4".into(), "1".into()];
    let owners = journal.owners(&target, &epoch, &asked).await.unwrap();
    let theirs = Owner::new(Some(JobId::new("archive")), place(theirs, "7"), true);
    let (replaced, found) = (Owner::new(None, place(mine, "9"), true), Owner::new(None, place(mine, "8"), true));
    assert_eq!(owners, [Some(replaced), Some(found), None, Some(theirs)]);
}

pub async fn a_live_owner_goes_before_one_that_is_not(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let (old, new) = (open(&*journal, "A").await, open(&*journal, "B").await);
    let (target, epoch) = folder("T");
    let mut dead = FolderRow::new(old, "A".into(), "1".into(), vec![]);
    dead.live = false;
    put(&*journal, &[standing(row(old, "1", RowState::Copied), "T", Some("1"))]).await;
    put(&*journal, &[standing(row(new, "gone", RowState::GoneAtSource), "T", Some("2"))]).await;
    journal.record(vec![Entry::Folder(dead.clone())]).await.unwrap();
    let owners = async || journal.owners(&target, &epoch, &["1".into(), "2".into()]).await.unwrap();
    let gone = Some(Owner::new(None, place(new, "gone"), false));
    assert_eq!(owners().await, [Some(Owner::new(None, place(old, "1"), false)), gone.clone()]);
    put(&*journal, &[standing(row(new, "1", RowState::Copied), "T", Some("1"))]).await;
    assert_eq!(owners().await, [Some(Owner::new(None, place(new, "1"), true)), gone]);
    assert_eq!(journal.owned(&target, &epoch).await.unwrap(), 2);
    drop(journal);
    // A live row of another job goes before a dead one of ours.
    let other = claim(ledger, "b", "x").await;
    let theirs = open(&*other, "A").await;
    put(&*other, &[standing(row(theirs, "1", RowState::GoneAtSource), "T", Some("1"))]).await;
    let owner = other.owners(&target, &epoch, &["1".into()]).await.unwrap().remove(0).unwrap();
    assert_eq!(owner, Owner::new(Some(JobId::new("a")), place(new, "1"), true));
}

pub async fn a_row_owns_its_item_in_one_destination_folder_and_epoch_only(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let key = open(&*journal, "A").await;
    let known = standing(row(key, "1", RowState::Copied), "T", Some("1"));
    let untold = standing(with_bytes(row(key, "2", RowState::Copied), "b"), "T", None);
    put(&*journal, &[known, untold]).await;
    let other = claim(ledger, "b", "y").await;
    let (target, epoch) = folder("T");
    for (journal, target, epoch, there) in [
        (&journal, &target, &epoch, true),
        (&other, &target, &epoch, false),
        (&journal, &"U".into(), &epoch, false),
        (&journal, &target, &"2".into(), false),
    ] {
        assert_eq!(journal.owners(target, epoch, &["1".into()]).await.unwrap()[0].is_some(), there);
        assert_eq!(journal.owned(target, epoch).await.unwrap(), if there { 2 } else { 0 });
        assert_eq!(journal.anonymous(target, epoch, &[Digest::of(b"b")]).await.unwrap(), [u64::from(there)]);
    }
}

pub async fn owned_items_are_counted_once(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let key = open(&*journal, "A").await;
    let named = RowState::ALL.iter().map(|&state| standing(row(key, state.as_str(), state), "T", Some(state.as_str())));
    let untold = RowState::ALL.iter().map(|&state| standing(row(key, &format!("{state:?}"), state), "T", None));
    let same = standing(row(key, "same", RowState::AlreadyThere), "T", Some("copied"));
    let nowhere = row(key, "nowhere", RowState::GoneAtSource);
    put(&*journal, &named.chain(untold).chain([same, nowhere]).collect::<Vec<_>>()).await;
    let there = RowState::ALL.iter().filter(|state| state.is_there()).count() as u64;
    let (target, epoch) = folder("T");
    assert_eq!(journal.owned(&target, &epoch).await.unwrap(), 2 * there);
    drop(journal);
    let other = claim(ledger, "b", "x").await;
    let theirs = open(&*other, "A").await;
    put(&*other, &[standing(row(theirs, "1", RowState::Copied), "T", None)]).await;
    assert_eq!(other.owned(&target, &epoch).await.unwrap(), 2 * there + 1);
}

pub async fn anonymous_items_are_counted_by_their_bytes_while_live(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let (key, dead) = (open(&*journal, "A").await, open(&*journal, "B").await);
    let untold = |key, item, state, bytes| standing(with_bytes(row(key, item, state), bytes), "T", None);
    put(
        &*journal,
        &[
            untold(key, "1", RowState::Copied, "twin"),
            untold(key, "2", RowState::AlreadyThere, "twin"),
            untold(key, "3", RowState::Intended, "twin"),
            untold(key, "4", RowState::GoneAtSource, "twin"),
            untold(dead, "5", RowState::Copied, "twin"),
            untold(key, "6", RowState::Updated, "single"),
            standing(with_bytes(row(key, "7", RowState::Copied), "twin"), "T", Some("7")),
        ],
    )
    .await;
    let (target, epoch) = folder("T");
    let asked = ["single", "none", "twin"].map(|bytes| Digest::of(bytes.as_bytes()));
    let count = async || journal.anonymous(&target, &epoch, &asked).await.unwrap();
    assert_eq!(count().await, [1, 0, 3]);
    let mut gone = FolderRow::new(dead, "B".into(), "1".into(), vec![]);
    gone.live = false;
    journal.record(vec![Entry::Folder(gone)]).await.unwrap();
    assert_eq!(count().await, [1, 0, 2]);
    put(&*journal, &[standing(with_bytes(row(key, "1", RowState::Copied), "twin"), "T", Some("1"))]).await;
    assert_eq!(count().await, [1, 0, 1]);
}

pub async fn the_summary_closes_over_all_rows(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let other = claim(ledger, "b", "y").await;
    let (one, two, theirs) = (open(&*journal, "A").await, open(&*journal, "B").await, open(&*other, "A").await);
    let because = |mut row: Row, reason: &str| {
        row.reason = Some(reason.to_owned());
        row
    };
    let mut event = row(one, "5", RowState::Copied);
    event.kind = Kind::Event;
    put(
        &*journal,
        &[
            with_bytes(row(one, "1", RowState::Intended), "12"),
            with_bytes(row(one, "2", RowState::Intended), "123"),
            because(with_bytes(row(one, "3", RowState::Filtered), "1234"), "date"),
            because(row(one, "4", RowState::Filtered), "size"),
            event,
            with_bytes(row(two, "1", RowState::Copied), "1"),
        ],
    )
    .await;
    put(&*other, &[row(theirs, "1", RowState::Lost)]).await;
    put(&*journal, &[with_bytes(row(one, "1", RowState::Copied), "12345"), row(one, "4", RowState::Filtered)]).await;
    let group = |key, kind, state, reason: Option<&str>, items, bytes| {
        Group::new(key, kind, state, reason.map(str::to_owned), items, bytes)
    };
    assert_eq!(
        journal.summary().await.unwrap(),
        [
            group(one, Kind::Mail, RowState::Intended, None, 1, 3),
            group(one, Kind::Mail, RowState::Copied, None, 1, 5),
            group(one, Kind::Mail, RowState::Filtered, None, 1, 0),
            group(one, Kind::Mail, RowState::Filtered, Some("date"), 1, 4),
            group(one, Kind::Event, RowState::Copied, None, 1, 0),
            group(two, Kind::Mail, RowState::Copied, None, 1, 1),
        ]
    );
}

pub async fn remarks_count_the_rows_that_make_them(ledger: &dyn Ledger) {
    let journal = claim(ledger, "a", "x").await;
    let other = claim(ledger, "b", "y").await;
    let (key, theirs) = (open(&*journal, "A").await, open(&*other, "A").await);
    let saying = |key, item, losses: &[&'static str], altered: &[&'static str]| {
        let mut row = row(key, item, RowState::Copied);
        row.losses = losses.iter().map(|&code| Loss::new(code, "text")).collect();
        row.altered = altered.iter().map(|&code| Alteration::new(code, "text")).collect();
        row
    };
    let lost = ["keyword", "date"];
    let rows = [
        saying(key, "1", &lost, &["bare-lf"]),
        saying(key, "2", &["keyword", "keyword"], &[]),
        saying(key, "3", &["date"], &["bare-lf"]),
        saying(key, "4", &["date"], &[]),
    ];
    put(&*journal, &rows).await;
    put(&*other, &[saying(theirs, "1", &lost, &lost)]).await;
    journal.record(vec![entry(&row(key, "3", RowState::Kept)), Entry::Forget(place(key, "4"))]).await.unwrap();
    let remarks = journal.remarks().await.unwrap();
    let counts = |pairs: &[(&str, u64)]| pairs.iter().map(|&(code, rows)| (code.to_owned(), rows)).collect();
    assert_eq!(remarks, Remarks { losses: counts(&[("date", 1), ("keyword", 2)]), altered: counts(&[("bare-lf", 1)]) });
}
