//! What the properties of an appointment say, in the words of Graph ([MS-OXOCAL]).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use time::{Date, OffsetDateTime};

use super::load::Recipient;
use super::recurrence::Recurrence;
use super::value;
use crate::graph::extended::{Name, Property};
use crate::graph::state::Item;
use crate::graph::{calendar, date};

/// The sets of an appointment's properties, and of what all items have.
const APPOINTMENT: &str = "00062002-0000-0000-c000-000000000046";
const COMMON: &str = "00062008-0000-0000-c000-000000000046";

/// What a changed occurrence inside of a series is.
const EXCEPTION: &str = "ipm.ole.class.{00061055-0000-0000-c000-000000000046}";

/// Whether an item inside of another one is a changed occurrence.
pub(super) fn is_exception(item: &Item) -> bool {
    item.class.eq_ignore_ascii_case(EXCEPTION)
}

/// Gives an appointment the fields that its properties tell, and a series its exceptions.
pub(super) fn complete(item: &mut Item, people: &[Recipient], exceptions: Vec<(Item, Vec<Recipient>)>) {
    let zone = zone(item);
    fields(item, people, &zone);
    let Some(recurrence) = binary(item, 0x8216).and_then(|octets| Recurrence::read(&octets)) else { return };
    let (start, _) = calendar::times(item);
    let mut pattern = recurrence.json(calendar::to_local(start, &zone).date());
    pattern["range"]["recurrenceTimeZone"] = zone.as_str().into();
    item.set("recurrence", pattern);
    let mut changed = BTreeMap::new();
    for (mut one, people) in exceptions {
        let own = self::zone(&one);
        one.class = item.class.clone();
        let Some(original) = moment(&one, APPOINTMENT, 0x8228) else { continue };
        fields(&mut one, &people, &own);
        let day = calendar::to_local(original, &zone).date();
        if !recurrence.attached.contains(&day) {
            one.attachments = item.attachments.clone();
        }
        changed.insert(day, one);
    }
    // Days of changed occurrences stand among those that are left out.
    item.cancelled = recurrence.deleted.into_iter().filter(|day| !changed.contains_key(day)).collect();
    item.exceptions = changed;
}

fn fields(item: &mut Item, people: &[Recipient], zone: &str) {
    let all_day = truth(item, APPOINTMENT, 0x8215);
    for (number, field) in [(0x820d, "start"), (0x820e, "end")] {
        if let Some(moment) = moment(item, APPOINTMENT, number) {
            let local = date::local(calendar::to_local(moment, zone));
            item.set(field, json!({"dateTime": local, "timeZone": zone}));
        }
    }
    item.set("isAllDay", all_day);
    let place = text(item, APPOINTMENT, 0x8208);
    item.set("location", json!({"displayName": place, "locationType": "default"}));
    let busy = ["free", "tentative", "busy", "oof", "workingElsewhere"];
    item.set("showAs", busy.get(number(item, APPOINTMENT, 0x8205) as usize).copied().unwrap_or("busy"));
    let tagged = item.properties.get(&Name::Tag(0x0036)).and_then(|own| own.first().parse::<usize>().ok());
    let sensitivity = ["normal", "personal", "private", "confidential"];
    item.set("sensitivity", sensitivity.get(tagged.unwrap_or(0)).copied().unwrap_or("normal"));
    item.set("isReminderOn", truth(item, COMMON, 0x8503));
    if truth(item, COMMON, 0x8503) {
        item.set("reminderMinutesBeforeStart", number(item, COMMON, 0x8501));
    }
    item.set("isCancelled", number(item, APPOINTMENT, 0x8217) & 4 != 0);
    for list in ["toRecipients", "ccRecipients", "bccRecipients", "sender"] {
        item.fields.remove(list);
    }
    if let Some(from) = item.fields.remove("from") {
        item.set("organizer", from);
    }
    let attendees: Vec<Json> = people.iter().filter(|one| one.flags & 2 == 0).map(attendee).collect();
    item.set("attendees", attendees);
}

fn attendee(one: &Recipient) -> Json {
    let kind = match one.kind {
        2 => "optional",
        3 => "resource",
        _ => "required",
    };
    let response = match one.answer {
        2 => "tentativelyAccepted",
        3 => "accepted",
        4 => "declined",
        _ => "none",
    };
    let mut attendee = one.person.json().unwrap_or_else(|| json!({}));
    attendee["type"] = kind.into();
    attendee["status"] = json!({"response": response, "time": "0001-01-01T00:00:00Z"});
    attendee
}

/// The zone in which the appointment is shown (PidLidAppointmentTimeZoneDefinitionStartDisplay): behind the length of its
/// head and two octets stand a length and the name in UTF-16.
fn zone(item: &Item) -> String {
    let named = binary(item, 0x825e).and_then(|octets| {
        let length = usize::from(u16::from_le_bytes([*octets.get(6)?, *octets.get(7)?]));
        Some(value::from_utf16(octets.get(8..8 + 2 * length)?))
    });
    named.filter(|zone| calendar::known(zone)).unwrap_or_else(|| "UTC".to_owned())
}

fn property<'a>(item: &'a Item, set: &str, number: u32) -> Option<&'a Property> {
    item.properties.get(&Name::Number(set.to_owned(), number))
}

fn text(item: &Item, set: &str, number: u32) -> String {
    property(item, set, number).map(|own| own.first().to_owned()).unwrap_or_default()
}

fn number(item: &Item, set: &str, number: u32) -> i32 {
    text(item, set, number).parse().unwrap_or_default()
}

fn truth(item: &Item, set: &str, number: u32) -> bool {
    text(item, set, number) == "true"
}

fn moment(item: &Item, set: &str, number: u32) -> Option<OffsetDateTime> {
    date::parse(property(item, set, number)?.first())
}

fn binary(item: &Item, number: u32) -> Option<Vec<u8>> {
    STANDARD.decode(property(item, APPOINTMENT, number)?.first()).ok()
}

/// A day as many minutes after the beginning of 1601.
pub(super) fn day(minutes: u32) -> Option<Date> {
    let since = time::Duration::minutes(minutes.into());
    Some(time::macros::datetime!(1601-01-01 0:00).checked_add(since)?.date())
}
