use bytes::Bytes;

use super::Nasty;

pub(super) fn event(number: u64, lines: &str) -> Bytes {
    let more = format!("DTSTART:20240229T100000Z\r\nDTEND:20240229T110000Z\r\nSUMMARY:Event {number}\r\n{lines}");
    calendar("VEVENT", &format!("event-{number}@example.org"), &more)
}

pub(super) fn task(number: u64, lines: &str) -> Bytes {
    calendar("VTODO", &format!("task-{number}@example.org"), &format!("SUMMARY:Task {number}\r\n{lines}"))
}

pub(super) fn journal(number: u64, lines: &str) -> Bytes {
    calendar("VJOURNAL", &format!("journal-{number}@example.org"), &format!("SUMMARY:Journal {number}\r\n{lines}"))
}

pub(super) fn contact(number: u64, lines: &str) -> Bytes {
    format!(
        "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:contact-{number}@example.org\r\nFN:Contact {number}\r\n{lines}END:VCARD\r\n"
    )
    .into()
}

pub(super) fn events() -> Vec<Nasty> {
    let long = format!("DESCRIPTION:{}\r\n", "x".repeat(100_000));
    vec![
        Nasty::new("an invitation", super::invitation(901)),
        Nasty::new("escaped and quoted text", event(902, "LOCATION;X-P=\"a:b;c,d\":one\\, two\\; three\\n\\\\\r\n")),
        Nasty::new("emoji", event(903, "DESCRIPTION:\u{1f389}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\r\n")),
        Nasty::new("a line that was never folded", event(904, &long)),
        Nasty::new("unknown properties", event(905, "X-STRANGER;X-WHY=because:yes\r\nX-EMPTY:\r\n")),
        Nasty::new("a series with an exception", series()),
        Nasty::new(
            "a UID with odd characters",
            calendar("VEVENT", "{'\"\u{1f4c5} /\\%", "DTSTART:20240101T000000Z\r\n"),
        ),
        Nasty::new("an event of the year 1900", calendar("VEVENT", "1900@x", "DTSTART;VALUE=DATE:19000101\r\n")),
    ]
}

pub(super) fn tasks() -> Vec<Nasty> {
    vec![
        Nasty::new("a task without anything", calendar("VTODO", "empty-task@example.org", "")),
        Nasty::new(
            "a task done before it began",
            task(911, "DTSTART:20240301T000000Z\r\nCOMPLETED:20240101T000000Z\r\n"),
        ),
    ]
}

pub(super) fn journals() -> Vec<Nasty> {
    vec![
        Nasty::new("a journal entry of a day", journal(921, "DTSTART;VALUE=DATE:20240229\r\n")),
        Nasty::new("a journal entry in two texts", journal(922, "DESCRIPTION:one\r\nDESCRIPTION:two\r\n")),
    ]
}

pub(super) fn contacts() -> Vec<Nasty> {
    let photo = format!("PHOTO:data:image/png;base64,{}\r\n", "A".repeat(200_000));
    vec![
        Nasty::new("a group", contact(931, "KIND:group\r\nMEMBER:mailto:a@example.org\r\nMEMBER:urn:uuid:unknown\r\n")),
        Nasty::new("a picture", contact(932, &photo)),
        Nasty::new("names in many scripts", contact(933, "N:\u{738b};\u{5c0f}\u{660e};;\u{6d4b}\u{8bd5};\r\n")),
        Nasty::new("only an address", contact(934, "EMAIL;TYPE=\"a,b\":\"odd \\\"name\"@example.org\r\n")),
    ]
}

fn calendar(component: &str, uid: &str, lines: &str) -> Bytes {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//mailmove//testkit//EN\r\nBEGIN:{component}\r\nUID:{uid}\r\n\
         DTSTAMP:20240101T000000Z\r\n{lines}END:{component}\r\nEND:VCALENDAR\r\n"
    )
    .into()
}

fn series() -> Bytes {
    let exception = "DTSTART:20240101T100000Z\r\nRRULE:FREQ=WEEKLY;COUNT=5\r\nEXDATE:20240115T100000Z\r\n\
                     END:VEVENT\r\nBEGIN:VEVENT\r\nUID:series@example.org\r\nDTSTAMP:20240101T000000Z\r\n\
                     RECURRENCE-ID:20240108T100000Z\r\nDTSTART:20240108T120000Z\r\n";
    calendar("VEVENT", "series@example.org", exception)
}
