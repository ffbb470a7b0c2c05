//! Items of every kind as streams, from one mailbox to another.
#![allow(clippy::unwrap_used)]

mod common;

use common::{ADDRESS, config, connector, server};
use mailmove_core::{
    Change, Connector, Detail, FeedId, FolderId, Format, Item, ItemRef, Mailbox, Mark, Side, Source, Spool, Write,
};
use mailmove_testkit::graph::{GraphServer, NewItem};
use serde_json::json;

const FOLDERS: [(&str, &str, &str); 3] =
    [("Letters", "IPF.Note", "mail"), ("Dates", "IPF.Appointment", "calendars"), ("People", "IPF.Contact", "contacts")];

fn sample(class: &str) -> NewItem {
    match class {
        "IPF.Appointment" => NewItem::event(json!({
            "subject": "Meeting",
            "start": { "dateTime": "2024-02-29T10:00:00", "timeZone": "UTC" },
            "end": { "dateTime": "2024-02-29T11:00:00", "timeZone": "UTC" },
        })),
        "IPF.Contact" => NewItem::contact(json!({ "displayName": "Ann" })),
        _ => NewItem::message("Message-ID: <1@example.org>\r\nSubject: hi\r\n\r\nhello\r\n").read(true).flagged(),
    }
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
