//! The days on which something comes again.

use std::collections::VecDeque;

use time::{Date, Duration, Month, Weekday};

use super::{Days, End, Pattern, Recurrence, Week};

/// So many times in a row may nothing come of a pattern before it is taken for one of which nothing ever comes: more
/// than the years until a leap year's Monday.
const BARREN: u32 = 1200;

impl Recurrence {
    /// For ever, with weeks that begin on Monday.
    pub fn new(pattern: Pattern) -> Self {
        Self { pattern, end: End::Never, week_start: Weekday::Monday }
    }

    /// The same up to here.
    pub fn until(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// The days, in order, of a series that begins on this one. The first is the first that fits the pattern, which need
    /// not be the one given.
    pub fn dates(&self, start: Date) -> impl Iterator<Item = Date> + use<> {
        let (count, last) = match self.end {
            End::Never => (usize::MAX, Date::MAX),
            End::On(last) => (usize::MAX, last),
            End::After(count) => (count as usize, Date::MAX),
        };
        Dates::new(self, start).take(count).take_while(move |date| *date <= last)
    }

    /// The last day of a series that begins on this one; `None` when it goes on for ever, or never begins.
    pub fn last(&self, start: Date) -> Option<Date> {
        match self.end {
            End::Never => None,
            _ => self.dates(start).last(),
        }
    }
}

impl Pattern {
    /// Every so many days, weeks, months or years, whichever the pattern counts; at least 1.
    pub fn interval(&self) -> u16 {
        let (Pattern::Daily { interval }
        | Pattern::Weekly { interval, .. }
        | Pattern::AbsoluteMonthly { interval, .. }
        | Pattern::RelativeMonthly { interval, .. }
        | Pattern::AbsoluteYearly { interval, .. }
        | Pattern::RelativeYearly { interval, .. }) = *self;
        interval.max(1)
    }
}

/// Goes through day after day, week after week, month after month.
struct Dates {
    pattern: Pattern,
    week_start: Weekday,
    start: Date,
    /// How many days, weeks, months or years lie behind.
    passed: u32,
    found: VecDeque<Date>,
}

impl Dates {
    fn new(recurrence: &Recurrence, start: Date) -> Self {
        let Recurrence { pattern, week_start, .. } = *recurrence;
        Self { pattern, week_start, start, passed: 0, found: VecDeque::new() }
    }

    /// The days in one day, week, month or year; `None` beyond the calendar.
    fn candidates(&self) -> Option<VecDeque<Date>> {
        match self.pattern {
            Pattern::Daily { .. } => {
                self.start.checked_add(Duration::days(self.passed.into())).map(|date| [date].into())
            }
            Pattern::Weekly { days, .. } => {
                let into =
                    self.start.weekday().number_days_from_monday() + 7 - self.week_start.number_days_from_monday();
                let back = Duration::days(i64::from(into % 7));
                let week = self.start.checked_sub(back)?.checked_add(Duration::weeks(self.passed.into()))?;
                let all = (0..7).filter_map(|day| week.checked_add(Duration::days(day)));
                Some(all.filter(|date| days.contains(date.weekday())).collect())
            }
            Pattern::AbsoluteMonthly { day, .. } => {
                let (year, month) = self.month()?;
                Some(day_or_last(year, month, day).into_iter().collect())
            }
            Pattern::RelativeMonthly { week, days, .. } => {
                let (year, month) = self.month()?;
                Some(relative(year, month, week, days).into_iter().collect())
            }
            Pattern::AbsoluteYearly { month, day, .. } => {
                Some(day_or_last(self.year()?, month, day).into_iter().collect())
            }
            Pattern::RelativeYearly { month, week, days, .. } => {
                Some(relative(self.year()?, month, week, days).into_iter().collect())
            }
        }
    }

    fn month(&self) -> Option<(i32, Month)> {
        let months = self.start.year() * 12 + i32::from(u8::from(self.start.month())) - 1;
        let months = months.checked_add(i32::try_from(self.passed).ok()?)?;
        let year = months.div_euclid(12);
        (year <= Date::MAX.year()).then_some(())?;
        Some((year, Month::try_from(months.rem_euclid(12) as u8 + 1).ok()?))
    }

    fn year(&self) -> Option<i32> {
        let year = self.start.year().checked_add(i32::try_from(self.passed).ok()?)?;
        (year <= Date::MAX.year()).then_some(year)
    }
}

impl Iterator for Dates {
    type Item = Date;

    fn next(&mut self) -> Option<Date> {
        let mut barren = 0;
        loop {
            if let Some(date) = self.found.pop_front() {
                if date >= self.start {
                    return Some(date);
                }
                continue;
            }
            if barren > BARREN {
                return None;
            }
            barren += 1;
            self.found = self.candidates()?;
            self.passed = self.passed.checked_add(self.pattern.interval().into())?;
        }
    }
}

fn day_or_last(year: i32, month: Month, day: u8) -> Option<Date> {
    Date::from_calendar_date(year, month, day.clamp(1, month.length(year))).ok()
}

fn relative(year: i32, month: Month, week: Week, days: Days) -> Option<Date> {
    week.day_of(year, month, days)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn first(pattern: Pattern, start: Date, count: u32) -> Vec<Date> {
        Recurrence::new(pattern).until(End::After(count)).dates(start).collect()
    }

    #[test]
    fn every_second_week_counts_from_the_day_with_which_weeks_begin() {
        let days = Days::from_iter([Weekday::Tuesday, Weekday::Sunday]);
        let mut recurrence = Recurrence::new(Pattern::Weekly { interval: 2, days }).until(End::After(4));
        let days = |recurrence: Recurrence| recurrence.dates(date!(1997 - 08 - 05)).map(Date::day).collect::<Vec<_>>();
        assert_eq!(days(recurrence), [5, 10, 19, 24]);
        recurrence.week_start = Weekday::Sunday;
        assert_eq!(days(recurrence), [5, 17, 19, 31]);
    }

    #[test]
    fn a_month_that_is_too_short_has_its_last_day() {
        let pattern = Pattern::AbsoluteMonthly { interval: 1, day: 31 };
        let found = first(pattern, date!(2024 - 01 - 31), 4);
        assert_eq!(found, [date!(2024 - 01 - 31), date!(2024 - 02 - 29), date!(2024 - 03 - 31), date!(2024 - 04 - 30)]);
        let leap = Pattern::AbsoluteYearly { interval: 1, month: Month::February, day: 29 };
        assert_eq!(first(leap, date!(2024 - 02 - 29), 2)[1], date!(2025 - 02 - 28));
    }

    #[test]
    fn the_second_tuesday_and_the_last_working_day() {
        let tuesday = Pattern::RelativeMonthly { interval: 1, week: Week::Second, days: Weekday::Tuesday.into() };
        assert_eq!(first(tuesday, date!(2024 - 01 - 10), 2), [date!(2024 - 02 - 13), date!(2024 - 03 - 12)]);
        let month = Month::November;
        let working = Pattern::RelativeYearly { interval: 2, month, week: Week::Last, days: Days::WORKING };
        assert_eq!(first(working, date!(2024 - 01 - 01), 2), [date!(2024 - 11 - 29), date!(2026 - 11 - 30)]);
    }

    #[test]
    fn an_end_is_kept_and_nothing_comes_of_no_days() {
        let daily = Recurrence::new(Pattern::Daily { interval: 3 }).until(End::On(date!(2024 - 01 - 07)));
        assert_eq!(daily.last(date!(2024 - 01 - 01)), Some(date!(2024 - 01 - 07)));
        assert_eq!(daily.dates(date!(2024 - 01 - 01)).count(), 3);
        let none = Recurrence::new(Pattern::Weekly { interval: 1, days: Days::NONE });
        assert_eq!(none.dates(date!(2024 - 01 - 01)).next(), None);
        assert_eq!(none.last(date!(2024 - 01 - 01)), None);
    }

    #[test]
    fn for_ever_ends_with_the_calendar() {
        let yearly = Pattern::AbsoluteYearly { interval: u16::MAX, month: Month::May, day: 1 };
        assert_eq!(Recurrence::new(yearly).dates(date!(2024 - 01 - 01)).count(), 1);
    }
}
