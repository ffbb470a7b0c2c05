//! There and back, for everything that Exchange can say; and what it cannot.

use proptest::collection::vec;
use proptest::prelude::*;
use time::macros::{date, datetime, time};
use time::{Month, Weekday};

use super::samples::{appointments, tasks};
use super::*;
use crate::zone::Zone;

proptest! {
    #[test]
    fn an_appointment_comes_back_as_it_was(own in appointments()) {
        let written = to_icalendar(&own);
        let (again, losses) = from_icalendar(&written).unwrap();
        let named_zone = |loss: &mailmove_core::Loss| loss.code != "time-zone";
        prop_assert_eq!(&again, &own, "\n{}", String::from_utf8_lossy(&written));
        prop_assert_eq!(losses.into_iter().filter(named_zone).count(), 0);
    }

    #[test]
    fn a_task_comes_back_as_it_was(own in tasks()) {
        let written = own.to_icalendar();
        let (again, losses) = Task::from_icalendar(&written).unwrap();
        prop_assert_eq!(&again, &own, "\n{}", String::from_utf8_lossy(&written));
        prop_assert_eq!(losses, Vec::new());
    }

    #[test]
    fn no_octets_make_it_panic(octets in vec(any::<u8>(), 0..300)) {
        let _ = from_icalendar(&octets);
        let _ = Task::from_icalendar(&octets);
    }
}

fn event(lines: &str) -> (Appointment, Vec<String>) {
    let head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n";
    let lines = lines.replace('\n', "\r\n");
    let (own, losses) = if lines.contains("BEGIN:VEVENT") {
        from_icalendar(format!("{head}{lines}END:VCALENDAR\r\n").as_bytes()).unwrap()
    } else {
        from_icalendar(format!("{head}BEGIN:VEVENT\r\nUID:1@x\r\n{lines}END:VEVENT\r\nEND:VCALENDAR\r\n").as_bytes())
            .unwrap()
    };
    (own, losses.into_iter().map(|loss| loss.code.into_owned()).collect())
}

fn pattern(rule: &str) -> (Option<Pattern>, Vec<String>) {
    // A Tuesday, the second of its month.
    let (own, losses) = event(&format!("DTSTART:20240109T100000Z\nRRULE:{rule}\n"));
    (own.recurrence.map(|recurrence| recurrence.pattern), losses)
}

#[test]
fn rules_that_exchange_knows_by_another_name() {
    let tuesday: Days = Weekday::Tuesday.into();
    for (rule, wanted) in [
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", Pattern::Weekly { interval: 1, days: Days::WORKING }),
        ("FREQ=WEEKLY", Pattern::Weekly { interval: 1, days: tuesday }),
        ("FREQ=MONTHLY", Pattern::AbsoluteMonthly { interval: 1, day: 9 }),
        ("FREQ=MONTHLY;BYDAY=TU", Pattern::Weekly { interval: 1, days: tuesday }),
        ("FREQ=MONTHLY;BYDAY=2TU", Pattern::RelativeMonthly { interval: 1, week: Week::Second, days: tuesday }),
        (
            "FREQ=MONTHLY;BYDAY=TU;BYMONTHDAY=8,9,10,11,12,13,14",
            Pattern::RelativeMonthly { interval: 1, week: Week::Second, days: tuesday },
        ),
        ("FREQ=YEARLY", Pattern::AbsoluteYearly { interval: 1, month: Month::January, day: 9 }),
        (
            "FREQ=MONTHLY;BYMONTH=1;BYDAY=TU;BYSETPOS=2",
            Pattern::RelativeYearly { interval: 1, month: Month::January, week: Week::Second, days: tuesday },
        ),
        ("FREQ=WEEKLY;BYHOUR=10;BYMINUTE=0;BYSECOND=0", Pattern::Weekly { interval: 1, days: tuesday }),
    ] {
        assert_eq!(pattern(rule), (Some(wanted), Vec::new()), "{rule}");
    }
}

#[test]
fn rules_that_exchange_does_not_know_are_named() {
    for rule in [
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=9,10",
        "FREQ=MONTHLY;BYDAY=TU,WE;BYSETPOS=2,3",
        "FREQ=MONTHLY;BYMONTHDAY=9,20",
        "FREQ=MONTHLY;BYMONTHDAY=-2",
        "FREQ=YEARLY;BYWEEKNO=2",
        "FREQ=YEARLY;BYYEARDAY=9",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYMONTH=1,3",
        "FREQ=MONTHLY;BYDAY=1TU,2TU",
    ] {
        assert_eq!(pattern(rule), (None, vec!["recurrence".to_owned()]), "{rule}");
    }
    let (end_of_month, losses) = pattern("FREQ=MONTHLY;BYMONTHDAY=31");
    assert_eq!(end_of_month, Some(Pattern::AbsoluteMonthly { interval: 1, day: 31 }));
    assert_eq!(
        losses,
        ["recurrence-month-end", "recurrence-start"].map(str::to_owned).into_iter().rev().collect::<Vec<_>>()
    );
    let (own, losses) =
        event("DTSTART:20240109T100000Z\nRRULE:FREQ=DAILY\nRDATE:20240109T120000Z\nX-OTHER:1\nGEO:1;2\n");
    assert!(own.recurrence.is_some());
    assert_eq!(losses, ["extra-dates", "calendar-properties"]);
}

#[test]
fn a_series_begins_on_the_first_day_that_its_rule_names() {
    let (own, losses) = event("DTSTART:20240109T100000Z\nRRULE:FREQ=WEEKLY;BYDAY=WE;COUNT=3\n");
    assert_eq!(own.when.first_day(), date!(2024 - 01 - 10));
    assert_eq!((own.recurrence.unwrap().end, losses), (End::After(2), vec!["recurrence-start".to_owned()]));
}

#[test]
fn an_end_in_utc_is_a_day_of_the_series_zone() {
    let until = |until: &str| {
        let rule = format!("DTSTART;TZID=America/New_York:20240109T220000\nRRULE:FREQ=DAILY;UNTIL={until}\n");
        event(&rule).0.recurrence.unwrap().end
    };
    assert_eq!(until("20240112T030000Z"), End::On(date!(2024 - 01 - 11)));
    assert_eq!(until("20240112T025959Z"), End::On(date!(2024 - 01 - 10)));
    assert_eq!(until("20240112"), End::On(date!(2024 - 01 - 12)));
}

#[test]
fn exceptions_are_found_by_their_day_in_whichever_zone() {
    let (own, losses) = event(
        "BEGIN:VEVENT\nUID:1@x\nSUMMARY:S\nDTSTART;TZID=Europe/Berlin:20240109T003000\nDTEND;TZID=Europe/Berlin:20240109T013000\n\
         RRULE:FREQ=DAILY;COUNT=9\nEXDATE:20240109T233000Z\nEXDATE;TZID=Europe/Berlin:20240111T003000\n\
         EXDATE;VALUE=DATE:20240112\nEXDATE:20300101T000000Z\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:1@x\nSUMMARY:T\nRECURRENCE-ID:20240112T233000Z\nDTSTART:20240113T100000Z\n\
         DTEND:20240113T110000Z\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:1@x\nSUMMARY:S\nRECURRENCE-ID:20300112T233000Z\nDTSTART:20240113T100000Z\nEND:VEVENT\n",
    );
    let days = [date!(2024 - 01 - 10), date!(2024 - 01 - 11), date!(2024 - 01 - 12)];
    assert_eq!(own.deleted.iter().copied().collect::<Vec<_>>(), days);
    let [changed] = &own.changed[..] else { panic!("{:?}", own.changed) };
    assert_eq!((changed.original, changed.subject.as_deref()), (date!(2024 - 01 - 13), Some("T")));
    assert_eq!(changed.when, Some(When::timed(datetime!(2024-01-13 10:00), datetime!(2024-01-13 11:00), Zone::UTC)));
    assert_eq!((&changed.location, losses), (&None, vec!["lone-occurrence".to_owned()]));
}

#[test]
fn a_zone_without_a_known_name_keeps_its_rules_and_says_so() {
    let (own, losses) = event(
        "BEGIN:VTIMEZONE\nTZID:Customized Time Zone\n\
         BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n\
         RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n\
         BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n\
         RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n\
         BEGIN:VEVENT\nUID:1@x\nDTSTART;TZID=Customized Time Zone:20240709T100000\nEND:VEVENT\n",
    );
    let berlin = Zone::from_iana("Europe/Berlin").unwrap();
    let zone = own.when.zone().unwrap();
    assert_eq!((zone.name(), zone.rules(2024)), ("Customized Time Zone", berlin.rules(2024)));
    assert_eq!(own.when.in_utc(&Zone::UTC).0, datetime!(2024-07-09 8:00 UTC));
    assert_eq!(losses, ["time-zone"]);
}

#[test]
fn a_time_of_no_zone_is_never_silently_that_of_another() {
    assert_eq!(event("DTSTART:20240109T100000\n").1, ["floating-time"]);
    assert_eq!(event("DTSTART;TZID=Nowhere:20240109T100000\n").1, ["time-zone"]);
    assert_eq!(event("DTSTART;TZID=W. Europe Standard Time:20240109T100000\n").1, Vec::<String>::new());
}

#[test]
fn what_others_say_of_whole_days_alarms_and_answers_is_understood() {
    let (own, losses) = event(
        "DTSTART;VALUE=DATE:20240109\nTRANSP:TRANSPARENT\nPRIORITY:2\nCLASS:CONFIDENTIAL\nSTATUS:TENTATIVE\n\
         ORGANIZER;CN=Boss:MAILTO:boss@x.example\n\
         ATTENDEE;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:room@x.example\n\
         ATTENDEE;ROLE=OPT-PARTICIPANT;EMAIL=b@x.example:/principals/b\n\
         ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:c@x\":mailto:a@x.example\n\
         BEGIN:VALARM\nACTION:AUDIO\nTRIGGER:-P1D\nEND:VALARM\nBEGIN:VALARM\nTRIGGER:PT5M\nEND:VALARM\n",
    );
    assert_eq!(own.when, When::day(date!(2024 - 01 - 09)));
    assert_eq!((own.busy, own.importance, own.sensitivity), (Busy::Free, Importance::High, Sensitivity::Confidential));
    assert_eq!((own.reminder, own.organizer), (Some(1440), Some(Person::new("Boss", "boss@x.example"))));
    let who: Vec<_> = own.attendees.iter().map(|one| (&one.person.address[..], one.role, one.answer)).collect();
    assert_eq!(
        who,
        [
            ("room@x.example", AttendeeRole::Resource, Answer::Accepted),
            ("b@x.example", AttendeeRole::Optional, Answer::None),
            ("a@x.example", AttendeeRole::Required, Answer::None),
        ]
    );
    assert_eq!(losses, ["attendee-answer", "attendee-delegate", "alarms"]);
}

#[test]
fn lengths_and_ends_are_one_thing() {
    let end = |lines: &str| event(&format!("DTSTART:20240109T100000Z\n{lines}\n")).0.when.local().1;
    assert_eq!(end("DURATION:PT1H30M"), datetime!(2024-01-09 11:30));
    assert_eq!(end("DTEND;TZID=Asia/Tokyo:20240109T200000"), datetime!(2024-01-09 20:00));
    assert_eq!(end("DTEND:20240101T000000Z").time(), time!(10:00));
    let all_day = |lines: &str| event(&format!("DTSTART;VALUE=DATE:20240109\n{lines}\n")).0.when;
    let last = |when: When| when.local().1.date().previous_day();
    assert_eq!(last(all_day("DTEND;VALUE=DATE:20240111")), Some(date!(2024 - 01 - 10)));
    assert_eq!(last(all_day("DURATION:P3D")), Some(date!(2024 - 01 - 11)));
    assert_eq!(last(all_day("DTEND;VALUE=DATE:20240109")), Some(date!(2024 - 01 - 09)));
}

#[test]
fn what_is_no_event_or_more_than_one_is_refused() {
    for text in ["", "hello", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"] {
        assert!(from_icalendar(text.as_bytes()).is_err(), "{text:?}");
    }
    let two = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20240101T000000Z\r\nEND:VEVENT\r\n\
               BEGIN:VEVENT\r\nUID:2\r\nDTSTART:20240101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    assert!(from_icalendar(two.as_bytes()).is_err());
}
