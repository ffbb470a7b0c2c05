//! Mail from elsewhere: written as JSON, looked at past the protocol, and read back.
#![allow(clippy::unwrap_used)]

mod common;

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{ADDRESS, config, connector, server};
use mailmove_core::{
    Connector, Destination, Digest, Fingerprint, Flags, FolderId, Format, Item, ItemFlags, Kind, Mailbox, Mark,
    NewFolder, Recovery, Result, Side, Spool, Wanted, Write, Written,
};
use mailmove_graph::GraphConfig;
use mailmove_testkit::graph::{Action, Fault, GraphServer, ItemSnapshot};
use mailmove_testkit::nasty;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

const FOLDER: &str = "Letters";

async fn destination(server: &GraphServer) -> Arc<dyn Destination> {
    let config = GraphConfig::without_streams(config(server));
    connector(config).destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap()
}

async fn write(destination: &dyn Destination, items: Vec<Item>) -> Vec<Result<Written>> {
    let folder = destination.ensure_folders(&[NewFolder::new(vec![FOLDER.to_owned()])]).await.swap_remove(0).unwrap();
    let create = |(at, item)| Write::Create { item, mark: Mark::new(format!("mark-{at}")) };
    let batch: Vec<Write> = items.into_iter().enumerate().map(create).collect();
    destination.write(&folder.id, &batch).await
}

fn mail(text: impl Into<Vec<u8>>) -> Item {
    let body = Spool::new(1 << 20).body(text.into()).unwrap();
    Item::new("1", Kind::Mail, Format::RFC5322, body)
}

fn stored(server: &GraphServer) -> Vec<ItemSnapshot> {
    server.mailbox(ADDRESS).items(FOLDER)
}

/// How many messages are where they are put together.
fn in_progress(server: &GraphServer) -> usize {
    let folders = server.mailbox(ADDRESS).snapshot().into_iter();
    folders.filter(|folder| folder.path == "mailmove-in-progress").map(|folder| folder.items.len()).sum()
}

/// Bytes that differ from place to place.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

/// A message with one attachment of this size, spooled as it is made.
fn with_attachment(length: usize, spool: &Spool) -> Item {
    let mut writer = spool.writer();
    let head = format!(
        "Subject: {length} bytes\r\nMessage-ID: <{length}@example.org>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n\
         Content-Type: application/octet-stream; name=large.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    );
    writer.write(head.as_bytes()).unwrap();
    for piece in bytes(length).chunks(57 * 1000) {
        let mut lines = String::new();
        piece.chunks(57).for_each(|line| writeln!(lines, "{}\r", STANDARD.encode(line)).unwrap());
        writer.write(lines.as_bytes()).unwrap();
    }
    writer.write(b"--b--\r\n").unwrap();
    Item::new("1", Kind::Mail, Format::RFC5322, writer.finish().unwrap())
}

async fn attachments_arrive(sizes: &[usize]) {
    let server = server().start().await;
    let (destination, spool) = (destination(&server).await, Spool::new(8 << 20));
    for size in sizes {
        let verdict = write(destination.as_ref(), vec![with_attachment(*size, &spool)]).await.swap_remove(0);
        verdict.unwrap();
        assert!(spool.used() <= spool.capacity());
        let items = stored(&server);
        let item = items.iter().find(|item| item.subject == format!("{size} bytes")).unwrap();
        assert!(!item.draft);
        assert_eq!(item.attachments.len(), 1);
        let same = Digest::of(&item.attachments[0].bytes) == Digest::of(&bytes(*size));
        assert!(same, "an attachment of {size} bytes is another");
        assert_eq!(item.attachments[0].name, "large.bin");
    }
    // Where messages were put together nothing is left.
    let left: usize =
        server.mailbox(ADDRESS).snapshot().iter().filter(|folder| folder.hidden).map(|f| f.items.len()).sum();
    assert_eq!(left, 0);
}

/// Along with the message, by itself, in one range and in three; `scripts/interop graph` sends up to 140 MB.
#[tokio::test]
async fn attachments_arrive_byte_for_byte() {
    attachments_arrive(&[1 << 10, 2_000_000, 3_000_000, 3_145_000, 3 << 20, (8 << 20) + 1]).await;
}

#[tokio::test]
async fn mail_is_no_draft_and_keeps_what_people_see_of_it() {
    let server = server().start().await;
    let mut item = mail(
        "Date: Mon, 1 Jan 2024 01:00:00 +0100\r\nFrom: Ann <ann@example.org>\r\nTo: Bob <bob@example.org>\r\n\
         Cc: c@example.org\r\nMessage-ID: <1@example.org>\r\nSubject: =?utf-8?Q?gr=C3=BC=C3=9Fe?=\r\nX-Kept: yes\r\n\
         Importance: high\r\nReferences: <0@example.org>\r\nReceived: from here by there\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
         <p>hi <img src=\"cid:1\"></p>\r\n--r\r\nContent-Type: image/png; name=a.png\r\nContent-ID: <1>\r\n\
         Content-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--r--\r\n",
    );
    item.received = OffsetDateTime::from_unix_timestamp(1_000_000_000).ok();
    item.flags = Flags::new(ItemFlags::SEEN | ItemFlags::FLAGGED).with_category("Red");
    let destination = destination(&server).await;
    write(destination.as_ref(), vec![item]).await.swap_remove(0).unwrap();
    let stored = stored(&server).swap_remove(0);
    assert_eq!((stored.draft, stored.read, stored.flagged), (false, true, true));
    assert_eq!(stored.received.unix_timestamp(), 1_000_000_000);
    assert_eq!(stored.sent.unwrap().unix_timestamp(), 1_704_067_200);
    assert_eq!((stored.subject.as_str(), stored.categories.as_slice()), ("grüße", &["Red".to_owned()][..]));
    assert_eq!((stored.attachments[0].inline, stored.attachments[0].content_id.as_deref()), (true, Some("1")));
    assert_eq!(&stored.attachments[0].bytes[..], b"\x89PNG");
    let header: Vec<&String> =
        stored.properties.values().flatten().filter(|value| value.contains("Received: from here")).collect();
    assert_eq!(header.len(), 1, "{:?}", stored.properties);
    assert_eq!(server.log().counters().sent, 0);
}

#[tokio::test]
async fn a_mail_in_a_mail_in_a_mail_stays_three_mails() {
    let server = server().start().await;
    let inner = "Subject: three\r\nMessage-ID: <3@x>\r\n\r\ninnermost\r\n";
    let nested = |subject: &str, inside: &str| {
        format!(
            "Subject: {subject}\r\nContent-Type: multipart/mixed; boundary={subject}\r\n\r\n--{subject}\r\n\r\ntext of {subject}\r\n\
             --{subject}\r\nContent-Type: message/rfc822\r\n\r\n{inside}\r\n--{subject}--\r\n"
        )
    };
    let item = mail(nested("one", &nested("two", inner)));
    write(destination(&server).await.as_ref(), vec![item]).await.swap_remove(0).unwrap();
    let one = stored(&server).swap_remove(0);
    let mime = String::from_utf8_lossy(&one.attachments[0].bytes).into_owned();
    assert_eq!(one.attachments[0].name, "two");
    assert!(mime.contains("Subject: two") && mime.contains("Subject: three"), "{mime}");
}

#[tokio::test]
async fn nasty_mail_is_never_a_draft() {
    let server = server().start().await;
    let samples = nasty::samples(Kind::Mail);
    let items: Vec<Item> = samples.iter().map(|sample| mail(sample.bytes.to_vec())).collect();
    let destination = destination(&server).await;
    let mut taken = 0;
    for items in items.chunks(20) {
        taken += write(destination.as_ref(), items.to_vec()).await.into_iter().filter(Result::is_ok).count();
    }
    let stored = stored(&server);
    assert_eq!((taken, stored.len()), (samples.len(), samples.len()));
    assert!(stored.iter().all(|item| !item.draft));
}

#[tokio::test]
async fn a_mailbox_over_its_limit_is_waited_for_and_nothing_is_doubled() {
    let server = server().start().await;
    let busy = |code| Action::Status { code, body: String::new(), retry_after: Some(Duration::from_millis(200)) };
    server.faults().add(Fault::on("POST mailFolders/{id}/messages").nth(3).then(busy(429)));
    server.faults().add(Fault::on("POST $batch").nth(4).then(busy(503)));
    let items = (1..=8).map(|number| mail(nasty::harmless(Kind::Mail, number).to_vec())).collect();
    let verdicts = write(destination(&server).await.as_ref(), items).await;
    assert!(verdicts.iter().all(Result::is_ok), "{verdicts:?}");
    let subjects: Vec<String> = stored(&server).into_iter().map(|item| item.subject).collect();
    let expected: Vec<String> = (1..=8).map(|number| format!("number {number}")).collect();
    assert_eq!(subjects, expected);
}

#[tokio::test]
async fn what_a_run_left_behind_that_died_is_swept() {
    let server = server().start().await;
    let spool = Spool::new(1 << 20);
    server.faults().add(Fault::on("POST messages/{id}/attachments/createUploadSession").then(Action::CutBefore));
    let first = destination(&server).await;
    let dropped =
        tokio::time::timeout(Duration::from_secs(2), write(first.as_ref(), vec![with_attachment(4 << 20, &spool)]));
    _ = dropped.await;
    server.faults().clear();
    let again = destination(&server).await;
    assert_eq!(in_progress(&server), 0);
    write(again.as_ref(), vec![with_attachment(4 << 20, &spool)]).await.swap_remove(0).unwrap();
    assert_eq!((stored(&server).len(), in_progress(&server)), (1, 0));
}

#[tokio::test]
async fn an_address_for_a_large_file_that_is_over_costs_a_repeat_and_no_item() {
    let server = server().start().await;
    let (destination, spool) = (destination(&server).await, Spool::new(1 << 20));
    let gone = Action::Status { code: 404, body: String::new(), retry_after: None };
    server.faults().add(Fault::on("PUT upload").nth(2).then(gone));
    let large = with_attachment(9 << 20, &spool);
    let error = write(destination.as_ref(), vec![large.clone()]).await.swap_remove(0).unwrap_err();
    assert_eq!(error.recovery(), Recovery::Requeue, "{error}");
    write(destination.as_ref(), vec![large]).await.swap_remove(0).unwrap();
    assert_eq!((stored(&server).len(), in_progress(&server)), (1, 0));
}

#[tokio::test]
async fn a_look_that_breaks_in_the_middle_is_made_again_from_where_it_began() {
    let server = server().page(2).start().await;
    let mailbox = server.mailbox(ADDRESS);
    for number in 0..5 {
        mailbox.add("Inbox", format!("Subject: {number}\r\nMessage-ID: <{number}@example.org>\r\n\r\n"));
    }
    let destination = destination(&server).await;
    let inbox = FolderId::new(format!("mail:{}", mailbox.folder_id("Inbox")));
    let wanted = |number: usize| {
        let mut print = Fingerprint::default();
        print.uid = Some(format!("<{number}@example.org>"));
        Wanted::Like(print)
    };
    let wanted: Vec<Wanted> = (0..5).map(wanted).collect();
    let refused = Action::Status { code: 403, body: "ErrorAccessDenied".to_owned(), retry_after: None };
    server.faults().add(Fault::on("GET mailFolders/{id}/messages/delta").nth(2).then(refused));
    destination.locate(&inbox, &wanted, None).await.unwrap_err();
    let found = destination.locate(&inbox, &wanted, None).await.unwrap();
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [1; 5]);
}
