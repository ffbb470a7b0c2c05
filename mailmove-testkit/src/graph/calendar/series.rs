//! The occurrences of a series.

use serde_json::{Value, json};
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime};

use super::recurrence::days;
use super::zones::to_utc;
use crate::graph::date;
use crate::graph::state::Item;

/// For events that do not say when they are.
const NOWHEN: PrimitiveDateTime = time::macros::datetime!(1601-01-01 0:00);

/// One occurrence: an event of its own, made of the series or changed by somebody.
#[derive(Debug, Clone)]
pub(crate) struct Occurrence {
    /// The day on which the series has it.
    pub(crate) day: Date,
    pub(crate) item: Item,
    pub(crate) changed: bool,
}

/// When an event begins and ends, as moments.
pub(crate) fn times(item: &Item) -> (OffsetDateTime, OffsetDateTime) {
    let at = |name: &str| {
        let value = item.fields.get(name).cloned().unwrap_or_default();
        let local = value["dateTime"].as_str().and_then(date::parse_local).unwrap_or(NOWHEN);
        to_utc(local, value["timeZone"].as_str().unwrap_or("UTC"))
    };
    (at("start"), at("end"))
}

/// The occurrence of a day, if there is one.
pub(crate) fn occurrence(series: &Item, day: Date) -> Option<Occurrence> {
    if series.cancelled.contains(&day) {
        return None;
    }
    if let Some(item) = series.exceptions.get(&day) {
        return Some(Occurrence { day, item: item.clone(), changed: true });
    }
    let recurrence = series.fields.get("recurrence").filter(|recurrence| !recurrence.is_null())?;
    days(recurrence, day).contains(&day).then(|| Occurrence { day, item: plain(series, day), changed: false })
}

/// When an occurrence would have begun, had nobody changed it.
pub(crate) fn original_start(series: &Item, day: Date) -> OffsetDateTime {
    times(&plain(series, day)).0
}

/// An occurrence as the series has it.
fn plain(series: &Item, day: Date) -> Item {
    let mut item = series.clone();
    item.exceptions.clear();
    item.cancelled.clear();
    item.fields.remove("recurrence");
    let local = |name: &str| {
        let value = series.fields.get(name).cloned().unwrap_or_default();
        (value["dateTime"].as_str().and_then(date::parse_local), value["timeZone"].clone())
    };
    if let ((Some(start), zone), (Some(end), end_zone)) = (local("start"), local("end")) {
        let shift = day - start.date();
        item.set("start", json!({"dateTime": date::local(start + shift), "timeZone": zone}));
        item.set("end", json!({"dateTime": date::local(end + shift), "timeZone": end_zone}));
    }
    item
}

/// The occurrences that touch a span of time.
pub(crate) fn between(series: &Item, from: OffsetDateTime, to: OffsetDateTime) -> Vec<Occurrence> {
    let none = Value::Null;
    let recurrence = series.fields.get("recurrence").unwrap_or(&none);
    let mut all: Vec<Date> = days(recurrence, to.date().saturating_add(Duration::days(2)));
    // Somebody may have moved one out of its day, into the span.
    all.extend(series.exceptions.keys());
    all.sort_unstable();
    all.dedup();
    let found = all.into_iter().filter_map(|day| occurrence(series, day));
    found
        .filter(|one| {
            let (start, end) = times(&one.item);
            start < to && end.max(start + Duration::nanoseconds(1)) > from
        })
        .collect()
}
