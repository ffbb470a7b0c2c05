//! Calendars between Exchange and Graph by their items: what is read back is what was written, or what is not is named.

use std::collections::BTreeSet;

use mailmove::{Body, Change, Detail, FeedId, Folder, Format, Item, Kind, Mailbox, Mark, Role, Side, Spool, Write};
use mailmove_exchange::calendar::{Appointment, read_event};

use crate::ends::{ADDRESS, End, Make, Streams};

const ONLINE: Make = Make::Graph(Streams::No);
const WAYS: [(Make, Make); 3] = [(Make::Exchange, ONLINE), (ONLINE, Make::Exchange), (ONLINE, ONLINE)];

/// What always is said of a road by fields: it is made anew.
const ALWAYS: [&str; 1] = ["rendered-anew"];

fn calendar(own: &str, exceptions: &[String]) -> String {
    let event = |lines: &str| {
        format!("BEGIN:VEVENT\r\nUID:1@x\r\nDTSTAMP:20240101T000000Z\r\nSUMMARY:s\r\n{lines}END:VEVENT\r\n")
    };
    let exceptions: String = exceptions.iter().map(|lines| event(lines)).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}{exceptions}END:VCALENDAR\r\n", event(own))
}

fn appointment(body: &Body) -> Appointment {
    let (mut read, _) = read_event(body, &Spool::new(1 << 20)).unwrap();
    (read.created, read.modified) = (None, None);
    read
}

/// Writes an event into a mailbox; what was lost of it.
async fn put(end: &End, item: Item) -> BTreeSet<String> {
    let destination = end.connector().destination(&Mailbox::new(Side::Destination, ADDRESS)).await.unwrap();
    let folder = own_calendar(destination.folders().await.unwrap());
    let losses = item.losses.clone();
    let write = Write::Create { item, mark: Mark::new("mm-1") };
    let written = destination.write(&folder.id, &[write]).await.swap_remove(0).unwrap();
    losses.into_iter().chain(written.losses).map(|loss| loss.code.to_string()).collect()
}

/// The one event of a mailbox.
async fn take(end: &End) -> Item {
    let source = end.connector().source(&Mailbox::new(Side::Source, ADDRESS)).await.unwrap();
    let folder = own_calendar(source.folders().await.unwrap());
    let mut after = None;
    let mut there = Vec::new();
    loop {
        let page = source.changes(&FeedId::new(folder.id.as_str()), after.as_ref(), Detail::Listing).await.unwrap();
        there.extend(page.changes.into_iter().filter_map(|change| match change {
            Change::Present(item) => Some(item),
            _ => None,
        }));
        if !page.more {
            break;
        }
        after = Some(page.next);
    }
    assert_eq!(there.len(), 1);
    source.fetch(&there, &Format::ICALENDAR, &Spool::new(1 << 20)).await.swap_remove(0).unwrap()
}

fn own_calendar(folders: Vec<Folder>) -> Folder {
    folders.into_iter().find(|folder| folder.role == Some(Role::Calendar)).unwrap()
}

/// Every way there, and what is read at its end; `named` are the losses that may be, and have to be where Graph is told.
async fn everywhere(name: &str, text: &str, named: &[&str]) {
    for (from, to) in WAYS {
        let (old, new) = (End::start(from).await, End::start(to).await);
        let body = Spool::new(1 << 20).body(text.to_owned()).unwrap();
        let mut item = Item::new("1", Kind::Event, Format::ICALENDAR, body.clone());
        item.fingerprint.uid = Some("1@x".to_owned());
        let first = put(&old, item).await;
        let second = put(&new, take(&old).await).await;
        let allowed: BTreeSet<String> = ALWAYS.iter().chain(named).map(|code| (*code).to_owned()).collect();
        for (end, losses) in [(from, &first), (to, &second)] {
            assert!(losses.is_subset(&allowed), "{name}, {from:?} to {to:?}: {losses:?}");
            let told = end != ONLINE || named.iter().all(|code| losses.contains(*code));
            assert!(told, "{name}, {from:?} to {to:?}: {losses:?} instead of {named:?}");
        }
        let read = take(&new).await;
        assert_eq!(appointment(&read.body), appointment(&body), "{name}, {from:?} to {to:?}");
        for end in [&old, &new] {
            let End::Graph(server, _) = end else { continue };
            assert_eq!(server.log().counters().sent, 0, "{name}: nobody is told");
        }
    }
}

/// A rule with its first day, a second and a third one on which there is something.
const RULES: [(&str, &str, [&str; 3]); 3] = [
    ("weekly", "FREQ=WEEKLY;BYDAY=MO;COUNT=8", ["20240304", "20240318", "20240401"]),
    ("monthly by position", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=6", ["20240223", "20240329", "20240426"]),
    ("yearly", "FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=14;COUNT=5", ["20240714", "20250714", "20260714"]),
];

/// Zones west and east of Greenwich, with summers of both hemispheres.
const ZONES: [&str; 3] = ["Europe/Berlin", "America/New_York", "Australia/Sydney"];

fn at(name: &str, zone: &str, day: &str, clock: &str) -> String {
    format!("{name};TZID={zone}:{day}T{clock}00\r\n")
}

fn between(zone: &str, day: &str, from: &str, to: &str) -> String {
    at("DTSTART", zone, day, from) + &at("DTEND", zone, day, to)
}

#[tokio::test]
async fn series_of_every_sort_come_back_with_moved_changed_and_deleted_occurrences() {
    for (name, rule, [first, second, third]) in RULES {
        for zone in ZONES {
            // At eight in Sydney it is the day before in Greenwich, at eight in the evening in New York the day after.
            let clock = if zone == "America/New_York" { ("2000", "2130") } else { ("0800", "0930") };
            let series = between(zone, first, clock.0, clock.1) + &format!("RRULE:{rule}\r\n");
            let of = |day: &str| at("RECURRENCE-ID", zone, day, clock.0);
            let moved = of(second) + &between(zone, second, "1200", "1245");
            let changed = of(second)
                + &between(zone, second, clock.0, clock.1)
                + "LOCATION:elsewhere\r\nDESCRIPTION:another text\r\nPRIORITY:1\r\nCLASS:PRIVATE\r\n\
                   CATEGORIES:Red\r\nX-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n\
                   BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT30M\r\nEND:VALARM\r\n";
            let deleted = at("EXDATE", zone, third, clock.0);
            for (what, own, exceptions) in [
                ("plain", series.clone(), vec![]),
                ("moved", series.clone(), vec![moved.clone()]),
                ("changed", series.clone(), vec![changed.clone()]),
                ("deleted", series.clone() + &deleted, vec![]),
                ("all of it", series.clone() + &deleted, vec![moved + "LOCATION:elsewhere\r\n"]),
            ] {
                everywhere(&format!("{name}, {what}, {zone}"), &calendar(&own, &exceptions), &[]).await;
            }
        }
    }
}

#[tokio::test]
async fn whole_days_are_the_same_days_everywhere() {
    let day = |name: &str, day: &str| format!("{name};VALUE=DATE:{day}\r\n");
    let days = |from: &str, to: &str| day("DTSTART", from) + &day("DTEND", to);
    everywhere("one day", &calendar(&days("20240229", "20240301"), &[]), &[]).await;
    everywhere("three days", &calendar(&days("20240330", "20240402"), &[]), &[]).await;
    for (name, rule, [first, second, third]) in RULES {
        let next = format!("{}", second.parse::<u32>().unwrap() + 1);
        let beyond = format!("{}", first.parse::<u32>().unwrap() + 1);
        let series = days(first, &beyond) + &format!("RRULE:{rule}\r\n");
        let moved = day("RECURRENCE-ID", second) + &days(&next, &format!("{}", second.parse::<u32>().unwrap() + 2));
        let moved = if name == "monthly by position" {
            day("RECURRENCE-ID", second) + &days(second, "20240331")
        } else {
            moved
        };
        let text = calendar(&(series + &day("EXDATE", third)), &[moved]);
        everywhere(&format!("{name} of whole days"), &text, &[]).await;
    }
}

#[tokio::test]
async fn an_event_may_begin_in_one_zone_and_end_in_another() {
    let flight =
        at("DTSTART", "America/New_York", "20240310", "1800") + &at("DTEND", "Europe/Berlin", "20240311", "0730");
    everywhere("a flight", &calendar(&flight, &[]), &[]).await;
    // By the name that Windows and CLDR have for it.
    everywhere("in India", &calendar(&between("Asia/Calcutta", "20240310", "0015", "0045"), &[]), &[]).await;
    everywhere("in UTC", &calendar("DTSTART:20240310T230000Z\r\nDTEND:20240311T003000Z\r\n", &[]), &[]).await;
}

#[tokio::test]
async fn people_come_back_with_their_answers_and_it_is_said_that_they_are_not_invited() {
    let people = "ORGANIZER;CN=Ann:mailto:ann@example.org\r\n\
        ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.org\r\n\
        ATTENDEE;CN=Cy;ROLE=OPT-PARTICIPANT;PARTSTAT=DECLINED:mailto:cy@example.org\r\n\
        ATTENDEE;CN=Dee;PARTSTAT=TENTATIVE:mailto:dee@example.org\r\n\
        ATTENDEE;CN=Room 1;CUTYPE=ROOM:mailto:room1@example.org\r\nSEQUENCE:3\r\n";
    let zone = "Europe/Berlin";
    let single = between(zone, "20240304", "0900", "1000") + people;
    everywhere("a meeting", &calendar(&single, &[]), &["attendees"]).await;
    // One of the series has another guest and other answers, and nothing else; one was called off.
    let series = between(zone, "20240304", "0900", "1000") + "RRULE:FREQ=WEEKLY;COUNT=5\r\n" + people;
    let of = |day: &str| at("RECURRENCE-ID", zone, day, "0900") + &between(zone, day, "0900", "1000");
    let others = of("20240311")
        + "ORGANIZER;CN=Ann:mailto:ann@example.org\r\nSEQUENCE:3\r\n\
           ATTENDEE;CN=Bob;PARTSTAT=DECLINED:mailto:bob@example.org\r\nATTENDEE;CN=Eve:mailto:eve@example.org\r\n";
    let off = of("20240318") + people + "STATUS:CANCELLED\r\n";
    let moved = at("RECURRENCE-ID", zone, "20240325", "0900")
        + &between(zone, "20240326", "1300", "1400")
        + "ORGANIZER;CN=Ann:mailto:ann@example.org\r\nSEQUENCE:3\r\nATTENDEE;CN=Eve:mailto:eve@example.org\r\n";
    let text = calendar(&series, &[others, off, moved]);
    everywhere("a series of meetings", &text, &["attendees", "cancelled"]).await;
}

#[tokio::test]
async fn files_go_along_with_series_and_with_their_exceptions() {
    let zone = "Europe/Berlin";
    let file = |name: &str, octets: &str| {
        format!("ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=\"{name}\":{octets}\r\n")
    };
    let own = between(zone, "20240304", "0900", "1000") + "RRULE:FREQ=WEEKLY;COUNT=5\r\n" + &file("a;b.txt", "YWJj");
    let of = |day: &str| at("RECURRENCE-ID", zone, day, "0900") + &between(zone, day, "1100", "1200");
    let other = of("20240311") + &file("a;b.txt", "YWJj") + &file("other.txt", "eHl6");
    let text = calendar(&own, &[other, of("20240318"), of("20240325") + &file("a;b.txt", "YWJj")]);
    everywhere("files", &text, &[]).await;
    let link = between(zone, "20240304", "0900", "1000") + "ATTACH:https://example.org/plan\r\n";
    everywhere("a link", &calendar(&link, &[]), &["attachment-links"]).await;
}
