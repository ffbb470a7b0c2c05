//! Something of every kind that a system has.

use std::collections::BTreeMap;

use mailmove_testkit::{ews, graph, imap, zimbra};
use serde_json::json;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::ends::{ADDRESS, End};

pub(crate) const RECEIVED: OffsetDateTime = datetime!(2024-02-29 10:11:12 UTC);
/// How many letters [`fill`] puts in.
pub(crate) const LETTERS: u64 = 7;

/// A series of five with a moved occurrence and a cancelled one, in a zone of its own.
pub(crate) const SERIES: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VTIMEZONE\r\n\
    TZID:Europe/Vienna\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n\
    RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\n\
    TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\n\
    END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:series@example.org\r\nDTSTAMP:20240101T000000Z\r\nSUMMARY:Weekly\r\n\
    DTSTART;TZID=Europe/Vienna:20240105T100000\r\nDTEND;TZID=Europe/Vienna:20240105T110000\r\n\
    RRULE:FREQ=WEEKLY;COUNT=5\r\nEXDATE;TZID=Europe/Vienna:20240119T100000\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:series@example.org\r\nDTSTAMP:20240101T000000Z\r\nSUMMARY:Weekly, moved\r\n\
    RECURRENCE-ID;TZID=Europe/Vienna:20240112T100000\r\nDTSTART;TZID=Europe/Vienna:20240112T140000\r\n\
    DTEND;TZID=Europe/Vienna:20240112T150000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn letter(number: u64) -> String {
    format!(
        "Message-ID: <{number}@example.org>\r\nDate: Thu, 29 Feb 2024 10:11:12 +0000\r\nFrom: Bob <bob@example.org>\r\n\
         To: Ann <ann@example.org>\r\nSubject: letter {number}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nThis is {number}.\r\n\
         --b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"{number}.bin\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\nAAECAwQFBgc=\r\n--b--\r\n"
    )
}

/// Letters, read ones and unread ones; and an appointment and a contact where there are such things.
pub(crate) fn fill(end: &End) {
    let read = |number: u64| number.is_multiple_of(2);
    match end {
        End::Imap(server) => {
            for number in 0..LETTERS {
                let flags: &[&str] = if read(number) { &["\\Seen"] } else { &[] };
                let message = imap::NewMessage::new(letter(number)).flags(flags.iter().copied()).received(RECEIVED);
                server.mailbox(ADDRESS).append("INBOX", message);
            }
        }
        End::Exchange(server) => {
            let mailbox = server.mailbox(ADDRESS);
            for number in 0..LETTERS {
                mailbox.add("Inbox", ews::NewItem::message(letter(number)).received(RECEIVED).read(read(number)));
            }
            mailbox.add(
                "Calendar",
                ews::NewItem::xml(
                    "<t:CalendarItem><t:Subject>Meeting</t:Subject><t:Start>2024-02-29T10:00:00Z</t:Start>\
                 <t:End>2024-02-29T11:00:00Z</t:End></t:CalendarItem>",
                ),
            );
            mailbox.add(
                "Contacts",
                ews::NewItem::xml(
                    "<t:Contact><t:DisplayName>Ann Lee</t:DisplayName><t:GivenName>Ann</t:GivenName>\
                 <t:Surname>Lee</t:Surname></t:Contact>",
                ),
            );
        }
        End::Graph(server, _) => {
            let mailbox = server.mailbox(ADDRESS);
            for number in 0..LETTERS {
                mailbox.add("Inbox", graph::NewItem::message(letter(number)).received(RECEIVED).read(read(number)));
            }
            mailbox.add(
                "Calendar",
                graph::NewItem::event(json!({
                    "subject": "Meeting",
                    "start": { "dateTime": "2024-02-29T10:00:00", "timeZone": "UTC" },
                    "end": { "dateTime": "2024-02-29T11:00:00", "timeZone": "UTC" },
                })),
            );
            let lee = json!({ "displayName": "Ann Lee", "givenName": "Ann", "surname": "Lee" });
            mailbox.add("Contacts", graph::NewItem::contact(lee));
        }
        End::Zimbra(server) => {
            let mailbox = server.mailbox(ADDRESS);
            for number in 0..LETTERS {
                let item = zimbra::NewItem::message(letter(number)).received(RECEIVED.unix_timestamp() * 1000);
                mailbox.add("Inbox", item.flags(if read(number) { "" } else { "u" }));
            }
            mailbox.add("Calendar", zimbra::NewItem::appointment(SERIES));
            let lee = [("firstName", "Ann"), ("lastName", "Lee"), ("fullName", "Ann Lee")];
            mailbox.add("Contacts", zimbra::NewItem::contact(lee));
        }
    }
}

/// Letters by subject: read or not, when received.
pub(crate) fn letters(end: &End) -> BTreeMap<String, (bool, i64)> {
    let subject = |mime: &[u8]| {
        let text = String::from_utf8_lossy(mime).into_owned();
        text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap().to_owned()
    };
    match end {
        End::Imap(server) => {
            let all = server.mailbox(ADDRESS).messages("INBOX").into_iter().map(|message| {
                let read = message.flags.iter().any(|flag| flag.eq_ignore_ascii_case("\\Seen"));
                (subject(&message.bytes), (read, message.received.unix_timestamp()))
            });
            all.collect()
        }
        End::Exchange(server) => {
            let all = server.mailbox(ADDRESS).items("Inbox").into_iter().map(|item| {
                assert!(!item.draft, "{}", item.subject);
                (item.subject, (item.read, item.received.unix_timestamp()))
            });
            all.collect()
        }
        End::Graph(server, _) => {
            let all = server.mailbox(ADDRESS).items("Inbox").into_iter().map(|item| {
                assert!(!item.draft, "{}", item.subject);
                (item.subject, (item.read, item.received.unix_timestamp()))
            });
            all.collect()
        }
        End::Zimbra(server) => {
            let snapshot = server.mailbox(ADDRESS).snapshot();
            let all = snapshot
                .folder("Inbox")
                .unwrap()
                .items
                .iter()
                .map(|item| (subject(&item.bytes), (!item.flags.contains('u'), item.received / 1000)));
            all.collect()
        }
    }
}

/// How many appointments and contacts there are.
pub(crate) fn others(end: &End) -> (usize, usize) {
    match end {
        End::Imap(_) => (0, 0),
        End::Exchange(server) => {
            let mailbox = server.mailbox(ADDRESS);
            (mailbox.count("Calendar"), mailbox.count("Contacts"))
        }
        End::Graph(server, _) => {
            let mailbox = server.mailbox(ADDRESS);
            (mailbox.count("Calendar"), mailbox.count("Contacts"))
        }
        End::Zimbra(server) => {
            let mailbox = server.mailbox(ADDRESS);
            (mailbox.count("Calendar"), mailbox.count("Contacts"))
        }
    }
}
