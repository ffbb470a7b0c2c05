//! Events, between what every Exchange knows of an appointment and the fields of Graph.

mod kept;
mod read;
mod text;
mod when;
mod write;

pub(crate) use read::appointment;
pub(crate) use text::{body, text_of};
pub(crate) use when::{date_of, date_text, day_of, moment_in};
pub(crate) use write::{changed, json};

use mailmove_exchange::calendar::{Busy, Importance, Sensitivity};

const BUSY: [(Busy, &str); 5] = [
    (Busy::Free, "free"),
    (Busy::Tentative, "tentative"),
    (Busy::Busy, "busy"),
    (Busy::OutOfOffice, "oof"),
    (Busy::WorkingElsewhere, "workingElsewhere"),
];

const SENSITIVITY: [(Sensitivity, &str); 4] = [
    (Sensitivity::Normal, "normal"),
    (Sensitivity::Personal, "personal"),
    (Sensitivity::Private, "private"),
    (Sensitivity::Confidential, "confidential"),
];

const IMPORTANCE: [(Importance, &str); 3] =
    [(Importance::Low, "low"), (Importance::Normal, "normal"), (Importance::High, "high")];

/// The word for a value.
fn word<T: PartialEq + Copy>(table: &[(T, &'static str)], value: T) -> &'static str {
    table.iter().find(|(known, _)| *known == value).map_or("", |(_, word)| word)
}

/// The value that a word stands for.
fn value<T: Default + Copy>(table: &[(T, &'static str)], word: Option<&str>) -> T {
    let known = word.and_then(|word| table.iter().find(|(_, known)| known.eq_ignore_ascii_case(word)));
    known.map(|(value, _)| *value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use mailmove_exchange::calendar::{Appointment, Attached, Occurrence, from_icalendar};
    use serde_json::{Value, json};

    use super::*;
    use crate::wire::property::Property;
    use crate::wire::record::Record;

    fn appointment_of(lines: &str) -> Appointment {
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1@x\r\nDTSTAMP:20240101T000000Z\r\n{lines}END:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        from_icalendar(text.as_bytes()).unwrap().0
    }

    /// As the server gives it back: times in UTC, the zone beside them.
    fn stored(before: &Appointment) -> Record {
        let (mut fields, losses) = super::json(before);
        assert!(losses.iter().all(|loss| loss.code == "attendees"), "{losses:?}");
        for name in ["start", "end"] {
            let moment = moment_in(&fields[name]).unwrap();
            let zone = fields[name]["timeZone"].clone();
            fields
                .insert(if name == "start" { "originalStartTimeZone" } else { "originalEndTimeZone" }.to_owned(), zone);
            let utc = crate::wire::message::moment_text(moment.utc());
            fields.insert(
                name.to_owned(),
                json!({ "dateTime": format!("{}.0000000", utc.trim_end_matches('Z')), "timeZone": "UTC" }),
            );
        }
        fields.insert("categories".to_owned(), json!(before.categories));
        Record(Value::Object(fields))
    }

    fn same(lines: &str) {
        let before = appointment_of(lines);
        let (after, _) = appointment(&stored(&before), &Record::default(), "1@x".to_owned());
        assert_eq!(Appointment { created: before.created, modified: before.modified, ..after }, before, "{lines}");
    }

    #[test]
    fn appointments_come_back() {
        for lines in [
            "SUMMARY:a\r\nDTSTART:20240229T100000Z\r\nDTEND:20240229T110000Z\r\nLOCATION:here\r\nDESCRIPTION:text\r\n",
            "SUMMARY:b\r\nDTSTART;VALUE=DATE:20240229\r\nDTEND;VALUE=DATE:20240302\r\nTRANSP:TRANSPARENT\r\n",
            "SUMMARY:c\r\nDTSTART;TZID=Europe/Berlin:20240329T100000\r\nDTEND;TZID=Europe/Berlin:20240329T110000\r\n\
             RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=5\r\nCLASS:PRIVATE\r\nCATEGORIES:Red\r\n",
            "SUMMARY:d\r\nDTSTART:20240229T100000Z\r\nDTEND:20240229T110000Z\r\nORGANIZER;CN=A:mailto:a@example.org\r\n\
             ATTENDEE;CN=B;PARTSTAT=ACCEPTED:mailto:b@example.org\r\n",
        ] {
            same(lines);
        }
    }

    #[test]
    fn nobody_is_invited() {
        let before = appointment_of(
            "DTSTART:20240229T100000Z\r\nDTEND:20240229T110000Z\r\nORGANIZER:mailto:a@example.org\r\nATTENDEE:mailto:b@example.org\r\n",
        );
        let (fields, losses) = super::json(&before);
        assert!(!fields.contains_key("attendees") && !fields.contains_key("organizer"));
        assert_eq!(losses[0].code, "attendees");
        let kept = fields["singleValueExtendedProperties"].as_array().unwrap();
        assert!(kept.iter().any(|one| one["id"] == Property::Kept.id()));
    }

    #[test]
    fn what_is_not_kept_is_not_called_kept() {
        let told = |event: &Appointment| -> Vec<(String, bool)> {
            let (fields, losses) = super::json(event);
            assert_eq!(fields["singleValueExtendedProperties"], json!([]), "nothing is kept");
            losses.iter().map(|loss| (loss.code.to_string(), loss.text.contains("not kept"))).collect()
        };
        let people: String =
            (0..1000).map(|number| format!("ATTENDEE;CN=B:mailto:somebody-{number}@example.org\r\n")).collect();
        let mut event = appointment_of(&format!(
            "DTSTART:20240229T100000Z\r\nDTEND:20240229T110000Z\r\nSTATUS:CANCELLED\r\n{people}"
        ));
        let link = Attached::link("the plan", "https://example.org/plan");
        event.attachments.push(link.clone());
        let lost = |code: &str| (code.to_owned(), true);
        assert_eq!(told(&event), [lost("attendees"), lost("attachment-links"), lost("cancelled")]);
        let mut series =
            appointment_of("DTSTART:20240101T100000Z\r\nDTEND:20240101T110000Z\r\nRRULE:FREQ=DAILY;COUNT=5\r\n");
        let mut changed = Occurrence::new(series.when.first_day());
        changed.attachments = Some(vec![link]);
        series.changed.push(changed);
        assert_eq!(told(&series), [lost("attachment-links")]);
    }

    #[test]
    fn exceptions_are_told_by_what_differs() {
        let series = appointment_of(
            "SUMMARY:s\r\nDTSTART;TZID=Europe/Berlin:20240101T100000\r\nDTEND;TZID=Europe/Berlin:20240101T110000\r\n\
             RRULE:FREQ=WEEKLY;COUNT=5\r\n",
        );
        let exceptions = json!({
            "cancelledOccurrences": ["OID.AAMk.2024-01-15"],
            "exceptionOccurrences": [{
                "originalStart": "2024-01-08T09:00:00Z", "subject": "moved",
                "start": { "dateTime": "2024-01-08T11:00:00.0000000", "timeZone": "UTC" },
                "end": { "dateTime": "2024-01-08T12:00:00.0000000", "timeZone": "UTC" },
                "showAs": "busy", "sensitivity": "normal", "importance": "normal",
                "originalStartTimeZone": "W. Europe Standard Time",
            }],
        });
        let (read, _) = appointment(&stored(&series), &Record(exceptions), "1@x".to_owned());
        assert_eq!(read.deleted.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2024-01-15"]);
        let changed = &read.changed[0];
        assert_eq!((changed.original.to_string().as_str(), changed.subject.as_deref()), ("2024-01-08", Some("moved")));
        assert!(changed.when.is_some() && changed.location.is_none() && changed.busy.is_none());
        let patch = super::changed(changed);
        assert_eq!(patch["start"]["dateTime"], "2024-01-08T12:00:00");
        assert_eq!(patch["subject"], "moved");
        assert!(!patch.contains_key("location"));
    }
}
