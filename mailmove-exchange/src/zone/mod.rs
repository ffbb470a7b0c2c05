//! Time zones under all of their names: Windows, IANA, and whatever a calendar calls them.
//!
//! Names come from CLDR (`windows-timezones`), rules from the IANA database (`chrono-tz`). A zone that nobody knows by
//! name keeps the rules that came with it.

mod alike;
mod rules;
mod vtimezone;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Offset, TimeZone, Timelike};
use chrono_tz::{TZ_VARIANTS, Tz};
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time};
use windows_timezones::WindowsTimezone;

pub use rules::{Daylight, Rules, Turn};

pub(crate) use vtimezone::{Zones, add_to};

/// A time zone. Two are equal when they are the same by name, or have equal names and rules of their own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Zone(Inner);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Inner {
    Known(Tz),
    Own(Arc<(String, Rules)>),
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Zone = Zone(Inner::Known(Tz::Etc__UTC));

    /// The zone with this IANA name: `Europe/Berlin`.
    pub fn from_iana(name: &str) -> Option<Self> {
        let otherwise = || TZ_VARIANTS.iter().copied().find(|tz| tz.name().eq_ignore_ascii_case(name));
        name.parse::<Tz>().ok().or_else(otherwise).map(Zone::known)
    }

    /// The zone with this Windows name: `W. Europe Standard Time`.
    pub fn from_windows(name: &str) -> Option<Self> {
        name.parse::<WindowsTimezone>().ok().map(|zone| Zone::known(zone.into()))
    }

    /// The zone that a program means by this: a Windows or IANA name, the text that Windows shows for a zone, or one of
    /// the other forms that are seen as TZID.
    pub fn find(name: &str) -> Option<Self> {
        let name = name.trim().trim_matches('"');
        if name.is_empty() {
            return None;
        }
        Zone::from_windows(name).or_else(|| Zone::from_iana(name)).or_else(|| alike::by_other_names(name))
    }

    /// A zone that is not in any list, with rules of its own.
    pub fn own(name: impl Into<String>, rules: Rules) -> Self {
        Zone(Inner::Own(Arc::new((name.into(), rules))))
    }

    /// Its name: the IANA one when it has one.
    pub fn name(&self) -> &str {
        match &self.0 {
            Inner::Known(tz) => tz.name(),
            Inner::Own(own) => &own.0,
        }
    }

    /// Its IANA name.
    pub fn iana(&self) -> Option<&'static str> {
        match &self.0 {
            Inner::Known(tz) => Some(tz.name()),
            Inner::Own(_) => None,
        }
    }

    /// Its Windows name: that of CLDR, or of a zone whose clocks always went alike since 1970. A few IANA zones have
    /// none.
    pub fn windows(&self) -> Option<&'static str> {
        match &self.0 {
            Inner::Known(tz) => alike::windows(*tz).map(WindowsTimezone::name),
            Inner::Own(_) => None,
        }
    }

    /// A zone with names whose clocks go alike in this year: the zone itself when it is known.
    pub fn named(&self, year: i32) -> Option<Self> {
        match &self.0 {
            Inner::Known(_) => Some(self.clone()),
            Inner::Own(own) => alike::with_rules(&own.1, year),
        }
    }

    /// Whether it is UTC, by whatever name.
    pub fn is_utc(&self) -> bool {
        matches!(&self.0, Inner::Known(tz) if alike::windows(*tz) == Some(WindowsTimezone::Utc))
    }

    /// How its clocks go in this year. Years in which they were turned otherwise than there and back are told as they
    /// end.
    pub fn rules(&self, year: i32) -> Rules {
        match &self.0 {
            Inner::Known(tz) => known_rules(*tz, year),
            Inner::Own(own) => own.1,
        }
    }

    /// The moment of a time on its clocks. Of a time that comes twice the first is meant; one that is left out counts as
    /// if the clocks had not been turned.
    pub fn to_utc(&self, local: PrimitiveDateTime) -> OffsetDateTime {
        let minutes = match &self.0 {
            Inner::Known(tz) => return known_to_utc(*tz, local),
            Inner::Own(own) => own.1.offset_at(local),
        };
        local.saturating_sub(Duration::minutes(minutes.into())).assume_utc()
    }

    /// What its clocks show at this moment.
    pub fn to_local(&self, moment: OffsetDateTime) -> PrimitiveDateTime {
        let moment = moment.to_offset(time::UtcOffset::UTC);
        let utc = PrimitiveDateTime::new(moment.date(), moment.time());
        match &self.0 {
            Inner::Known(tz) => {
                let offset = tz.offset_from_utc_datetime(&to_chrono(utc)).fix().local_minus_utc();
                utc.saturating_add(Duration::seconds(offset.into()))
            }
            Inner::Own(own) => {
                let at = |minutes: i16| utc.saturating_add(Duration::minutes(minutes.into()));
                let summer = own.1.daylight.map_or(own.1.offset, |daylight| daylight.offset);
                let local = at(summer);
                if own.1.offset_at(local) == summer { local } else { at(own.1.offset) }
            }
        }
    }

    fn known(tz: Tz) -> Self {
        Zone(Inner::Known(tz))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Known(tz) => write!(f, "Zone({})", tz.name()),
            Inner::Own(own) => f.debug_tuple("Zone").field(&own.0).field(&own.1).finish(),
        }
    }
}

fn known_to_utc(tz: Tz, local: PrimitiveDateTime) -> OffsetDateTime {
    let wanted = to_chrono(local);
    let found = tz.from_local_datetime(&wanted).earliest();
    // Left out: by the clock as it went before.
    let found = found.or_else(|| {
        let day = chrono::TimeDelta::days(1);
        let before = tz.from_local_datetime(&(wanted.checked_sub_signed(day)?)).earliest()?;
        before.checked_add_signed(day)
    });
    found.map_or(local.assume_utc(), |found| from_chrono(found.naive_utc()).assume_utc())
}

/// How the clocks of a known zone go, found by looking at each of the year's days.
fn known_rules(tz: Tz, year: i32) -> Rules {
    let minutes = |at: NaiveDateTime| (tz.offset_from_utc_datetime(&at).fix().local_minus_utc() / 60) as i16;
    let Some(new_year) = NaiveDate::from_ymd_opt(year, 1, 1).and_then(|day| day.and_hms_opt(0, 0, 0)) else {
        return Rules { offset: 0, daylight: None };
    };
    let days = if new_year.date().leap_year() { 366 } else { 365 };
    let day = |number: i64| new_year + chrono::TimeDelta::days(number);
    let mut turns = Vec::new();
    for number in 0..days {
        let (mut low, mut high) = (day(number), day(number + 1));
        let (before, after) = (minutes(low), minutes(high));
        if before == after {
            continue;
        }
        while (high - low).num_seconds() > 1 {
            let middle = low + chrono::TimeDelta::seconds((high - low).num_seconds() / 2);
            if minutes(middle) == before { low = middle } else { high = middle }
        }
        let local = from_chrono(high + chrono::TimeDelta::minutes(before.into()));
        turns.push((before, after, Turn::on(local.date(), local.time())));
    }
    match turns[..] {
        [(before, between, first), (left, after, second)] if before == after && between == left => {
            if between > before {
                let daylight = Daylight { offset: between, begins: first, ends: second };
                Rules { offset: before, daylight: Some(daylight) }
            } else {
                let daylight = Daylight { offset: before, begins: second, ends: first };
                Rules { offset: between, daylight: Some(daylight) }
            }
        }
        _ => Rules { offset: minutes(day(days)), daylight: None },
    }
}

fn to_chrono(when: PrimitiveDateTime) -> NaiveDateTime {
    DateTime::from_timestamp(when.assume_utc().unix_timestamp(), when.nanosecond()).unwrap_or_default().naive_utc()
}

fn from_chrono(when: NaiveDateTime) -> PrimitiveDateTime {
    let ordinal = u16::try_from(when.ordinal()).unwrap_or(1);
    let date = Date::from_ordinal_date(when.year(), ordinal).unwrap_or(Date::MIN);
    let [hour, minute, second] = [when.hour(), when.minute(), when.second()].map(|part| part as u8);
    let time = Time::from_hms_nano(hour, minute, second, when.nanosecond().min(999_999_999));
    PrimitiveDateTime::new(date, time.unwrap_or(Time::MIDNIGHT))
}

#[cfg(test)]
mod tests {
    use time::macros::{datetime, time};
    use time::{Month, Weekday};

    use super::*;
    use crate::calendar::Week;

    #[test]
    fn a_zone_is_known_by_all_of_its_names() {
        let berlin = Zone::from_windows("W. Europe Standard Time").unwrap();
        assert_eq!(berlin.iana(), Some("Europe/Berlin"));
        assert_eq!(Zone::from_iana("Europe/Vienna").unwrap().windows(), Some("W. Europe Standard Time"));
        for name in [
            "Europe/Berlin",
            "europe/berlin",
            "\"W. Europe Standard Time\"",
            "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
            "/freeassociation.sourceforge.net/Tzfile/Europe/Berlin",
            "/softwarestudio.org/Olson_20011030_5/Europe/Berlin",
        ] {
            assert_eq!(Zone::find(name).as_ref().and_then(Zone::windows), Some("W. Europe Standard Time"), "{name}");
        }
        assert_eq!(Zone::find("Customized Time Zone"), None);
        assert_eq!(Zone::find(""), None);
    }

    #[test]
    fn names_that_came_later_are_the_zone_that_was_renamed() {
        for (iana, windows) in [
            ("Asia/Kolkata", "India Standard Time"),
            ("Europe/Kyiv", "FLE Standard Time"),
            ("America/Argentina/Buenos_Aires", "Argentina Standard Time"),
            ("US/Pacific", "Pacific Standard Time"),
            ("UTC", "UTC"),
            ("GMT", "UTC"),
        ] {
            assert_eq!(Zone::from_iana(iana).unwrap().windows(), Some(windows), "{iana}");
        }
        assert!(Zone::from_iana("UTC").unwrap().is_utc() && !Zone::from_iana("Europe/London").unwrap().is_utc());
    }

    #[test]
    fn every_windows_zone_comes_back_by_its_iana_name() {
        for tz in alike::all_windows() {
            let zone = Zone::from_windows(tz.name()).unwrap();
            let again = Zone::from_iana(zone.iana().unwrap()).unwrap();
            assert_eq!(again.windows(), Some(tz.name()));
        }
    }

    #[test]
    fn rules_are_those_of_the_year() {
        let turn = |month, week, time| Turn { month, week, weekday: Weekday::Sunday, time };
        let berlin = Zone::from_iana("Europe/Berlin").unwrap();
        let summer = Daylight {
            offset: 120,
            begins: turn(Month::March, Week::Last, time!(2:00)),
            ends: turn(Month::October, Week::Last, time!(3:00)),
        };
        assert_eq!(berlin.rules(2024), Rules { offset: 60, daylight: Some(summer) });
        assert_eq!(berlin.rules(1975), Rules { offset: 60, daylight: None });
        let sydney = Zone::from_iana("Australia/Sydney").unwrap().rules(2024);
        assert_eq!((sydney.offset, sydney.daylight.unwrap().offset), (600, 660));
        assert_eq!(sydney.daylight.unwrap().begins, turn(Month::October, Week::First, time!(2:00)));
        assert_eq!(Zone::UTC.rules(2024), Rules { offset: 0, daylight: None });
    }

    #[test]
    fn a_zone_of_its_own_goes_as_the_known_one_with_its_rules() {
        for name in ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Tokyo", "America/St_Johns"] {
            let known = Zone::from_iana(name).unwrap();
            let own = Zone::own("here", known.rules(2024));
            let mut when = datetime!(2024-01-01 0:00 UTC);
            while when.year() == 2024 {
                let local = known.to_local(when);
                assert_eq!(own.to_local(when), local, "{name} {when}");
                if local.year() == 2024 {
                    assert_eq!(own.to_utc(local), known.to_utc(local), "{name} {local}");
                }
                when += Duration::minutes(30);
            }
            assert_eq!(own.named(2024).unwrap().rules(2024), known.rules(2024));
            assert_eq!((own.windows(), own.name()), (None, "here"));
        }
    }

    #[test]
    fn hours_that_come_twice_or_never_have_one_meaning() {
        let berlin = Zone::from_iana("Europe/Berlin").unwrap();
        assert_eq!(berlin.to_utc(datetime!(2024-03-31 2:30)), datetime!(2024-03-31 1:30 UTC));
        assert_eq!(berlin.to_utc(datetime!(2024-10-27 2:30)), datetime!(2024-10-27 0:30 UTC));
        assert_eq!(berlin.to_local(datetime!(2024-10-27 1:30 UTC)), datetime!(2024-10-27 2:30));
    }
}
