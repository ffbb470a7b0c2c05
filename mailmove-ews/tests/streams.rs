//! Items of every kind between two Exchange servers: whole, and the same at both ends.
#![allow(clippy::unwrap_used)]

mod common;

use common::{ADDRESS, SECRET, connector};
use mailmove_core::{
    Access, Change, Connector, CredentialProvider, Detail, FeedId, FixedCredentials, FolderId, Format, Item, ItemRef,
    Kind, Mailbox, Mark, Recovery, Secret, Side, Source, Spool, Write,
};
use mailmove_ews::{EwsConfig, EwsConnector};
use mailmove_testkit::ews::{Action, EwsServer, Fault, NewItem, Version};

const FOLDERS: [(&str, &str, Kind); 6] = [
    ("Letters", "IPF.Note", Kind::Mail),
    ("Dates", "IPF.Appointment", Kind::Event),
    ("People", "IPF.Contact", Kind::Contact),
    ("Chores", "IPF.Task", Kind::Task),
    ("Yellow", "IPF.StickyNote", Kind::Note),
    ("Diary", "IPF.Journal", Kind::Journal),
];

async fn server(version: Version) -> EwsServer {
    let server = EwsServer::builder().version(version).user(ADDRESS, SECRET).start().await;
    for (name, class, _) in FOLDERS {
        server.mailbox(ADDRESS).create_folder(name, class);
    }
    server
}

fn sample(kind: Kind) -> NewItem {
    match kind {
        Kind::Mail => {
            NewItem::message("Message-ID: <1@example.org>\r\nSubject: hi\r\n\r\nhello\r\n").read(true).flagged()
        }
        Kind::Event => NewItem::xml(
            "<t:CalendarItem><t:Subject>Meeting</t:Subject><t:Start>2024-02-29T10:00:00Z</t:Start>\
             <t:End>2024-02-29T11:00:00Z</t:End></t:CalendarItem>",
        ),
        Kind::Contact => NewItem::xml("<t:Contact><t:DisplayName>Ann</t:DisplayName></t:Contact>"),
        Kind::Task => NewItem::xml("<t:Task><t:Subject>Do it</t:Subject></t:Task>"),
        Kind::Note => NewItem::of_class("IPM.StickyNote").subject("Note").body("sticky"),
        Kind::Journal => NewItem::of_class("IPM.Activity").subject("Call").body("long"),
    }
}

async fn list(source: &dyn Source, folder: &str) -> Vec<ItemRef> {
    let page = source.changes(&FeedId::new(folder), None, Detail::Listing).await.unwrap();
    let present = |change| if let Change::Present(item) = change { Some(item) } else { None };
    page.changes.into_iter().filter_map(present).collect()
}

async fn read(server: &EwsServer, folder: &str) -> Vec<Item> {
    let connector = connector(server, Access::Owner);
    let source = connector.source(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap();
    let items = list(source.as_ref(), &server.mailbox(ADDRESS).folder_id(folder)).await;
    let read = source.fetch(&items, &Format::FASTTRANSFER, &Spool::new(1 << 20)).await;
    read.into_iter().map(|item| item.unwrap()).collect()
}

#[tokio::test]
async fn a_stream_is_the_same_at_both_ends_whatever_the_kind() {
    let (from, to) = (server(Version::Exchange2010Sp1).await, server(Version::Exchange2016).await);
    let there = connector(&to, Access::Owner);
    let destination = there.destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap();
    for (name, _, kind) in FOLDERS {
        from.mailbox(ADDRESS).add(name, sample(kind));
        let items = read(&from, name).await;
        assert_eq!(items.iter().map(|item| item.kind).collect::<Vec<_>>(), [kind]);
        let place = FolderId::new(to.mailbox(ADDRESS).folder_id(name));
        let write = Write::Create { item: items[0].clone(), mark: Mark::new("m") };
        destination.write(&place, &[write]).await.remove(0).unwrap();
        let stored = read(&to, name).await;
        assert_eq!(stored.len(), 1, "{kind}");
        assert_eq!(stored[0].body.digest(), items[0].body.digest(), "{kind}");
        assert_eq!((stored[0].kind, &stored[0].flags), (kind, &items[0].flags));
    }
    assert_eq!(to.log().counters().sent, 0);
}

#[tokio::test]
async fn a_token_opens_a_mailbox() {
    let server = EwsServer::builder().user(ADDRESS, SECRET).token(ADDRESS, "t0ken").start().await;
    let provider: std::sync::Arc<dyn CredentialProvider> =
        std::sync::Arc::new(FixedCredentials::owner(Secret::token("t0ken")));
    let config = EwsConfig::new(server.url().parse().unwrap()).allowing_plaintext();
    let connector = EwsConnector::new(config, provider).unwrap();
    let verification = connector.verify(&Mailbox::new(Side::Destination, ADDRESS)).await;
    assert!(verification.is_ok(), "{:?}", verification.error());
}

#[tokio::test]
async fn an_event_is_listed_with_when_it_begins() {
    let server = server(Version::Exchange2016).await;
    server.mailbox(ADDRESS).add("Dates", sample(Kind::Event));
    let connector = connector(&server, Access::Owner);
    let source = connector.source(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap();
    let items = list(source.as_ref(), &server.mailbox(ADDRESS).folder_id("Dates")).await;
    assert_eq!(items[0].dated.map(|date| date.unix_timestamp()), Some(1_709_200_800));
}

#[tokio::test]
async fn a_stream_tells_what_is_in_it_and_half_of_one_is_refused() {
    let server = server(Version::Exchange2016).await;
    server.mailbox(ADDRESS).add("Letters", sample(Kind::Mail));
    let item = read(&server, "Letters").await.remove(0);
    let summary = mailmove_exchange::fts::summarize(item.body.reader()).unwrap();
    assert_eq!(summary.class.as_deref(), Some("IPM.Note"));
    assert_eq!(summary.message_id.as_deref(), Some("<1@example.org>"));
    assert_eq!(summary.subject.as_deref(), Some("hi"));

    let stream = item.body.bytes().unwrap();
    let base64 = |bytes: &[u8]| {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(bytes)
    };
    let half = base64(&stream[..stream.len() - 5]);
    server.faults().add(Fault::on("ExportItems").then(Action::Replace(base64(&stream), half)));
    let connector = connector(&server, Access::Owner);
    let source = connector.source(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap();
    let items = list(source.as_ref(), &server.mailbox(ADDRESS).folder_id("Letters")).await;
    let verdict = source.fetch(&items, &Format::FASTTRANSFER, &Spool::new(1 << 20)).await.remove(0);
    assert_eq!(verdict.unwrap_err().recovery(), Recovery::OtherRoute);
}

#[tokio::test]
async fn a_stream_tells_enough_of_mail_that_the_server_is_asked_once() {
    let server = server(Version::Exchange2016).await;
    let message = |n: u32| format!("Message-ID: <{n}@example.org>\r\nSubject: {n}\r\n\r\nhello\r\n");
    let mails = (0..100).map(|n| NewItem::message(message(n)).read(n % 2 == 0).categories(["Red"]));
    server.mailbox(ADDRESS).add_all("Letters", mails);
    let connector = connector(&server, Access::Owner);
    let source = connector.source(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap();
    let listed = list(source.as_ref(), &server.mailbox(ADDRESS).folder_id("Letters")).await;
    server.log().reset();
    let read = source.fetch(&listed, &Format::FASTTRANSFER, &Spool::new(1 << 20)).await;
    for (item, listed) in read.into_iter().map(Result::unwrap).zip(&listed) {
        assert_eq!((&item.flags, item.kind, item.class.as_deref()), (&listed.flags, listed.kind, Some("IPM.Note")));
        assert!(item.fingerprint.uid.is_some() && item.modified.is_some());
        assert_eq!(item.received.map(|when| when.unix_timestamp()), listed.received.map(|when| when.unix_timestamp()));
    }
    let counters = server.log().counters();
    assert_eq!((counters.operation("ExportItems"), counters.operation("GetItem"), counters.requests()), (4, 0, 4));
}
