//! What Exchange would act upon when it had it in its own fields: people, whom it would invite. It is kept as a property of
//! the event, where nobody but a migration looks.

use mailmove_exchange::calendar::{Answer, Appointment, Attendee, AttendeeRole, Person};
use serde_json::{Map, Value, json};

use super::{value, word};
use crate::wire::property::Property;
use crate::wire::record::Record;

/// How much may be kept, in bytes.
const MOST: usize = 24 * 1024;

const ROLES: [(AttendeeRole, &str); 3] =
    [(AttendeeRole::Required, "required"), (AttendeeRole::Optional, "optional"), (AttendeeRole::Resource, "resource")];

const ANSWERS: [(Answer, &str); 4] = [
    (Answer::None, "none"),
    (Answer::Tentative, "tentativelyAccepted"),
    (Answer::Accepted, "accepted"),
    (Answer::Declined, "declined"),
];

/// What of an appointment is kept aside, when there is anything and it is not too much.
pub(super) fn keep(appointment: &Appointment) -> Option<String> {
    let mut kept = Map::new();
    if let Some(organizer) = &appointment.organizer {
        kept.insert("organizer".to_owned(), person(organizer));
    }
    if !appointment.attendees.is_empty() {
        let one = |attendee: &Attendee| {
            let mut one = person(&attendee.person);
            one["role"] = word(&ROLES, attendee.role).into();
            one["answer"] = word(&ANSWERS, attendee.answer).into();
            one
        };
        kept.insert("attendees".to_owned(), appointment.attendees.iter().map(one).collect());
    }
    if appointment.sequence > 0 {
        kept.insert("sequence".to_owned(), appointment.sequence.into());
    }
    if appointment.cancelled {
        kept.insert("cancelled".to_owned(), true.into());
    }
    let text = Value::Object(kept).to_string();
    (text.len() > 2 && text.len() <= MOST).then_some(text)
}

/// Puts back what was kept aside; otherwise what the event itself says.
pub(super) fn put_back(record: &Record, appointment: &mut Appointment) {
    let kept = record.property(Property::Kept).and_then(|text| serde_json::from_str(&text).ok());
    let Some(kept) = kept.map(Record) else { return own(record, appointment) };
    let of = |one: &Record| Person::new(one.text("name").unwrap_or_default(), one.text("address").unwrap_or_default());
    appointment.organizer = kept.0.get("organizer").map(|organizer| of(&Record(organizer.clone())));
    let attendees = kept.records("attendees").map(|one| Attendee {
        person: of(&one),
        role: value(&ROLES, one.text("role")),
        answer: value(&ANSWERS, one.text("answer")),
    });
    appointment.attendees = attendees.collect();
    appointment.sequence =
        kept.0["sequence"].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default();
    appointment.cancelled = kept.is("cancelled");
}

/// A meeting that was made here or that somebody accepted.
fn own(record: &Record, appointment: &mut Appointment) {
    let of = |address: &Value| {
        let address = Record(address["emailAddress"].clone());
        Person::new(address.text("name").unwrap_or_default(), address.text("address").unwrap_or_default())
    };
    let attendees = record.records("attendees").map(|one| Attendee {
        person: of(&one.0),
        role: value(&ROLES, one.text("type")),
        answer: value(&ANSWERS, one.0["status"]["response"].as_str()),
    });
    appointment.attendees = attendees.filter(|one| !one.person.address.is_empty()).collect();
    let organizer = of(&record.0["organizer"]);
    let met = !appointment.attendees.is_empty() || record.0["isOrganizer"] == Value::Bool(false);
    appointment.organizer = (met && !organizer.address.is_empty()).then_some(organizer);
    appointment.cancelled = record.is("isCancelled");
}

fn person(person: &Person) -> Value {
    json!({ "name": person.name, "address": person.address })
}
