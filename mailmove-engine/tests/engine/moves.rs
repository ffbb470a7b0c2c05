//! One mailbox into another, undisturbed: first pass, second pass, delta.

use crate::common::{Pair, fill, options, plain};
use mailmove_core::{ItemFlags, Kind};
use mailmove_engine::{AuditLevel, RowState};
use mailmove_testkit::NewItem;
use mailmove_testkit::memory::Feeds;

#[tokio::test]
async fn a_mailbox_moves_whole_and_the_second_run_does_nothing() {
    for (source, destination) in
        [(options(), options()), (plain(), plain()), (options(), plain()), (plain(), options())]
    {
        let pair = Pair::with(source, destination);
        fill(&pair.source, 40);
        let report = pair.run_and_compare().await;
        assert_eq!(report.count(&[RowState::Copied]), 43);
        pair.source.reset_counts();
        pair.destination.reset_counts();
        let report = pair.run_and_compare().await;
        assert_eq!(report.this_run.copied, 0);
        let (source, destination) = (pair.source.counts(), pair.destination.counts());
        assert_eq!((source.changes, source.fetch, destination.write, destination.locate), (0, 0, 0, 0));
        assert_eq!((source.folders, destination.folders), (1, 1));
    }
}

#[tokio::test]
async fn every_kind_moves() {
    let pair = Pair::new();
    for kind in Kind::ALL {
        let folder = pair.source.create_folder_of(&[kind.as_str()], &[kind], None);
        for number in 0..4 {
            let bytes = format!("UID:{kind}-{number}\r\n");
            pair.source.add(&folder, NewItem::new(kind, bytes).category("blue"));
        }
    }
    let report = pair.run_and_compare().await;
    assert_eq!(report.count(&[RowState::Copied]), 24);
    let audit = pair.migration().audit(AuditLevel::Content { share: 1.0 }).await.unwrap();
    assert!(audit.is_clean(), "{audit:?}");
    assert_eq!((audit.expected, audit.found, audit.read, audit.others), (24, 24, 24, 0));
}

#[tokio::test]
async fn a_delta_carries_new_items_flags_edits_and_nothing_else() {
    let pair = Pair::new();
    fill(&pair.source, 20);
    pair.run_and_compare().await;
    let inbox = pair.source.inbox();
    let ids = pair.source.items(&inbox);
    pair.source.add(&inbox, NewItem::numbered_mail(500));
    pair.source.flag(&inbox, &ids[0], ItemFlags::SEEN | ItemFlags::FLAGGED, ItemFlags::empty());
    pair.source.edit(&inbox, &ids[1], "Message-ID: <edited@x>\r\n\r\nother\r\n");
    pair.source.reset_counts();
    let report = pair.run_and_compare().await;
    assert_eq!((report.this_run.copied, report.this_run.updated), (1, 2));
    assert_eq!(pair.source.counts().fetched, 2);
}

#[tokio::test]
async fn an_item_with_two_labels_stands_in_both_folders() {
    let mailbox = options().with(|options| options.feeds = Feeds::Mailbox);
    let pair = Pair::with(mailbox, options());
    fill(&pair.source, 12);
    let (inbox, work) = (pair.source.inbox(), pair.source.folder(&["Work"]));
    let id = pair.source.add(&inbox, NewItem::numbered_mail(77));
    pair.source.label(&inbox, &id, &work);
    pair.run_and_compare().await;
    pair.source.delete(&work, &id);
    let report = pair.run().await;
    assert_eq!(report.count(&[RowState::GoneAtSource]), 1);
}

#[tokio::test]
async fn what_was_there_before_is_found_and_twins_stay_twins() {
    for options in [options(), plain()] {
        let pair = Pair::with(options.clone(), options);
        fill(&pair.source, 20);
        fill(&pair.destination, 7);
        // Of two twins in the inbox only one is there.
        let there = pair.destination.inbox();
        let twin = pair.destination.items(&there).pop().unwrap();
        pair.destination.delete(&there, &twin);
        let report = pair.run_and_compare().await;
        assert_eq!(report.count(&[RowState::AlreadyThere]), 9);
        assert_eq!(report.count(&[RowState::Copied]), 14);
    }
}

#[tokio::test]
async fn a_server_that_rewrites_headers_is_named_and_found_again() {
    let rewrites = options().with(|options| options.rewrites_headers = true).with(|options| options.marks = false);
    let pair = Pair::with(options(), rewrites);
    let inbox = pair.source.inbox();
    pair.source.add(&inbox, NewItem::mail(b"Message-ID: <1@x>\r\nSubject: gr\xfc\xdfe\r\n\r\ntext\r\n".to_vec()));
    let report = pair.run().await;
    assert_eq!(report.losses.values().sum::<u64>(), 1, "{report:?}");
    let audit = pair.migration().audit(AuditLevel::Content { share: 1.0 }).await.unwrap();
    assert_eq!(audit.differences.get("rewritten"), Some(&1), "{audit:?}");
}
