use std::fmt;

use time::{Date, Month, Weekday};

/// How often something comes again, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Recurrence {
    /// On which days.
    pub pattern: Pattern,
    /// How far.
    pub end: End,
    /// With which day a week begins: it matters when only every second week counts.
    pub week_start: Weekday,
}

/// The days on which something comes again, as Exchange knows them. An interval of 0 counts as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// Every so many days.
    Daily {
        /// So many days.
        interval: u16,
    },
    /// On these days of every so many weeks.
    Weekly {
        /// So many weeks.
        interval: u16,
        /// The days.
        days: Days,
    },
    /// On this day of every so many months; on the last one where a month has not so many days.
    AbsoluteMonthly {
        /// So many months.
        interval: u16,
        /// The day, from 1 on.
        day: u8,
    },
    /// On the first, second … of these days in every so many months.
    RelativeMonthly {
        /// So many months.
        interval: u16,
        /// Which of them.
        week: Week,
        /// The days that count.
        days: Days,
    },
    /// On this day of every so many years; on the last one where February has not so many days.
    AbsoluteYearly {
        /// So many years. EWS knows no other than 1.
        interval: u16,
        /// The month.
        month: Month,
        /// The day, from 1 on.
        day: u8,
    },
    /// On the first, second … of these days in this month of every so many years.
    RelativeYearly {
        /// So many years. EWS knows no other than 1.
        interval: u16,
        /// The month.
        month: Month,
        /// Which of them.
        week: Week,
        /// The days that count.
        days: Days,
    },
}

/// How far something comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// For ever.
    Never,
    /// Up to and with this day.
    On(Date),
    /// So many times, the deleted ones counted.
    After(u32),
}

/// Which of some days in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Week {
    First,
    Second,
    Third,
    Fourth,
    Last,
}

/// A set of days of the week.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Days(u8);

impl Week {
    /// All of them, in order.
    pub const ALL: [Week; 5] = [Week::First, Week::Second, Week::Third, Week::Fourth, Week::Last];

    /// 1 to 4, and 5 for the last one, as Exchange counts.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The one with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Week::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// The day of this name in that month; `None` beyond the calendar.
    pub fn day(self, year: i32, month: Month, weekday: Weekday) -> Option<Date> {
        self.day_of(year, month, Days::from(weekday))
    }

    /// The day in that month when these days count.
    pub(crate) fn day_of(self, year: i32, month: Month, days: Days) -> Option<Date> {
        let first = Date::from_calendar_date(year, month, 1).ok()?;
        let mut found = (0..month.length(year)).filter_map(|day| first.replace_day(day + 1).ok());
        let mut found = found.by_ref().filter(|date| days.contains(date.weekday()));
        match self {
            Week::Last => found.last(),
            other => found.nth(usize::from(other.number() - 1)),
        }
    }
}

impl Days {
    /// None.
    pub const NONE: Days = Days(0);
    /// Every day.
    pub const ALL: Days = Days(0x7f);
    /// Monday to Friday.
    pub const WORKING: Days = Days(0x3e);
    /// Saturday and Sunday.
    pub const WEEKEND: Days = Days(0x41);

    /// The set with these bits: 1 for Sunday, 2 for Monday, 64 for Saturday; others are passed over.
    pub fn from_bits(bits: u8) -> Self {
        Days(bits & 0x7f)
    }

    /// 1 for Sunday, 2 for Monday, 64 for Saturday.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether a day is in it.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & Days::from(day).0 != 0
    }

    /// Whether there is none in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many are in it.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Those in it, from Sunday on.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        let all = std::iter::successors(Some(Weekday::Sunday), |day| Some(day.next())).take(7);
        all.filter(move |day| self.contains(*day))
    }
}

impl From<Weekday> for Days {
    fn from(day: Weekday) -> Self {
        Days(1 << day.number_days_from_sunday())
    }
}

impl FromIterator<Weekday> for Days {
    fn from_iter<T: IntoIterator<Item = Weekday>>(days: T) -> Self {
        Days(days.into_iter().fold(0, |bits, day| bits | Days::from(day).0))
    }
}

impl fmt::Debug for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
