//! The in-memory mailbox, where it differs from other endpoints: its options, its user, its counters.
#![allow(clippy::unwrap_used)]

use mailmove_core::{
    Change, Destination, Detail, Endpoint, ErrorKind, Evidence, Flags, Format, Gone, Item, ItemFlags, ItemRef, Kind,
    Mark, NewFolder, Page, Source, Spool, Wanted, Write,
};
use mailmove_testkit::memory::{Feeds, MemoryEndpoint, Removals};
use mailmove_testkit::{MemoryMailbox, NewItem, Options};

fn mail(text: &str) -> Item {
    let spool = Spool::new(1 << 20);
    Item::new("origin", Kind::Mail, Format::RFC5322, spool.body(text.to_owned()).unwrap())
}

fn create(text: &str, mark: &str) -> Write {
    Write::Create { item: mail(text), mark: Mark::new(mark) }
}

async fn list(source: &MemoryEndpoint, feed: usize, cursor: Option<&mailmove_core::Cursor>) -> Page {
    let feed = source.folders().await.unwrap()[feed].feed.clone();
    source.changes(&feed, cursor, Detail::Identity).await.unwrap()
}

fn ids(page: &Page) -> Vec<String> {
    let id = |change: &Change| match change {
        Change::Present(item) => item.id.to_string(),
        Change::Flags { id, .. } => format!("flags {id}"),
        Change::Gone { id, folder: None } => format!("gone {id}"),
        Change::Gone { id, folder: Some(folder) } => format!("gone {id} from {folder}"),
    };
    page.changes.iter().map(id).collect()
}

#[tokio::test]
async fn a_delta_names_what_is_new_changed_flagged_and_gone() {
    let mailbox = MemoryMailbox::new();
    let inbox = mailbox.inbox();
    let items = mailbox.add_all(&inbox, (1..=4).map(NewItem::numbered_mail));
    let source = mailbox.source();
    let page = list(&source, 0, None).await;
    assert_eq!((ids(&page).join(" "), page.gone), ("1 2 3 4".into(), Gone::ByAbsence));

    mailbox.flag(&inbox, &items[0], ItemFlags::SEEN, ItemFlags::empty());
    mailbox.edit(&inbox, &items[1], "Subject: other\r\n\r\n");
    mailbox.delete(&inbox, &items[2]);
    mailbox.add(&inbox, NewItem::mail("x"));
    let delta = list(&source, 0, Some(&page.next)).await;
    assert_eq!((ids(&delta).join(", "), delta.gone), ("flags 1, 2, gone 3, 5".into(), Gone::Told));
    assert!(list(&source, 0, Some(&delta.next)).await.changes.is_empty());
}

#[tokio::test]
async fn what_changes_during_a_listing_in_pages_comes_with_the_next_delta() {
    let mailbox = MemoryMailbox::with_options(Options::new().with(|options| options.page = 2));
    let inbox = mailbox.inbox();
    let items = mailbox.add_all(&inbox, (1..=3).map(NewItem::numbered_mail));
    let source = mailbox.source();
    let first = list(&source, 0, None).await;
    assert!(first.more);
    mailbox.delete(&inbox, &items[0]);
    mailbox.flag(&inbox, &items[1], ItemFlags::SEEN, ItemFlags::empty());
    let second = list(&source, 0, Some(&first.next)).await;
    assert_eq!((ids(&second), second.more), (vec!["3".to_owned()], false));
    let delta = list(&source, 0, Some(&second.next)).await;
    assert_eq!(ids(&delta).join(", "), "gone 1, flags 2");
}

#[tokio::test]
async fn without_a_change_log_a_used_up_cursor_has_expired() {
    let mailbox = MemoryMailbox::with_options(Options::plain());
    let source = mailbox.source();
    let page = list(&source, 0, None).await;
    assert_eq!(page.gone, Gone::ByAbsence);
    let feed = source.folders().await.unwrap()[0].feed.clone();
    let error = source.changes(&feed, Some(&page.next), Detail::Listing).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CursorExpired);
}

#[tokio::test]
async fn where_removals_are_unknown_neither_listing_nor_delta_claims_anything() {
    let mailbox = MemoryMailbox::with_options(Options::new().with(|options| options.removals = Removals::Unknown));
    let inbox = mailbox.inbox();
    let id = mailbox.add(&inbox, NewItem::numbered_mail(1));
    let source = mailbox.source();
    let page = list(&source, 0, None).await;
    mailbox.delete(&inbox, &id);
    let delta = list(&source, 0, Some(&page.next)).await;
    assert_eq!((page.gone, delta.gone, delta.changes.len()), (Gone::Unknown, Gone::Unknown, 0));
}

#[tokio::test]
async fn an_item_with_labels_is_one_item_in_several_folders() {
    let mailbox = MemoryMailbox::with_options(Options::new().with(|options| options.feeds = Feeds::Mailbox));
    let (inbox, work) = (mailbox.inbox(), mailbox.create_folder(&["Work"]));
    let id = mailbox.add(&inbox, NewItem::numbered_mail(1));
    let source = mailbox.source();
    let page = list(&source, 0, None).await;
    mailbox.label(&inbox, &id, &work);
    let delta = list(&source, 0, Some(&page.next)).await;
    let Change::Present(item) = &delta.changes[0] else { panic!("{delta:?}") };
    assert_eq!(item.folders, [inbox.clone(), work.clone()]);

    mailbox.delete(&inbox, &id);
    let delta = list(&source, 0, Some(&delta.next)).await;
    assert_eq!(ids(&delta), [format!("gone 1 from {inbox}"), "1".into()]);
    mailbox.delete(&work, &id);
    let delta = list(&source, 0, Some(&delta.next)).await;
    assert_eq!(ids(&delta), [format!("gone 1 from {work}"), "gone 1".into()]);
    assert!(mailbox.snapshot().is_empty());
}

#[tokio::test]
async fn a_moved_item_keeps_its_identity_and_nothing_else() {
    let mailbox = MemoryMailbox::new();
    let (inbox, other) = (mailbox.inbox(), mailbox.create_folder(&["Other"]));
    mailbox.add(&other, NewItem::numbered_mail(7));
    let id = mailbox.add(&inbox, NewItem::numbered_mail(1));
    let source = mailbox.source();
    let identity = |page: &Page| match page.changes.last() {
        Some(Change::Present(item)) => item.identity.clone().unwrap(),
        other => panic!("{other:?}"),
    };
    let before = list(&source, 0, None).await;
    let moved = mailbox.move_item(&inbox, &id, &other);
    assert_ne!(moved, id);
    assert_eq!(identity(&list(&source, 1, None).await), identity(&before));
    assert_eq!(ids(&list(&source, 0, Some(&before.next)).await), ["gone 1"]);
}

#[tokio::test]
async fn in_a_new_epoch_an_old_id_is_another_item() {
    let mailbox = MemoryMailbox::new();
    let inbox = mailbox.inbox();
    let items = mailbox.add_all(&inbox, (1..=2).map(NewItem::numbered_mail));
    mailbox.delete(&inbox, &items[0]);
    let second = mailbox.bytes(&inbox, &items[1]);
    let epoch = mailbox.source().folders().await.unwrap()[0].epoch.clone();
    mailbox.change_epoch(&inbox);
    assert_ne!(mailbox.source().folders().await.unwrap()[0].epoch, epoch);
    assert_eq!(mailbox.items(&inbox), [items[0].clone()]);
    assert_eq!(mailbox.bytes(&inbox, &items[0]), second);
}

#[tokio::test]
async fn renaming_a_folder_takes_its_children_along_and_its_id_only_where_ids_are_stable() {
    for stable in [true, false] {
        let options = Options::new().with(|options| options.stable_folder_ids = stable);
        let mailbox = MemoryMailbox::with_options(options);
        let parent = mailbox.create_folder(&["A"]);
        let child = mailbox.create_folder(&["A", "x/y"]);
        let renamed = mailbox.rename_folder(&parent, &["B", "C"]);
        assert_eq!(renamed == parent, stable);
        assert_eq!(mailbox.folder(&["B", "C", "x/y"]) == child, stable);
        assert_eq!(mailbox.find_folder(&["A", "x/y"]), None);
        let again = mailbox.recreate_folder(&renamed);
        assert_eq!(again == renamed, !stable);
    }
}

#[tokio::test]
async fn a_server_that_rewrites_headers_says_so_and_is_found_again_by_the_key() {
    let mailbox = MemoryMailbox::with_options(Options::new().with(|options| options.rewrites_headers = true));
    let destination = mailbox.destination();
    let inbox = mailbox.inbox();
    let spool = Spool::new(1 << 20);
    let octets = b"Message-ID: <1@x>\r\nSubject: caf\xe9\r\n\r\n\xe9\r\n".to_vec();
    let mut item = Item::new("origin", Kind::Mail, Format::RFC5322, spool.body(octets).unwrap());
    (item.fingerprint.uid, item.fingerprint.key) =
        mailmove_core::Fingerprint::mail_key(b"Message-ID: <1@x>\r\nSubject: caf\xe9\r\n");
    let print = item.fingerprint.clone();
    let written = destination.write(&inbox, &[Write::Create { item, mark: Mark::new("m") }]).await.remove(0).unwrap();
    assert_eq!(written.losses[0].code, "header-8bit");
    assert!(mailbox.bytes(&inbox, &written.id.unwrap()).ends_with(b"cafX\r\n\r\n\xe9\r\n"));
    let found = destination.locate(&inbox, &[Wanted::Like(print)], None).await.unwrap();
    assert_eq!(found[0][0].by, Evidence::Key);
}

#[tokio::test]
async fn the_mailbox_counts_what_it_is_asked() {
    let mailbox = MemoryMailbox::new();
    let (destination, inbox) = (mailbox.destination(), mailbox.inbox());
    destination.write(&inbox, &[create("a", "1"), create("b", "2")]).await;
    destination.locate(&inbox, &[Wanted::Like(mail("a").fingerprint)], None).await.unwrap();
    destination.ensure_folders(&[NewFolder::new(vec!["X".into()])]).await;
    destination.close().await;
    let counts = mailbox.counts();
    assert_eq!((counts.opened, counts.write, counts.written, counts.locate, counts.closed), (1, 1, 2, 1, 1));
    assert_eq!(counts.round_trips(), 3);
    mailbox.reset_counts();
    assert_eq!(mailbox.counts().round_trips(), 0);
}

#[tokio::test]
async fn snapshots_are_equal_for_equal_multisets_and_name_every_difference() {
    let (one, other) = (MemoryMailbox::new(), MemoryMailbox::new());
    one.add_all(&one.inbox(), [1, 2, 2].map(NewItem::numbered_mail));
    other.add_all(&other.inbox(), [2, 1, 2].map(NewItem::numbered_mail));
    one.snapshot().assert_same(&other.snapshot());
    let twin = one.items(&one.inbox())[2].clone();
    one.delete(&one.inbox(), &twin);
    one.add(&one.inbox(), NewItem::numbered_mail(3));
    other.create_folder(&["Sent"]);
    let differences = one.snapshot().differences(&other.snapshot()).join("\n");
    for word in ["missing: mail", "too much: mail", "\"Sent\"]: the folder is missing"] {
        assert!(differences.contains(word), "{word} in {differences}");
    }
}

#[tokio::test]
async fn limits_are_enforced_each_with_its_error() {
    let options = Options::new().with_max_bytes(10).with(|options| {
        options.items_quota = Some(2);
        options.capabilities.batch_items = 2;
        options.capabilities.moves = false;
        options.states_kept = ItemFlags::SEEN;
        options.categories_kept = false;
    });
    let mailbox = MemoryMailbox::with_options(options);
    let (destination, inbox) = (mailbox.destination(), mailbox.inbox());
    let verdicts = destination.write(&inbox, &[create("larger than ten", "1"), create("small", "2")]).await;
    assert_eq!(verdicts[0].as_ref().unwrap_err().kind(), ErrorKind::TooLarge);
    let id = verdicts[1].as_ref().unwrap().id.clone().unwrap();

    let batch = [create("a", "1"), create("b", "2"), create("c", "3")];
    let verdicts = destination.write(&inbox, &batch).await;
    assert!(verdicts.iter().all(|verdict| verdict.as_ref().unwrap_err().kind() == ErrorKind::Bug));
    let verdicts = destination.write(&inbox, &batch[..2]).await;
    assert!(verdicts[0].is_ok());
    assert_eq!(verdicts[1].as_ref().unwrap_err().kind(), ErrorKind::Quota);

    let add = Flags::new(ItemFlags::SEEN | ItemFlags::DRAFT).with_category("Work");
    let write = Write::Flags { id: id.clone(), add, remove: Flags::default() };
    let written = destination.write(&inbox, &[write]).await.remove(0).unwrap();
    assert_eq!(written.losses.iter().map(|loss| &*loss.code).collect::<Vec<_>>(), ["keyword", "flag"]);
    let write = Write::Move { id, to: inbox.clone(), expect: None };
    let verdicts = destination.write(&inbox, &[write]).await;
    assert_eq!(verdicts[0].as_ref().unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn an_item_travels_as_a_stream_between_mailboxes_that_know_it() {
    let (from, to) = (Options::new().with_fast_transfer(), Options::new().with_fast_transfer());
    let (from, to) = (MemoryMailbox::with_options(from), MemoryMailbox::with_options(to));
    let inbox = from.inbox();
    from.add(&inbox, NewItem::numbered_mail(1));
    let (source, spool) = (from.source(), Spool::new(1 << 20));
    let format = source.capabilities().offers[0].format.clone();
    let reference = ItemRef::new(from.items(&inbox)[0].clone(), inbox, 0);
    let item = source.fetch(&[reference], &format, &spool).await.remove(0).unwrap();
    assert_eq!(item.format, Format::FASTTRANSFER);
    let write = Write::Create { item, mark: Mark::new("1") };
    let written = to.destination().write(&to.inbox(), &[write]).await.remove(0).unwrap();
    assert_eq!(written.via.as_str(), "transfer");
    to.snapshot().assert_same(&from.snapshot());
}

#[tokio::test]
async fn two_hundred_thousand_items_are_no_burden() {
    let mailbox = MemoryMailbox::new();
    let inbox = mailbox.inbox();
    mailbox.add_all(&inbox, (1..=200_000).map(NewItem::numbered_mail));
    let source = mailbox.source();
    let (mut cursor, mut seen) = (None, 0);
    loop {
        let page = list(&source, 0, cursor.as_ref()).await;
        seen += page.changes.len();
        cursor = Some(page.next);
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, 200_000);
    let items = mailbox.items(&inbox);
    let destination = mailbox.destination();
    let wanted: Vec<Wanted> = (0..1000).map(|n| Wanted::Known(items[n * 200].clone())).collect();
    let found = destination.locate(&inbox, &wanted, None).await.unwrap();
    assert!(found.iter().all(|found| found.len() == 1));
    let some = items.iter().step_by(10);
    some.clone().for_each(|id| mailbox.flag(&inbox, id, ItemFlags::SEEN, ItemFlags::empty()));
    some.for_each(|id| mailbox.delete(&inbox, id));
    assert_eq!(mailbox.items(&inbox).len(), 180_000);
}
