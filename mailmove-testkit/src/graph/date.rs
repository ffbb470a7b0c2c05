//! Moments and days as the service reads and writes them.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// A moment with its zone.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(|moment| moment.to_offset(UtcOffset::UTC))
}

/// In whole seconds, as the service shows moments of mail.
pub(crate) fn seconds(moment: OffsetDateTime) -> String {
    let moment = moment.to_offset(UtcOffset::UTC);
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    moment.format(format).unwrap_or_default()
}

/// To the ten-millionth of a second, as far as there is anything to be told.
pub(crate) fn exact(moment: OffsetDateTime) -> String {
    let moment = moment.to_offset(UtcOffset::UTC);
    match moment.nanosecond() / 100 {
        0 => seconds(moment),
        ticks => {
            let whole = seconds(moment);
            let digits = format!("{ticks:07}");
            format!("{}.{}Z", whole.trim_end_matches('Z'), digits.trim_end_matches('0'))
        }
    }
}

/// `2026-11-20`.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

/// A wall clock's time: `2026-11-20T10:00:00`, with or without fractions; a `Z` at its end is overlooked.
pub(crate) fn parse_local(text: &str) -> Option<PrimitiveDateTime> {
    let text = text.trim_end_matches('Z');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let full = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let short = format_description!("[year]-[month]-[day]T[hour]:[minute]");
    let day = || parse_date(whole).map(Date::midnight);
    PrimitiveDateTime::parse(whole, full).or_else(|_| PrimitiveDateTime::parse(whole, short)).ok().or_else(day)
}

/// `2026-11-20T10:00:00.0000000`, as the service writes the times of events.
pub(crate) fn local(moment: PrimitiveDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].0000000");
    moment.format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_as_exactly_as_they_are_known() {
        let moment = parse("2020-01-02T03:04:05.6780000+01:00").unwrap();
        assert_eq!(exact(moment), "2020-01-02T02:04:05.678Z");
        assert_eq!(seconds(moment), "2020-01-02T02:04:05Z");
        assert!(parse("2020-01-02T03:04:05").is_none());
    }

    #[test]
    fn times_of_a_wall_clock_have_no_zone() {
        for text in ["2020-01-02T03:04:00.0000000", "2020-01-02T03:04", "2020-01-02T03:04:00Z"] {
            assert_eq!(local(parse_local(text).unwrap()), "2020-01-02T03:04:00.0000000", "{text}");
        }
        assert!(parse_local("yesterday").is_none());
    }
}
