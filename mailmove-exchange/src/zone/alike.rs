//! Zones that are called otherwise, and zones whose clocks go alike.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};
use windows_timezones::WindowsTimezone;

use super::{Rules, Zone};

/// In seconds: often enough to see every season of every year.
const STEP: i64 = 23 * 86_400;
/// 1970 to 2037, in seconds.
const SPAN: i64 = 68 * 365 * 86_400;

/// The Windows zone of an IANA zone.
pub(super) fn windows(tz: Tz) -> Option<WindowsTimezone> {
    static RENAMED: OnceLock<Mutex<HashMap<Tz, Option<WindowsTimezone>>>> = OnceLock::new();
    if let Ok(zone) = WindowsTimezone::try_from(tz) {
        return Some(zone);
    }
    let mut renamed = RENAMED.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    *renamed.entry(tz).or_insert_with(|| {
        // The list has the names of its time; zones that were renamed since go like one of them.
        let alike = |other: &&Tz| (0..SPAN / STEP).all(|at| offset(tz, at * STEP) == offset(**other, at * STEP));
        let all = [Tz::Etc__UTC].iter().chain(&TZ_VARIANTS);
        let listed = all.filter(|other| WindowsTimezone::try_from(**other).is_ok());
        listed.into_iter().find(alike).and_then(|other| WindowsTimezone::try_from(*other).ok())
    })
}

/// A zone with a Windows name that has these rules in this year.
pub(super) fn with_rules(rules: &Rules, year: i32) -> Option<Zone> {
    all_windows().map(|zone| Zone::known(zone.into())).find(|zone| zone.rules(year) == *rules)
}

/// Forms of names beside Windows and IANA.
pub(super) fn by_other_names(name: &str) -> Option<Zone> {
    if let Some(zone) = all_windows().find(|zone| zone.description() == name) {
        return Some(Zone::known(zone.into()));
    }
    // "/registry/version/Europe/Berlin": what stands at the end is a name.
    let mut rest = name.strip_prefix('/').unwrap_or_default();
    while let Some((_, end)) = rest.split_once('/') {
        if let Some(zone) = Zone::from_iana(end) {
            return Some(zone);
        }
        rest = end;
    }
    match name.parse::<calcard::common::timezone::Tz>() {
        Ok(calcard::common::timezone::Tz::Tz(tz)) => Some(Zone::known(tz)),
        _ => None,
    }
}

/// The Windows zones, each once.
pub(super) fn all_windows() -> impl Iterator<Item = WindowsTimezone> {
    let zones = TZ_VARIANTS.iter().filter_map(|tz| {
        let zone = WindowsTimezone::try_from(*tz).ok()?;
        (Tz::from(zone) == *tz).then_some(zone)
    });
    zones.into_iter()
}

/// Seconds east of UTC at this moment.
fn offset(tz: Tz, at: i64) -> i32 {
    let at = DateTime::from_timestamp(at, 0).unwrap_or_default().naive_utc();
    tz.offset_from_utc_datetime(&at).fix().local_minus_utc()
}
