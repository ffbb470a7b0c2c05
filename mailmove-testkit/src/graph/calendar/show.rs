//! Events as clients see them.

use serde_json::{Value, json};

use super::series::{Occurrence, occurrence, original_start, times};
use super::zones::to_local;
use crate::graph::call::{Call, Entity};
use crate::graph::date;
use crate::graph::query::Query;
use crate::graph::state::{Id, Item};

/// An event's own properties.
pub(crate) fn show(call: &Call<'_>, owner: &str, item: &Item, out: &mut Entity) {
    for (name, value) in [
        ("subject", json!("")),
        ("body", json!({"contentType": "html", "content": ""})),
        ("importance", json!("normal")),
        ("sensitivity", json!("normal")),
        ("showAs", json!("busy")),
        ("isAllDay", json!(false)),
        ("isCancelled", json!(false)),
        ("isDraft", json!(false)),
        ("isReminderOn", json!(true)),
        ("reminderMinutesBeforeStart", json!(15)),
        ("responseRequested", json!(true)),
        ("allowNewTimeProposals", json!(true)),
        ("hideAttendees", json!(false)),
        ("isOnlineMeeting", json!(false)),
        ("onlineMeetingProvider", json!("unknown")),
        ("location", json!({"displayName": "", "locationType": "default"})),
        ("locations", json!([])),
        ("attendees", json!([])),
        ("recurrence", Value::Null),
        ("transactionId", Value::Null),
    ] {
        out.insert(name.to_owned(), value);
    }
    let own = item.fields.iter().filter(|(name, _)| name.as_str() != "categories");
    out.extend(own.map(|(name, value)| (name.clone(), value.clone())));
    let mut set = |name: &str, value: Value| {
        out.insert(name.to_owned(), value);
    };
    let zone = |name: &str| item.fields.get(name).map_or(Value::Null, |value| value["timeZone"].clone());
    set("originalStartTimeZone", zone("start"));
    set("originalEndTimeZone", zone("end"));
    for name in ["start", "end"] {
        set(name, shown_time(call, item, name));
    }
    let series = item.fields.get("recurrence").is_some_and(|recurrence| !recurrence.is_null());
    set("type", if series { "seriesMaster" } else { "singleInstance" }.into());
    // Only what was imported may be somebody else's.
    let organizer = item.fields.get("organizer").cloned();
    let organizer = organizer.unwrap_or_else(|| json!({"emailAddress": {"name": owner, "address": owner}}));
    set("isOrganizer", (organizer["emailAddress"]["address"] == owner).into());
    set("organizer", organizer);
    set("responseStatus", json!({"response": "organizer", "time": "0001-01-01T00:00:00Z"}));
    set("hasAttachments", item.has_attachments().into());
    set("webLink", format!("{}/owa/?itemid={}", call.shared.origin, item.key).into());
    let body = item.fields.get("body").map_or("", |body| body["content"].as_str().unwrap_or_default());
    set("bodyPreview", body.chars().take(255).collect::<String>().into());
}

/// The zone that is preferred; UTC where none is.
fn preferred(call: &Call<'_>) -> String {
    call.preference("outlook.timezone").filter(|zone| super::known(zone)).unwrap_or_else(|| "UTC".to_owned())
}

/// A whole day is the same day everywhere; other times are those of the zone that is preferred.
fn shown_time(call: &Call<'_>, item: &Item, name: &str) -> Value {
    let zone = preferred(call);
    let value = item.fields.get(name).cloned().unwrap_or_default();
    let all_day = item.fields.get("isAllDay") == Some(&Value::Bool(true));
    let (start, end) = times(item);
    let moment = if name == "start" { start } else { end };
    let local = value["dateTime"].as_str().and_then(date::parse_local);
    let shown = if all_day { local } else { Some(to_local(moment, &zone)) };
    json!({"dateTime": shown.map(date::local), "timeZone": zone})
}

/// An occurrence, with the id that it has within its series.
pub(crate) fn show_occurrence(
    call: &Call<'_>,
    owner: &str,
    series: &Item,
    one: &Occurrence,
    mut out: Entity,
) -> Entity {
    show(call, owner, &one.item, &mut out);
    let categories = one.item.fields.get("categories").cloned().unwrap_or_else(|| json!([]));
    out.insert("categories".to_owned(), categories);
    let id = Id { part: one.day.to_julian_day() as u32, ..series.id(call.immutable()) };
    out.insert("id".to_owned(), id.text().into());
    out.insert("type".to_owned(), if one.changed { "exception" } else { "occurrence" }.into());
    out.insert("seriesMasterId".to_owned(), series.id(call.immutable()).text().into());
    out.insert("originalStart".to_owned(), date::seconds(original_start(series, one.day)).into());
    out
}

/// What belongs to a series and is shown to those who name it.
pub(crate) fn expand(call: &Call<'_>, owner: &str, series: &Item, query: &Query, plain: &Entity, out: &mut Entity) {
    let named = |name: &str| query.select.iter().flatten().any(|wanted| wanted == name);
    if named("cancelledOccurrences") {
        let id = series.id(call.immutable()).text();
        let all: Vec<String> = series.cancelled.iter().map(|day| format!("OID.{id}.{day}")).collect();
        out.insert("cancelledOccurrences".to_owned(), all.into());
    }
    if query.expands("exceptionOccurrences").is_some() {
        let all = series.exceptions.keys().filter_map(|day| occurrence(series, *day));
        let all: Vec<Value> =
            all.map(|one| Value::Object(show_occurrence(call, owner, series, &one, plain.clone()))).collect();
        out.insert("exceptionOccurrences".to_owned(), all.into());
    }
}
