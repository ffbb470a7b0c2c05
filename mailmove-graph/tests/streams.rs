//! Items of every kind as streams, from one mailbox to another.
#![allow(clippy::unwrap_used)]

mod common;

use base64::Engine;
use common::{ADDRESS, config, connector, server};
use mailmove_core::{
    Change, Connector, Destination, Detail, Evidence, FeedId, FolderId, Format, Item, ItemRef, Kind, Mailbox, Mark,
    NewFolder, Role, Side, Source, Spool, Wanted, Write,
};
use mailmove_graph::GraphConfig;
use mailmove_testkit::graph::{GraphServer, NewItem};
use serde_json::json;

const FOLDERS: [(&str, &str, &str); 5] = [
    ("Letters", "IPF.Note", "mail"),
    ("Dates", "IPF.Appointment", "calendars"),
    ("People", "IPF.Contact", "contacts"),
    ("Slips", "IPF.StickyNote", "notes"),
    ("Diary", "IPF.Journal", "journal"),
];

fn sample(class: &str) -> NewItem {
    match class {
        "IPF.Appointment" => NewItem::event(json!({
            "subject": "Meeting",
            "start": { "dateTime": "2024-02-29T10:00:00", "timeZone": "UTC" },
            "end": { "dateTime": "2024-02-29T11:00:00", "timeZone": "UTC" },
        })),
        "IPF.Contact" => NewItem::contact(json!({ "displayName": "Ann" })),
        "IPF.StickyNote" => note("Shopping"),
        "IPF.Journal" => NewItem::of_class("IPM.Activity")
            .property("String 0x0037", "Call")
            .property("String 0x1000", "was long")
            .property("SystemTime {0006200A-0000-0000-C000-000000000046} Id 0x8706", "2024-02-29T10:11:12Z"),
        _ => NewItem::message("Message-ID: <1@example.org>\r\nSubject: hi\r\n\r\nhello\r\n").read(true).flagged(),
    }
}

fn note(subject: &str) -> NewItem {
    NewItem::of_class("IPM.StickyNote").property("String 0x0037", subject).property("String 0x1000", "milk, bread")
}

/// A group with one member whom no directory knows.
fn group() -> NewItem {
    let texts = ["Bob", "SMTP", "bob@example.org"].map(|text| text.encode_utf16().chain([0]).collect::<Vec<u16>>());
    let one_off = [0x81, 0x2b, 0x1f, 0xa4, 0xbe, 0xa3, 0x10, 0x19, 0x9d, 0x6e, 0x00, 0xdd, 0x01, 0x0f, 0x54, 0x02];
    let mut entry = [&[0; 4][..], &one_off, &[0, 0, 0x01, 0x90]].concat();
    entry.extend(texts.concat().into_iter().flat_map(u16::to_le_bytes));
    NewItem::of_class("IPM.DistList").property("String 0x3001", "The team").property(
        "BinaryArray {00062004-0000-0000-C000-000000000046} Id 0x8054",
        &base64::engine::general_purpose::STANDARD.encode(entry),
    )
}

async fn tenant() -> GraphServer {
    let server = server().start().await;
    for (name, class, _) in FOLDERS {
        server.mailbox(ADDRESS).create_folder(name, class);
    }
    server
}

fn place(server: &GraphServer, name: &str, area: &str) -> FolderId {
    FolderId::new(format!("{area}:{}", server.mailbox(ADDRESS).folder_id(name)))
}

async fn list(source: &dyn Source, folder: &FolderId) -> Vec<ItemRef> {
    let page = source.changes(&FeedId::new(folder.as_str()), None, Detail::Listing).await.unwrap();
    let present = |change| if let Change::Present(item) = change { Some(item) } else { None };
    page.changes.into_iter().filter_map(present).collect()
}

async fn read(server: &GraphServer, folder: &FolderId) -> Vec<Item> {
    let source = connector(config(server)).source(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap();
    let items = list(source.as_ref(), folder).await;
    let read = source.fetch(&items, &Format::FASTTRANSFER, &Spool::new(1 << 20)).await;
    read.into_iter().map(|item| item.unwrap()).collect()
}

async fn moved() -> (GraphServer, GraphServer) {
    let (from, to) = (tenant().await, tenant().await);
    let destination = connector(config(&to)).destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap();
    for (name, class, area) in FOLDERS {
        from.mailbox(ADDRESS).add(name, sample(class));
        let items = read(&from, &place(&from, name, area)).await;
        assert_eq!(items.len(), 1, "{name}");
        let batch: Vec<Write> =
            items.iter().map(|item| Write::Create { item: item.clone(), mark: Mark::new("m") }).collect();
        for verdict in destination.write(&place(&to, name, area), &batch).await {
            let written = verdict.unwrap();
            assert_eq!((written.via.as_str(), written.losses.len()), ("import-session", 0));
        }
        let arrived = read(&to, &place(&to, name, area)).await;
        let digests = |items: &[Item]| items.iter().map(|item| *item.body.digest()).collect::<Vec<_>>();
        assert_eq!(digests(&arrived), digests(&items), "{name}");
    }
    (from, to)
}

#[tokio::test]
async fn a_stream_is_the_same_at_both_ends_whatever_the_kind() {
    let (_, to) = moved().await;
    assert_eq!(to.log().counters().sent, 0);
}

#[tokio::test]
async fn an_import_address_that_is_over_is_renewed() {
    let (from, to) = (tenant().await, tenant().await);
    let (name, class, area) = FOLDERS[0];
    from.mailbox(ADDRESS).add(name, sample(class));
    let items = read(&from, &place(&from, name, area)).await;
    let destination = connector(config(&to)).destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap();
    for number in 0..3 {
        let write = Write::Create { item: items[0].clone(), mark: Mark::new(format!("m{number}")) };
        destination.write(&place(&to, name, area), &[write]).await.swap_remove(0).unwrap();
        to.end_import_sessions();
    }
    assert_eq!(to.mailbox(ADDRESS).count(name), 3);
}

async fn source(server: &GraphServer) -> std::sync::Arc<dyn Source> {
    connector(config(server)).source(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap()
}

async fn destination(server: &GraphServer) -> std::sync::Arc<dyn Destination> {
    connector(config(server)).destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap()
}

fn text(item: &Item) -> String {
    String::from_utf8_lossy(&item.body.bytes().unwrap()).into_owned()
}

#[tokio::test]
async fn groups_stand_among_contacts_and_move_whole() {
    let (from, to) = (tenant().await, tenant().await);
    let people = place(&from, "People", "contacts");
    from.mailbox(ADDRESS).add("People", group());
    from.mailbox(ADDRESS).add("People", sample("IPF.Contact"));
    from.mailbox(ADDRESS).add("People", NewItem::of_class("IPM.Configuration.People"));
    let items = read(&from, &people).await;
    assert_eq!(
        items.iter().map(|item| item.class.as_deref().unwrap()).collect::<Vec<_>>(),
        ["IPM.DistList", "IPM.Contact"]
    );
    let there = destination(&to).await;
    let folder = place(&to, "People", "contacts");
    let batch: Vec<Write> =
        items.iter().map(|item| Write::Create { item: item.clone(), mark: Mark::new("m") }).collect();
    let written: Vec<_> = there.write(&folder, &batch).await.into_iter().map(Result::unwrap).collect();
    let arrived = read(&to, &folder).await;
    let digests = |items: &[Item]| items.iter().map(|item| *item.body.digest()).collect::<Vec<_>>();
    assert_eq!(digests(&arrived), digests(&items));
    // Known by the key that a stream takes along.
    let wanted: Vec<Wanted> = items.iter().map(|item| Wanted::Like(item.fingerprint.clone())).collect();
    for (found, written) in there.locate(&folder, &wanted, None).await.unwrap().into_iter().zip(written) {
        assert_eq!((found.len(), found[0].by), (1, Evidence::Uid));
        assert_eq!((Some(&found[0].id), &found[0].revision), (written.id.as_ref(), &written.revision));
    }
}

#[tokio::test]
async fn what_has_no_interface_is_read_in_its_standard_format_too() {
    let server = tenant().await;
    for (name, class, _) in &FOLDERS[2..] {
        server.mailbox(ADDRESS).add(name, sample(class));
    }
    server.mailbox(ADDRESS).add("People", group());
    let source = source(&server).await;
    for (name, area, format, lines) in [
        (
            "People",
            "contacts",
            Format::VCARD,
            &["FN:Ann", "KIND:group", "FN:The team", "MEMBER:mailto:bob@example.org"][..],
        ),
        ("Slips", "notes", Format::RFC5322, &["Subject: Shopping", "bWlsaywgYnJlYWQ="]),
        ("Diary", "journal", Format::ICALENDAR, &["SUMMARY:Call", "DESCRIPTION:was long", "DTSTART:20240229T101112Z"]),
    ] {
        let items = list(source.as_ref(), &place(&server, name, area)).await;
        let read = source.fetch(&items, &format, &Spool::new(1 << 20)).await;
        let all: String = read.into_iter().map(|item| text(&item.unwrap())).collect();
        for line in lines {
            assert!(all.contains(&format!("{line}\r\n")), "{line} is missing in\n{all}");
        }
    }
}

#[tokio::test]
async fn a_second_look_tells_what_changed_among_notes() {
    let server = tenant().await;
    let mailbox = server.mailbox(ADDRESS);
    let ids = mailbox.add_all("Slips", [note("stays"), note("changes"), note("goes")]);
    let (source, feed) = (source(&server).await, FeedId::new(place(&server, "Slips", "notes").as_str()));
    let first = source.changes(&feed, None, Detail::Listing).await.unwrap();
    let of = |changes: &[Change], id: &str| {
        changes.iter().find_map(|change| match change {
            Change::Present(item) if item.id.as_str() == id => Some(item.clone()),
            _ => None,
        })
    };
    let before = of(&first.changes, &ids[1]).unwrap();
    assert_eq!((first.changes.len(), first.more, before.kind), (3, false, Kind::Note));
    let quiet = source.changes(&feed, Some(&first.next), Detail::Listing).await.unwrap();
    assert!(quiet.changes.is_empty());
    mailbox.set_subject(&ids[1], "changed").delete(&ids[2]);
    let second = source.changes(&feed, Some(&quiet.next), Detail::Listing).await.unwrap();
    assert_ne!(of(&second.changes, &ids[1]).unwrap().content, before.content);
    assert!(second.changes.iter().any(|change| matches!(change, Change::Gone { id, .. } if id.as_str() == ids[2])));
    assert_eq!(second.changes.len(), 2);
    mailbox.forget_delta_tokens();
    let late = source.changes(&feed, Some(&second.next), Detail::Listing).await.unwrap_err();
    assert_eq!(late.kind(), mailmove_core::ErrorKind::CursorExpired);
}

#[tokio::test]
async fn folders_for_notes_and_journal_are_made_where_they_belong() {
    let server = tenant().await;
    let there = destination(&server).await;
    let folder = |path: &[&str], kind| {
        let mut new = NewFolder::new(path.iter().map(|name| (*name).to_owned()).collect());
        new.kinds = vec![kind];
        new
    };
    let wanted = [
        folder(&["Letters", "Slips"], Kind::Note),
        folder(&["letters", "slips"], Kind::Note),
        folder(&["Journal"], Kind::Journal),
        folder(&["Old", "Diary"], Kind::Journal),
    ];
    let made: Vec<bool> =
        there.ensure_folders(&wanted).await.into_iter().map(|folder| folder.unwrap().created).collect();
    assert_eq!(made, [true, false, false, true]);
    let classes: Vec<(String, String)> = server
        .mailbox(ADDRESS)
        .snapshot()
        .into_iter()
        .filter(|folder| ["Letters/Slips", "Old", "Old/Diary"].contains(&folder.path.as_str()))
        .map(|folder| (folder.path, folder.class))
        .collect();
    let named = |path: &str, class: &str| (path.to_owned(), class.to_owned());
    let expected =
        [named("Old", "IPF.Journal"), named("Letters/Slips", "IPF.StickyNote"), named("Old/Diary", "IPF.Journal")];
    assert!(expected.iter().all(|folder| classes.contains(folder)), "{classes:?}");
    let folders = there.folders().await.unwrap();
    let roles: Vec<_> = folders.iter().filter_map(|folder| folder.role).collect();
    assert!(roles.contains(&Role::Notes) && roles.contains(&Role::Journal));
    assert!(folders.iter().any(|folder| folder.path == ["Letters", "Slips"] && folder.kinds == [Kind::Note]));
}

#[tokio::test]
async fn a_note_can_be_replaced_and_removed_and_keeps_its_categories() {
    let (from, to) = (tenant().await, tenant().await);
    from.mailbox(ADDRESS).add_all("Slips", [note("old"), note("new")]);
    let items = read(&from, &place(&from, "Slips", "notes")).await;
    let (there, folder) = (destination(&to).await, place(&to, "Slips", "notes"));
    let write = async |write| there.write(&folder, &[write]).await.swap_remove(0);
    let first = write(Write::Create { item: items[0].clone(), mark: Mark::new("m") }).await.unwrap();
    let (id, revision) = (first.id.unwrap(), first.revision);
    let replace = |expect| Write::Replace { id: id.clone(), expect, item: items[1].clone(), mark: Mark::new("m") };
    let second = write(replace(revision.clone())).await.unwrap();
    assert_eq!((second.id.as_ref(), second.revision != revision), (Some(&id), true));
    let late = write(replace(revision)).await.unwrap_err();
    assert_eq!(late.kind(), mailmove_core::ErrorKind::Conflict);
    let (add, remove) = (mailmove_core::Flags::default().with_category("Red"), mailmove_core::Flags::default());
    let flags = write(Write::Flags { id: id.clone(), add, remove }).await.unwrap();
    assert_eq!((flags.losses[0].code.as_ref(), &flags.revision), ("categories", &second.revision));
    assert_eq!(to.mailbox(ADDRESS).items("Slips")[0].subject, "new");
    write(Write::Remove { id, expect: second.revision }).await.unwrap();
    assert_eq!(to.mailbox(ADDRESS).count("Slips"), 0);
}

#[tokio::test]
async fn without_streams_there_are_neither_notes_nor_groups() {
    let server = tenant().await;
    server.mailbox(ADDRESS).add("People", group());
    let plain: fn(GraphConfig) -> GraphConfig = GraphConfig::without_streams;
    let source = connector(plain(config(&server))).source(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap();
    assert!(source.folders().await.unwrap().iter().all(|folder| !folder.kinds.contains(&Kind::Note)));
    assert!(list(source.as_ref(), &place(&server, "People", "contacts")).await.is_empty());
}
