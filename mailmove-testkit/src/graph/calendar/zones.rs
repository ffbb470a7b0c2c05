//! Time zones: those that tests live in, with the rules that hold today. Others are refused.

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, UtcOffset, Weekday};

/// When the clocks are an hour ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Summer {
    Never,
    /// From the last Sunday of March to that of October, at 01:00 UTC.
    Europe,
    /// From the second Sunday of March to the first of November, at 02:00.
    America,
    /// From the first Sunday of October to that of April, at 02:00 standard time.
    Australia,
}

/// The name of Windows, that of the IANA, minutes east of Greenwich, and summer.
const ZONES: [(&str, &str, i32, Summer); 20] = [
    ("UTC", "Etc/UTC", 0, Summer::Never),
    ("GMT Standard Time", "Europe/London", 0, Summer::Europe),
    ("W. Europe Standard Time", "Europe/Berlin", 60, Summer::Europe),
    ("Romance Standard Time", "Europe/Paris", 60, Summer::Europe),
    ("Central Europe Standard Time", "Europe/Budapest", 60, Summer::Europe),
    ("Central European Standard Time", "Europe/Warsaw", 60, Summer::Europe),
    ("FLE Standard Time", "Europe/Kiev", 120, Summer::Europe),
    ("GTB Standard Time", "Europe/Bucharest", 120, Summer::Europe),
    ("Russian Standard Time", "Europe/Moscow", 180, Summer::Never),
    ("Eastern Standard Time", "America/New_York", -300, Summer::America),
    ("Central Standard Time", "America/Chicago", -360, Summer::America),
    ("Mountain Standard Time", "America/Denver", -420, Summer::America),
    ("Pacific Standard Time", "America/Los_Angeles", -480, Summer::America),
    ("India Standard Time", "Asia/Kolkata", 330, Summer::Never),
    ("Nepal Standard Time", "Asia/Kathmandu", 345, Summer::Never),
    ("China Standard Time", "Asia/Shanghai", 480, Summer::Never),
    ("Singapore Standard Time", "Asia/Singapore", 480, Summer::Never),
    ("Tokyo Standard Time", "Asia/Tokyo", 540, Summer::Never),
    ("AUS Eastern Standard Time", "Australia/Sydney", 600, Summer::Australia),
    ("Line Islands Standard Time", "Pacific/Kiritimati", 840, Summer::Never),
];

fn zone(name: &str) -> Option<(i32, Summer)> {
    let name = if name.eq_ignore_ascii_case("tzone://Microsoft/Utc") { "UTC" } else { name };
    let mut zones = ZONES.iter();
    let found = zones.find(|(windows, iana, ..)| windows.eq_ignore_ascii_case(name) || iana.eq_ignore_ascii_case(name));
    found.map(|(_, _, minutes, summer)| (*minutes, *summer))
}

/// Whether this server knows a zone.
pub(crate) fn known(name: &str) -> bool {
    zone(name).is_some()
}

/// A wall clock's time as a moment.
pub(crate) fn to_utc(local: PrimitiveDateTime, name: &str) -> OffsetDateTime {
    let (standard, summer) = zone(name).unwrap_or((0, Summer::Never));
    let winter = local.assume_utc().saturating_sub(Duration::minutes(standard.into()));
    // What the clock says in the hour that comes twice is taken for the first time.
    let ahead = winter.saturating_sub(Duration::hours(1));
    if is_summer(ahead, standard, summer) { ahead } else { winter }
}

/// A moment as a wall clock's time.
pub(crate) fn to_local(moment: OffsetDateTime, name: &str) -> PrimitiveDateTime {
    let (standard, summer) = zone(name).unwrap_or((0, Summer::Never));
    let ahead = if is_summer(moment, standard, summer) { 60 } else { 0 };
    let shown = moment.to_offset(UtcOffset::UTC) + Duration::minutes((standard + ahead).into());
    PrimitiveDateTime::new(shown.date(), shown.time())
}

fn is_summer(moment: OffsetDateTime, standard: i32, summer: Summer) -> bool {
    let year = moment.year();
    let at = |day: Date, hours: i64| {
        day.midnight().assume_utc() + Duration::hours(hours) - Duration::minutes(standard.into())
    };
    match summer {
        Summer::Never => false,
        Summer::Europe => {
            let change = |month| last_sunday(year, month).midnight().assume_utc() + Duration::hours(1);
            (change(Month::March)..change(Month::October)).contains(&moment)
        }
        Summer::America => {
            (at(sunday(year, Month::March, 2), 2)..at(sunday(year, Month::November, 1), 1)).contains(&moment)
        }
        Summer::Australia => {
            !(at(sunday(year, Month::April, 1), 2)..at(sunday(year, Month::October, 1), 2)).contains(&moment)
        }
    }
}

/// The nth Sunday of a month.
fn sunday(year: i32, month: Month, nth: i64) -> Date {
    let first = Date::from_calendar_date(year, month, 1).unwrap_or(Date::MIN);
    let ahead = (7 - i64::from(first.weekday().number_days_from_sunday())) % 7;
    first + Duration::days(ahead + 7 * (nth - 1))
}

fn last_sunday(year: i32, month: Month) -> Date {
    let last = Date::from_calendar_date(year, month, month.length(year)).unwrap_or(Date::MIN);
    let back = i64::from(last.weekday().number_days_from_sunday());
    debug_assert!(back < 7 && (last - Duration::days(back)).weekday() == Weekday::Sunday);
    last - Duration::days(back)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::date;

    #[test]
    fn summer_is_an_hour_ahead() {
        for (zone, local, utc) in [
            ("W. Europe Standard Time", "2026-01-15T10:00:00", "2026-01-15T09:00:00Z"),
            ("Europe/Berlin", "2026-07-15T10:00:00", "2026-07-15T08:00:00Z"),
            ("Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00Z"),
            ("Eastern Standard Time", "2026-11-01T00:30:00", "2026-11-01T04:30:00Z"),
            ("Eastern Standard Time", "2026-11-02T10:00:00", "2026-11-02T15:00:00Z"),
            ("AUS Eastern Standard Time", "2026-01-15T10:00:00", "2026-01-14T23:00:00Z"),
            ("Nepal Standard Time", "2026-01-15T10:00:00", "2026-01-15T04:15:00Z"),
        ] {
            let moment = to_utc(date::parse_local(local).unwrap(), zone);
            assert_eq!(date::seconds(moment), utc, "{zone} {local}");
            assert_eq!(to_local(moment, zone), date::parse_local(local).unwrap(), "{zone} {local}");
        }
        assert!(!known("Middle Earth Standard Time"));
    }
}
