//! One VEVENT, as far as Exchange knows it.

use calcard::icalendar::{
    ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarProperty as Name,
    ICalendarRecurrenceRule as Rule, ICalendarStatus, ICalendarTransparency, ICalendarValue,
};
use mailmove_core::Result;
use time::{Duration, OffsetDateTime};

use super::component::{
    Calendar, Losses, Trigger, class, first, importance, is_idle, normal, refused, take_text, texts, trigger,
};
use super::person::{attendee, person};
use super::{Appointment, Busy, Moment, When};
use crate::ical::{day, moment};

/// A VEVENT taken apart. The appointment has no exceptions yet.
pub(super) struct Event<'a> {
    pub(super) appointment: Appointment,
    /// RECURRENCE-ID.
    pub(super) occurrence: Option<&'a ICalendarEntry>,
    /// EXDATE.
    pub(super) without: Vec<&'a ICalendarEntry>,
    /// RRULE.
    pub(super) rule: Option<&'a Rule>,
}

/// Takes one VEVENT apart.
pub(super) fn read<'a>(
    calendar: &Calendar,
    component: &'a ICalendarComponent,
    losses: &mut Losses,
) -> Result<Event<'a>> {
    let when = when(calendar, component, losses)?;
    let mut event = Event {
        appointment: Appointment::new(component.uid().unwrap_or_default(), when),
        occurrence: None,
        without: Vec::new(),
        rule: None,
    };
    let mut availability = Availability::default();
    for entry in &component.entries {
        if !(event.take(entry, losses) || availability.take(entry) || is_idle(&entry.name)) {
            losses.property(entry.name.as_str());
        }
    }
    let own = &mut event.appointment;
    own.attachments = calendar.attached(component);
    if !own.attendees.is_empty() && own.organizer.is_none() {
        losses.add("organizer", "there are attendees, and nobody whose meeting it is");
    }
    own.busy = availability.busy();
    own.cancelled = availability.status == Some(ICalendarStatus::Cancelled);
    own.reminder = reminder(calendar, component, &own.when, losses);
    Ok(event)
}

impl<'a> Event<'a> {
    /// Keeps a property; `false` when it has no place here.
    fn take(&mut self, entry: &'a ICalendarEntry, losses: &mut Losses) -> bool {
        let own = &mut self.appointment;
        match &entry.name {
            // Read before.
            Name::Uid | Name::Dtstart | Name::Dtend | Name::Duration => {}
            Name::Summary => own.subject = normal(&first(entry)),
            Name::Location => own.location = normal(&first(entry)),
            Name::Categories => own.categories.extend(texts(entry).iter().map(|name| normal(name))),
            Name::Class => own.sensitivity = class(entry),
            Name::Priority => own.importance = importance(entry),
            Name::Organizer => own.organizer = Some(person(entry)),
            Name::Attendee => own.attendees.push(attendee(entry, losses)),
            Name::Created => own.created = stamp(entry),
            Name::LastModified => own.modified = stamp(entry),
            Name::Sequence => {
                let number = entry.values.first().and_then(ICalendarValue::as_integer);
                own.sequence = number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
            }
            Name::RecurrenceId => self.occurrence = Some(entry),
            Name::Exdate => self.without.push(entry),
            Name::Rrule => match entry.values.first() {
                Some(ICalendarValue::RecurrenceRule(rule)) if self.rule.is_none() => self.rule = Some(rule),
                _ => losses.add("recurrence", "a second rule, or one that cannot be read, is not kept"),
            },
            Name::Rdate => losses.add("extra-dates", "Exchange has no further days of a series (RDATE)"),
            Name::Exrule => losses.add("recurrence", "Exchange has no rule for what is left out (EXRULE)"),
            Name::Attach => losses.add("attachments", "what hangs on the event is not kept"),
            _ => return take_text(entry, &mut own.body),
        }
        true
    }
}

/// How the time is shown to others, from the properties that tell of it.
#[derive(Default)]
struct Availability {
    told: Option<Busy>,
    transparent: bool,
    status: Option<ICalendarStatus>,
}

impl Availability {
    fn take(&mut self, entry: &ICalendarEntry) -> bool {
        match (&entry.name, entry.values.first()) {
            (Name::Transp, Some(ICalendarValue::Transparency(word))) => {
                self.transparent = *word == ICalendarTransparency::Transparent;
            }
            (Name::Status, Some(ICalendarValue::Status(word))) => self.status = Some(word.clone()),
            (Name::Other(name), _) if name.eq_ignore_ascii_case("X-MICROSOFT-CDO-BUSYSTATUS") => {
                let word = first(entry).to_ascii_uppercase();
                self.told = BUSY.iter().find(|(known, _)| *known == word).map(|(_, busy)| *busy);
            }
            _ => return false,
        }
        true
    }

    fn busy(&self) -> Busy {
        self.told.unwrap_or(match (self.transparent, &self.status) {
            (true, _) => Busy::Free,
            (false, Some(ICalendarStatus::Tentative)) => Busy::Tentative,
            _ => Busy::Busy,
        })
    }
}

/// The words of X-MICROSOFT-CDO-BUSYSTATUS.
pub(super) const BUSY: [(&str, Busy); 5] = [
    ("FREE", Busy::Free),
    ("TENTATIVE", Busy::Tentative),
    ("BUSY", Busy::Busy),
    ("OOF", Busy::OutOfOffice),
    ("WORKINGELSEWHERE", Busy::WorkingElsewhere),
];

fn stamp(entry: &ICalendarEntry) -> Option<OffsetDateTime> {
    moment(entry.values.first()?.as_partial_date_time()?)
}

/// DTSTART with DTEND or DURATION.
fn when(calendar: &Calendar, component: &ICalendarComponent, losses: &mut Losses) -> Result<When> {
    let missing = || refused("the event has no beginning");
    let start = component.property(&Name::Dtstart).ok_or_else(missing)?;
    let end = component.property(&Name::Dtend);
    let span = component.property(&Name::Duration).and_then(|entry| match entry.values.first() {
        Some(ICalendarValue::Duration(span)) => Some(Duration::seconds(span.as_seconds().max(0))),
        _ => None,
    });
    let value = start.values.first().and_then(ICalendarValue::as_partial_date_time).ok_or_else(missing)?;
    if value.hour.is_none() {
        let first = day(value).ok_or_else(missing)?;
        let end = end.and_then(|end| day(end.values.first()?.as_partial_date_time()?));
        let end = end.or_else(|| first.checked_add(span?));
        let last = end.and_then(time::Date::previous_day).filter(|last| *last >= first).unwrap_or(first);
        return Ok(When::AllDay { first, last });
    }
    let start = calendar.moment(start, losses).ok_or_else(missing)?;
    let end = match (end.map(|end| calendar.moment(end, losses)), span) {
        (Some(Some(end)), _) => end,
        (_, Some(span)) => {
            let local = start.zone.to_local(start.utc().saturating_add(span));
            Moment::new(local, start.zone.clone())
        }
        _ => start.clone(),
    };
    if end.utc() < start.utc() {
        losses.add("end-before-start", "the end lies before the beginning and is not kept");
        return Ok(When::Timed { end: start.clone(), start });
    }
    Ok(When::Timed { start, end })
}

/// Minutes before the start. Exchange has one reminder.
fn reminder(calendar: &Calendar, component: &ICalendarComponent, when: &When, losses: &mut Losses) -> Option<u32> {
    let mut found = None;
    for inside in calendar.inside(component) {
        if inside.component_type != ICalendarComponentType::VAlarm {
            losses.property(inside.component_type.as_str());
            continue;
        }
        let before = trigger(inside).and_then(|trigger| match trigger {
            Trigger::Before(minutes) => Some(minutes),
            Trigger::At(moment) => {
                let (start, _) = when.in_utc(&crate::zone::Zone::UTC);
                u32::try_from((start - moment).whole_minutes()).ok()
            }
        });
        match before {
            Some(minutes) if found.is_none() => found = Some(minutes),
            _ => losses.add("alarms", "Exchange calls to mind once, some minutes before the beginning"),
        }
    }
    found
}
