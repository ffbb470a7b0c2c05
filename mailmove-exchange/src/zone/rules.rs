use time::{Date, Month, PrimitiveDateTime, Time, Weekday};

use crate::calendar::Week;

/// How the clocks of a zone go in one year, as Windows and EWS describe it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    /// Minutes east of UTC outside of daylight saving: 60 in Berlin, -480 in Los Angeles.
    pub offset: i16,
    /// When there is daylight saving, how it is kept.
    pub daylight: Option<Daylight>,
}

/// Daylight saving within one year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Daylight {
    /// Minutes east of UTC while it lasts: 120 in Berlin.
    pub offset: i16,
    /// When clocks go over to it, by the clock that is left.
    pub begins: Turn,
    /// When clocks go back, by the clock that is left.
    pub ends: Turn,
}

/// A moment in every year: at 02:00 on the last Sunday of March.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Turn {
    /// The month.
    pub month: Month,
    /// Which of the month's days of this name.
    pub week: Week,
    /// The day's name.
    pub weekday: Weekday,
    /// The time of that day.
    pub time: Time,
}

impl Rules {
    /// Minutes east of UTC at this time by the zone's own clock. Of a time that comes twice the first is meant; one that
    /// is left out counts as if the clock had not been turned.
    pub fn offset_at(&self, local: PrimitiveDateTime) -> i16 {
        let Some(daylight) = &self.daylight else { return self.offset };
        let year = local.year();
        let (Some(begins), Some(ends)) = (daylight.begins.in_year(year), daylight.ends.in_year(year)) else {
            return self.offset;
        };
        let gap = time::Duration::minutes(i64::from(daylight.offset - self.offset).max(0));
        let begins = begins + gap;
        let summer = if begins < ends { local >= begins && local < ends } else { local >= begins || local < ends };
        if summer { daylight.offset } else { self.offset }
    }
}

impl Turn {
    /// The moment in this year, by the clock that is left; `None` beyond the calendar.
    pub fn in_year(&self, year: i32) -> Option<PrimitiveDateTime> {
        Some(PrimitiveDateTime::new(self.week.day(year, self.month, self.weekday)?, self.time))
    }

    /// The moment that falls on this day, taken for the last of its month when nothing comes a week later.
    pub(super) fn on(date: Date, time: Time) -> Self {
        let days = date.month().length(date.year());
        let week = if date.day() + 7 > days { Week::Last } else { Week::ALL[usize::from((date.day() - 1) / 7)] };
        Self { month: date.month(), week, weekday: date.weekday(), time }
    }
}
