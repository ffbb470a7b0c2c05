//! Events, contacts and tasks: written by their fields, read back as they were.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::{ADDRESS, config, connector, server};
use mailmove_core::{
    Change, Connector, Destination, Detail, FeedId, Fingerprint, FolderId, Format, Item, Kind, Mailbox, Mark,
    NewFolder, Role, Side, Spool, Wanted, Write, Written,
};
use mailmove_exchange::calendar::{Appointment, from_icalendar};
use mailmove_graph::{GraphConfig, GraphConnector};
use mailmove_testkit::graph::{GraphServer, NewItem};
use serde_json::json;

struct Pair {
    server: GraphServer,
    connector: Arc<GraphConnector>,
    destination: Arc<dyn Destination>,
}

impl Pair {
    async fn new() -> Self {
        let server = server().start().await;
        let connector = connector(GraphConfig::without_streams(config(&server)));
        let destination = connector.destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap();
        Self { server, connector, destination }
    }

    /// Writes one item into a folder of its kind, and reads what is there then.
    async fn there_and_back(&self, kind: Kind, format: &Format, text: &str) -> (Written, Item) {
        let mut folder = NewFolder::new(vec![format!("Some {kind}")]);
        folder.kinds = vec![kind];
        let place = self.destination.ensure_folders(&[folder]).await.swap_remove(0).unwrap().id;
        let mut item = Item::new("1", kind, format.clone(), Spool::new(1 << 20).body(text.to_owned()).unwrap());
        item.fingerprint.uid = Some("1@x".to_owned());
        let write = Write::Create { item, mark: Mark::new("m") };
        let written = self.destination.write(&place, &[write]).await.swap_remove(0).unwrap();
        (written, self.read(&place, format).await)
    }

    async fn read(&self, place: &FolderId, format: &Format) -> Item {
        let source = self.connector.source(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap();
        let page = source.changes(&FeedId::new(place.as_str()), None, Detail::Listing).await.unwrap();
        let present = |change| if let Change::Present(item) = change { Some(item) } else { None };
        let items: Vec<_> = page.changes.into_iter().filter_map(present).collect();
        assert_eq!(items.len(), 1);
        source.fetch(&items, format, &Spool::new(1 << 20)).await.swap_remove(0).unwrap()
    }
}

fn event(lines: &str, more: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1@x\r\nDTSTAMP:20240101T000000Z\r\n{lines}END:VEVENT\r\n{more}END:VCALENDAR\r\n"
    )
}

fn appointment(text: &str) -> Appointment {
    let (mut appointment, _) = from_icalendar(text.as_bytes()).unwrap();
    (appointment.created, appointment.modified) = (None, None);
    appointment
}

#[tokio::test]
async fn series_come_back_with_what_was_moved_changed_and_deleted() {
    let zone = "DTSTART;TZID=Europe/Berlin:20240304T100000\r\nDTEND;TZID=Europe/Berlin:20240304T110000\r\n";
    let moved = "BEGIN:VEVENT\r\nUID:1@x\r\nDTSTAMP:20240101T000000Z\r\nSUMMARY:moved\r\n\
                 RECURRENCE-ID;TZID=Europe/Berlin:20240318T100000\r\nDTSTART;TZID=Europe/Berlin:20240318T140000\r\n\
                 DTEND;TZID=Europe/Berlin:20240318T150000\r\nEND:VEVENT\r\n";
    for (name, lines, more) in [
        (
            "weekly",
            format!(
                "SUMMARY:weekly\r\n{zone}RRULE:FREQ=WEEKLY;COUNT=6\r\nEXDATE;TZID=Europe/Berlin:20240311T100000\r\n"
            ),
            moved,
        ),
        ("by position", format!("SUMMARY:position\r\n{zone}RRULE:FREQ=MONTHLY;BYDAY=1MO;COUNT=4\r\n"), ""),
        ("yearly", format!("SUMMARY:yearly\r\n{zone}RRULE:FREQ=YEARLY;UNTIL=20300304T090000Z\r\n"), ""),
        ("whole days", "SUMMARY:days\r\nDTSTART;VALUE=DATE:20240304\r\nDTEND;VALUE=DATE:20240306\r\n".to_owned(), ""),
    ] {
        let pair = Pair::new().await;
        let text = event(&lines, more);
        let (written, read) = pair.there_and_back(Kind::Event, &Format::ICALENDAR, &text).await;
        assert!(written.losses.iter().all(|loss| loss.code == "rendered-anew"), "{name}: {:?}", written.losses);
        let back = appointment(&String::from_utf8_lossy(&read.body.bytes().unwrap()));
        assert_eq!(back, appointment(&text), "{name}");
        assert_eq!(pair.server.log().counters().sent, 0);
    }
}

#[tokio::test]
async fn people_of_a_meeting_come_back_with_their_answers_and_nobody_is_told() {
    let pair = Pair::new().await;
    let text = event(
        "SUMMARY:meet\r\nDTSTART:20240304T100000Z\r\nDTEND:20240304T110000Z\r\nORGANIZER;CN=A:mailto:a@example.org\r\n\
         ATTENDEE;CN=B;PARTSTAT=ACCEPTED:mailto:b@example.org\r\nATTENDEE;ROLE=OPT-PARTICIPANT:mailto:c@example.org\r\n",
        "",
    );
    let (written, read) = pair.there_and_back(Kind::Event, &Format::ICALENDAR, &text).await;
    assert!(written.losses.iter().any(|loss| loss.code == "attendees"));
    assert_eq!(appointment(&String::from_utf8_lossy(&read.body.bytes().unwrap())), appointment(&text));
    assert_eq!(pair.server.log().counters().sent, 0);
}

#[tokio::test]
async fn a_contact_and_a_task_come_back() {
    let pair = Pair::new().await;
    let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:1@x\r\nFN:Ann Lee\r\nN:Lee;Ann;;;\r\nEMAIL:a@x\r\nTEL;TYPE=cell:+43 1\r\n\
                ORG:R&D;Lab\r\nX-ODD:value\r\nEND:VCARD\r\n";
    let (_, read) = pair.there_and_back(Kind::Contact, &Format::VCARD, card).await;
    let back = String::from_utf8_lossy(&read.body.bytes().unwrap()).into_owned();
    for line in ["UID:1@x", "FN:Ann Lee", "EMAIL:a@x", "TEL;TYPE=cell:+43 1", "ORG:R&D;Lab", "X-ODD:value"] {
        assert!(back.contains(line), "{line} is missing in\n{back}");
    }
    let todo = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:1@x\r\nDTSTAMP:20240101T000000Z\r\nSUMMARY:Buy\r\n\
                DUE;VALUE=DATE:20240302\r\nPRIORITY:1\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";
    let (_, read) = pair.there_and_back(Kind::Task, &Format::ICALENDAR, todo).await;
    let back = String::from_utf8_lossy(&read.body.bytes().unwrap()).into_owned();
    for line in ["UID:1@x", "SUMMARY:Buy", "DUE;VALUE=DATE:20240302", "PRIORITY:1"] {
        assert!(back.contains(line), "{line} is missing in\n{back}");
    }
}

#[tokio::test]
async fn a_thousand_events_are_listed_in_two_requests() {
    let pair = Pair::new().await;
    let new = |number: u32| {
        let when = json!({ "dateTime": "2024-02-29T10:00:00", "timeZone": "UTC" });
        let body = json!({ "contentType": "text", "content": "much to say ".repeat(100) });
        NewItem::event(json!({ "subject": format!("event {number}"), "body": body, "start": when, "end": when }))
    };
    pair.server.mailbox(ADDRESS).add_all("Calendar", (0..1000).map(new));
    let source = pair.connector.source(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap();
    let folders = source.folders().await.unwrap();
    let feed = FeedId::new(folders.into_iter().find(|one| one.role == Some(Role::Calendar)).unwrap().id.as_str());
    let before = pair.server.log().counters();
    let (mut after, mut count) = (None, 0);
    loop {
        let page = source.changes(&feed, after.as_ref(), Detail::Listing).await.unwrap();
        count += page.changes.len();
        if !page.more {
            break;
        }
        after = Some(page.next);
    }
    let counters = pair.server.log().counters();
    let (requests, bytes) = (counters.requests() - before.requests(), counters.bytes_out - before.bytes_out);
    assert_eq!((count, requests), (1000, 2));
    assert!(bytes < 400_000, "{bytes} bytes");
}

#[tokio::test]
async fn a_look_at_tasks_asks_for_no_texts_and_goes_page_by_page() {
    let server = server().page(2).start().await;
    let connector = connector(GraphConfig::without_streams(config(&server)));
    let destination = connector.destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap();
    let ids =
        server.mailbox(ADDRESS).add_all("Tasks", (0..5).map(|n| NewItem::task(json!({ "title": n.to_string() }))));
    let folders = destination.folders().await.unwrap();
    let folder = folders.into_iter().find(|folder| folder.role == Some(Role::Tasks)).unwrap().id;
    let wanted = |id: &String| {
        let mut print = Fingerprint::default();
        print.uid = Some(id.clone());
        Wanted::Like(print)
    };
    let wanted: Vec<Wanted> = ids.iter().map(wanted).collect();
    let found = destination.locate(&folder, &wanted, None).await.unwrap();
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [1; 5]);
    let asked =
        server.log().requests().into_iter().filter(|one| one.operation.starts_with("GET todo/lists/{id}/tasks"));
    let paths: Vec<String> = asked.map(|one| one.path).collect();
    assert!(paths.len() >= 8 && paths.iter().all(|path| path.contains("select=id")), "{paths:#?}");
    // An id of a look is as good as one of a listing.
    let remove = Write::Remove { id: found[0][0].id.clone(), expect: found[0][0].revision.clone() };
    destination.write(&folder, &[remove]).await.swap_remove(0).unwrap();
    assert_eq!(server.mailbox(ADDRESS).count("Tasks"), 4);
}
