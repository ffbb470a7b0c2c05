//! What hangs on events and tasks: written, read back, and never there twice or in part.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{ADDRESS, config, connector, server};
use mailmove_core::{
    Body, Change, Connector, Destination, Detail, Evidence, FeedId, Fingerprint, FolderId, Format, Item, ItemRef, Kind,
    Loss, Mailbox, Mark, Recovery, Result, Role, Side, Source, Spool, Wanted, Write, Written,
};
use mailmove_exchange::calendar::{Appointment, Attached, Occurrence, Task, from_icalendar, read_event, write_event};
use mailmove_graph::{GraphConfig, GraphConnector};
use mailmove_testkit::graph::{Action, AttachmentSnapshot, Fault, GraphServer, ItemSnapshot, NewItem};
use serde_json::json;
use time::macros::date;

const UPLOAD: &str = "PUT upload";
const UPLOAD_TO_TASK: &str = "PUT todo/lists/{id}/tasks/{id}/attachmentSessions/{id}/content";

struct Bench {
    server: GraphServer,
    connector: Arc<GraphConnector>,
    destination: Arc<dyn Destination>,
    spool: Spool,
}

impl Bench {
    async fn new() -> Self {
        let server = server().start().await;
        let connector = connector(GraphConfig::without_streams(config(&server)));
        let destination = connector.destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap();
        Self { server, connector, destination, spool: Spool::new(1 << 20) }
    }

    async fn folder(&self, kind: Kind) -> FolderId {
        let role = if kind == Kind::Event { Role::Calendar } else { Role::Tasks };
        let folders = self.destination.folders().await.unwrap();
        folders.into_iter().find(|folder| folder.role == Some(role)).unwrap().id
    }

    async fn write(&self, kind: Kind, body: Body) -> Result<Written> {
        let mut item = Item::new("1", kind, Format::ICALENDAR, body);
        item.fingerprint.uid = Some("1@x".to_owned());
        let write = Write::Create { item, mark: Mark::new("m") };
        self.destination.write(&self.folder(kind).await, &[write]).await.swap_remove(0)
    }

    async fn write_event(&self, event: &Appointment) -> Result<Written> {
        self.write(Kind::Event, write_event(event, &self.spool).unwrap()).await
    }

    async fn write_task(&self, task: &Task) -> Result<Written> {
        self.write(Kind::Task, task.write(&self.spool).unwrap()).await
    }

    async fn source(&self) -> Arc<dyn Source> {
        self.connector.source(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap()
    }

    async fn listed(&self, kind: Kind) -> Vec<ItemRef> {
        let feed = FeedId::new(self.folder(kind).await.as_str());
        let page = self.source().await.changes(&feed, None, Detail::Listing).await.unwrap();
        let present = |change| if let Change::Present(item) = change { Some(item) } else { None };
        page.changes.into_iter().filter_map(present).collect()
    }

    async fn read(&self, kind: Kind) -> Item {
        let items = self.listed(kind).await;
        assert_eq!(items.len(), 1);
        self.source().await.fetch(&items, &Format::ICALENDAR, &self.spool).await.swap_remove(0).unwrap()
    }

    async fn read_event(&self) -> (Appointment, Vec<String>) {
        let item = self.read(Kind::Event).await;
        let (mut event, _) = read_event(&item.body, &self.spool).unwrap();
        (event.created, event.modified) = (None, None);
        (event, codes(&item.losses))
    }

    async fn read_task(&self) -> (Task, Vec<String>) {
        let item = self.read(Kind::Task).await;
        let (mut task, _) = Task::read(&item.body, &self.spool).unwrap();
        (task.created, task.modified) = (None, None);
        (task, codes(&item.losses))
    }

    fn stored(&self, kind: Kind) -> Vec<ItemSnapshot> {
        self.server.mailbox(ADDRESS).items(if kind == Kind::Event { "Calendar" } else { "Tasks" })
    }
}

fn codes(losses: &[Loss]) -> Vec<String> {
    let mut codes: Vec<String> = losses.iter().map(|loss| loss.code.to_string()).collect();
    codes.sort();
    codes.retain(|code| code != "rendered-anew");
    codes
}

fn event(lines: &str, more: &str) -> Appointment {
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1@x\r\nDTSTAMP:20240101T000000Z\r\nSUMMARY:s\r\n\
         DTSTART;TZID=Europe/Berlin:20240304T100000\r\nDTEND;TZID=Europe/Berlin:20240304T110000\r\n\
         {lines}END:VEVENT\r\n{more}END:VCALENDAR\r\n"
    );
    let (mut event, _) = from_icalendar(text.as_bytes()).unwrap();
    (event.created, event.modified) = (None, None);
    event
}

fn bytes(length: usize) -> Body {
    Body::unpooled((0..length).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect::<Vec<_>>())
}

fn file(name: &str, length: usize) -> Attached {
    Attached::file(name, "application/octet-stream", bytes(length))
}

fn names(all: &[AttachmentSnapshot]) -> Vec<&str> {
    all.iter().map(|one| one.name.as_str()).collect()
}

#[tokio::test]
async fn files_of_every_size_come_back_from_an_event_byte_for_byte() {
    let bench = Bench::new().await;
    let mut before = event("", "");
    before.body.html = Some("<p>a <b>picture</b> <img src=\"cid:pic@x\"></p>".to_owned());
    before.body.plain = "a picture ".to_owned();
    let picture = Attached::file("p.png", "image/png", Body::unpooled(b"\x89PNG".to_vec()));
    let letter = "Subject: inside\r\nMessage-ID: <2@x>\r\n\r\ntext\r\n";
    before.attachments = vec![
        file("Bücher 1.bin", 1 << 10),
        file("3 MB", 3 << 20),
        file("9 MB", (9 << 20) + 1),
        Attached { content_id: Some("pic@x".to_owned()), ..picture },
        Attached::file("inside.eml", "message/rfc822", Body::unpooled(letter.as_bytes())),
        Attached::link("the plan", "https://example.org/plan"),
    ];
    let written = bench.write_event(&before).await.unwrap();
    assert_eq!(codes(&written.losses), ["attachment-links"]);
    let stored = bench.stored(Kind::Event).swap_remove(0);
    assert_eq!(names(&stored.attachments), ["Bücher 1.bin", "3 MB", "9 MB", "p.png", "inside"]);
    assert!(stored.attachments[4].item.is_some() && stored.attachments[3].inline);
    let (mut after, losses) = bench.read_event().await;
    assert!(losses.is_empty(), "{losses:?}");
    let item = after.attachments.remove(4);
    before.attachments.remove(4);
    let text = String::from_utf8_lossy(&item.body().unwrap().bytes().unwrap()).into_owned();
    assert!(item.name == "inside.eml" && text.contains("Subject: inside"), "{text}");
    assert_eq!(after.attachments, before.attachments);
    assert_eq!(after, before);
    assert_eq!(bench.server.log().counters().sent, 0);
}

#[tokio::test]
async fn an_occurrence_keeps_what_hangs_on_it_and_not_on_the_others() {
    let bench = Bench::new().await;
    let occurrence = |day: &str, lines: &str| {
        format!(
            "BEGIN:VEVENT\r\nUID:1@x\r\nDTSTAMP:20240101T000000Z\r\nSUMMARY:s\r\n\
             RECURRENCE-ID;TZID=Europe/Berlin:202403{day}T100000\r\nDTSTART;TZID=Europe/Berlin:202403{day}T100000\r\n\
             DTEND;TZID=Europe/Berlin:202403{day}T110000\r\n{lines}END:VEVENT\r\n"
        )
    };
    let more = ["11", "18", "25"].map(|day| occurrence(day, "LOCATION:elsewhere\r\n")).concat();
    let mut before = event("RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=6\r\n", &more);
    before.attachments = vec![file("a", 100), file("b", 200)];
    // One has others, one has none, one has those of the series; the last differs in nothing but what hangs there.
    before.changed[0].attachments = Some(vec![file("b", 200), file("c", (3 << 20) + 5)]);
    before.changed[1].attachments = Some(Vec::new());
    let mut last = Occurrence::new(date!(2024 - 04 - 01));
    last.attachments = Some(vec![file("d", 10)]);
    before.changed.push(last);
    let written = bench.write_event(&before).await.unwrap();
    assert_eq!(codes(&written.losses), Vec::<String>::new());
    let stored = bench.stored(Kind::Event).swap_remove(0);
    let of = |day: &str| names(&stored.exceptions[day].attachments).join(" ");
    assert_eq!([of("2024-03-11"), of("2024-03-18"), of("2024-03-25"), of("2024-04-01")], ["b c", "", "a b", "d"]);
    let (after, losses) = bench.read_event().await;
    assert!(losses.is_empty(), "{losses:?}");
    assert_eq!(after, before);
}

#[tokio::test]
async fn files_and_links_come_back_from_a_task() {
    let bench = Bench::new().await;
    let mut before = Task::new("1@x");
    before.subject = "Buy".to_owned();
    before.attachments =
        vec![file("small", 1000), file("large", 5 << 20), Attached::link("the shop", "https://example.org/shop")];
    assert_eq!(codes(&bench.write_task(&before).await.unwrap().losses), Vec::<String>::new());
    let stored = bench.stored(Kind::Task).swap_remove(0);
    assert_eq!(names(&stored.attachments), ["small", "large"]);
    let (after, losses) = bench.read_task().await;
    assert!(losses.is_empty(), "{losses:?}");
    assert_eq!(after, before);
}

#[tokio::test]
async fn what_is_too_large_for_a_task_is_named_and_the_task_is_kept() {
    let bench = Bench::new().await;
    let mut task = Task::new("1@x");
    task.attachments = vec![file("26 MB", 26 << 20), file("small", 10)];
    let written = bench.write_task(&task).await.unwrap();
    assert_eq!(codes(&written.losses), ["attachments"]);
    assert!(written.losses.iter().any(|loss| loss.text.contains("26 MB")));
    assert_eq!(names(&bench.stored(Kind::Task)[0].attachments), ["small"]);
}

#[tokio::test]
async fn what_hangs_there_and_cannot_be_read_is_named() {
    let bench = Bench::new().await;
    let when = json!({ "dateTime": "2024-02-29T10:00:00", "timeZone": "UTC" });
    let held = NewItem::message("Subject: held\r\n\r\ntext\r\n");
    let new = NewItem::event(json!({ "subject": "x", "start": when, "end": when }));
    let new = new.linking("elsewhere.docx").holding("held", held).attachment("a.txt", "abc");
    bench.server.mailbox(ADDRESS).add("Calendar", new);
    let (read, losses) = bench.read_event().await;
    assert_eq!(losses, ["attachments"]);
    let names: Vec<&str> = read.attachments.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["held.eml", "a.txt"]);
}

#[tokio::test]
async fn a_task_stays_where_the_door_to_its_files_is_shut() {
    let bench = Bench::new().await;
    let denied = || Action::Status { code: 403, body: "ErrorAccessDenied".to_owned(), retry_after: None };
    for operation in ["GET", "POST"] {
        let all = format!("{operation} todo/lists/{{id}}/tasks/{{id}}/attachments");
        bench.server.faults().add(Fault::on(&all).then(denied()));
    }
    let mut task = Task::new("1@x");
    task.attachments = vec![file("small", 10)];
    assert_eq!(codes(&bench.write_task(&task).await.unwrap().losses), ["attachments"]);
    bench.server.faults().clear();
    bench.server.mailbox(ADDRESS).add("Tasks", NewItem::task(json!({ "title": "t" })).attachment("a", "abc"));
    bench.server.faults().add(Fault::on("GET todo/lists/{id}/tasks/{id}/attachments").then(denied()));
    let items = bench.listed(Kind::Task).await;
    let read = bench.source().await.fetch(&items, &Format::ICALENDAR, &bench.spool).await;
    let told: Vec<Vec<String>> = read.into_iter().map(|item| codes(&item.unwrap().losses)).collect();
    assert!(told.len() == 2 && told.contains(&vec!["attachments".to_owned()]), "{told:?}");
}

#[tokio::test]
async fn a_place_for_a_file_of_a_task_that_is_denied_costs_the_file_alone() {
    let bench = Bench::new().await;
    let denied = Action::Status { code: 403, body: "ErrorAccessDenied".to_owned(), retry_after: None };
    bench.server.faults().add(Fault::on(UPLOAD_TO_TASK).then(denied));
    let mut task = Task::new("1@x");
    task.attachments = vec![file("large", 4 << 20), file("small", 10)];
    let written = bench.write_task(&task).await.unwrap();
    assert_eq!(codes(&written.losses), ["attachments"]);
    assert!(written.losses.iter().any(|loss| loss.text.contains("large")), "{:?}", written.losses);
}

#[tokio::test]
async fn what_cannot_be_taken_away_again_is_looked_for_before_it_is_written_again() {
    let bench = Bench::new().await;
    let refused = |code| Action::Status { code, body: "ErrorAccessDenied".to_owned(), retry_after: None };
    bench.server.faults().add(Fault::on("POST events/{id}/attachments").then(Action::CutBefore));
    let mut meeting = event("", "");
    meeting.attachments = vec![file("small", 10)];
    let error = bench.write_event(&meeting).await.unwrap_err();
    assert_eq!((error.recovery(), bench.stored(Kind::Event).len()), (Recovery::Requeue, 0), "{error}");
    bench.server.faults().add(Fault::on("POST events/{id}/permanentDelete").then(refused(403)));
    let error = bench.write_event(&meeting).await.unwrap_err();
    assert_eq!((error.recovery(), bench.stored(Kind::Event).len()), (Recovery::Locate, 1), "{error}");
}

/// An answer of success with this content.
fn answer(content: &serde_json::Value) -> Action {
    Action::Status { code: 200, body: content.to_string(), retry_after: None }
}

#[tokio::test]
async fn lists_that_have_pages_are_read_to_their_end() {
    let bench = Bench::new().await;
    let mut series = event("RRULE:FREQ=WEEKLY;COUNT=5\r\n", "");
    series.attachments = vec![file("a", 10), file("b", 20)];
    bench.write_event(&series).await.unwrap();
    let id = bench.listed(Kind::Event).await[0].id.clone();
    let at = |path: &str| format!("{}/v1.0/users/{ADDRESS}/events/{}{path}", bench.server.url(), id.as_str());
    // The entry, what of it is not like the rest, and the second page of that.
    let first = json!({
        "id": id.as_str(), "cancelledOccurrences": [], "exceptionOccurrences": [],
        "exceptionOccurrences@odata.nextLink": at("?$skip=10"),
    });
    let second = json!({ "value": [{
        "id": "AAMkSomething", "originalStart": "2024-03-11T09:00:00Z", "subject": "another",
        "start": { "dateTime": "2024-03-11T09:00:00.0000000", "timeZone": "UTC" },
        "end": { "dateTime": "2024-03-11T10:00:00.0000000", "timeZone": "UTC" },
        "showAs": "busy", "sensitivity": "normal", "importance": "normal", "hasAttachments": false,
    }] });
    bench.server.faults().add(Fault::on("GET events/{id}").nth(2).then(answer(&first)));
    bench.server.faults().add(Fault::on("GET events/{id}").nth(3).then(answer(&second)));
    let (read, _) = bench.read_event().await;
    let changed: Vec<_> = read.changed.iter().map(|changed| (changed.original, changed.subject.as_deref())).collect();
    assert_eq!(changed, [(date!(2024 - 03 - 11), Some("another"))]);

    bench.server.faults().clear();
    let cut = json!({ "value": [], "@odata.nextLink": at("/attachments?$select=id,name,contentType,size,isInline") });
    bench.server.faults().add(Fault::on("GET events/{id}/attachments").nth(1).then(answer(&cut)));
    let names: Vec<String> = bench.read_event().await.0.attachments.into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["a", "b"]);
}

/// Whatever happens on the way, in the end each file is there once, and the entry is whole.
async fn survives(kind: Kind, operation: &str, nth: u64, action: Action) {
    let bench = Bench::new().await;
    let fault = bench.server.faults().add(Fault::on(operation).nth(nth).then(action));
    let files = vec![file("first", 500), file("large", (4 << 20) + 7), file("last", 700)];
    let (mut task, mut meeting) = (Task::new("1@x"), event("", ""));
    (task.attachments, meeting.attachments) = (files.clone(), files);
    let mut tries = 0;
    loop {
        tries += 1;
        assert!(tries < 4, "{operation} {nth}");
        let written = match kind {
            Kind::Event => bench.write_event(&meeting).await,
            _ => bench.write_task(&task).await,
        };
        let Err(error) = written else { break };
        // Whoever tries again looks first, and takes away what is not whole.
        assert!(
            matches!(error.recovery(), Recovery::Requeue | Recovery::Locate | Recovery::Retry { .. }),
            "{operation} {nth}: {error}"
        );
        let mut print = Fingerprint::default();
        print.uid = Some("1@x".to_owned());
        let folder = bench.folder(kind).await;
        let found = bench.destination.locate(&folder, &[Wanted::Like(print)], None).await.unwrap().swap_remove(0);
        for one in found {
            assert!(!one.complete && one.by == Evidence::Uid, "{operation} {nth}: {one:?}");
            let remove = Write::Remove { id: one.id, expect: None };
            bench.destination.write(&folder, &[remove]).await.swap_remove(0).unwrap();
        }
    }
    assert_eq!(bench.server.faults().strikes(fault), 1, "{operation} {nth}");
    let stored = bench.stored(kind);
    assert_eq!(stored.len(), 1, "{operation} {nth}");
    assert_eq!(names(&stored[0].attachments), ["first", "large", "last"], "{operation} {nth}");
    match kind {
        Kind::Event => assert_eq!(bench.read_event().await.0, meeting),
        _ => assert_eq!(bench.read_task().await.0, task),
    }
}

#[tokio::test]
async fn an_upload_that_breaks_off_loses_and_doubles_nothing() {
    let status = |code| Action::Status { code, body: String::new(), retry_after: Some(Duration::from_millis(100)) };
    // The first of two ranges, and the last.
    for (kind, operation) in [(Kind::Event, UPLOAD), (Kind::Task, UPLOAD_TO_TASK)] {
        for nth in 1..=2 {
            survives(kind, operation, nth, Action::CutBefore).await;
            survives(kind, operation, nth, Action::LoseAnswer).await;
        }
        survives(kind, operation, 2, status(429)).await;
        survives(kind, operation, 2, status(404)).await;
    }
}

#[tokio::test]
async fn a_file_of_which_the_answer_is_lost_is_not_there_twice() {
    for (kind, add, mark) in [
        (Kind::Event, "POST events/{id}/attachments", "PATCH events/{id}"),
        (
            Kind::Task,
            "POST todo/lists/{id}/tasks/{id}/attachments",
            "PATCH todo/lists/{id}/tasks/{id}/linkedResources/{id}",
        ),
    ] {
        survives(kind, add, 1, Action::LoseAnswer).await;
        survives(kind, add, 2, Action::CutBefore).await;
        survives(kind, mark, 1, Action::CutBefore).await;
        survives(kind, mark, 1, Action::LoseAnswer).await;
    }
}
