//! Reading: what it costs, what it changes (nothing), and what it makes of servers that err.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use common::{USER, connector, listing, message, present, server, source};
use mailmove_core::{Change, Connector, Detail, ErrorKind, Format, Gone, ItemFlags, ItemRef, Role, Source, Spool};
use mailmove_testkit::imap::{Action, Capability, Fault, ImapServer, NewMessage, Refusal};

/// A mailbox with `count` messages in INBOX.
async fn filled(server: &ImapServer, count: u32) {
    server.mailbox(USER).append_all("INBOX", (1..=count).map(|number| NewMessage::new(message(number))));
}

async fn items(source: &dyn Source) -> Vec<ItemRef> {
    present(&listing(source, "INBOX", None).await.unwrap().0)
}

#[tokio::test]
async fn reading_opens_folders_read_only_and_sets_nothing() {
    let server = server(|server| server).await;
    filled(&server, 3).await;
    let source = connector(&server).source(&source()).await.unwrap();
    source.folders().await.unwrap();
    let found = items(&*source).await;
    let spool = Spool::new(1 << 20);
    for item in source.fetch(&found, &Format::RFC5322, &spool).await {
        assert_eq!(item.unwrap().fingerprint.uid.map(|id| id.contains("@example.org")), Some(true));
    }
    let log = server.log();
    assert_eq!(log.counters().command("SELECT") + log.counters().command("STORE"), 0);
    assert!(log.lines().iter().all(|line| !line.contains("BODY[")), "{:?}", log.lines());
    assert!(server.mailbox(USER).messages("INBOX").iter().all(|message| message.flags.is_empty()));
}

#[tokio::test]
async fn a_look_at_the_tree_is_one_command_and_opens_nothing() {
    let server = server(|server| server).await;
    server.mailbox(USER).create_folder("Sent").set_special_use("Sent", "\\Sent").subscribe("Sent");
    server.mailbox(USER).create_folder("Projekte/Übersicht");
    let source = connector(&server).source(&source()).await.unwrap();
    let folders = source.folders().await.unwrap();
    let counters = server.log().counters();
    assert_eq!((counters.command("LIST"), counters.command("STATUS"), counters.command("EXAMINE")), (1, 0, 0));
    assert!(counters.round_trips <= 4, "{counters:?}");
    let sent = folders.iter().find(|folder| folder.path == ["Sent"]).unwrap();
    assert_eq!((sent.role, sent.subscribed), (Some(Role::Sent), Some(true)));
    assert!(sent.state.is_some() && sent.items == Some(0));
    assert!(folders.iter().any(|folder| folder.path == ["Projekte", "Übersicht"]));
    assert_eq!(folders[0].role, Some(Role::Inbox));
}

#[tokio::test]
async fn a_tree_without_extensions_is_the_same_tree() {
    let server = server(|server| server.only(&[])).await;
    server
        .mailbox(USER)
        .create_folder("Gesendet")
        .subscribe("Gesendet")
        .create_raw_folder("gr&FC-n")
        .create_folder("a/b");
    filled(&server, 2).await;
    let source = connector(&server).source(&source()).await.unwrap();
    let folders = source.folders().await.unwrap();
    let by_path = |path: &[&str]| folders.iter().find(|folder| folder.path == path).unwrap();
    assert_eq!(by_path(&["INBOX"]).items, Some(2));
    assert_eq!(by_path(&["INBOX"]).state, None, "without mod-sequences nobody knows whether a flag changed");
    assert_eq!(by_path(&["Gesendet"]).role, Some(Role::Sent));
    assert_eq!((by_path(&["Gesendet"]).subscribed, by_path(&["a", "b"]).subscribed), (Some(true), Some(false)));
    assert_eq!(by_path(&["gr&FC-n"]).items, Some(0), "a name that is no modified UTF-7 is taken as it stands");
}

#[tokio::test]
async fn a_delta_is_one_round_trip_and_names_what_is_new_changed_and_gone() {
    let server = server(|server| server).await;
    filled(&server, 10).await;
    let source = connector(&server).source(&source()).await.unwrap();
    let (_, page) = listing(&*source, "INBOX", None).await.unwrap();
    let mailbox = server.mailbox(USER);
    mailbox.set_flags("INBOX", 3, &["\\Seen", "Work"]).expunge("INBOX", &[5, 6]);
    mailbox.append("INBOX", NewMessage::new(message(11)));
    source.folders().await.unwrap();
    server.log().reset();
    let (changes, page) = listing(&*source, "INBOX", Some(&page.next)).await.unwrap();
    assert_eq!(server.log().counters().command("FETCH"), 2, "{:?}", server.log().lines());
    assert!(server.log().counters().round_trips <= 1);
    let mut named = BTreeSet::new();
    for change in &changes {
        match change {
            Change::Present(item) => named.insert(format!("new {}", item.id)),
            Change::Flags { id, value, .. } => {
                assert!(value.state.contains(ItemFlags::SEEN) && value.has_category("Work"));
                named.insert(format!("flags {id}"))
            }
            Change::Gone { id, .. } => named.insert(format!("gone {id}")),
        };
    }
    assert_eq!(named, ["flags 3", "gone 5", "gone 6", "new 11"].map(str::to_owned).into());
    assert_eq!(page.gone, Gone::Told);
    let (changes, _) = listing(&*source, "INBOX", Some(&page.next)).await.unwrap();
    assert_eq!(changes, []);
}

#[tokio::test]
async fn without_qresync_a_missing_message_shows_in_the_count_alone() {
    let server = server(|server| server.without(Capability::Qresync)).await;
    filled(&server, 10).await;
    let source = connector(&server).source(&source()).await.unwrap();
    let (_, page) = listing(&*source, "INBOX", None).await.unwrap();
    server.mailbox(USER).set_flags("INBOX", 3, &["\\Seen"]).append("INBOX", NewMessage::new(message(11)));
    let (changes, page) = listing(&*source, "INBOX", Some(&page.next)).await.unwrap();
    assert_eq!(changes.len(), 2);
    server.mailbox(USER).expunge("INBOX", &[4]).append("INBOX", NewMessage::new(message(12)));
    let error = listing(&*source, "INBOX", Some(&page.next)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CursorExpired);
    let (changes, page) = listing(&*source, "INBOX", None).await.unwrap();
    assert_eq!((present(&changes).len(), page.gone), (11, Gone::ByAbsence));
}

#[tokio::test]
async fn without_mod_sequences_the_cursor_expires_without_asking_anybody() {
    let server = server(|server| server.without(Capability::Condstore)).await;
    filled(&server, 3).await;
    let source = connector(&server).source(&source()).await.unwrap();
    let (_, page) = listing(&*source, "INBOX", None).await.unwrap();
    server.log().reset();
    let error = source.changes(&"INBOX".into(), Some(&page.next), Detail::Listing).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CursorExpired);
    assert_eq!(server.log().lines(), Vec::<String>::new());
}

#[tokio::test]
async fn a_large_folder_comes_in_pages_and_holes_cost_no_pages() {
    let server = server(|server| server).await;
    filled(&server, 2_500).await;
    let mailbox = server.mailbox(USER);
    mailbox.append("INBOX", NewMessage::new(message(1)).uid(3_000_000_000));
    mailbox.append("INBOX", NewMessage::new(message(2)).uid(4_000_000_000));
    let source = connector(&server).source(&source()).await.unwrap();
    source.folders().await.unwrap();
    let (mut after, mut found, mut pages) = (None, BTreeSet::new(), 0);
    loop {
        let page = source.changes(&"INBOX".into(), after.as_ref(), Detail::Listing).await.unwrap();
        assert!(page.changes.len() <= 20_000);
        found.extend(present(&page.changes).into_iter().map(|item| item.id));
        pages += 1;
        if !page.more {
            break;
        }
        after = Some(page.next);
    }
    assert_eq!(found.len(), 2_502);
    assert!((2..=8).contains(&pages), "{pages} pages");
}

#[tokio::test]
async fn another_uidvalidity_is_another_folder_while_reading_too() {
    let server = server(|server| server).await;
    filled(&server, 3).await;
    let source = connector(&server).source(&source()).await.unwrap();
    source.folders().await.unwrap();
    let found = items(&*source).await;
    server.mailbox(USER).create_folder("other");
    source.changes(&"other".into(), None, Detail::Listing).await.unwrap();
    server.mailbox(USER).change_uid_validity("INBOX");
    let spool = Spool::new(1 << 20);
    for item in source.fetch(&found, &Format::RFC5322, &spool).await {
        assert_eq!(item.unwrap_err().kind(), ErrorKind::EpochChanged);
    }
    assert_eq!(
        source.changes(&"INBOX".into(), None, Detail::Listing).await.unwrap_err().kind(),
        ErrorKind::EpochChanged
    );
    source.folders().await.unwrap();
    assert_eq!(items(&*source).await.len(), 3);
}

#[tokio::test]
async fn one_unreadable_message_fails_nobody_else() {
    let server = server(|server| server.unreadable(Refusal::containing("message 3.", "x"))).await;
    filled(&server, 5).await;
    let source = connector(&server).source(&source()).await.unwrap();
    let found = items(&*source).await;
    let spool = Spool::new(1 << 20);
    let read = source.fetch(&found, &Format::RFC5322, &spool).await;
    assert_eq!(read.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, true, true]);
    assert_ne!(read[2].as_ref().unwrap_err().kind(), ErrorKind::NotFound, "it is there, it just cannot be read");
}

#[tokio::test]
async fn a_connection_that_breaks_while_reading_is_replaced() {
    for action in [
        Action::CutBefore,
        Action::CutOutput { after: 300 },
        Action::Garbage("what is this\r\n".into()),
        Action::Bye("restarting".to_owned()),
        Action::ByeAfter { messages: 2, text: "bye".to_owned() },
        Action::NoAfter { messages: 2, text: "something is wrong with one of them".to_owned() },
    ] {
        let shown = format!("{action:?}");
        let server = server(|server| server.fault(Fault::on("UID FETCH").containing("PEEK").nth(1).then(action))).await;
        filled(&server, 5).await;
        let source = connector(&server).source(&source()).await.unwrap();
        let found = items(&*source).await;
        let spool = Spool::new(1 << 20);
        let read = source.fetch(&found, &Format::RFC5322, &spool).await;
        let read: Vec<_> =
            read.into_iter().map(|item| item.unwrap_or_else(|error| panic!("{shown}: {error}"))).collect();
        for (number, item) in read.iter().enumerate() {
            assert_eq!(item.body.bytes().unwrap(), message(number as u32 + 1), "{shown}");
        }
        drop(read);
        assert_eq!(spool.used(), 0, "{shown}");
    }
}

#[tokio::test]
async fn wrong_sizes_and_unknown_lines_disturb_nothing() {
    let server = server(|server| {
        let lying = Fault::on("UID FETCH").then(Action::SizeOff(1_000_000));
        let noisy = Fault::any().then(Action::Untagged("X-NEWS (\"from\" the {3 server)".to_owned()));
        server.fault(lying).fault(noisy).overlapping_answers().mask_nul()
    })
    .await;
    filled(&server, 5).await;
    let source = connector(&server).source(&source()).await.unwrap();
    let found = items(&*source).await;
    assert!(found.iter().all(|item| item.size > 1_000_000));
    let spool = Spool::new(1 << 20);
    let (one, two) = tokio::join!(
        source.fetch(&found[..3], &Format::RFC5322, &spool),
        source.fetch(&found[2..], &Format::RFC5322, &spool)
    );
    assert!(one.iter().chain(&two).all(Result::is_ok));
    assert_eq!(two[0].as_ref().unwrap().body.bytes().unwrap(), message(3));
}

#[tokio::test]
async fn small_folders_share_a_connection_and_are_not_opened_twice_in_a_row() {
    let server = server(|server| server).await;
    let mailbox = server.mailbox(USER);
    for folder in ["a", "b", "c"] {
        mailbox.create_folder(folder).append(folder, NewMessage::new(message(1)));
    }
    let source = connector(&server).source(&source()).await.unwrap();
    source.folders().await.unwrap();
    server.log().reset();
    for folder in ["a", "b", "c"] {
        let found = present(&listing(&*source, folder, None).await.unwrap().0);
        let spool = Spool::new(1 << 20);
        assert!(source.fetch(&found, &Format::RFC5322, &spool).await[0].is_ok());
    }
    let counters = server.log().counters();
    assert_eq!((counters.connections, counters.command("EXAMINE")), (0, 3));
}

#[tokio::test]
async fn no_more_connections_are_used_than_the_server_bears() {
    let server = server(|server| server.max_connections_per_user(2)).await;
    let mailbox = server.mailbox(USER);
    let names: Vec<String> = (0..6).map(|number| format!("folder {number}")).collect();
    for name in &names {
        mailbox.create_folder(name);
        mailbox.append_all(name, (1..=300).map(|number| NewMessage::new(message(number))));
    }
    let source = connector(&server).source(&source()).await.unwrap();
    source.folders().await.unwrap();
    let all = futures_util::future::join_all(names.iter().map(|name| listing(&*source, name, None))).await;
    assert!(all.into_iter().all(|listed| listed.unwrap().0.len() == 300));
    assert!(server.log().counters().connections <= 5, "a refusal is taken for an answer");
    assert!(server.log().counters().open <= 2);
}
