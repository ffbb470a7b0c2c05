use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time};

use crate::zone::Zone;

/// When something begins and ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum When {
    /// Whole days, wherever one is: from the beginning of the first to the end of the last.
    AllDay {
        /// The first day.
        first: Date,
        /// The last day: the first one again when there is no other.
        last: Date,
    },
    /// From one moment to another.
    Timed {
        /// The beginning.
        start: Moment,
        /// The end, not before the beginning.
        end: Moment,
    },
}

/// A time on the clocks of a zone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Moment {
    /// What the clock says.
    pub local: PrimitiveDateTime,
    /// Where it hangs.
    pub zone: Zone,
}

impl When {
    /// One whole day.
    pub fn day(day: Date) -> Self {
        When::AllDay { first: day, last: day }
    }

    /// From one time to another on the clocks of one zone.
    pub fn timed(start: PrimitiveDateTime, end: PrimitiveDateTime, zone: Zone) -> Self {
        When::Timed { start: Moment { local: start, zone: zone.clone() }, end: Moment { local: end, zone } }
    }

    /// Whether it is whole days.
    pub fn is_all_day(&self) -> bool {
        matches!(self, When::AllDay { .. })
    }

    /// The day on which it begins, by the calendar of its own zone.
    pub fn first_day(&self) -> Date {
        match self {
            When::AllDay { first, .. } => *first,
            When::Timed { start, .. } => start.local.date(),
        }
    }

    /// The zone in which it begins; `None` for whole days.
    pub fn zone(&self) -> Option<&Zone> {
        match self {
            When::AllDay { .. } => None,
            When::Timed { start, .. } => Some(&start.zone),
        }
    }

    /// Beginning and end by the clocks of their zones. Whole days end at midnight, when the next day begins.
    pub fn local(&self) -> (PrimitiveDateTime, PrimitiveDateTime) {
        match self {
            When::AllDay { first, last } => {
                let end = last.next_day().unwrap_or(*last);
                (PrimitiveDateTime::new(*first, Time::MIDNIGHT), PrimitiveDateTime::new(end, Time::MIDNIGHT))
            }
            When::Timed { start, end } => (start.local, end.local),
        }
    }

    /// Beginning and end, whole days taken by the clocks of this zone.
    pub fn in_utc(&self, days_in: &Zone) -> (OffsetDateTime, OffsetDateTime) {
        match self {
            When::AllDay { .. } => {
                let (start, end) = self.local();
                (days_in.to_utc(start), days_in.to_utc(end))
            }
            When::Timed { start, end } => (start.utc(), end.utc()),
        }
    }

    /// The same on another day: at the same time of the day, as long by the clock.
    pub fn moved_to(&self, day: Date) -> Self {
        let shift = day - self.first_day();
        match self {
            When::AllDay { first, last } => {
                When::AllDay { first: first.saturating_add(shift), last: last.saturating_add(shift) }
            }
            When::Timed { start, end } => When::Timed { start: start.moved_by(shift), end: end.moved_by(shift) },
        }
    }
}

impl Moment {
    /// A time on the clocks of a zone.
    pub fn new(local: PrimitiveDateTime, zone: Zone) -> Self {
        Self { local, zone }
    }

    /// The same moment in UTC.
    pub fn utc(&self) -> OffsetDateTime {
        self.zone.to_utc(self.local)
    }

    fn moved_by(&self, shift: Duration) -> Self {
        Self { local: self.local.saturating_add(shift), zone: self.zone.clone() }
    }
}
