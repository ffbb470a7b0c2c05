//! An [`Appointment`] to iCalendar.

use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarParameter,
    ICalendarProperty as Name, ICalendarStatus, ICalendarTransparency, ICalendarValue, ICalendarValueType,
};
use mailmove_core::{Body, Result, Spool};
use time::Date;

use super::attach::{Attached, join};
use super::component::{
    Trigger, add, add_categories, add_class, add_importance, add_text, alarm, begin, calendar, hang, print, push,
};
use super::event::BUSY;
use super::person::{attendee_entry, organizer_entry};
use super::{Appointment, Busy, End, Moment, Occurrence, When, rrule};
use crate::ical::{partial, partial_day, partial_utc};
use crate::zone::{Zone, add_to};

/// Definitions of zones reach to this year at least; programs go on with the last rule.
const FAR: i32 = 2038;

/// The iCalendar of an appointment: the series, each of its changed occurrences beside it with RECURRENCE-ID, and the
/// zones that they name. What hangs on it is left out: see [`write_event`].
pub fn to_icalendar(appointment: &Appointment) -> Vec<u8> {
    text(appointment, |_, _| {})
}

/// The same with what hangs on it, piece by piece in the spool.
///
/// # Errors
/// When a file cannot be read, or the text not be kept.
pub fn write_event(appointment: &Appointment, spool: &Spool) -> Result<Body> {
    let mut attached = Vec::new();
    let text = text(appointment, |event, own| hang(event, own, &mut attached));
    join(&text, &attached, spool)
}

fn text(appointment: &Appointment, mut hang: impl FnMut(&mut ICalendarComponent, &[Attached])) -> Vec<u8> {
    let mut tree = calendar();
    push_event(&mut tree, appointment, None, &mut hang);
    for changed in &appointment.changed {
        push_event(&mut tree, &appointment.with(changed), Some((appointment, changed.original)), &mut hang);
    }
    for zone in zones(appointment) {
        let (from, to) = years(appointment);
        add_to(&mut tree, &zone, from, to);
    }
    print(&tree)
}

impl Appointment {
    /// A changed occurrence as an appointment of its own.
    pub fn with(&self, changed: &Occurrence) -> Appointment {
        let mut own = self.clone();
        own.recurrence = None;
        own.deleted.clear();
        own.changed.clear();
        own.when = changed.when.clone().unwrap_or_else(|| self.occurrence(changed.original));
        fn take<T: Clone>(own: &mut T, changed: &Option<T>) {
            if let Some(changed) = changed {
                own.clone_from(changed);
            }
        }
        take(&mut own.subject, &changed.subject);
        take(&mut own.body, &changed.body);
        take(&mut own.location, &changed.location);
        take(&mut own.attendees, &changed.attendees);
        take(&mut own.reminder, &changed.reminder);
        take(&mut own.busy, &changed.busy);
        take(&mut own.importance, &changed.importance);
        take(&mut own.sensitivity, &changed.sensitivity);
        take(&mut own.categories, &changed.categories);
        take(&mut own.attachments, &changed.attachments);
        take(&mut own.cancelled, &changed.cancelled);
        own
    }
}

fn push_event(
    tree: &mut ICalendar,
    own: &Appointment,
    occurrence: Option<(&Appointment, Date)>,
    hang: &mut impl FnMut(&mut ICalendarComponent, &[Attached]),
) {
    let mut event = ICalendarComponent::new(ICalendarComponentType::VEvent);
    begin(&mut event, &own.uid, own.created, own.modified);
    if own.sequence > 0 {
        event.add_sequence(own.sequence.into());
    }
    add(&mut event, Name::Summary, &own.subject);
    add(&mut event, Name::Location, &own.location);
    add_text(&mut event, &own.body);
    add_time(&mut event, &own.when);
    if let Some((series, day)) = occurrence {
        event.entries.push(time(Name::RecurrenceId, &series.occurrence(day)));
    }
    if let Some(recurrence) = &own.recurrence {
        event.add_property(Name::Rrule, rrule::write(recurrence, &own.when));
        for day in &own.deleted {
            event.entries.push(time(Name::Exdate, &own.occurrence(*day)));
        }
    }
    event.entries.extend(own.organizer.iter().map(organizer_entry));
    event.entries.extend(own.attendees.iter().map(attendee_entry));
    add_class(&mut event, own.sensitivity);
    add_importance(&mut event, own.importance);
    add_categories(&mut event, &own.categories);
    add_availability(&mut event, own);
    hang(&mut event, &own.attachments);
    let id = push(tree, 0, event);
    if let Some(minutes) = own.reminder {
        push(tree, id, alarm(Trigger::Before(minutes)));
    }
}

fn add_availability(event: &mut ICalendarComponent, own: &Appointment) {
    let transparency = match own.busy {
        Busy::Free => ICalendarTransparency::Transparent,
        _ => ICalendarTransparency::Opaque,
    };
    event.add_property(Name::Transp, transparency);
    if let Some((word, _)) = BUSY.iter().find(|(_, busy)| *busy == own.busy) {
        event.add_property(Name::Other("X-MICROSOFT-CDO-BUSYSTATUS".to_owned()), (*word).to_owned());
    }
    if own.cancelled {
        event.add_property(Name::Status, ICalendarStatus::Cancelled);
    }
}

fn add_time(event: &mut ICalendarComponent, when: &When) {
    event.entries.push(time(Name::Dtstart, when));
    event.entries.push(match when {
        When::AllDay { .. } => day_entry(Name::Dtend, when.local().1.date()),
        When::Timed { end, .. } => moment_entry(Name::Dtend, end),
    });
}

/// An entry with the beginning.
fn time(name: Name, when: &When) -> ICalendarEntry {
    match when {
        When::AllDay { first, .. } => day_entry(name, *first),
        When::Timed { start, .. } => moment_entry(name, start),
    }
}

fn day_entry(name: Name, day: Date) -> ICalendarEntry {
    let date = ICalendarParameter::value(ICalendarValueType::Date);
    ICalendarEntry::new(name).with_param(date).with_value(partial_day(day))
}

fn moment_entry(name: Name, moment: &Moment) -> ICalendarEntry {
    if moment.zone.is_utc() {
        return ICalendarEntry::new(name).with_value(partial_utc(moment.utc()));
    }
    let zone = ICalendarParameter::tzid(moment.zone.name().to_owned());
    ICalendarEntry::new(name).with_param(zone).with_value(ICalendarValue::from(partial(moment.local)))
}

/// The zones that an appointment names, each once.
fn zones(appointment: &Appointment) -> Vec<Zone> {
    let mut zones = Vec::new();
    let all = appointment.changed.iter().filter_map(|changed| changed.when.as_ref());
    for when in std::iter::once(&appointment.when).chain(all) {
        if let When::Timed { start, end } = when {
            for zone in [&start.zone, &end.zone] {
                if !zones.contains(zone) {
                    zones.push(zone.clone());
                }
            }
        }
    }
    zones
}

/// The years for which zones must be defined: from one, up to another.
fn years(appointment: &Appointment) -> (i32, i32) {
    let all = appointment.changed.iter().filter_map(|changed| changed.when.as_ref());
    let days = std::iter::once(&appointment.when).chain(all).map(When::first_day);
    let first = days.clone().map(|day| day.year()).min().unwrap_or(FAR);
    let last = days.map(|day| day.year()).max().unwrap_or(first);
    let last = match &appointment.recurrence {
        None => last,
        Some(recurrence) => match recurrence.end {
            End::Never => last.max(FAR),
            _ => recurrence.last(appointment.when.first_day()).map_or(last, |day| day.year()),
        },
    };
    (first, last.max(first) + 2)
}
