//! A [`Task`] to an item of a task folder ([MS-OXOTASK]).

use mailmove_core::{Item, Result};
use time::Date;

use super::super::mapi::{self, Key, common, tag, task};
use super::attachment::hang;
use super::stream::Stream;
use super::{Options, begin, body, categories, importance, recurrence, sensitivity};
use crate::calendar::{Task, TaskStatus};

pub(super) fn write(stream: &mut Stream, own: &Task, item: &Item, options: &Options) -> Result<()> {
    begin(stream, "IPM.Task", item, options, 1)?;
    categories(stream, item, &own.categories)?;
    super::subject(stream, &own.subject)?;
    body::write(stream, &own.body)?;
    importance(stream, own.importance)?;
    sensitivity(stream, own.sensitivity)?;
    let status = match own.status {
        TaskStatus::NotStarted => 0,
        TaskStatus::InProgress => 1,
        TaskStatus::Completed => 2,
        TaskStatus::Waiting => 3,
        TaskStatus::Deferred => 4,
    };
    stream.number(task(0x8101), status)?;
    stream.double(task(0x8102), f64::from(own.percent) / 100.0)?;
    stream.truth(task(0x811c), own.status == TaskStatus::Completed)?;
    // Days are the same wherever one is: midnight, by no zone.
    let days: [(Key, Option<Date>); 5] = [
        (task(0x8104), own.start),
        (task(0x8105), own.due),
        (common(0x8516), own.start),
        (common(0x8517), own.due),
        (task(0x810f), own.completed),
    ];
    for (key, day) in days {
        if let Some(day) = day {
            stream.moment(key, day.midnight().assume_utc())?;
        }
    }
    stream.truth(common(0x8503), own.reminder.is_some())?;
    if let Some(when) = own.reminder {
        stream.moment(common(0x8502), when)?;
        stream.moment(common(0x8560), when)?;
    }
    let repeats = own.recurrence.as_ref().zip(own.start.or(own.due));
    stream.truth(task(0x8126), repeats.is_some())?;
    if let Some((pattern, start)) = repeats {
        stream.binary(task(0x8116), &recurrence::task(pattern, start))?;
    }
    if own.status == TaskStatus::Completed {
        stream.number(tag::FLAG_STATUS, 1)?;
    }
    stream.some_text(mapi::UID, &own.uid)?;
    (0..).zip(&own.attachments).try_for_each(|(number, attached)| hang(stream, attached, number))
}
