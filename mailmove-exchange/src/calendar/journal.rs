//! VJOURNAL and [`Journal`].

use calcard::icalendar::{
    ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarProperty as Name, ICalendarValue,
};
use mailmove_core::{Loss, Result};
use time::OffsetDateTime;

use super::component::{
    Calendar, Losses, add, add_categories, add_class, add_text, begin, calendar, class, first, is_idle, normal, print,
    push, take_text, texts,
};
use super::{Sensitivity, Text};
use crate::ical::{day, moment, partial_utc};

/// What somebody did, and when. How long it took and of what sort it was, iCalendar does not say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Journal {
    /// By what it is known everywhere: UID of iCalendar.
    pub uid: String,
    /// What it is called.
    pub subject: String,
    /// What it is about.
    pub body: Text,
    /// When it began.
    pub start: Option<OffsetDateTime>,
    /// Whom it concerns.
    pub sensitivity: Sensitivity,
    /// Under which names it is filed.
    pub categories: Vec<String>,
    /// When it was made.
    pub created: Option<OffsetDateTime>,
    /// When it was last changed.
    pub modified: Option<OffsetDateTime>,
}

impl Journal {
    /// The entry in an iCalendar, and what Exchange cannot say of it.
    ///
    /// # Errors
    /// `Refused` when there is no journal entry in it, or more than one (by UID).
    pub fn from_icalendar(octets: &[u8]) -> Result<(Journal, Vec<Loss>)> {
        let calendar = Calendar::parse(octets)?;
        let mut losses = Losses::default();
        let all = calendar.all(&ICalendarComponentType::VJournal)?;
        let master = all.iter().find(|part| !part.has_property(&Name::RecurrenceId)).or(all.first());
        let Some(component) = master else { return Ok((Journal::default(), Vec::new())) };
        if all.len() > 1 || component.has_property(&Name::Rrule) {
            losses.add("recurrence", "Exchange has no journal entries that come again; the first one is kept");
        }
        let mut journal = Journal { uid: component.uid().unwrap_or_default().to_owned(), ..Journal::default() };
        for entry in &component.entries {
            if !(journal.take(&calendar, entry, &mut losses) || is_idle(&entry.name)) {
                losses.property(entry.name.as_str());
            }
        }
        Ok((journal, losses.finish()))
    }

    /// The iCalendar of an entry.
    pub fn to_icalendar(&self) -> Vec<u8> {
        let mut tree = calendar();
        let mut journal = ICalendarComponent::new(ICalendarComponentType::VJournal);
        begin(&mut journal, &self.uid, self.created, self.modified);
        add(&mut journal, Name::Summary, &self.subject);
        add_text(&mut journal, &self.body);
        if let Some(start) = self.start {
            journal.add_property(Name::Dtstart, partial_utc(start));
        }
        add_class(&mut journal, self.sensitivity);
        add_categories(&mut journal, &self.categories);
        push(&mut tree, 0, journal);
        print(&tree)
    }

    fn take(&mut self, calendar: &Calendar, entry: &ICalendarEntry, losses: &mut Losses) -> bool {
        let told = || entry.values.first().and_then(|value| moment(value.as_partial_date_time()?));
        match &entry.name {
            // Read elsewhere.
            Name::Uid | Name::Rrule | Name::Sequence => {}
            Name::Summary => self.subject = normal(&first(entry)),
            Name::Categories => self.categories.extend(texts(entry).iter().map(|name| normal(name))),
            Name::Class => self.sensitivity = class(entry),
            Name::Dtstart => {
                let whole = || entry.values.first().and_then(ICalendarValue::as_partial_date_time).and_then(day);
                let when = calendar.moment(entry, losses).map(|moment| moment.utc());
                self.start = when.or_else(|| whole().map(|day| day.midnight().assume_utc()));
            }
            Name::Created => self.created = told(),
            Name::LastModified => self.modified = told(),
            // The only component that may have several.
            Name::Description if !self.body.plain.is_empty() => {
                self.body.plain.push('\n');
                self.body.plain.push_str(&normal(&texts(entry).join(",")));
            }
            Name::Rdate | Name::Exdate | Name::Exrule => {
                losses.add("recurrence", "Exchange has no journal entries that come again; the first one is kept");
            }
            Name::Attach => losses.add("attachments", "what hangs on the journal entry is not kept"),
            _ => return take_text(entry, &mut self.body),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn an_entry_comes_back_as_it_was() {
        let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VJOURNAL\r\nUID:1@x\r\nSUMMARY:Call\\, long\r\n\
            DTSTART;TZID=Europe/Berlin:20240229T111112\r\nDESCRIPTION:one\r\nDESCRIPTION:two\r\nCLASS:PRIVATE\r\n\
            CATEGORIES:Red,Blue\r\nSTATUS:FINAL\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n";
        let (journal, losses) = Journal::from_icalendar(text.as_bytes()).unwrap();
        assert_eq!((journal.subject.as_str(), journal.body.plain.as_str()), ("Call, long", "one\ntwo"));
        assert_eq!(journal.start, Some(datetime!(2024-02-29 10:11:12 UTC)));
        assert_eq!((journal.sensitivity, journal.categories.len()), (Sensitivity::Private, 2));
        assert_eq!(losses.len(), 1, "{losses:?}");
        let (again, losses) = Journal::from_icalendar(&journal.to_icalendar()).unwrap();
        assert_eq!((again, losses), (journal, Vec::new()));
    }

    #[test]
    fn a_day_begins_at_midnight_and_what_comes_again_is_named() {
        let text = "BEGIN:VCALENDAR\r\nBEGIN:VJOURNAL\r\nUID:1\r\nDTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=DAILY\r\n\
            END:VJOURNAL\r\nEND:VCALENDAR\r\n";
        let (journal, losses) = Journal::from_icalendar(text.as_bytes()).unwrap();
        assert_eq!(journal.start, Some(datetime!(2024-02-29 0:00 UTC)));
        assert_eq!(losses[0].code, "recurrence");
    }
}
