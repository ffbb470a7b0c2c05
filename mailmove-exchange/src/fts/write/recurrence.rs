//! Patterns of recurrence in the form in which Exchange stores them ([MS-OXOCAL] §2.2.1.44).

use time::macros::date;
use time::{Date, PrimitiveDateTime};

use crate::calendar::{Appointment, Busy, End, Occurrence, Pattern, Recurrence, Week, When};

/// The last moment that minutes since 1601 tell: the end of what has none.
const NEVER: u32 = 0x5ae9_80df;
/// So many is said where nobody counts.
const UNCOUNTED: u32 = 10;

/// PidLidAppointmentRecur: the pattern, and every exception.
pub(super) fn appointment(own: &Appointment, recurrence: &Recurrence) -> Vec<u8> {
    let (start, end) = own.when.local();
    let first = own.when.first_day();
    let length = (end - start).whole_minutes();
    let begin = u32::from(start.hour()) * 60 + u32::from(start.minute());
    let mut out = pattern(recurrence, first, own);
    for number in [0x3006, 0x3009, begin, begin.saturating_add(u32::try_from(length).unwrap_or(0))] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&(own.changed.len() as u16).to_le_bytes());
    own.changed.iter().for_each(|changed| short_exception(&mut out, own, changed));
    out.extend_from_slice(&[0; 4]);
    own.changed.iter().for_each(|changed| long_exception(&mut out, own, changed));
    out.extend_from_slice(&[0; 4]);
    out
}

/// PidLidTaskRecurrence: the pattern alone.
pub(super) fn task(recurrence: &Recurrence, start: Date) -> Vec<u8> {
    pattern(recurrence, start, &Appointment::new("", When::day(start)))
}

/// 1 every day, 2 every week, 3 every month, 4 every year (PidLidRecurrenceType).
pub(super) fn kind(pattern: &Pattern) -> u32 {
    match pattern {
        Pattern::Daily { .. } => 1,
        Pattern::Weekly { .. } => 2,
        Pattern::AbsoluteMonthly { .. } | Pattern::RelativeMonthly { .. } => 3,
        Pattern::AbsoluteYearly { .. } | Pattern::RelativeYearly { .. } => 4,
    }
}

/// The times of a changed occurrence, by the clocks of the series.
pub(super) fn local_times(own: &Appointment, changed: &Occurrence) -> (PrimitiveDateTime, PrimitiveDateTime) {
    let planned = own.occurrence(changed.original);
    let when = changed.when.as_ref().unwrap_or(&planned);
    match (when, own.when.zone()) {
        (When::Timed { start, end }, Some(zone)) => (zone.to_local(start.utc()), zone.to_local(end.utc())),
        _ => when.local(),
    }
}

fn pattern(recurrence: &Recurrence, first: Date, own: &Appointment) -> Vec<u8> {
    let interval = u32::from(recurrence.pattern.interval());
    let begin = minutes(first.midnight());
    let nth = |week: Week| u32::from(week.number());
    let (sort, period, specific) = match recurrence.pattern {
        Pattern::Daily { .. } => (0, interval * 1440, vec![]),
        Pattern::Weekly { days, .. } => (1, interval, vec![u32::from(days.bits())]),
        Pattern::AbsoluteMonthly { day, .. } => (2, interval, vec![u32::from(day)]),
        Pattern::AbsoluteYearly { day, .. } => (2, interval * 12, vec![u32::from(day)]),
        Pattern::RelativeMonthly { week, days, .. } => (3, interval, vec![u32::from(days.bits()), nth(week)]),
        Pattern::RelativeYearly { week, days, .. } => (3, interval * 12, vec![u32::from(days.bits()), nth(week)]),
    };
    let first_period = match sort {
        0 => begin % period,
        1 => first_week(recurrence, first) % (period * 7 * 1440),
        _ => first_month(first, period),
    };
    let last = recurrence.last(first);
    let (end, count, last) = match recurrence.end {
        End::Never => (0x2023, UNCOUNTED, NEVER),
        End::On(day) => {
            let count = u32::try_from(recurrence.dates(first).count()).unwrap_or(UNCOUNTED);
            (0x2021, count, minutes(last.unwrap_or(day).midnight()))
        }
        End::After(count) => (0x2022, count, last.map_or(begin, |last| minutes(last.midnight()))),
    };
    let mut out = Vec::new();
    for number in [0x3004_u16, 0x3004, 0x2009 + kind(&recurrence.pattern) as u16, sort, 0] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    let mut numbers = vec![first_period, period, 0];
    numbers.extend(specific);
    numbers.extend([end, count, u32::from(recurrence.week_start.number_days_from_sunday())]);
    // What was changed is no more where it was: it stands among both.
    let mut gone: Vec<u32> = own.deleted.iter().map(|day| minutes(day.midnight())).collect();
    gone.extend(own.changed.iter().map(|changed| minutes(changed.original.midnight())));
    gone.sort_unstable();
    let mut there: Vec<u32> =
        own.changed.iter().map(|changed| minutes(local_times(own, changed).0.date().midnight())).collect();
    there.sort_unstable();
    for list in [gone, there] {
        numbers.push(list.len() as u32);
        numbers.extend(list);
    }
    numbers.extend([begin, last]);
    out.extend(numbers.into_iter().flat_map(u32::to_le_bytes));
    out
}

/// The first day of the week in which a series begins.
fn first_week(recurrence: &Recurrence, first: Date) -> u32 {
    let into = first.weekday().number_days_from_monday() + 7 - recurrence.week_start.number_days_from_monday();
    minutes(first.saturating_sub(time::Duration::days(i64::from(into % 7))).midnight())
}

/// The first day of the first month since 1601 that a pattern of so many months could have had.
fn first_month(first: Date, period: u32) -> u32 {
    let months = (first.year() - 1601) * 12 + i32::from(u8::from(first.month())) - 1;
    let months = u32::try_from(months).unwrap_or(0) % period;
    let month = time::Month::try_from((months % 12) as u8 + 1).unwrap_or(time::Month::January);
    Date::from_calendar_date(1601 + (months / 12) as i32, month, 1).map_or(0, |day| minutes(day.midnight()))
}

/// ExceptionInfo: what is not as in the series, texts in the letters of Latin-1.
fn short_exception(out: &mut Vec<u8>, own: &Appointment, changed: &Occurrence) {
    times(out, own, changed);
    out.extend_from_slice(&overridden(own, changed).to_le_bytes());
    let latin = |out: &mut Vec<u8>, text: &str| {
        let text: Vec<u8> = text.chars().map(|letter| u8::try_from(letter).unwrap_or(b'?')).take(0xfffe).collect();
        out.extend_from_slice(&(text.len() as u16 + 1).to_le_bytes());
        out.extend_from_slice(&(text.len() as u16).to_le_bytes());
        out.extend_from_slice(&text);
    };
    if let Some(subject) = &changed.subject {
        latin(out, subject);
    }
    if let Some(cancelled) = changed.cancelled {
        out.extend_from_slice(&super::appointment::state(own, cancelled).to_le_bytes());
    }
    if let Some(reminder) = changed.reminder {
        out.extend(reminder.map(u32::to_le_bytes).into_iter().flatten());
        out.extend_from_slice(&u32::from(reminder.is_some()).to_le_bytes());
    }
    if let Some(location) = &changed.location {
        latin(out, location);
    }
    if let Some(busy) = changed.busy {
        out.extend_from_slice(&busy_number(busy).to_le_bytes());
    }
    if let Some(attached) = &changed.attachments {
        out.extend_from_slice(&u32::from(!attached.is_empty()).to_le_bytes());
    }
    if let Some(all_day) = whole_days(own, changed) {
        out.extend_from_slice(&u32::from(all_day).to_le_bytes());
    }
}

/// ExtendedException: the texts again, in all letters.
fn long_exception(out: &mut Vec<u8>, own: &Appointment, changed: &Occurrence) {
    out.extend_from_slice(&[4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    if changed.subject.is_none() && changed.location.is_none() {
        return;
    }
    times(out, own, changed);
    for text in [&changed.subject, &changed.location].into_iter().flatten() {
        let units: Vec<u16> = text.encode_utf16().take(0xffff).collect();
        out.extend_from_slice(&(units.len() as u16).to_le_bytes());
        out.extend(units.into_iter().flat_map(u16::to_le_bytes));
    }
    out.extend_from_slice(&[0; 4]);
}

fn times(out: &mut Vec<u8>, own: &Appointment, changed: &Occurrence) {
    let (start, end) = local_times(own, changed);
    let (original, _) = own.occurrence(changed.original).local();
    [start, end, original].into_iter().for_each(|when| out.extend_from_slice(&minutes(when).to_le_bytes()));
}

fn overridden(own: &Appointment, changed: &Occurrence) -> u16 {
    let bits = [
        (changed.subject.is_some(), 0x01),
        (changed.cancelled.is_some(), 0x02),
        (matches!(changed.reminder, Some(Some(_))), 0x04),
        (changed.reminder.is_some(), 0x08),
        (changed.location.is_some(), 0x10),
        (changed.busy.is_some(), 0x20),
        (changed.attachments.is_some(), 0x40),
        (whole_days(own, changed).is_some(), 0x80),
        (changed.body.is_some(), 0x200),
    ];
    bits.into_iter().filter(|(set, _)| *set).fold(0, |bits, (_, bit)| bits | bit)
}

/// Whether it is of whole days when the series is not, or the other way round.
fn whole_days(own: &Appointment, changed: &Occurrence) -> Option<bool> {
    let all_day = changed.when.as_ref()?.is_all_day();
    (all_day != own.when.is_all_day()).then_some(all_day)
}

/// PidLidBusyStatus.
pub(super) fn busy_number(busy: Busy) -> u32 {
    busy as u32
}

/// Minutes since 1601.
pub(super) fn minutes(when: PrimitiveDateTime) -> u32 {
    let since = when - date!(1601 - 01 - 01).midnight();
    u32::try_from(since.whole_minutes()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use time::{Month, Weekday};

    use super::*;
    use crate::calendar::Days;
    use crate::zone::Zone;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    fn series(start: PrimitiveDateTime, recurrence: Recurrence) -> Appointment {
        let when = When::timed(start, start + time::Duration::minutes(30), Zone::UTC);
        Appointment { recurrence: Some(recurrence), ..Appointment::new("1@x", when) }
    }

    fn blob(own: &Appointment) -> Vec<u8> {
        appointment(own, own.recurrence.as_ref().unwrap())
    }

    /// The example of [MS-OXOCAL] §4.1.1.1, and of §4.1.1.2 with its exception.
    #[test]
    fn a_weekly_series_is_as_the_specification_shows_it() {
        let days = Days::from_iter([Weekday::Monday, Weekday::Thursday, Weekday::Friday]);
        let recurrence = Recurrence {
            pattern: Pattern::Weekly { interval: 1, days },
            end: End::After(12),
            week_start: Weekday::Sunday,
        };
        let mut own = series(datetime!(2007-03-26 10:00), recurrence);
        let plain = "043004300B2001000000C0210000010000000000000032000000222000000C00000000000000000000000000\
                     00008020BC0C20ADBC0C0630000009300000580200007602000000000000000000000000";
        assert_eq!(blob(&own), hex(plain));
        let changed = Occurrence {
            when: Some(When::timed(datetime!(2007-04-16 11:00), datetime!(2007-04-16 11:30), Zone::UTC)),
            subject: Some("Simple Recurrence with exceptions".to_owned()),
            location: Some("34/4141".to_owned()),
            ..Occurrence::new(date!(2007 - 04 - 16))
        };
        own.changed.push(changed);
        let changed = "043004300B2001000000C0210000010000000000000032000000222000000C0000000000000001000000A0\
                       96BC0C01000000A096BC0C8020BC0C20ADBC0C0630000009300000580200007602000001003499BC0C5299BC0CF898\
                       BC0C11002200210053696D706C6520526563757272656E6365207769746820657863657074696F6E73080007003334\
                       2F34313431000000000400000000000000000000003499BC0C5299BC0CF898BC0C2100530069006D0070006C006500\
                       200052006500630075007200720065006E006300650020007700690074006800200065007800630065007000740069\
                       006F006E0073000700330034002F0034003100340031000000000000000000";
        assert_eq!(blob(&own), hex(changed));
    }

    /// The example of [MS-OXOCAL] §4.1.1.3; its count, which nobody uses, is ours.
    #[test]
    fn a_daily_series_with_days_left_out_is_as_the_specification_shows_it() {
        let recurrence = Recurrence {
            pattern: Pattern::Daily { interval: 3 },
            end: End::On(date!(2011 - 05 - 04)),
            week_start: Weekday::Sunday,
        };
        let mut own = series(datetime!(2011-04-07 8:00), recurrence);
        own.deleted = [date!(2011 - 04 - 19), date!(2011 - 04 - 22)].into();
        let wanted = "043004300A2000000000A0050000E010000000000000212000000A0000000000000002000000A0C1DC0C80D2DC0C\
                      00000000207EDC0C0016DD0C0630000009300000E0010000FE01000000000000000000000000";
        assert_eq!(blob(&own), hex(wanted));
    }

    #[test]
    fn months_are_counted_from_the_first_of_all() {
        let yearly = Pattern::AbsoluteYearly { interval: 1, month: Month::March, day: 9 };
        let blob = task(&Recurrence::new(yearly), date!(2024 - 03 - 09));
        let number = |at: usize| u32::from_le_bytes([blob[at], blob[at + 1], blob[at + 2], blob[at + 3]]);
        // January and February of 1601 had 59 days.
        assert_eq!((blob[4], number(10), number(14), number(22)), (0x0d, 59 * 1440, 12, 9));
        assert_eq!((number(26), number(blob.len() - 4)), (0x2023, NEVER));
    }
}
