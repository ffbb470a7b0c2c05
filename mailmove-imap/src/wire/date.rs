//! INTERNALDATE (RFC 3501 `date-time`), read liberally and written strictly.

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads `17-Jul-1996 02:44:25 -0700`. One-digit days, two-digit years and a missing zone are taken as they were meant;
/// what cannot be a date is `None`.
pub(crate) fn parse(text: &[u8]) -> Option<OffsetDateTime> {
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.split_ascii_whitespace();
    let mut date = words.next()?.splitn(3, '-');
    let day: u8 = date.next()?.parse().ok()?;
    let name = date.next()?;
    let month = MONTHS.iter().position(|known| known.eq_ignore_ascii_case(name))? as u8 + 1;
    let year = year(date.next()?)?;
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
    let mut clock = words.next()?.splitn(3, ':').map(|part| part.parse::<u8>());
    let mut unit = || clock.next().and_then(Result::ok);
    let (hour, minute) = (unit()?, unit()?);
    let time = Time::from_hms(hour, minute, unit().unwrap_or(0).min(59)).ok()?;
    let offset = words.next().map_or(Some(UtcOffset::UTC), zone)?;
    Some(date.with_time(time).assume_offset(offset))
}

/// Writes it in quotes, with its zone. `None` outside of what the grammar can say (years 0 to 9999).
pub(crate) fn quoted(date: OffsetDateTime) -> Option<String> {
    if !(0..=9999).contains(&date.year()) {
        return None;
    }
    let (hours, minutes, _) = date.offset().as_hms();
    let sign = if hours < 0 || minutes < 0 { '-' } else { '+' };
    let mut text = String::with_capacity(28);
    text.push_str(if date.day() < 10 { "\" " } else { "\"" });
    digits(&mut text, date.day().into(), if date.day() < 10 { 1 } else { 10 });
    text.push('-');
    text.push_str(MONTHS[usize::from(u8::from(date.month())) - 1]);
    text.push('-');
    digits(&mut text, date.year().unsigned_abs(), 1000);
    for (before, number) in [(' ', date.hour()), (':', date.minute()), (':', date.second())] {
        text.push(before);
        digits(&mut text, number.into(), 10);
    }
    text.push(' ');
    text.push(sign);
    digits(&mut text, hours.unsigned_abs().into(), 10);
    digits(&mut text, minutes.unsigned_abs().into(), 10);
    text.push('"');
    Some(text)
}

/// A number from the digit of this worth on. Every message written has a date: the formatter would take ten times as long.
fn digits(text: &mut String, number: u32, mut worth: u32) {
    while worth > 0 {
        text.push(char::from(b'0' + (number / worth % 10) as u8));
        worth /= 10;
    }
}

fn year(text: &str) -> Option<i32> {
    let year: i32 = text.parse().ok()?;
    Some(match text.len() {
        2 if year < 70 => year + 2000,
        2 => year + 1900,
        _ => year,
    })
}

fn zone(text: &str) -> Option<UtcOffset> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return Some(UtcOffset::UTC),
    };
    let value: i32 = digits.parse().ok().filter(|value| (0..=9999).contains(value))?;
    UtcOffset::from_whole_seconds(sign * (value / 100 * 3600 + value % 100 * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_keep_their_zone() {
        let date = parse(b"17-Jul-1996 02:44:25 -0730").unwrap();
        assert_eq!(quoted(date).unwrap(), "\"17-Jul-1996 02:44:25 -0730\"");
        let date = parse(b" 1-jan-2024 00:00:00 +0000").unwrap();
        assert_eq!(quoted(date).unwrap(), "\" 1-Jan-2024 00:00:00 +0000\"");
    }

    #[test]
    fn odd_dates_are_taken_as_they_were_meant_and_no_dates_are_none() {
        assert_eq!(quoted(parse(b"1-Jan-97 10:00:60").unwrap()).unwrap(), "\" 1-Jan-1997 10:00:59 +0000\"");
        for text in [
            &b""[..],
            b"32-Jan-2000 00:00:00 +0000",
            b"1-Foo-2000 00:00:00 +0000",
            b"\xff",
            b"1-Jan-2000",
            b"1-Jan",
            b"1-Jan-2000 00:00:00 +99999999",
        ] {
            assert_eq!(parse(text), None);
        }
    }

    proptest! {
        #[test]
        fn every_date_comes_back(seconds in -60_000_000_000i64..250_000_000_000, quarter in -48i32..=56) {
            let offset = UtcOffset::from_whole_seconds(quarter * 900).unwrap();
            let date = OffsetDateTime::from_unix_timestamp(seconds).unwrap().to_offset(offset);
            let Some(text) = quoted(date) else { return Ok(()) };
            let back = parse(text.trim_matches('"').as_bytes()).unwrap();
            prop_assert_eq!((back, back.offset()), (date, date.offset()));
        }

        #[test]
        fn nothing_panics(text in ".*") {
            let _ = parse(text.as_bytes());
        }
    }
}
