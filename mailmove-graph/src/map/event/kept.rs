//! What Exchange would act upon when it had it in its own fields: people, whom it would invite. It is kept as a property of
//! the event, where nobody but a migration looks.

use mailmove_exchange::calendar::{Answer, Appointment, Attached, Attendee, AttendeeRole, Content, Occurrence, Person};
use serde_json::{Map, Value, json};

use super::{date_of, date_text, value, word};
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
        kept.insert("attendees".to_owned(), people(&appointment.attendees));
    }
    if appointment.sequence > 0 {
        kept.insert("sequence".to_owned(), appointment.sequence.into());
    }
    if appointment.cancelled {
        kept.insert("cancelled".to_owned(), true.into());
    }
    let links = links(&appointment.attachments);
    if !links.is_empty() {
        kept.insert("links".to_owned(), links.into());
    }
    let occurrences: Vec<Value> = appointment.changed.iter().filter_map(occurrence).collect();
    if !occurrences.is_empty() {
        kept.insert("occurrences".to_owned(), occurrences.into());
    }
    let text = Value::Object(kept).to_string();
    (text.len() > 2 && text.len() <= MOST).then_some(text)
}

/// What is kept of one occurrence.
fn occurrence(changed: &Occurrence) -> Option<Value> {
    let mut kept = Map::new();
    kept.extend(changed.attendees.as_ref().map(|attendees| ("attendees".to_owned(), people(attendees))));
    kept.extend(changed.cancelled.map(|cancelled| ("cancelled".to_owned(), cancelled.into())));
    if kept.is_empty() {
        return None;
    }
    kept.insert("day".to_owned(), date_text(changed.original).into());
    Some(kept.into())
}

/// What was kept aside of an event that we wrote.
pub(super) fn of(record: &Record) -> Option<Record> {
    record.property(Property::Kept).and_then(|text| serde_json::from_str(&text).ok()).map(Record)
}

/// Puts back what was kept aside of a whole event.
pub(super) fn put_back(kept: &Record, appointment: &mut Appointment) {
    appointment.organizer = kept.0.get("organizer").map(|organizer| known(&Record(organizer.clone())));
    appointment.attendees = attendees(kept);
    appointment.sequence =
        kept.0["sequence"].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default();
    appointment.cancelled = kept.is("cancelled");
    let link =
        |link: Record| Attached::link(link.text("name").unwrap_or_default(), link.text("address").unwrap_or_default());
    appointment.attachments = kept.records("links").map(link).collect();
}

/// The links among what hangs on an event: Graph cannot make any.
pub(super) fn links(attached: &[Attached]) -> Vec<Value> {
    let link = |attached: &Attached| match &attached.content {
        Content::Link(address) => Some(json!({ "name": attached.name, "address": address })),
        Content::File(_) => None,
    };
    attached.iter().filter_map(link).collect()
}

/// Puts back what was kept aside of its occurrences, as far as they still are occurrences of it.
pub(super) fn put_back_occurrences(kept: &Record, series: &mut Appointment) {
    let Some(recurrence) = series.recurrence else { return };
    for one in kept.records("occurrences") {
        let Some(day) = one.text("day").and_then(date_of) else { continue };
        let there =
            recurrence.dates(series.when.first_day()).take_while(|other| *other <= day).any(|other| other == day);
        if !there || series.deleted.contains(&day) {
            continue;
        }
        let known = series.changed.iter().position(|changed| changed.original == day);
        let at = known.unwrap_or_else(|| {
            series.changed.push(Occurrence::new(day));
            series.changed.len() - 1
        });
        let changed = &mut series.changed[at];
        changed.attendees = one.0.get("attendees").map(|_| attendees(&one));
        changed.cancelled = one.0.get("cancelled").and_then(Value::as_bool);
    }
}

fn attendees(kept: &Record) -> Vec<Attendee> {
    let one = |one: Record| Attendee {
        person: known(&one),
        role: value(&ROLES, one.text("role")),
        answer: value(&ANSWERS, one.text("answer")),
    };
    kept.records("attendees").map(one).collect()
}

fn known(one: &Record) -> Person {
    Person::new(one.text("name").unwrap_or_default(), one.text("address").unwrap_or_default())
}

/// The people of a meeting that was made here or that somebody accepted.
pub(super) fn own(record: &Record, appointment: &mut Appointment) {
    let of = |address: &Value| known(&Record(address["emailAddress"].clone()));
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

fn people(attendees: &[Attendee]) -> Value {
    let one = |attendee: &Attendee| {
        let mut one = person(&attendee.person);
        one["role"] = word(&ROLES, attendee.role).into();
        one["answer"] = word(&ANSWERS, attendee.answer).into();
        one
    };
    attendees.iter().map(one).collect()
}

fn person(person: &Person) -> Value {
    json!({ "name": person.name, "address": person.address })
}
