//! Between calcard's values and those of `time`.

use calcard::common::PartialDateTime;
use calcard::icalendar::ICalendarWeekday;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset, Weekday};

/// A time without a zone.
pub(crate) fn partial(when: PrimitiveDateTime) -> PartialDateTime {
    PartialDateTime {
        hour: Some(when.hour()),
        minute: Some(when.minute()),
        second: Some(when.second()),
        ..partial_day(when.date())
    }
}

/// A day.
pub(crate) fn partial_day(day: Date) -> PartialDateTime {
    PartialDateTime {
        year: u16::try_from(day.year()).ok(),
        month: Some(day.month().into()),
        day: Some(day.day()),
        ..Default::default()
    }
}

/// A moment in UTC.
pub(crate) fn partial_utc(when: OffsetDateTime) -> PartialDateTime {
    let when = when.to_offset(UtcOffset::UTC);
    let local = partial(PrimitiveDateTime::new(when.date(), when.time()));
    PartialDateTime { tz_hour: Some(0), tz_minute: Some(0), ..local }
}

/// The day of a value.
pub(crate) fn day(value: &PartialDateTime) -> Option<Date> {
    let month = Month::try_from(value.month?).ok()?;
    Date::from_calendar_date(value.year?.into(), month, value.day?).ok()
}

/// Day and time of a value, whatever zone it names; a day begins at midnight.
pub(crate) fn local(value: &PartialDateTime) -> Option<PrimitiveDateTime> {
    let [hour, minute, second] = [value.hour, value.minute, value.second].map(Option::unwrap_or_default);
    // Leap seconds are not told apart.
    let time = Time::from_hms(hour, minute, second.min(59)).ok()?;
    Some(PrimitiveDateTime::new(day(value)?, time))
}

/// The moment of a value that says how far from UTC it is.
pub(crate) fn moment(value: &PartialDateTime) -> Option<OffsetDateTime> {
    let seconds = i32::from(value.tz_hour?) * 3600 + i32::from(value.tz_minute.unwrap_or(0)) * 60;
    let offset = UtcOffset::from_whole_seconds(if value.tz_minus { -seconds } else { seconds }).ok()?;
    Some(local(value)?.assume_offset(offset).to_offset(UtcOffset::UTC))
}

const WEEKDAYS: [(ICalendarWeekday, Weekday); 7] = [
    (ICalendarWeekday::Sunday, Weekday::Sunday),
    (ICalendarWeekday::Monday, Weekday::Monday),
    (ICalendarWeekday::Tuesday, Weekday::Tuesday),
    (ICalendarWeekday::Wednesday, Weekday::Wednesday),
    (ICalendarWeekday::Thursday, Weekday::Thursday),
    (ICalendarWeekday::Friday, Weekday::Friday),
    (ICalendarWeekday::Saturday, Weekday::Saturday),
];

pub(crate) fn weekday(day: ICalendarWeekday) -> Weekday {
    WEEKDAYS.iter().find(|(known, _)| *known == day).map_or(Weekday::Sunday, |(_, day)| *day)
}

pub(crate) fn ical_weekday(day: Weekday) -> ICalendarWeekday {
    WEEKDAYS[usize::from(day.number_days_from_sunday())].0
}
