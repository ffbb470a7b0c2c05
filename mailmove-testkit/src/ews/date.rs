//! Dates as XML Schema writes them.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

/// A date and time; without a zone it is taken for UTC.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    let local = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second][optional [.[subsecond]]]");
    let date = OffsetDateTime::parse(text, &Rfc3339).ok();
    let date = date.or_else(|| PrimitiveDateTime::parse(text, local).ok().map(PrimitiveDateTime::assume_utc))?;
    Some(date.to_offset(time::UtcOffset::UTC))
}

/// With milliseconds, in UTC: the form in which dates are kept.
pub(crate) fn exact(date: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    date.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_default()
}

/// In whole milliseconds: finer is no date kept here.
pub(crate) fn rounded(date: OffsetDateTime) -> OffsetDateTime {
    let millisecond = date.millisecond();
    date.replace_millisecond(millisecond).unwrap_or(date)
}

/// A date as an answer shows it: in whole seconds, or in milliseconds when the request wanted them. Other text stays.
pub(crate) fn shown(text: &str, milliseconds: bool) -> String {
    match text.split_once('.') {
        Some((seconds, _)) if !milliseconds => format!("{seconds}Z"),
        _ => text.to_owned(),
    }
}

/// 100 ns since 1601, as MAPI counts.
pub(crate) fn filetime(date: OffsetDateTime) -> u64 {
    let ticks = date.unix_timestamp_nanos() / 100 + 116_444_736_000_000_000;
    u64::try_from(ticks).unwrap_or(0)
}

/// The date of 100 ns since 1601.
pub(crate) fn of_filetime(ticks: u64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos((i128::from(ticks) - 116_444_736_000_000_000) * 100).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_with_and_without_zone_and_fraction() {
        for (text, kept) in [
            ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00.000Z"),
            ("2026-11-20T10:00:00.1239+01:00", "2026-11-20T09:00:00.123Z"),
            ("2026-11-20T10:00:00", "2026-11-20T10:00:00.000Z"),
        ] {
            assert_eq!(parse(text).map(exact).as_deref(), Some(kept));
        }
        assert_eq!(parse("2026-11-20"), None);
        assert_eq!(shown("2026-11-20T10:00:00.123Z", false), "2026-11-20T10:00:00Z");
        let date = parse("2026-11-20T10:00:00.123Z").unwrap();
        assert_eq!(of_filetime(filetime(date)), Some(date));
    }
}
