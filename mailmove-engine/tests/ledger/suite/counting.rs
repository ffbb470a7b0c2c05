//! Who owns what at the destination, and the sums.

use mailmove_core::{Alteration, Digest, ItemId, Kind, Loss};
use mailmove_engine::ledger::{Entry, FolderRow, Group, JobId, Ledger, Owner, Remarks, Row, RowState};

use crate::sample::*;

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
