//! VTODO and [`Task`].

use calcard::icalendar::{
    ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarParameter, ICalendarProperty as Name,
    ICalendarStatus, ICalendarValue, ICalendarValueType,
};
use mailmove_core::{Body, Loss, Result, Spool};
use time::Date;

use super::attach::{Attached, join, split};
use super::component::{
    Calendar, Losses, Trigger, add, add_categories, add_class, add_importance, add_text, alarm, begin, calendar, class,
    first, hang, importance, is_idle, normal, print, push, take_text, texts, trigger,
};
use super::{End, Task, TaskStatus, When, rrule};
use crate::ical::{day, moment, partial_day};
use crate::zone::Zone;

impl Task {
    /// The task in an iCalendar with what hangs on it, and what Exchange cannot say of it. Files go to the spool.
    ///
    /// # Errors
    /// As [`from_icalendar`](Self::from_icalendar); `TooLarge` when there are more than 16 MiB beside the files.
    pub fn read(body: &Body, spool: &Spool) -> Result<(Task, Vec<Loss>)> {
        let mut apart = split(body, spool)?;
        let lost = std::mem::take(&mut apart.losses);
        let (task, mut losses) = Self::of(&Calendar::parse_apart(apart)?)?;
        losses.extend(lost);
        Ok((task, losses))
    }

    /// The iCalendar of a task with what hangs on it, piece by piece in the spool.
    ///
    /// # Errors
    /// When a file cannot be read, or the text not be kept.
    pub fn write(&self, spool: &Spool) -> Result<Body> {
        let mut attached = Vec::new();
        let text = self.text(|todo, own| hang(todo, own, &mut attached));
        join(&text, &attached, spool)
    }

    /// The task in an iCalendar, and what Exchange cannot say of it. What hangs on it is lost, and named: see
    /// [`read`](Self::read).
    ///
    /// # Errors
    /// `Refused` when there is no task in it, or more than one (by UID).
    pub fn from_icalendar(octets: &[u8]) -> Result<(Task, Vec<Loss>)> {
        Self::of(&Calendar::parse(octets)?)
    }

    fn of(calendar: &Calendar) -> Result<(Task, Vec<Loss>)> {
        let mut losses = Losses::default();
        let all = calendar.all(&ICalendarComponentType::VTodo)?;
        let master = all.iter().find(|part| !part.has_property(&Name::RecurrenceId)).or(all.first());
        let Some(component) = master else { return Ok((Task::new(""), Vec::new())) };
        if all.len() > 1 {
            losses.add("lone-occurrence", "Exchange has no changed occurrences of tasks");
        }
        let mut task = Task::new(component.uid().unwrap_or_default());
        for entry in &component.entries {
            if !(task.take(entry, &mut losses) || is_idle(&entry.name)) {
                losses.property(entry.name.as_str());
            }
        }
        task.settle();
        task.attachments = calendar.attached(component);
        task.repeat(component, &mut losses);
        task.remind(calendar, component, &mut losses);
        Ok((task, losses.finish()))
    }

    /// The iCalendar of a task. What hangs on it is left out: see [`write`](Self::write).
    pub fn to_icalendar(&self) -> Vec<u8> {
        self.text(|_, _| {})
    }

    fn text(&self, hang: impl FnOnce(&mut ICalendarComponent, &[Attached])) -> Vec<u8> {
        let mut tree = calendar();
        let mut todo = ICalendarComponent::new(ICalendarComponentType::VTodo);
        begin(&mut todo, &self.uid, self.created, self.modified);
        add(&mut todo, Name::Summary, &self.subject);
        add_text(&mut todo, &self.body);
        for (name, day) in [(Name::Dtstart, self.start), (Name::Due, self.due)] {
            if let Some(day) = day {
                let date = ICalendarParameter::value(ICalendarValueType::Date);
                todo.add_property_with_params(name, [date], partial_day(day));
            }
        }
        if let Some(day) = self.completed {
            todo.add_property(Name::Completed, crate::ical::partial_utc(day.midnight().assume_utc()));
        }
        let status = match self.status {
            TaskStatus::NotStarted | TaskStatus::Waiting | TaskStatus::Deferred => ICalendarStatus::NeedsAction,
            TaskStatus::InProgress => ICalendarStatus::InProcess,
            TaskStatus::Completed => ICalendarStatus::Completed,
        };
        todo.add_property(Name::Status, status);
        if let Some((word, _)) = STATUS.iter().find(|(_, status)| *status == self.status) {
            todo.add_property(Name::Other(STATUS_NAME.to_owned()), (*word).to_owned());
        }
        todo.add_property(Name::PercentComplete, i64::from(self.percent.min(100)));
        add_class(&mut todo, self.sensitivity);
        add_importance(&mut todo, self.importance);
        add_categories(&mut todo, &self.categories);
        hang(&mut todo, &self.attachments);
        if let (Some(recurrence), Some(start)) = (&self.recurrence, self.start.or(self.due)) {
            todo.add_property(Name::Rrule, rrule::write(recurrence, &When::day(start)));
        }
        let id = push(&mut tree, 0, todo);
        if let Some(when) = self.reminder {
            push(&mut tree, id, alarm(Trigger::At(when)));
        }
        print(&tree)
    }

    fn take(&mut self, entry: &ICalendarEntry, losses: &mut Losses) -> bool {
        match &entry.name {
            // Read elsewhere.
            Name::Uid | Name::Rrule | Name::Sequence => {}
            Name::Summary => self.subject = normal(&first(entry)),
            Name::Categories => self.categories.extend(texts(entry).iter().map(|name| normal(name))),
            Name::Class => self.sensitivity = class(entry),
            Name::Priority => self.importance = importance(entry),
            Name::Dtstart => self.start = whole_day(entry, losses),
            Name::Due => self.due = whole_day(entry, losses),
            Name::Completed => self.completed = entry.values.first().and_then(day_of),
            Name::PercentComplete => {
                let percent = entry.values.first().and_then(ICalendarValue::as_integer).unwrap_or(0);
                self.percent = percent.clamp(0, 100) as u8;
            }
            Name::Status => match entry.values.first() {
                Some(ICalendarValue::Status(ICalendarStatus::InProcess)) => self.status = TaskStatus::InProgress,
                Some(ICalendarValue::Status(ICalendarStatus::Completed)) => self.status = TaskStatus::Completed,
                Some(ICalendarValue::Status(ICalendarStatus::Cancelled)) => {
                    losses.add("task-cancelled", "Exchange has no cancelled tasks; it becomes a deferred one");
                    self.status = TaskStatus::Deferred;
                }
                _ => {}
            },
            Name::Other(name) if name.eq_ignore_ascii_case(STATUS_NAME) => {
                let word = first(entry);
                let told = STATUS.iter().find(|(known, _)| word.eq_ignore_ascii_case(known));
                self.status = told.map_or(self.status, |(_, status)| *status);
            }
            Name::Created => {
                self.created = entry.values.first().and_then(|value| moment(value.as_partial_date_time()?))
            }
            Name::LastModified => {
                self.modified = entry.values.first().and_then(|value| moment(value.as_partial_date_time()?));
            }
            Name::Rdate | Name::Exdate | Name::Exrule => {
                losses.add("extra-dates", "Exchange repeats tasks by their rule alone");
            }
            Name::Attach => losses.add("attachments", "what hangs on the task is not kept"),
            _ => return take_text(entry, &mut self.body),
        }
        true
    }

    /// Makes the day, the state and the hundredths of one mind: what is done is done.
    fn settle(&mut self) {
        if self.completed.is_some() || self.percent == 100 {
            self.status = TaskStatus::Completed;
        }
        if self.status == TaskStatus::Completed {
            self.percent = 100;
        }
    }

    fn repeat(&mut self, component: &ICalendarComponent, losses: &mut Losses) {
        let value = component.property(&Name::Rrule).and_then(|entry| entry.values.first());
        let Some(ICalendarValue::RecurrenceRule(rule)) = value else { return };
        let found = self.start.or(self.due).and_then(|start| rrule::read(rule, &When::day(start)));
        match found {
            Some(found) => {
                if let Some(text) = found.inexact {
                    losses.add("recurrence-month-end", text);
                }
                self.recurrence = Some(found.recurrence);
            }
            None => losses.add("recurrence", format!("Exchange cannot repeat a task as {rule} says")),
        }
    }

    fn remind(&mut self, calendar: &Calendar, component: &ICalendarComponent, losses: &mut Losses) {
        for inside in calendar.inside(component) {
            if inside.component_type != ICalendarComponentType::VAlarm {
                losses.property(inside.component_type.as_str());
                continue;
            }
            let when = trigger(inside).and_then(|trigger| match trigger {
                Trigger::At(when) => Some(when),
                Trigger::Before(minutes) => {
                    let (start, _) = When::day(self.start.or(self.due)?).in_utc(&Zone::UTC);
                    start.checked_sub(time::Duration::minutes(minutes.into()))
                }
            });
            match when {
                Some(when) if self.reminder.is_none() => self.reminder = Some(when),
                _ => losses.add("alarms", "Exchange calls to mind once, at a moment"),
            }
        }
    }

    /// The last day on which it comes again, when there is one.
    pub fn last_day(&self) -> Option<Date> {
        let start = self.start.or(self.due)?;
        let recurrence = self.recurrence.as_ref()?;
        match recurrence.end {
            End::On(day) => Some(day),
            _ => recurrence.last(start),
        }
    }
}

/// The states that STATUS does not tell apart.
const STATUS_NAME: &str = "X-MICROSOFT-TASK-STATUS";
const STATUS: [(&str, TaskStatus); 2] = [("WAITING", TaskStatus::Waiting), ("DEFERRED", TaskStatus::Deferred)];

/// The day of a value; the hours of a task are not kept.
fn whole_day(entry: &ICalendarEntry, losses: &mut Losses) -> Option<Date> {
    let value = entry.values.first()?;
    let hours = value.as_partial_date_time()?.hour;
    if hours.is_some_and(|hour| hour > 0) {
        losses.add("task-hours", "Exchange knows the days of a task, not the hours");
    }
    day_of(value)
}

fn day_of(value: &ICalendarValue) -> Option<Date> {
    day(value.as_partial_date_time()?)
}
