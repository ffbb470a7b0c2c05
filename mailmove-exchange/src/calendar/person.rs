//! ORGANIZER and ATTENDEE (RFC 5545 §3.8.4).

use calcard::common::IanaString;
use calcard::icalendar::{
    ICalendarEntry, ICalendarParameter, ICalendarParameterName as Param, ICalendarParameterValue,
    ICalendarParticipationRole as Role, ICalendarParticipationStatus as Status, ICalendarProperty as Name,
    ICalendarUserTypes as Sort, ICalendarValue, Uri,
};

use super::component::{Losses, normal};
use super::{Answer, Attendee, AttendeeRole, Person};

pub(super) fn person(entry: &ICalendarEntry) -> Person {
    let text = |name: &Param| entry.parameter(name).and_then(ICalendarParameterValue::as_text);
    let value = entry.values.first().and_then(ICalendarValue::as_text).unwrap_or_default().trim();
    let address = calcard::icalendar::utils::strip_mailto_scheme(value);
    // Some servers name people by a path and give the address beside it.
    let address = if address.contains('@') { address } else { text(&Param::Email).unwrap_or(address) };
    Person::new(text(&Param::Cn).unwrap_or_default(), address)
}

pub(super) fn attendee(entry: &ICalendarEntry, losses: &mut Losses) -> Attendee {
    let parameter = |name: &Param| entry.parameter(name);
    let role = match (parameter(&Param::Cutype), parameter(&Param::Role)) {
        (Some(ICalendarParameterValue::Cutype(Sort::Resource | Sort::Room)), _) => AttendeeRole::Resource,
        (_, Some(ICalendarParameterValue::Role(Role::OptParticipant))) => AttendeeRole::Optional,
        (_, Some(ICalendarParameterValue::Role(Role::NonParticipant))) => {
            losses.add("attendee-role", "who is only told of a meeting becomes an optional attendee");
            AttendeeRole::Optional
        }
        _ => AttendeeRole::Required,
    };
    let answer = match parameter(&Param::Partstat) {
        Some(ICalendarParameterValue::Partstat(status)) => match status {
            Status::Accepted => Answer::Accepted,
            Status::Declined => Answer::Declined,
            Status::Tentative => Answer::Tentative,
            Status::NeedsAction => Answer::None,
            other => {
                losses.add("attendee-answer", format!("Exchange has no answer {}", other.as_str()));
                Answer::None
            }
        },
        _ => Answer::None,
    };
    for param in &entry.params {
        if matches!(param.name, Param::DelegatedFrom | Param::DelegatedTo | Param::SentBy | Param::Member) {
            losses.add("attendee-delegate", "for whom somebody attends, or was asked, is not kept");
        }
    }
    Attendee { person: person(entry), role, answer }
}

pub(super) fn organizer_entry(person: &Person) -> ICalendarEntry {
    entry(Name::Organizer, person)
}

pub(super) fn attendee_entry(attendee: &Attendee) -> ICalendarEntry {
    let mut entry = entry(Name::Attendee, &attendee.person);
    let role = match attendee.role {
        AttendeeRole::Required => Role::ReqParticipant,
        AttendeeRole::Optional => Role::OptParticipant,
        AttendeeRole::Resource => {
            entry.add_param(ICalendarParameter::cutype(Sort::Resource));
            Role::NonParticipant
        }
    };
    let answer = match attendee.answer {
        Answer::None => Status::NeedsAction,
        Answer::Tentative => Status::Tentative,
        Answer::Accepted => Status::Accepted,
        Answer::Declined => Status::Declined,
    };
    entry.add_param(ICalendarParameter::role(role));
    entry.add_param(ICalendarParameter::partstat(answer));
    entry
}

fn entry(name: Name, person: &Person) -> ICalendarEntry {
    let scheme = person.address.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('@'));
    let uri = if scheme { person.address.clone() } else { format!("mailto:{}", person.address) };
    let mut entry = ICalendarEntry::new(name).with_value(ICalendarValue::Uri(Uri::Location(uri)));
    if !person.name.is_empty() {
        // A quotation mark cannot stand in a parameter (RFC 5545 §3.2).
        entry.add_param(ICalendarParameter::cn(normal(&person.name).replace('"', "'").replace('\n', " ")));
    }
    entry
}
