//! What goes wrong on the way, and what of it is lost: nothing.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::{ADDRESS, SECRET, connector};
use mailmove_core::{
    Access, Connector, Destination, Detail, ErrorKind, FeedId, FolderId, Format, Item, ItemRef, Kind, Mailbox, Mark,
    Recovery, Side, Source, Spool, Wanted, Write,
};
use mailmove_ews::EwsConnector;
use mailmove_testkit::ews::{Action, EwsServer, Fault, Mishap, Mistake, NewItem, Version};

fn mailbox(side: Side) -> Mailbox {
    Mailbox::new(side, ADDRESS)
}

async fn server(version: Version) -> EwsServer {
    EwsServer::builder().version(version).user(ADDRESS, SECRET).start().await
}

fn mime(number: usize) -> String {
    format!("Message-ID: <{number}@example.org>\r\nSubject: mail {number}\r\n\r\nThis is mail {number}.\r\n")
}

fn filled(server: &EwsServer, count: usize) -> FolderId {
    let mailbox = server.mailbox(ADDRESS);
    mailbox.create_folder("Filled", "IPF.Note").add_all("Filled", (0..count).map(|at| NewItem::message(mime(at))));
    FolderId::new(mailbox.folder_id("Filled"))
}

fn empty(server: &EwsServer, name: &str) -> FolderId {
    FolderId::new(server.mailbox(ADDRESS).create_folder(name, "IPF.Note").folder_id(name))
}

async fn list(source: &dyn Source, folder: &FolderId) -> Vec<ItemRef> {
    let (mut items, mut cursor) = (Vec::new(), None);
    loop {
        let page = source.changes(&FeedId::new(folder.as_str()), cursor.as_ref(), Detail::Listing).await.unwrap();
        items.extend(page.changes.into_iter().filter_map(|change| match change {
            mailmove_core::Change::Present(item) => Some(item),
            _ => None,
        }));
        if !page.more {
            return items;
        }
        cursor = Some(page.next);
    }
}

fn create(number: usize) -> Write {
    let body = mailmove_core::Body::unpooled(mime(number));
    let item = Item::new(format!("{number}"), Kind::Mail, Format::RFC5322, body);
    Write::Create { item, mark: Mark::new(format!("mark-{number}")) }
}

async fn marked(destination: &dyn Destination, folder: &FolderId, number: usize) -> usize {
    let mut print = mailmove_core::Fingerprint::default();
    print.mark = Some(Mark::new(format!("mark-{number}")));
    destination.locate(folder, &[Wanted::Like(print)], None).await.unwrap()[0].len()
}

async fn opened(connector: &EwsConnector) -> std::sync::Arc<dyn Destination> {
    connector.destination(&mailbox(Side::Destination)).await.unwrap()
}

#[tokio::test]
async fn nothing_is_sent_while_a_throttled_server_wants_its_peace() {
    let back_off = Duration::from_millis(150);
    let server = EwsServer::builder()
        .user(ADDRESS, SECRET)
        .fault(Fault::any().every(4).then(Mishap::Busy { back_off }))
        .fault(Fault::any().every(7).then(Mishap::BusyInside { back_off }))
        .start()
        .await;
    let folder = empty(&server, "Busy");
    let destination = opened(&connector(&server, Access::Owner)).await;
    for batch in 0..6 {
        let writes: Vec<Write> = (batch * 5..batch * 5 + 5).map(create).collect();
        let verdicts = destination.write(&folder, &writes).await;
        assert!(verdicts.iter().all(|verdict| verdict.is_ok()), "{verdicts:?}");
    }
    assert_eq!(server.mailbox(ADDRESS).count("Busy"), 30);
    let sent = server.log().sent_during_back_off(Duration::from_millis(50));
    assert!(sent.is_empty(), "{sent:?}");
    assert!(server.log().counters().faults > 4);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_in_doubt_and_found_by_its_mark() {
    let server = server(Version::Exchange2016).await;
    let folder = empty(&server, "Lost");
    let destination = opened(&connector(&server, Access::Owner)).await;
    server.faults().add(Fault::on("CreateItem").times(1).then(Action::LoseAnswer));
    let verdicts = destination.write(&folder, &[create(1), create(2)]).await;
    for verdict in &verdicts {
        assert_eq!(verdict.as_ref().unwrap_err().recovery(), Recovery::Locate);
    }
    assert_eq!(marked(destination.as_ref(), &folder, 1).await, 1);
    assert_eq!(marked(destination.as_ref(), &folder, 3).await, 0);
    assert_eq!(server.log().counters().operation("CreateItem"), 1);
}

#[tokio::test]
async fn a_write_that_the_server_never_saw_is_made_again_or_in_doubt_and_never_doubled() {
    let server = server(Version::Exchange2016).await;
    let folder = empty(&server, "Cut");
    let destination = opened(&connector(&server, Access::Owner)).await;
    server.faults().add(Fault::on("CreateItem").times(1).then(Action::CutBefore));
    let verdict = destination.write(&folder, &[create(1)]).await.remove(0);
    let there = marked(destination.as_ref(), &folder, 1).await;
    match verdict {
        Ok(_) => assert_eq!(there, 1),
        Err(error) => assert_eq!((error.recovery(), there), (Recovery::Locate, 0)),
    }
}

#[tokio::test]
async fn an_item_that_the_server_refuses_fails_alone() {
    let server = server(Version::Exchange2016).await;
    let folder = empty(&server, "One");
    let destination = opened(&connector(&server, Access::Owner)).await;
    let code = "ErrorMimeContentConversionFailed".to_owned();
    server.faults().add(Fault::on("CreateItem").times(1).then(Mishap::RefuseNth { nth: 2, code }));
    let verdicts = destination.write(&folder, &[create(1), create(2), create(3)]).await;
    assert!(verdicts[0].is_ok() && verdicts[2].is_ok());
    assert_eq!(verdicts[1].as_ref().unwrap_err().recovery(), Recovery::OtherRoute);
}

#[tokio::test]
async fn an_item_that_brings_a_whole_request_down_is_found_and_the_others_pass() {
    let server = server(Version::Exchange2016).await;
    let folder = filled(&server, 8);
    let connector = connector(&server, Access::Owner);
    let source = connector.source(&mailbox(Side::Source)).await.unwrap();
    let items = list(source.as_ref(), &folder).await;
    let poison = items[5].id.as_str().to_owned();
    server
        .faults()
        .add(Fault::on("GetItem").containing(&poison).then(Mishap::SoapFault("ErrorInternalServerError".to_owned())));
    let read = source.fetch(&items, &Format::RFC5322, &Spool::new(1 << 20)).await;
    for (at, verdict) in read.iter().enumerate() {
        assert_eq!(verdict.is_ok(), at != 5, "{at}: {verdict:?}");
    }
}

#[tokio::test]
async fn a_batch_that_stops_in_the_middle_is_asked_again_for_the_rest() {
    let server = server(Version::Exchange2016).await;
    let folder = empty(&server, "Stopped");
    let destination = opened(&connector(&server, Access::Owner)).await;
    server.faults().add(Fault::on("CreateItem").times(1).then(Mishap::StopBatch { after: 1 }));
    let verdicts = destination.write(&folder, &[create(1), create(2), create(3)]).await;
    assert!(verdicts[0].is_ok());
    for verdict in &verdicts[1..] {
        assert_eq!(verdict.as_ref().unwrap_err().recovery(), Recovery::Requeue);
    }
}

#[tokio::test]
async fn a_batch_that_is_too_large_for_the_server_goes_in_parts() {
    let server = EwsServer::builder().user(ADDRESS, SECRET).max_request(6000).start().await;
    let folder = empty(&server, "Parts");
    let destination = opened(&connector(&server, Access::Owner)).await;
    let mut large = mime(99);
    (0..500).for_each(|line| large.push_str(&format!("line {line}\r\n")));
    let item = Item::new("99", Kind::Mail, Format::RFC5322, mailmove_core::Body::unpooled(large));
    let mut writes: Vec<Write> = (0..10).map(create).collect();
    writes.insert(4, Write::Create { item, mark: Mark::new("mark-99") });
    let verdicts = destination.write(&folder, &writes).await;
    for (at, verdict) in verdicts.iter().enumerate() {
        match at {
            4 => assert_eq!(verdict.as_ref().unwrap_err().kind(), ErrorKind::TooLarge),
            _ => assert!(verdict.is_ok(), "{at}: {verdict:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_read_again() {
    let server = server(Version::Exchange2016).await;
    let folder = filled(&server, 4);
    let source = connector(&server, Access::Owner).source(&mailbox(Side::Source)).await.unwrap();
    let items = list(source.as_ref(), &folder).await;
    server.faults().add(Fault::on("GetItem").times(1).then(Action::CutOutput { after: 900 }));
    let read = source.fetch(&items, &Format::RFC5322, &Spool::new(1 << 20)).await;
    assert!(read.iter().all(|verdict| verdict.is_ok()));
}

#[tokio::test]
async fn characters_that_xml_does_not_have_cost_nothing_but_themselves() {
    let server = EwsServer::builder().user(ADDRESS, SECRET).leak_control_characters().start().await;
    let mailbox_handle = server.mailbox(ADDRESS);
    mailbox_handle.create_folder("Odd", "IPF.Note");
    let bodies = [mime(1), mime(2).replace("mail 2", "odd \u{1a}\u{0}\u{ffff} mail"), mime(3)];
    mailbox_handle.add_all("Odd", bodies.iter().map(|body| NewItem::message(body.clone())));
    let folder = FolderId::new(mailbox_handle.folder_id("Odd"));
    let source = connector(&server, Access::Owner).source(&mailbox(Side::Source)).await.unwrap();
    let items = list(source.as_ref(), &folder).await;
    assert_eq!(items.len(), 3);
    let read = source.fetch(&items, &Format::RFC5322, &Spool::new(1 << 20)).await;
    for (body, read) in bodies.iter().zip(read) {
        assert_eq!(read.unwrap().body.bytes().unwrap(), body.as_bytes());
    }
}

#[tokio::test]
async fn a_server_without_web_services_says_what_to_do() {
    let server = EwsServer::builder().version(Version::Online).user(ADDRESS, SECRET).disabled().start().await;
    let verification = connector(&server, Access::Owner).verify(&mailbox(Side::Source)).await;
    let error = verification.error().unwrap();
    assert_eq!((error.kind(), error.side()), (ErrorKind::AccessDenied, Some(Side::Source)));
    assert!(error.to_string().contains("switched on"), "{error}");
}

#[tokio::test]
async fn an_account_that_may_not_impersonate_says_which_role_is_missing() {
    let server = EwsServer::builder().mailbox(ADDRESS).account("svc@example.org", SECRET).start().await;
    let error = connector(&server, Access::Impersonate).source(&mailbox(Side::Source)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert!(error.to_string().contains("ApplicationImpersonation"), "{error}");
}

#[tokio::test]
async fn an_old_mailbox_behind_a_new_server_is_spoken_to_in_its_own_version() {
    let server = EwsServer::builder()
        .version(Version::Exchange2016)
        .older_mailbox(ADDRESS, SECRET, Version::Exchange2007Sp1)
        .start()
        .await;
    let source = connector(&server, Access::Owner).source(&mailbox(Side::Source)).await.unwrap();
    assert!(source.capabilities().offers.iter().all(|route| route.format != Format::FASTTRANSFER));
    let folder = filled(&server, 2);
    assert_eq!(list(source.as_ref(), &folder).await.len(), 2);
}

#[tokio::test]
async fn a_wrong_answer_is_an_error_or_costs_nothing() {
    for mistake in Mistake::ALL {
        let server = server(Version::Exchange2016).await;
        let folder = filled(&server, 3);
        let connector = connector(&server, Access::Owner);
        let source = connector.source(&mailbox(Side::Source)).await.unwrap();
        let items = list(source.as_ref(), &folder).await;
        server.faults().add(Fault::on("GetItem").then(Mishap::Spoil(mistake)));
        let read = source.fetch(&items, &Format::RFC5322, &Spool::new(1 << 20)).await;
        assert_eq!(read.len(), 3);
        for (at, item) in read.into_iter().enumerate().filter_map(|(at, item)| Some((at, item.ok()?))) {
            assert_eq!(item.body.bytes().unwrap(), mime(at), "{mistake:?}");
        }
        server.faults().clear();
        server.faults().add(Fault::on("SyncFolderItems").then(Mishap::Spoil(mistake)));
        if let Ok(page) = source.changes(&FeedId::new(folder.as_str()), None, Detail::Listing).await {
            assert_eq!(page.changes.len(), 3, "{mistake:?}");
        }
    }
}
