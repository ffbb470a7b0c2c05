//! Appointments and tasks.

use super::dialogue::mail;
use super::{ANN, ann, with};
use crate::zimbra::{Version, ZimbraServer};

const SERIES: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:u1\r\n\
    DTSTART:20261120T100000Z\r\nDTEND:20261120T110000Z\r\nRRULE:FREQ=WEEKLY;COUNT=5;BYDAY=FR\r\nSUMMARY:Round\r\n\
    ORGANIZER:mailto:ann@x.test\r\nATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@y\r\nX-OWN:1\r\n\
    EXDATE:20261204T100000Z\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn exception() -> String {
    let other = SERIES.replace("SUMMARY:Round", "SUMMARY:Other\r\nRECURRENCE-ID:20261127T100000Z");
    other.replace("RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=FR\r\n", "").replace("EXDATE:20261204T100000Z\r\n", "")
}

fn mime(text: &str) -> String {
    format!("Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n{text}")
}

fn set(aids: &[String]) -> String {
    let main = format!("<default ptst=\"AC\"><m aid=\"{}\"/></default>", aids[0]);
    let others: String = aids[1..].iter().map(|aid| format!("<except><m aid=\"{aid}\"/></except>")).collect();
    mail("SetAppointmentRequest", "l=\"10\"", &format!("{main}{others}"))
}

#[tokio::test]
async fn a_series_is_set_with_its_exceptions_and_again_in_its_place() {
    let (server, client) = ann().await;
    for _ in 0..2 {
        let aids = [client.upload(mime(SERIES).as_bytes()).await, client.upload(mime(&exception()).as_bytes()).await];
        let answer = client.ok(&set(&aids)).await;
        assert_eq!(answer.find("except").unwrap().value("recurId").as_deref(), Some("20261127T100000Z"));
    }
    let items = server.mailbox(ANN).items("Calendar");
    let text = String::from_utf8_lossy(&items[0].bytes);
    assert_eq!((items.len(), items[0].uid.as_deref(), text.matches("BEGIN:VEVENT").count()), (1, Some("u1"), 2));
    assert!(text.contains("X-OWN:1") && text.contains("TRIGGER:-PT15M"), "{text}");
    let id = &items[0].id;
    let reply = client.get(&format!("/home/~/?id={id}&fmt=ics")).await;
    assert_eq!(reply.body, items[0].bytes);
    let shown = client.ok(&mail("GetAppointmentRequest", &format!("id=\"{id}\" includeContent=\"1\""), "")).await;
    let invites: Vec<_> = shown.find("appt").unwrap().all("inv").collect();
    let comp = invites[0].find("comp").unwrap();
    let rule = comp.find("recur").unwrap().find("add").unwrap().find("rule").unwrap();
    assert_eq!((rule.value("freq").as_deref(), rule.find("count").unwrap().number("num")), (Some("WEE"), Some(5)));
    assert_eq!(comp.find("at").unwrap().value("ptst").as_deref(), Some("AC"));
    assert!(invites[1].find("comp").unwrap().flag("ex"));
    assert_eq!(server.log().counters().sent, 0, "nobody gets mail");
}

#[tokio::test]
async fn what_is_described_becomes_icalendar() {
    let (server, client) = ann().await;
    let comp = "<tz id=\"Europe/Berlin\" stdoff=\"60\" dayoff=\"120\"><standard week=\"-1\" wkday=\"1\" mon=\"10\" hour=\"3\" \
        min=\"0\" sec=\"0\"/><daylight week=\"-1\" wkday=\"1\" mon=\"3\" hour=\"2\" min=\"0\" sec=\"0\"/></tz><inv><comp \
        name=\"a, b\" loc=\"here\" class=\"PRI\" transp=\"T\"><s d=\"20261120T100000\" tz=\"Europe/Berlin\"/><e \
        d=\"20261120T110000\" tz=\"Europe/Berlin\"/><recur><add><rule freq=\"DAI\"><interval ival=\"2\"/><count num=\"3\"/>\
        </rule></add></recur><at a=\"bob@y\" role=\"OPT\" ptst=\"NE\" rsvp=\"1\"/></comp></inv>";
    let request = |people: &str| mail("CreateAppointmentRequest", "", &format!("<m l=\"10\">{people}{comp}</m>"));
    let answer = client.ok(&request("")).await;
    let text = String::from_utf8_lossy(&server.mailbox(ANN).items("Calendar")[0].bytes).into_owned();
    for wanted in [
        "SUMMARY:a\\, b",
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        "RRULE:FREQ=DAILY;COUNT=3;INTERVAL=2",
        "DTSTART;TZID=\"Europe/Berlin\":20261120T100000",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        "TZOFFSETTO:+0200",
        "ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@y",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    assert_eq!(server.log().counters().sent, 0);
    let exception = "<m><inv><comp name=\"moved\"><exceptId d=\"20261122T100000\" tz=\"Europe/Berlin\"/><s d=\"20261122T120000\"/>\
         </comp></inv></m>";
    let id = answer.value("invId").unwrap();
    client.ok(&mail("CreateAppointmentExceptionRequest", &format!("id=\"{id}\" comp=\"0\""), exception)).await;
    let text = String::from_utf8_lossy(&server.mailbox(ANN).items("Calendar")[0].bytes).into_owned();
    assert!(text.contains("RECURRENCE-ID;TZID=\"Europe/Berlin\":20261122T100000"), "{text}");
    client.ok(&request("<e a=\"bob@y\" t=\"t\"/>")).await;
    assert_eq!(server.log().counters().sent, 1, "who is named gets mail");
}

#[tokio::test]
async fn icalendar_goes_in_and_comes_out() {
    let (server, client) = ann().await;
    let both = SERIES.replace("END:VCALENDAR\r\n", "") + exception().split_once("METHOD:REQUEST\r\n").unwrap().1;
    let reply = client.http("POST", "/home/~/Calendar?fmt=ics", both.as_bytes()).await.unwrap();
    assert_eq!((reply.status, server.mailbox(ANN).count("Calendar")), (200, 1));
    let text = client.get("/home/~/Calendar?fmt=ics").await.text();
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 2);
    assert_eq!(client.http("POST", "/home/~/Calendar?fmt=ics", b"nothing").await.unwrap().status, 400);
    assert_eq!(server.log().counters().sent, 0);
}

#[tokio::test]
async fn carbonio_knows_no_tasks() {
    let text = SERIES.replace("VEVENT", "VTODO");
    let task = |aid: &str| mail("SetTaskRequest", "l=\"15\"", &format!("<default><m aid=\"{aid}\"/></default>"));
    for (version, known) in [(Version::Zimbra9, true), (Version::Carbonio, false)] {
        let (server, client) = with(ZimbraServer::builder().version(version)).await;
        let aid = client.upload(mime(&text).as_bytes()).await;
        if known {
            client.ok(&task(&aid)).await;
            assert_eq!(server.mailbox(ANN).items("Tasks")[0].kind, "task");
        } else {
            assert_eq!(client.fault(&task(&aid)).await, "service.UNKNOWN_DOCUMENT");
        }
    }
}

#[tokio::test]
async fn an_invitation_makes_an_appointment_unless_that_is_forbidden() {
    let (server, client) = ann().await;
    client.add("l=\"2\"", mime(SERIES).as_bytes()).await;
    assert_eq!(server.mailbox(ANN).count("Calendar"), 0);
    let aid = client.upload(mime(SERIES).as_bytes()).await;
    client.ok(&mail("AddMsgRequest", "", &format!("<m l=\"2\" aid=\"{aid}\"/>"))).await;
    assert_eq!(server.mailbox(ANN).count("Calendar"), 1);
}
