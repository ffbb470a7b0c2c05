//! Dates as IMAP writes them (RFC 3501, 9: `date-time`, `date`).

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `17-Jul-1996 02:44:25 -0700`, the day padded with a blank.
pub(crate) fn format_date_time(at: OffsetDateTime) -> String {
    let offset = at.offset();
    let sign = if offset.whole_seconds() < 0 { '-' } else { '+' };
    format!(
        "{:>2}-{}-{:04} {:02}:{:02}:{:02} {sign}{:02}{:02}",
        at.day(),
        MONTHS[usize::from(u8::from(at.month())) - 1],
        at.year(),
        at.hour(),
        at.minute(),
        at.second(),
        offset.whole_hours().unsigned_abs(),
        offset.minutes_past_hour().unsigned_abs(),
    )
}

/// Exactly the 26 characters of the grammar, nothing more lenient.
pub(crate) fn parse_date_time(text: &str) -> Option<OffsetDateTime> {
    if text.len() != 26 || !text.is_ascii() {
        return None;
    }
    let date = calendar_date(text[..2].trim_start(), &text[3..6], &text[7..11])?;
    let shape = [(2, b'-'), (6, b'-'), (11, b' '), (14, b':'), (17, b':'), (20, b' ')];
    if shape.iter().any(|&(at, byte)| text.as_bytes()[at] != byte) {
        return None;
    }
    let time = Time::from_hms(number(&text[12..14])?, number(&text[15..17])?, number(&text[18..20])?).ok()?;
    let (hours, minutes) = (number::<i8>(&text[22..24])?, number::<i8>(&text[24..26])?);
    let offset = match text.as_bytes()[21] {
        b'+' => UtcOffset::from_hms(hours, minutes, 0).ok()?,
        b'-' => UtcOffset::from_hms(-hours, -minutes, 0).ok()?,
        _ => return None,
    };
    Some(PrimitiveDateTime::new(date, time).assume_offset(offset))
}

/// `1-Feb-1994`, as SEARCH writes it.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    calendar_date(parts.next()?, parts.next()?, parts.next()?)
}

/// The date of a `Date:` header, when it can be understood at all. The zone is left aside, as SENTSINCE wants it.
pub(crate) fn header_date(text: &str) -> Option<Date> {
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let mut words = text.split_ascii_whitespace();
    calendar_date(words.next()?, words.next()?, words.next()?)
}

fn calendar_date(day: &str, month: &str, year: &str) -> Option<Date> {
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
    let month = Month::try_from(u8::try_from(month).ok()? + 1).ok()?;
    Date::from_calendar_date(number(year)?, month, number(day)?).ok()
}

fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_time_comes_back_as_it_was() {
        for text in ["17-Jul-1996 02:44:25 -0700", " 1-Jan-2020 00:00:00 +0000", "29-Feb-2024 23:59:59 +0530"] {
            assert_eq!(format_date_time(parse_date_time(text).unwrap()), text);
        }
    }

    #[test]
    fn what_the_grammar_does_not_allow_is_refused() {
        for text in ["1-Jan-2020 00:00:00 +0000", "31-Feb-2020 00:00:00 +0000", "17-Jul-1996 02:44:25 PDT  ", ""] {
            assert_eq!(parse_date_time(text), None, "{text}");
        }
    }

    #[test]
    fn search_and_header_dates_are_read() {
        let date = Date::from_calendar_date(1994, Month::February, 1).unwrap();
        assert_eq!(parse_date("1-Feb-1994"), Some(date));
        assert_eq!(header_date("Tue, 01 Feb 1994 12:00:00 +0100"), Some(date));
        assert_eq!(header_date("nonsense"), None);
    }
}
