//! RRULE (RFC 5545 §3.3.10) and what Exchange can say of it.

use calcard::icalendar::{
    ICalendarDay, ICalendarFrequency, ICalendarMonth, ICalendarRecurrenceRule as Rule, ICalendarWeekday,
};
use time::{Date, Month, PrimitiveDateTime, Weekday};

use super::{Days, End, Pattern, Recurrence, Week, When};
use crate::ical::{day, ical_weekday, local, moment, partial_day, partial_utc, weekday};

/// What was read of a rule.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) recurrence: Recurrence,
    /// Where the pattern says almost the same: what is not.
    pub(super) inexact: Option<&'static str>,
}

const LATE_IN_MONTH: &str = "months without this day are left out by the rule; Exchange takes their last day";

/// The rule of a series that begins at this time; `None` when Exchange has no such pattern.
pub(super) fn read(rule: &Rule, when: &When) -> Option<Found> {
    let (start, _) = when.local();
    let at_start = |parts: &[u8], own: u8| parts.is_empty() || parts == [own];
    let plain = at_start(&rule.byhour, start.hour())
        && at_start(&rule.byminute, start.minute())
        && at_start(&rule.bysecond, start.second())
        && rule.byyearday.is_empty()
        && rule.byweekno.is_empty()
        && rule.skip.is_none()
        && rule.rscale.as_ref().is_none_or(|scale| *scale == calcard::common::CalendarScale::Gregorian)
        && rule.bymonth.iter().all(|month| !month.is_leap());
    if !plain {
        return None;
    }
    let interval = rule.interval.unwrap_or(1).max(1);
    let (pattern, inexact) = match rule.freq {
        ICalendarFrequency::Daily => (daily(rule, interval)?, None),
        ICalendarFrequency::Weekly => (weekly(rule, interval, start.date())?, None),
        ICalendarFrequency::Monthly => monthly(rule, interval, start.date())?,
        ICalendarFrequency::Yearly => yearly(rule, interval, start.date())?,
        _ => return None,
    };
    let end = match (&rule.until, rule.count) {
        (Some(until), _) => End::On(last_day(until, when)?),
        (None, Some(count)) => End::After(count),
        (None, None) => End::Never,
    };
    let week_start = rule.wkst.map_or(Weekday::Monday, weekday);
    Some(Found { recurrence: Recurrence { pattern, end, week_start }, inexact })
}

/// The rule of a series.
pub(super) fn write(recurrence: &Recurrence, when: &When) -> Rule {
    let mut rule =
        Rule { interval: Some(recurrence.pattern.interval()).filter(|interval| *interval > 1), ..Rule::default() };
    let month_of = |month: Month| vec![ICalendarMonth::new(month.into(), false)];
    match recurrence.pattern {
        Pattern::Daily { .. } => rule.freq = ICalendarFrequency::Daily,
        Pattern::Weekly { days, .. } => {
            rule.freq = ICalendarFrequency::Weekly;
            rule.byday = days_of(days, None);
        }
        Pattern::AbsoluteMonthly { day, .. } => {
            rule.freq = ICalendarFrequency::Monthly;
            (rule.bymonthday, rule.bysetpos) = match day {
                0..=28 => (vec![day.max(1) as i8], Vec::new()),
                29 | 30 => ((28..=day as i8).collect(), vec![-1]),
                _ => (vec![-1], Vec::new()),
            };
        }
        Pattern::RelativeMonthly { week, days, .. } => {
            rule.freq = ICalendarFrequency::Monthly;
            relative(&mut rule, week, days);
        }
        Pattern::AbsoluteYearly { month, day, .. } => {
            rule.freq = ICalendarFrequency::Yearly;
            rule.bymonth = month_of(month);
            let late = day > shortest(month);
            rule.bymonthday = vec![if late { -1 } else { day.max(1) as i8 }];
        }
        Pattern::RelativeYearly { month, week, days, .. } => {
            rule.freq = ICalendarFrequency::Yearly;
            rule.bymonth = month_of(month);
            relative(&mut rule, week, days);
        }
    }
    match recurrence.end {
        End::Never => {}
        End::After(count) => rule.count = Some(count),
        End::On(last) => {
            rule.until = Some(match when.moved_to(last) {
                When::AllDay { .. } => partial_day(last),
                When::Timed { start, .. } => partial_utc(start.utc()),
            });
        }
    }
    if recurrence.week_start != Weekday::Monday {
        rule.wkst = Some(ical_weekday(recurrence.week_start));
    }
    rule
}

/// The day up to which UNTIL reaches, by the calendar of the series.
fn last_day(until: &calcard::common::PartialDateTime, when: &When) -> Option<Date> {
    if until.hour.is_none() {
        return day(until);
    }
    let until: PrimitiveDateTime = match (moment(until), when.zone()) {
        (Some(moment), Some(zone)) => zone.to_local(moment),
        _ => local(until)?,
    };
    let (start, _) = when.local();
    // What begins later on that day comes no more.
    if until.time() < start.time() { until.date().previous_day() } else { Some(until.date()) }
}

fn daily(rule: &Rule, interval: u16) -> Option<Pattern> {
    if !(rule.bymonth.is_empty() && rule.bymonthday.is_empty() && rule.bysetpos.is_empty()) {
        return None;
    }
    if rule.byday.is_empty() {
        return Some(Pattern::Daily { interval });
    }
    let days = days(&rule.byday)?;
    (interval == 1).then_some(Pattern::Weekly { interval: 1, days })
}

fn weekly(rule: &Rule, interval: u16, start: Date) -> Option<Pattern> {
    if !(rule.bymonth.is_empty() && rule.bymonthday.is_empty() && rule.bysetpos.is_empty()) {
        return None;
    }
    let days = if rule.byday.is_empty() { start.weekday().into() } else { days(&rule.byday)? };
    Some(Pattern::Weekly { interval, days })
}

fn monthly(rule: &Rule, interval: u16, start: Date) -> Option<(Pattern, Option<&'static str>)> {
    match rule.bymonth.len() {
        0 | 12 => {}
        1 if interval == 1 => return yearly(rule, 1, start),
        _ => return None,
    }
    if let Some((day, exact)) = day_of_month(rule, start) {
        let inexact = (day > 28 && !exact).then_some(LATE_IN_MONTH);
        return Some((Pattern::AbsoluteMonthly { interval, day }, inexact));
    }
    if let Some((week, days)) = nth(rule) {
        return Some((Pattern::RelativeMonthly { interval, week, days }, None));
    }
    // Every Tuesday of every month is every Tuesday.
    let days = days(&rule.byday).filter(|days| !days.is_empty())?;
    let all = rule.bymonthday.is_empty() && rule.bysetpos.is_empty() && interval == 1;
    all.then_some((Pattern::Weekly { interval: 1, days }, None))
}

fn yearly(rule: &Rule, interval: u16, start: Date) -> Option<(Pattern, Option<&'static str>)> {
    let month = match &rule.bymonth[..] {
        [month] => Month::try_from(month.month()).ok()?,
        // A day of the month alone would be one of every month; a day of the week, one of the year.
        [] if rule.bymonthday.is_empty() && rule.byday.is_empty() => start.month(),
        _ => return None,
    };
    if let Some((day, exact)) = day_of_month(rule, start) {
        let day = day.min(longest(month));
        let inexact = (day > shortest(month) && !exact).then_some(LATE_IN_MONTH);
        return Some((Pattern::AbsoluteYearly { interval, month, day }, inexact));
    }
    let (week, days) = nth(rule)?;
    Some((Pattern::RelativeYearly { interval, month, week, days }, None))
}

/// A day of the month, and whether shorter months have their last one instead.
fn day_of_month(rule: &Rule, start: Date) -> Option<(u8, bool)> {
    if !rule.byday.is_empty() {
        return None;
    }
    match (&rule.bymonthday[..], &rule.bysetpos[..]) {
        ([], []) => Some((start.day(), false)),
        ([-1], [] | [1] | [-1]) => Some((31, true)),
        ([day @ 1..=31], [] | [1] | [-1]) => Some((*day as u8, false)),
        ([28, more @ ..], [-1]) => {
            let in_row = more.iter().zip(29..).all(|(day, next)| *day == next);
            let last = u8::try_from(more.len()).ok()? + 28;
            (in_row && last <= 31).then_some((last, true))
        }
        _ => None,
    }
}

/// The n-th of some days in a month.
fn nth(rule: &Rule) -> Option<(Week, Days)> {
    let week = |number: i64| match number {
        -1 => Some(Week::Last),
        1..=4 => Week::from_number(number as u8),
        _ => None,
    };
    match (&rule.byday[..], &rule.bymonthday[..], &rule.bysetpos[..]) {
        ([ICalendarDay { ordwk: Some(number), weekday: day }], [], []) => {
            Some((week(i64::from(*number))?, weekday(*day).into()))
        }
        (list, [], [number]) => Some((week(i64::from(*number))?, days(list).filter(|days| !days.is_empty())?)),
        // "The Tuesday between the 8th and the 14th."
        ([ICalendarDay { ordwk: None, weekday: day }], [first, more @ ..], []) => {
            let seven = more.len() == 6 && more.iter().zip(*first + 1..).all(|(day, next)| *day == next);
            let number = (i64::from(*first) + 6) / 7;
            let begins = matches!(*first, 1 | 8 | 15 | 22);
            (seven && begins).then_some((week(number)?, weekday(*day).into()))
        }
        _ => None,
    }
}

fn relative(rule: &mut Rule, week: Week, days: Days) {
    let number = match week {
        Week::Last => -1,
        other => i16::from(other.number()),
    };
    if days.len() == 1 {
        rule.byday = days_of(days, Some(number));
    } else {
        rule.byday = days_of(days, None);
        rule.bysetpos = vec![number.into()];
    }
}

/// Days without numbers; `None` when one has a number.
fn days(list: &[ICalendarDay]) -> Option<Days> {
    list.iter().map(|day| day.ordwk.is_none().then(|| weekday(day.weekday))).collect()
}

fn days_of(days: Days, ordwk: Option<i16>) -> Vec<ICalendarDay> {
    days.iter().map(|day| ICalendarDay { ordwk, weekday: ical(day) }).collect()
}

fn ical(day: Weekday) -> ICalendarWeekday {
    ical_weekday(day)
}

/// How many days a month has in every year.
fn shortest(month: Month) -> u8 {
    month.length(2023)
}

/// How many days a month can have.
fn longest(month: Month) -> u8 {
    month.length(2024)
}
