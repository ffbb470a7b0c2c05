//! Streams that are made here, given to a server whose reader shares no code with this crate.
#![allow(clippy::unwrap_used)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailmove_core::{Body, Flags, Format, Item, ItemFlags, Kind, Spool};
use mailmove_exchange::fts::{Options, write};
use mailmove_testkit::ews::{EwsServer, ItemSnapshot};
use time::macros::datetime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const USER: &str = "ann@x.test";

fn item(kind: Kind, format: Format, text: &str) -> Item {
    Item::new("1", kind, format, Body::unpooled(text.as_bytes().to_vec()))
}

/// What the server has when the item was uploaded as a stream.
async fn uploaded(item: &Item, folder: &str) -> (ItemSnapshot, EwsServer, Vec<u8>) {
    let server = EwsServer::builder().user(USER, "secret").start().await;
    let (stream, _) = write(item, &Options::marked("mm-7"), &Spool::new(1 << 20)).unwrap();
    let stream = stream.bytes().unwrap().to_vec();
    let envelope = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\" \
         xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><s:Header><t:RequestServerVersion \
         Version=\"Exchange2016\"/></s:Header><s:Body><m:UploadItems><m:Items><t:Item CreateAction=\"CreateNew\">\
         <t:ParentFolderId Id=\"{}\"/><t:Data>{}</t:Data></t:Item></m:Items></m:UploadItems></s:Body></s:Envelope>",
        server.mailbox(USER).folder_id(folder),
        STANDARD.encode(&stream)
    );
    let mut connection = TcpStream::connect(server.addr()).await.unwrap();
    let head = format!(
        "POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml; charset=utf-8\r\n\
         Authorization: Basic {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        STANDARD.encode(format!("{USER}:secret")),
        envelope.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(envelope.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("ResponseClass=\"Success\""), "{answer}");
    let snapshot = server.mailbox(USER).items(folder).pop().unwrap();
    (snapshot, server, stream)
}

#[tokio::test]
async fn a_mail_arrives_whole_and_is_no_draft() {
    let text = "From: Ann <a@x.test>\r\nTo: Bob <b@x.test>\r\nCc: c@x.test\r\nSubject: Re: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\
        Date: Mon, 1 Jan 2024 00:00:00 +0000\r\nMessage-ID: <1@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHallo \u{fc}\r\n\
        --b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAAECAw==\r\n\
        --b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ndeep\r\n--b--\r\n";
    let mut mail = item(Kind::Mail, Format::RFC5322, text);
    mail.flags = Flags::new(ItemFlags::SEEN | ItemFlags::FLAGGED).with_category("Red").with_category("Blue");
    mail.received = Some(datetime!(2024-01-02 03:04:05.678 UTC));
    let (found, server, stream) = uploaded(&mail, "Inbox").await;
    assert_eq!((&found.class[..], &found.subject[..], found.body.trim()), ("IPM.Note", "Re: Grüße", "Hallo \u{fc}"));
    assert_eq!((found.read, found.draft, found.flagged), (true, false, true));
    assert_eq!((found.received, found.sent), (mail.received.unwrap(), Some(datetime!(2024-01-01 0:00 UTC))));
    let mut categories = found.categories.clone();
    categories.sort();
    assert_eq!(categories, ["Blue", "Red"]);
    let names: Vec<_> = found.attachments.iter().map(|one| (&one.name[..], &one.content_type[..])).collect();
    assert_eq!(names[0], ("a.pdf", "application/pdf"));
    assert_eq!((names.len(), &found.attachments[0].bytes[..]), (2, &[0, 1, 2, 3][..]));
    assert_eq!(server.mailbox(USER).named(&found.id, "X-Mailmove-Mark").as_deref(), Some("mm-7"));
    assert_eq!(found.stream.as_deref(), Some(&stream[..]));
    assert_eq!(server.log().counters().sent, 0);
}

#[tokio::test]
async fn an_unread_draft_arrives_as_one() {
    let mut mail = item(Kind::Mail, Format::RFC5322, "Subject: x\r\n\r\nlater");
    mail.flags = Flags::new(ItemFlags::DRAFT);
    let (found, ..) = uploaded(&mail, "Drafts").await;
    assert_eq!((found.read, found.draft), (false, true));
}

#[tokio::test]
async fn a_series_with_exceptions_arrives_and_nobody_is_told() {
    let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1@x\r\nSUMMARY:Weekly\r\nLOCATION:here\r\n\
        DTSTART;TZID=Europe/Berlin:20240108T100000\r\nDTEND;TZID=Europe/Berlin:20240108T110000\r\n\
        RRULE:FREQ=WEEKLY;COUNT=5\r\nEXDATE;TZID=Europe/Berlin:20240115T100000\r\nCATEGORIES:Blue\r\n\
        ORGANIZER:mailto:boss@x.test\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@x.test\r\nEND:VEVENT\r\n\
        BEGIN:VEVENT\r\nUID:1@x\r\nSUMMARY:Moved\r\nRECURRENCE-ID;TZID=Europe/Berlin:20240122T100000\r\n\
        DTSTART;TZID=Europe/Berlin:20240123T120000\r\nDTEND;TZID=Europe/Berlin:20240123T130000\r\nEND:VEVENT\r\n\
        END:VCALENDAR\r\n";
    let (found, server, _) = uploaded(&item(Kind::Event, Format::ICALENDAR, text), "Calendar").await;
    assert_eq!((&found.class[..], &found.subject[..]), ("IPM.Appointment", "Weekly"));
    assert_eq!((found.categories, found.attachments.len()), (vec!["Blue".to_owned()], 1));
    assert_eq!(server.log().counters().sent, 0);
}

#[tokio::test]
async fn tasks_contacts_and_groups_arrive() {
    let task = "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:1\r\nSUMMARY:Buy\r\nDUE;VALUE=DATE:20240108\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";
    let (found, ..) = uploaded(&item(Kind::Task, Format::ICALENDAR, task), "Tasks").await;
    assert_eq!((&found.class[..], &found.subject[..]), ("IPM.Task", "Buy"));
    let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:7\r\nFN:Ann Lee\r\nEMAIL:a@x\r\nPHOTO:data:image/png;base64,AAAA\r\nEND:VCARD\r\n";
    let (found, ..) = uploaded(&item(Kind::Contact, Format::VCARD, card), "Contacts").await;
    assert_eq!((&found.class[..], found.attachments.len()), ("IPM.Contact", 1));
    let group = "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nFN:Team\r\nMEMBER:mailto:a@x\r\nEND:VCARD\r\n";
    let (found, ..) = uploaded(&item(Kind::Contact, Format::VCARD, group), "Contacts").await;
    assert_eq!((&found.class[..], &found.subject[..]), ("IPM.DistList", "Team"));
}
