//! Servers, what is in them, and runs between them.

use std::sync::Arc;

use mailmove_core::{Connector, Mailbox, Side};
use mailmove_engine::{Audit, AuditLevel, MemoryLedger, Migration, Outcome, Report};
use mailmove_testkit::zimbra::{MailboxHandle, NewItem, Version, ZimbraServer, ZimbraServerBuilder};

use crate::common::{ADDRESS, SECRET};

/// When what is put into mailboxes was received, in milliseconds.
pub(crate) const RECEIVED: i64 = 1_709_201_472_000;

pub(crate) fn server(version: Version) -> ZimbraServerBuilder {
    ZimbraServer::builder().version(version).user(ADDRESS, SECRET)
}

/// A move between two mailboxes, with what is remembered of it.
pub(crate) struct Move {
    from: (Arc<dyn Connector>, Mailbox),
    to: (Arc<dyn Connector>, Mailbox),
    ledger: Arc<MemoryLedger>,
}

impl Move {
    pub(crate) fn new(from: Arc<dyn Connector>, address: &str, to: Arc<dyn Connector>, other: &str) -> Self {
        let from = (from, Mailbox::new(Side::Source, address));
        let to = (to, Mailbox::new(Side::Destination, other));
        Self { from, to, ledger: Arc::new(MemoryLedger::new()) }
    }

    fn migration(&self) -> Migration {
        let ((source, from), (destination, to)) = (self.from.clone(), self.to.clone());
        Migration::new(source, from, destination, to).ledger(self.ledger.clone())
    }

    /// Runs to its end.
    pub(crate) async fn run(&self) -> Report {
        let report = self.migration().run(None).await.unwrap();
        assert!(matches!(report.outcome, Outcome::Completed), "{report:#?}");
        assert!(report.problems.is_empty(), "{report:#?}");
        report
    }

    /// Reads everything back.
    pub(crate) async fn audit(&self) -> Audit {
        self.migration().audit(AuditLevel::Content { share: 1.0 }).await.unwrap()
    }
}

pub(crate) fn letter(number: usize) -> String {
    format!(
        "Message-ID: <{number}@example.org>\r\nDate: Thu, 29 Feb 2024 10:11:12 +0000\r\nFrom: a@example.org\r\n\
         To: ann@example.org\r\nSubject: letter {number}\r\n\r\nThis is letter {number}.\r\n"
    )
}

/// Letters in the inbox and a folder below it: read ones, flagged ones, tagged ones, one in 8 bits, and a twin.
pub(crate) fn letters(mailbox: &MailboxHandle, count: usize) {
    mailbox.create_folder("Inbox/Entwürfe & mehr", "message");
    for number in 0..count {
        let folder = ["Inbox", "Inbox/Entwürfe & mehr"][number % 2];
        let mut item = NewItem::message(letter(number)).received(RECEIVED + number as i64);
        item = item.flags(["", "u", "uf", "r", "fw"][number % 5]);
        if number % 6 == 0 {
            item = item.tags(["Red", "R&D, später"]);
        }
        mailbox.add(folder, item);
    }
    mailbox.add("Inbox", NewItem::message(letter(0)).received(RECEIVED));
    let bytes = [b"Subject: bytes\nFrom: a@x\n\n".as_slice(), &[0, 0xff, 0xfe, b'\n']].concat();
    mailbox.add("Inbox", NewItem::message(bytes).received(RECEIVED).flags("u"));
}

/// A series with a moved and a cancelled occurrence, in a zone of its own.
pub(crate) const SERIES: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VTIMEZONE\r\n\
    TZID:Europe/Vienna\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n\
    RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\n\
    TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\n\
    END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:series@example.org\r\nDTSTAMP:20240101T000000Z\r\nSUMMARY:Weekly\r\n\
    DTSTART;TZID=Europe/Vienna:20240105T100000\r\nDTEND;TZID=Europe/Vienna:20240105T110000\r\n\
    RRULE:FREQ=WEEKLY;COUNT=5\r\nEXDATE;TZID=Europe/Vienna:20240119T100000\r\n\
    ORGANIZER:mailto:ann@example.org\r\nATTENDEE;RSVP=TRUE:mailto:bob@example.org\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:series@example.org\r\nDTSTAMP:20240101T000000Z\r\nSUMMARY:Weekly, moved\r\n\
    RECURRENCE-ID;TZID=Europe/Vienna:20240112T100000\r\nDTSTART;TZID=Europe/Vienna:20240112T140000\r\n\
    DTEND;TZID=Europe/Vienna:20240112T150000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

pub(crate) const TASK: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VTODO\r\n\
    UID:task@example.org\r\nDTSTAMP:20240101T000000Z\r\nSUMMARY:Do it\r\nSTATUS:IN-PROCESS\r\nPERCENT-COMPLETE:40\r\n\
    END:VTODO\r\nEND:VCALENDAR\r\n";

/// A mailbox with something of every kind, and what does not travel.
pub(crate) fn fill(server: &ZimbraServer, tasks: bool) {
    let mailbox = server.mailbox(ADDRESS);
    letters(&mailbox, 40);
    mailbox.create_folder("Calendar/Team", "appointment");
    mailbox.add("Calendar/Team", NewItem::appointment(SERIES).tags(["Red"]));
    let lee = [
        ("firstName", "Ann"),
        ("lastName", "Lee"),
        ("fullName", "Ann Lee"),
        ("email", "lee@example.org"),
        ("email2", "ann.lee@example.org"),
        ("workPhone", "+43 1"),
        ("homeCity", "Wien"),
        ("birthday", "1980-05-06"),
        ("notes", "one, two; three"),
        ("fileAs", "8:Lee"),
        ("shoeSize", "42"),
    ];
    mailbox.add("Contacts", NewItem::contact(lee).tags(["Red"]));
    mailbox.add("Contacts", NewItem::group("Team", [("I", "lee@example.org"), ("I", "Bob <bob@example.org>")]));
    if tasks {
        mailbox.add("Tasks", NewItem::task(TASK));
    }
    mailbox.add("Sent", NewItem::message(letter(600)).received(RECEIVED).flags("s"));
    mailbox.add("Drafts", NewItem::message(letter(601)).received(RECEIVED).flags("d"));
    mailbox.create_search("Unread", "is:unread", "message");
}

/// What a message is: path, octets, letters that users see, tags, date.
pub(crate) type Seen = (String, Vec<u8>, String, Vec<String>, i64);

/// Every message, in an order that does not depend on ids.
pub(crate) fn messages(server: &ZimbraServer) -> Vec<Seen> {
    let snapshot = server.mailbox(ADDRESS).snapshot();
    let seen = |(path, item): (&str, &mailmove_testkit::zimbra::ItemSnapshot)| {
        let mut letters: Vec<char> = item.flags.chars().filter(|letter| "urfdwx".contains(*letter)).collect();
        letters.sort_unstable();
        let mut tags = item.tags.clone();
        tags.sort();
        (path.to_owned(), item.bytes.to_vec(), letters.into_iter().collect(), tags, item.received)
    };
    let mut all: Vec<Seen> = snapshot.items("message").map(seen).collect();
    all.sort();
    all
}
