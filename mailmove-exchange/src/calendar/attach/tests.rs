use mailmove_core::{Body, Spool};

use super::super::{Appointment, Task, from_icalendar, read_event, write_event};
use super::{Attached, Content};

fn spool() -> Spool {
    Spool::new(1 << 20)
}

fn body(text: impl Into<String>) -> Body {
    Body::unpooled(text.into().into_bytes())
}

fn event(lines: &str, more: &str) -> Body {
    body(format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1@x\r\nDTSTAMP:20240101T000000Z\r\n\
         DTSTART:20240304T100000Z\r\nDTEND:20240304T110000Z\r\n{lines}END:VEVENT\r\n{more}END:VCALENDAR\r\n"
    ))
}

fn read(body: &Body) -> (Appointment, Vec<String>) {
    let (event, losses) = read_event(body, &spool()).unwrap();
    (event, losses.into_iter().map(|loss| format!("{}: {}", loss.code, loss.text)).collect())
}

fn octets(attached: &Attached) -> Vec<u8> {
    attached.body().unwrap().bytes().unwrap().to_vec()
}

#[test]
fn files_and_links_come_back_with_their_names() {
    let (mut before, _) = read(&event("SUMMARY:s\r\n", ""));
    let large: Vec<u8> = (0..300_000_u32).map(|number| (number * 7 % 251) as u8).collect();
    let inline = Attached { content_id: Some("pic@x".to_owned()), ..Attached::file("", "image/png", body("p")) };
    before.attachments = vec![
        Attached::file("Bücher; \"und\" 1^n,x: y.pdf", "application/pdf", Body::unpooled(large)),
        Attached::file("empty", "", body("")),
        inline,
        Attached::link("the plan", "https://example.org/a;b?c=d,e"),
        Attached::link("", format!("https://example.org/{}", "long/".repeat(50))),
    ];
    let written = write_event(&before, &spool()).unwrap();
    let text = String::from_utf8(written.bytes().unwrap().to_vec()).unwrap();
    assert!(text.lines().all(|line| line.len() <= 75));
    assert!(!text.contains("X-MAILMOVE"));
    let (after, losses) = read(&written);
    assert_eq!((after.attachments, losses), (before.attachments, vec![]));
}

#[test]
fn what_hangs_on_an_occurrence_is_told_from_what_hangs_on_the_series() {
    let attach = |name: &str| format!("ATTACH;ENCODING=BASE64;VALUE=BINARY;X-FILENAME={name}:eA==\r\n");
    let occurrence = |day: &str, lines: &str| {
        format!(
            "BEGIN:VEVENT\r\nUID:1@x\r\nDTSTAMP:20240101T000000Z\r\nRECURRENCE-ID:202403{day}T100000Z\r\n\
             DTSTART:202403{day}T100000Z\r\nDTEND:202403{day}T110000Z\r\n{lines}END:VEVENT\r\n"
        )
    };
    let more =
        occurrence("11", &attach("b")) + &occurrence("18", "") + &occurrence("25", &(attach("a") + "SUMMARY:t\r\n"));
    let (series, losses) = read(&event(&(attach("a") + "RRULE:FREQ=WEEKLY;COUNT=5\r\n"), &more));
    assert!(losses.is_empty(), "{losses:?}");
    let names = |all: &[Attached]| all.iter().map(|one| one.name.clone()).collect::<String>();
    assert_eq!(names(&series.attachments), "a");
    let told: Vec<Option<String>> =
        series.changed.iter().map(|changed| changed.attachments.as_deref().map(names)).collect();
    assert_eq!(told, [Some("b".to_owned()), Some(String::new()), None]);
    let (again, _) = read(&write_event(&series, &spool()).unwrap());
    assert_eq!(again, series);
}

#[test]
fn what_cannot_be_kept_is_named_and_the_rest_is() {
    let (event, losses) = read(&event(
        "ATTACH;VALUE=BINARY;ENCODING=BASE64;FILENAME=\"a;b:c\":#\r\nATTACH:CID:part3@x\r\n\
         attach;fmttype=TEXT/PLAIN;value=binary;encoding=base64;filename=ok\r\n :eH\r\n h4\r\nX-MAILMOVE-ATTACHED:0\r\n\
         BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT5M\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:eA==\r\nEND:VALARM\r\n\
         SUMMARY:be\r\n hind\r\n",
        "",
    ));
    assert_eq!(losses.iter().filter(|loss| loss.starts_with("attachments")).count(), 2, "{losses:?}");
    assert!(losses.iter().any(|loss| loss.contains("a;b:c")), "{losses:?}");
    assert_eq!((event.attachments.len(), event.subject.as_str(), event.reminder), (1, "behind", Some(5)));
    let file = &event.attachments[0];
    assert_eq!((file.name.as_str(), file.content_type.as_str(), octets(file)), ("ok", "text/plain", b"xxx".to_vec()));
}

#[test]
fn without_a_spool_it_is_a_loss() {
    let text = event("ATTACH;ENCODING=BASE64;VALUE=BINARY:eA==\r\n", "").bytes().unwrap();
    let (event, losses) = from_icalendar(&text).unwrap();
    assert!(event.attachments.is_empty());
    assert_eq!(losses[0].code, "attachments");
}

#[test]
fn tasks_have_them_too() {
    let mut task = Task::new("1@x");
    task.attachments = vec![Attached::file("a.txt", "text/plain", body("abc")), Attached::link("b", "https://x/y")];
    let (again, losses) = Task::read(&task.write(&spool()).unwrap(), &spool()).unwrap();
    assert_eq!((again.attachments.clone(), losses.len()), (task.attachments, 0));
    assert!(matches!(&again.attachments[1].content, Content::Link(link) if link == "https://x/y"));
}

#[test]
fn texts_are_read_in_pieces_of_any_size_and_larger_than_memory_should_hold() {
    let large = Body::unpooled(vec![0x5a; 3 << 20]);
    let (mut event, _) = read(&event("", ""));
    event.attachments = vec![Attached::file("large", "", large)];
    let small = Spool::new(1 << 20);
    let written = write_event(&event, &small).unwrap();
    let (again, _) = read_event(&written, &small).unwrap();
    assert_eq!(again.attachments, event.attachments);
    assert!(small.spilled() > 0, "it went to the disk");
}
