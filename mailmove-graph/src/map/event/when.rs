//! Times and days in the words of Graph.

use mailmove_exchange::calendar::{Moment, When};
use mailmove_exchange::zone::Zone;
use serde_json::{Value, json};
use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time};

use crate::wire::message::moment;
use crate::wire::record::Record;

/// A day: `2024-02-29`.
pub(crate) fn date_text(day: Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}

/// The day with which a text begins.
pub(crate) fn date_of(text: &str) -> Option<Date> {
    let mut parts = text.get(..10)?.split('-');
    let (year, month, day) =
        (parts.next()?.parse().ok()?, parts.next()?.parse::<u8>().ok()?, parts.next()?.parse().ok()?);
    Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

/// A time on the clocks of a zone.
pub(crate) fn moment_in(value: &Value) -> Option<Moment> {
    let text = value["dateTime"].as_str()?;
    let date = date_of(text)?;
    let mut clock = text.get(11..).unwrap_or_default().split([':', '.', 'Z']);
    let mut number = || clock.next().and_then(|part| part.parse::<u8>().ok()).unwrap_or_default();
    let time = Time::from_hms(number(), number(), number()).ok()?;
    let zone = value["timeZone"].as_str().and_then(Zone::find).unwrap_or(Zone::UTC);
    Some(Moment::new(PrimitiveDateTime::new(date, time), zone))
}

/// When an event is, on the clocks of the zone in which it was made.
pub(super) fn when(record: &Record) -> Option<When> {
    let (start, end) = (moment_in(&record.0["start"])?, moment_in(&record.0["end"])?);
    if record.is("isAllDay") {
        let first = start.local.date();
        let last = end.local.date().previous_day().unwrap_or(first).max(first);
        return Some(When::AllDay { first, last });
    }
    let zone = |name: &str, moment: Moment| {
        let Some(zone) = record.text(name).and_then(Zone::find) else { return moment };
        Moment::new(zone.to_local(moment.utc()), zone)
    };
    Some(When::Timed { start: zone("originalStartTimeZone", start), end: zone("originalEndTimeZone", end) })
}

/// As Graph takes it: beginning, end, and whether it is whole days.
pub(super) fn fields(when: &When) -> [(&'static str, Value); 3] {
    let (start, end) = when.local();
    let one = |local: PrimitiveDateTime, moment: Option<&Moment>| {
        let (local, zone) = match moment.map(|moment| (name(&moment.zone), moment)) {
            None => (local, "UTC".to_owned()),
            Some((Some(zone), moment)) => (moment.local, zone),
            // Nobody knows the zone by name.
            Some((None, moment)) => {
                let utc = moment.utc();
                (PrimitiveDateTime::new(utc.date(), utc.time()), "UTC".to_owned())
            }
        };
        let (date, time) = (date_text(local.date()), local.time());
        let text = format!("{date}T{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
        json!({ "dateTime": text, "timeZone": zone })
    };
    let (first, last) = match when {
        When::Timed { start, end } => (Some(start), Some(end)),
        When::AllDay { .. } => (None, None),
    };
    [("start", one(start, first)), ("end", one(end, last)), ("isAllDay", when.is_all_day().into())]
}

/// What Graph calls a zone.
pub(super) fn name(zone: &Zone) -> Option<String> {
    if zone.is_utc() {
        return Some("UTC".to_owned());
    }
    zone.windows().or(zone.iana()).map(str::to_owned)
}

/// The day of the series that an occurrence stands for: where it would have been, by the clocks of the series.
pub(crate) fn day_of(occurrence: &Record, series: &When) -> Option<Date> {
    let original = occurrence.text("originalStart").and_then(moment);
    let start = original.or_else(|| Some(moment_in(&occurrence.0["start"])?.utc()))?;
    match series.zone() {
        Some(zone) => Some(zone.to_local(start).date()),
        None => Some(whole_day(start, occurrence)),
    }
}

/// The day that begins at a moment: at midnight in Greenwich, or in the zone in which the event was made.
fn whole_day(start: OffsetDateTime, occurrence: &Record) -> Date {
    if start.time() == Time::MIDNIGHT {
        return start.date();
    }
    match occurrence.text("originalStartTimeZone").and_then(Zone::find).map(|zone| zone.to_local(start)) {
        Some(local) if local.time() == Time::MIDNIGHT => local.date(),
        _ => start.saturating_add(Duration::hours(12)).date(),
    }
}
