//! Items of all kinds from elsewhere as streams: what Exchange makes of them, and what is read back.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use common::{ADDRESS, config, connector, server};
use mailmove_core::{
    Body, Change, Connector, Destination, Detail, FeedId, Flags, FolderId, Format, Item, Kind, Mailbox, Mark, Side,
    Source, Spool, Write, Written,
};
use mailmove_testkit::graph::GraphServer;

/// A meeting that comes again, with one moved occurrence and one that falls out.
const MEETING: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1@x\r\nDTSTAMP:20240101T000000Z\r\n\
    SUMMARY:Planning\r\nLOCATION:Room 4\r\nDESCRIPTION:What is next\r\nORGANIZER;CN=Boss:mailto:boss@x.example\r\n\
    ATTENDEE;CN=Ann;PARTSTAT=ACCEPTED:mailto:ann@example.org\r\n\
    ATTENDEE;CN=Bob;ROLE=OPT-PARTICIPANT;PARTSTAT=DECLINED:mailto:bob@example.org\r\n\
    DTSTART;TZID=Europe/Berlin:20240105T100000\r\nDTEND;TZID=Europe/Berlin:20240105T110000\r\n\
    RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=5\r\nEXDATE;TZID=Europe/Berlin:20240119T100000\r\n\
    ATTACH;FMTTYPE=text/plain;VALUE=BINARY;ENCODING=BASE64;X-FILENAME=agenda.txt:YWdlbmRh\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:1@x\r\nDTSTAMP:20240101T000000Z\r\nSUMMARY:Planning, late\r\n\
    RECURRENCE-ID;TZID=Europe/Berlin:20240112T100000\r\nDTSTART;TZID=Europe/Berlin:20240112T140000\r\n\
    DTEND;TZID=Europe/Berlin:20240112T150000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

const GROUP: &str = "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nUID:urn:1\r\nFN:The team\r\n\
    MEMBER:mailto:ann@example.org\r\nEND:VCARD\r\n";

const PERSON: &str = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:2\r\nFN:Ann Lee\r\nN:Lee;Ann;;;\r\nORG:Lee & Co;Sales\r\n\
    EMAIL:ann@example.org\r\nTEL;TYPE=work:+43 1\r\nADR;TYPE=home:;;Street 1;Vienna;;1010;Austria\r\n\
    NOTE:likes tea\r\nEND:VCARD\r\n";

const ENTRY: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VJOURNAL\r\nUID:3@x\r\nDTSTAMP:20240101T000000Z\r\n\
    SUMMARY:Call\r\nDTSTART:20240229T101112Z\r\nDESCRIPTION:was long\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n";

async fn ends(server: &GraphServer) -> (Arc<dyn Source>, Arc<dyn Destination>) {
    let connector = connector(config(server).with_foreign_streams());
    let source = connector.source(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap();
    (source, connector.destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap())
}

async fn written(server: &GraphServer, folder: &str, area: &str, kind: Kind, format: Format, text: &str) -> Written {
    let (_, destination) = ends(server).await;
    let mut item = Item::new("1", kind, format, Body::unpooled(text.as_bytes().to_vec()));
    item.flags = Flags::default().with_category("Red");
    let write = Write::Create { item, mark: Mark::new("m") };
    let written = destination.write(&place(server, folder, area), &[write]).await.swap_remove(0).unwrap();
    assert_eq!(written.via.as_str(), "import-session-foreign");
    written
}

fn place(server: &GraphServer, folder: &str, area: &str) -> FolderId {
    FolderId::new(format!("{area}:{}", server.mailbox(ADDRESS).folder_id(folder)))
}

/// The only item of a folder in its standard format, as lines; what each writer says of itself is left out.
async fn read(server: &GraphServer, folder: &str, area: &str, format: Format) -> BTreeSet<String> {
    let (source, _) = ends(server).await;
    let feed = FeedId::new(place(server, folder, area).as_str());
    let page = source.changes(&feed, None, Detail::Listing).await.unwrap();
    let items: Vec<_> = page
        .changes
        .into_iter()
        .filter_map(|change| if let Change::Present(item) = change { Some(item) } else { None })
        .collect();
    assert_eq!(items.len(), 1, "{folder}");
    assert!(items[0].flags.categories().eq(["Red"]), "{folder}");
    let item = source.fetch(&items, &format, &Spool::new(1 << 20)).await.swap_remove(0).unwrap();
    lines(&String::from_utf8_lossy(&item.body.bytes().unwrap()))
}

fn lines(text: &str) -> BTreeSet<String> {
    let idle = ["DTSTAMP", "CREATED", "LAST-MODIFIED", "PRODID", "VERSION", "CATEGORIES", "X-", "FILENAME"];
    let (mut lines, mut zone) = (BTreeSet::new(), false);
    for line in text.replace("\r\n ", "").lines() {
        zone = (zone || line == "BEGIN:VTIMEZONE") && line != "END:VTIMEZONE";
        if !zone && line != "END:VTIMEZONE" && !idle.iter().any(|name| line.starts_with(name)) {
            // The parts of a rule stand in no order.
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let parts: BTreeSet<&str> = value.split(';').filter(|part| *part != "INTERVAL=1").collect();
            lines.insert(match name {
                "RRULE" => format!("RRULE:{parts:?}"),
                _ => line.replace("\\,", ","),
            });
        }
    }
    lines
}

#[tokio::test]
async fn a_meeting_has_its_people_their_answers_and_its_exceptions() {
    let server = server().start().await;
    let meeting = written(&server, "Calendar", "calendars", Kind::Event, Format::ICALENDAR, MEETING).await;
    let codes: Vec<&str> = meeting.losses.iter().map(|loss| &*loss.code).collect();
    assert_eq!(codes, ["rendered-anew"]);
    let stored = &server.mailbox(ADDRESS).items("Calendar")[0];
    let people: Vec<(&str, &str, &str)> = stored.fields["attendees"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |at: &str| one.pointer(at).and_then(|value| value.as_str()).unwrap();
            (text("/emailAddress/address"), text("/type"), text("/status/response"))
        })
        .collect();
    assert_eq!(people, [("ann@example.org", "required", "accepted"), ("bob@example.org", "optional", "declined")]);
    assert_eq!(stored.fields["organizer"]["emailAddress"]["address"], "boss@x.example");
    assert_eq!(stored.fields["recurrence"]["pattern"]["daysOfWeek"], serde_json::json!(["friday"]));
    assert_eq!(stored.fields["recurrence"]["range"]["numberOfOccurrences"], 5);
    assert_eq!(stored.fields["start"]["timeZone"], "W. Europe Standard Time");
    assert_eq!((stored.attachments.len(), &stored.attachments[0].bytes[..]), (1, &b"agenda"[..]));
    assert_eq!(stored.exceptions.keys().collect::<Vec<_>>(), ["2024-01-12"]);
    assert_eq!(stored.exceptions["2024-01-12"].subject, "Planning, late");
    assert_eq!(stored.cancelled, ["2024-01-19"]);
    assert_eq!(server.log().counters().sent, 0);
    let back = read(&server, "Calendar", "calendars", Format::ICALENDAR).await;
    let missing: Vec<_> = ["ORGANIZER", "ATTENDEE", "DTSTART", "DTEND", "RRULE", "EXDATE", "RECURRENCE-ID", "SUMMARY"]
        .iter()
        .flat_map(|name| lines(MEETING).into_iter().filter(move |line| line.starts_with(name)))
        .filter(|line| !line.starts_with("ATTENDEE") && !back.contains(line))
        .collect();
    assert!(missing.is_empty(), "{missing:?} in {back:#?}");
    for (address, answer) in [("ann@example.org", "ACCEPTED"), ("bob@example.org", "DECLINED")] {
        let there = back.iter().any(|line| line.contains(address) && line.contains(answer));
        assert!(there, "{address}: {back:#?}");
    }
}

#[tokio::test]
async fn contacts_and_groups_arrive_with_their_fields() {
    let tenant = server().start().await;
    written(&tenant, "Contacts", "contacts", Kind::Contact, Format::VCARD, PERSON).await;
    let stored = &tenant.mailbox(ADDRESS).items("Contacts")[0];
    assert_eq!(stored.fields["emailAddresses"][0]["address"], "ann@example.org");
    let back = read(&tenant, "Contacts", "contacts", Format::VCARD).await;
    for line in ["UID:urn:2", "FN:Ann Lee", "EMAIL:ann@example.org", "NOTE:likes tea", "N:Lee;Ann;;;"] {
        assert!(back.contains(line), "{line} is missing in {back:#?}");
    }
    let tenant = server().start().await;
    written(&tenant, "Contacts", "contacts", Kind::Contact, Format::VCARD, GROUP).await;
    assert_eq!(tenant.mailbox(ADDRESS).items("Contacts")[0].class, "IPM.DistList");
    let back = read(&tenant, "Contacts", "contacts", Format::VCARD).await;
    assert!(lines(GROUP).is_subset(&back), "{back:#?}");
}

#[tokio::test]
async fn notes_and_journal_entries_arrive_as_what_they_are() {
    let server = server().start().await;
    let note = "Message-ID: <4@x>\r\nSubject: Shopping\r\n\r\nmilk";
    written(&server, "Notes", "notes", Kind::Note, Format::RFC5322, note).await;
    written(&server, "Journal", "journal", Kind::Journal, Format::ICALENDAR, ENTRY).await;
    let classes = ["Notes", "Journal"].map(|folder| server.mailbox(ADDRESS).items(folder)[0].class.clone());
    assert_eq!(classes, ["IPM.StickyNote", "IPM.Activity"]);
    let back = read(&server, "Notes", "notes", Format::RFC5322).await;
    assert!(back.contains("Message-ID: <4@x>") && back.contains("Subject: Shopping") && back.contains("bWlsaw=="));
    let back = read(&server, "Journal", "journal", Format::ICALENDAR).await;
    assert!(lines(ENTRY).is_subset(&back), "{back:#?}");
}

#[tokio::test]
async fn without_leave_nothing_from_elsewhere_becomes_a_stream() {
    let server = server().start().await;
    let destination = connector(config(&server)).destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap();
    let item = Item::new("1", Kind::Note, Format::RFC5322, Body::unpooled(b"Subject: x\r\n\r\n".to_vec()));
    let write = Write::Create { item, mark: Mark::new("m") };
    let refused = destination.write(&place(&server, "Notes", "notes"), &[write]).await.swap_remove(0).unwrap_err();
    assert_eq!(refused.kind(), mailmove_core::ErrorKind::Unsupported);
}
