//! An event of Graph as an appointment.

use mailmove_core::Loss;
use mailmove_exchange::calendar::{Appointment, Occurrence, When};
use time::Date;

use super::when::{date_of, day_of, when};
use super::{BUSY, IMPORTANCE, SENSITIVITY, kept, text_of, value};
use crate::map::recurrence;
use crate::wire::record::Record;

/// The appointment, and what its iCalendar will not carry.
pub(crate) fn appointment(record: &Record, exceptions: &Record, uid: String) -> (Appointment, Vec<Loss>) {
    let mut series = plain(record, uid);
    series.recurrence = recurrence::of(&record.0["recurrence"]);
    let kept = kept::of(record);
    match &kept {
        Some(kept) => kept::put_back(kept, &mut series),
        None => kept::own(record, &mut series),
    }
    let mut losses = Vec::new();
    if series.recurrence.is_some() {
        // `OID.….2024-02-29`
        let days = exceptions.texts("cancelledOccurrences").filter_map(|id| date_of(id.get(id.len() - 10..)?));
        series.deleted = days.collect();
        for exception in exceptions.records("exceptionOccurrences") {
            let mut own = plain(&exception, series.uid.clone());
            match &kept {
                Some(_) => (own.attendees, own.cancelled) = (series.attendees.clone(), series.cancelled),
                None => kept::own(&exception, &mut own),
            }
            match day_of(&exception, &series.when) {
                Some(day) => series.changed.push(difference(&series, &own, day)),
                None => {
                    losses.push(Loss::new("occurrence", "an occurrence does not say on which day it would have been"))
                }
            }
        }
        if let Some(kept) = &kept {
            kept::put_back_occurrences(kept, &mut series);
        }
        series.changed.sort_by_key(|changed| changed.original);
    }
    if record.is("isOnlineMeeting") {
        losses.push(Loss::new("online-meeting", "an online meeting is a link in the text from now on"));
    }
    (series, losses)
}

/// What an event or an occurrence says of itself.
fn plain(record: &Record, uid: String) -> Appointment {
    let nothing = When::day(Date::MIN);
    let mut one = Appointment::new(uid, when(record).unwrap_or(nothing));
    one.subject = record.text("subject").unwrap_or_default().to_owned();
    one.body = text_of(&record.0["body"]);
    one.location = record.0["location"]["displayName"].as_str().unwrap_or_default().to_owned();
    one.busy = value(&BUSY, record.text("showAs"));
    one.sensitivity = value(&SENSITIVITY, record.text("sensitivity"));
    one.importance = value(&IMPORTANCE, record.text("importance"));
    let minutes = record.0["reminderMinutesBeforeStart"].as_u64().and_then(|minutes| u32::try_from(minutes).ok());
    one.reminder = minutes.filter(|_| record.is("isReminderOn"));
    one.categories = record.categories();
    one.created = record.when("createdDateTime");
    one.modified = record.when("lastModifiedDateTime");
    one
}

/// What makes an occurrence another than the series would have it.
fn difference(series: &Appointment, one: &Appointment, day: Date) -> Occurrence {
    fn other<T: PartialEq + Clone>(usual: &T, is: &T) -> Option<T> {
        (usual != is).then(|| is.clone())
    }
    let mut changed = Occurrence::new(day);
    changed.when = other(&series.occurrence(day), &one.when);
    changed.subject = other(&series.subject, &one.subject);
    changed.body = other(&series.body, &one.body);
    changed.location = other(&series.location, &one.location);
    changed.attendees = other(&series.attendees, &one.attendees);
    changed.cancelled = other(&series.cancelled, &one.cancelled);
    changed.reminder = other(&series.reminder, &one.reminder);
    changed.busy = other(&series.busy, &one.busy);
    changed.importance = other(&series.importance, &one.importance);
    changed.sensitivity = other(&series.sensitivity, &one.sensitivity);
    changed.categories = other(&series.categories, &one.categories);
    changed
}
