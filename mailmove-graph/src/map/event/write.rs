//! An appointment as Graph takes it.

use mailmove_core::Loss;
use mailmove_exchange::calendar::{Appointment, Occurrence, Text};
use serde_json::{Map, Value, json};

use super::{BUSY, IMPORTANCE, SENSITIVITY, kept, text, when, word};
use crate::map::recurrence;
use crate::wire::property::Property;

/// The event without its exceptions and its categories, and what it has no place for.
pub(crate) fn json(appointment: &Appointment) -> (Map<String, Value>, Vec<Loss>) {
    let mut json = Map::new();
    let mut losses = Vec::new();
    let mut set = |name: &str, value: Value| _ = json.insert(name.to_owned(), value);
    set("subject", appointment.subject.as_str().into());
    set("body", body(&appointment.body));
    when::fields(&appointment.when).into_iter().for_each(|(name, value)| set(name, value));
    if !appointment.location.is_empty() {
        set("location", json!({ "displayName": appointment.location }));
    }
    set("showAs", word(&BUSY, appointment.busy).into());
    set("sensitivity", word(&SENSITIVITY, appointment.sensitivity).into());
    set("importance", word(&IMPORTANCE, appointment.importance).into());
    set("isReminderOn", appointment.reminder.is_some().into());
    if let Some(minutes) = appointment.reminder {
        set("reminderMinutesBeforeStart", minutes.into());
    }
    if let Some(again) = &appointment.recurrence {
        let zone = appointment.when.zone();
        let name = zone.map_or_else(|| Some("UTC".to_owned()), when::name);
        if name.is_none() {
            let told = "nobody knows the zone of the series by name; it repeats by the clocks of UTC";
            losses.push(Loss::new("zone", told));
        }
        let first = appointment.when.first_day();
        set("recurrence", recurrence::json(again, first, name.as_deref()));
    }
    let aside = kept::keep(appointment);
    let people = |changed: &Occurrence| changed.attendees.as_ref().is_some_and(|people| !people.is_empty());
    let met = appointment.organizer.is_some() || !appointment.attendees.is_empty();
    if met || appointment.changed.iter().any(people) {
        let told = match aside {
            Some(_) => "the people of a meeting are kept as a property of it and are not invited again",
            None => "there is more beside a meeting than a property holds; its people are not kept",
        };
        losses.push(Loss::new("attendees", told));
    }
    let links = kept::links(&appointment.attachments);
    if !links.is_empty() {
        let told = match aside {
            Some(_) => "Graph cannot hang links on an event; they are kept as a property of it",
            None => "Graph cannot hang links on an event, and there is more than a property holds; they are not kept",
        };
        losses.push(Loss::new("attachment-links", told));
    }
    let others = appointment.changed.iter().filter_map(|changed| changed.attachments.as_deref()).map(kept::links);
    if others.into_iter().any(|others| !others.is_empty() && others != links) {
        let told = "Graph cannot hang links on an event; those of an exception are not kept";
        losses.push(Loss::new("attachment-links", told));
    }
    if appointment.cancelled || appointment.changed.iter().any(|changed| changed.cancelled == Some(true)) {
        let told = match aside {
            Some(_) => "that it was called off is kept as a property; it is shown like any other",
            None => "there is more than a property holds; that it was called off is not kept",
        };
        losses.push(Loss::new("cancelled", told));
    }
    let properties: Vec<Value> = aside.map(|aside| Property::Kept.with(aside)).into_iter().collect();
    json.insert("singleValueExtendedProperties".to_owned(), properties.into());
    (json, losses)
}

/// What makes an occurrence of a series another.
pub(crate) fn changed(occurrence: &Occurrence) -> Map<String, Value> {
    let mut json = Map::new();
    let mut set = |name: &str, value: Option<Value>| json.extend(value.map(|value| (name.to_owned(), value)));
    if let Some(when) = &occurrence.when {
        when::fields(when).into_iter().for_each(|(name, value)| set(name, Some(value)));
    }
    set("subject", occurrence.subject.as_deref().map(Value::from));
    set("body", occurrence.body.as_ref().map(body));
    set("location", occurrence.location.as_deref().map(|name| json!({ "displayName": name })));
    set("showAs", occurrence.busy.map(|busy| word(&BUSY, busy).into()));
    set("importance", occurrence.importance.map(|importance| word(&IMPORTANCE, importance).into()));
    set("sensitivity", occurrence.sensitivity.map(|sensitivity| word(&SENSITIVITY, sensitivity).into()));
    set("categories", occurrence.categories.clone().map(Value::from));
    if let Some(reminder) = occurrence.reminder {
        set("isReminderOn", Some(reminder.is_some().into()));
        set("reminderMinutesBeforeStart", reminder.map(Value::from));
    }
    json
}

fn body(content: &Text) -> Value {
    let (content_type, content) = text::body(content);
    json!({ "contentType": content_type, "content": content })
}
