//! Folders, feeds and rows, as they were recorded.

use mailmove_core::{Digest, Epoch, ErrorKind, FeedId, FolderId, ItemId, StateToken};
use mailmove_engine::ledger::{Entry, FeedRow, FolderKey, FolderRow, Ledger, Row, RowState, Select};

use crate::sample::*;

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
