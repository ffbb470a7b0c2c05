//! iCalendar to an [`Appointment`]: the series first, then each of its exceptions.

use std::collections::BTreeSet;

use calcard::icalendar::{
    ICalendarComponentType, ICalendarEntry, ICalendarParameterName, ICalendarRecurrenceRule as Rule, ICalendarValue,
};
use mailmove_core::{Body, Loss, Result, Spool};
use time::Date;

use super::attach::split;
use super::component::{Calendar, Losses};
use super::{Appointment, End, Occurrence, When, event, rrule};
use crate::ical::day;
use crate::zone::Zone;

/// The appointment in an iCalendar with what hangs on it, and what Exchange cannot say of it. Files go to the spool; no
/// more than their text is held.
///
/// # Errors
/// As [`from_icalendar`]; `TooLarge` when there are more than 16 MiB beside the files.
pub fn read_event(body: &Body, spool: &Spool) -> Result<(Appointment, Vec<Loss>)> {
    let mut apart = split(body, spool)?;
    let lost = std::mem::take(&mut apart.losses);
    let (appointment, mut losses) = of(&Calendar::parse_apart(apart)?)?;
    losses.extend(lost);
    Ok((appointment, losses))
}

/// The appointment in an iCalendar, and what Exchange cannot say of it. A series and its exceptions (components with
/// RECURRENCE-ID) are one. What hangs on it is lost, and named: see [`read_event`].
///
/// # Errors
/// `Refused` when there is no event in it, more than one (by UID), or one without a beginning.
pub fn from_icalendar(octets: &[u8]) -> Result<(Appointment, Vec<Loss>)> {
    of(&Calendar::parse(octets)?)
}

fn of(calendar: &Calendar) -> Result<(Appointment, Vec<Loss>)> {
    let mut losses = Losses::default();
    let mut events = Vec::new();
    for component in calendar.all(&ICalendarComponentType::VEvent)? {
        events.push(event::read(calendar, component, &mut losses)?);
    }
    let master = events.iter().position(|event| event.occurrence.is_none());
    let master = events.remove(master.unwrap_or(0));
    let mut series = master.appointment;
    match (master.occurrence, master.rule) {
        (Some(_), _) => {
            losses.add("lone-occurrence", "of the series one occurrence is here; it becomes an event of its own")
        }
        (None, None) => {}
        (None, Some(rule)) => repeat(&mut series, rule, &mut losses),
    }
    if series.recurrence.is_some() {
        let without: Vec<Date> =
            master.without.iter().flat_map(|entry| without_days(calendar, entry, &series)).collect();
        let named = events.iter().filter_map(|event| occurrence(calendar, event.occurrence?, &series));
        let days = days_of(&series, named.chain(without.iter().copied()).collect());
        series.deleted = without.into_iter().filter(|day| days.contains(day)).collect();
        for event in events {
            let Some(entry) = event.occurrence else {
                losses.add("second-series", "the event is there twice; the first is taken");
                continue;
            };
            if entry.has_parameter(&ICalendarParameterName::Range) {
                losses.add("this-and-future", "a change of all that follows is kept for one occurrence alone");
            }
            let day = occurrence(calendar, entry, &series).filter(|day| days.contains(day));
            let Some(day) = day else {
                losses.add("lone-occurrence", "an occurrence on a day that is not one of the series is not kept");
                continue;
            };
            series.deleted.remove(&day);
            let changed = difference(&series, event.appointment, day);
            series.changed.retain(|other| other.original != day);
            series.changed.push(changed);
        }
        series.changed.sort_by_key(|changed| changed.original);
    } else if !events.is_empty() {
        losses.add("lone-occurrence", "occurrences of a series that Exchange does not have are not kept");
    }
    Ok((series, losses.finish()))
}

/// Makes a series of an event, when Exchange can.
fn repeat(series: &mut Appointment, rule: &Rule, losses: &mut Losses) {
    let Some(found) = rrule::read(rule, &series.when) else {
        losses
            .add("recurrence", format!("Exchange cannot repeat as {rule} says; the first of the series is kept alone"));
        return;
    };
    let mut recurrence = found.recurrence;
    let start = series.when.first_day();
    let Some(first) = recurrence.dates(start).next() else {
        losses.add("recurrence", format!("nothing comes of {rule}; the event is kept alone"));
        return;
    };
    if first != start {
        losses.add("recurrence-start", "the series begins on a day that its rule does not name; that day is not kept");
        series.when = series.when.moved_to(first);
        if let End::After(count) = &mut recurrence.end {
            *count = count.saturating_sub(1).max(1);
        }
    }
    if let Some(text) = found.inexact {
        losses.add("recurrence-month-end", text);
    }
    series.recurrence = Some(recurrence);
}

/// Those of the days asked for on which there is something of a series.
fn days_of(series: &Appointment, asked: BTreeSet<Date>) -> BTreeSet<Date> {
    let Some(last) = asked.last().copied() else { return asked };
    let days = series.recurrence.into_iter().flat_map(|recurrence| recurrence.dates(series.when.first_day()));
    days.take_while(|day| *day <= last).filter(|day| asked.contains(day)).collect()
}

/// The day of a series that RECURRENCE-ID names.
fn occurrence(calendar: &Calendar, entry: &ICalendarEntry, series: &Appointment) -> Option<Date> {
    day_in(calendar, entry.values.first()?, entry.tz_id(), series)
}

/// The days that EXDATE names.
fn without_days<'a>(
    calendar: &'a Calendar,
    entry: &'a ICalendarEntry,
    series: &'a Appointment,
) -> impl Iterator<Item = Date> + use<'a> {
    entry.values.iter().filter_map(|value| day_in(calendar, value, entry.tz_id(), series))
}

/// The day of a value by the calendar of the series' zone.
fn day_in(calendar: &Calendar, value: &ICalendarValue, zone: Option<&str>, series: &Appointment) -> Option<Date> {
    // What is said of zones here was said at the beginning of the series.
    let moment = calendar.moment_of(value, zone, &mut Losses::default());
    match (moment, series.when.zone()) {
        (Some(moment), Some(zone)) => Some(zone.to_local(moment.utc()).date()),
        (Some(moment), None) => Some(moment.local.date()),
        (None, _) => day(value.as_partial_date_time()?),
    }
}

/// What is not as in the series.
fn difference(series: &Appointment, own: Appointment, day: Date) -> Occurrence {
    fn other<T: PartialEq>(own: T, series: &T) -> Option<T> {
        (own != *series).then_some(own)
    }
    let planned = series.occurrence(day);
    Occurrence {
        original: day,
        when: (!same_time(&own.when, &planned)).then_some(own.when),
        subject: other(own.subject, &series.subject),
        body: other(own.body, &series.body),
        location: other(own.location, &series.location),
        attendees: other(own.attendees, &series.attendees),
        reminder: other(own.reminder, &series.reminder),
        busy: other(own.busy, &series.busy),
        importance: other(own.importance, &series.importance),
        sensitivity: other(own.sensitivity, &series.sensitivity),
        categories: other(own.categories, &series.categories),
        attachments: other(own.attachments, &series.attachments),
        cancelled: other(own.cancelled, &series.cancelled),
    }
}

/// Whether two are at the same time, in whichever zone they are told.
fn same_time(one: &When, other: &When) -> bool {
    one.is_all_day() == other.is_all_day() && one.in_utc(&Zone::UTC) == other.in_utc(&Zone::UTC)
}
