//! How an item is recognised elsewhere, read from its standard format.

use mailmove_core::{Digest, Fingerprint, Kind};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

use super::standard_format;

/// Everything but the mark.
pub(crate) fn of(kind: Kind, bytes: &[u8]) -> Fingerprint {
    let mut fingerprint = Fingerprint::new(Digest::of(bytes), bytes.len() as u64);
    if standard_format(kind) == mailmove_core::Format::RFC5322 {
        (fingerprint.uid, fingerprint.key) = Fingerprint::mail_key(header(bytes));
    } else {
        fingerprint.uid = property(bytes, b"UID").map(|value| String::from_utf8_lossy(value).into_owned());
    }
    fingerprint
}

/// The octets before the first blank line; all of them, when there is none.
pub(super) fn header(bytes: &[u8]) -> &[u8] {
    let mut at = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        if line.trim_ascii().is_empty() {
            return &bytes[..at];
        }
        at += line.len();
    }
    bytes
}

/// When an event begins: its first `DTSTART`, read as UTC whatever its zone.
pub(super) fn begins(bytes: &[u8]) -> Option<OffsetDateTime> {
    let value = str::from_utf8(property(bytes, b"DTSTART")?).ok()?;
    let number = |range: std::ops::Range<usize>| value.get(range)?.parse::<u8>().ok();
    let month = Month::try_from(number(4..6)?).ok()?;
    let date = Date::from_calendar_date(value.get(0..4)?.parse().ok()?, month, number(6..8)?).ok()?;
    let time = match (number(9..11), number(11..13), number(13..15)) {
        (Some(hour), Some(minute), Some(second)) => Time::from_hms(hour, minute, second).ok()?,
        _ => Time::MIDNIGHT,
    };
    Some(PrimitiveDateTime::new(date, time).assume_utc())
}

/// The value of the first property of this name (RFC 5545, RFC 6350), unfolded lines only.
fn property<'a>(bytes: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    bytes.split(|&byte| byte == b'\n').find_map(|line| {
        let rest = line.get(name.len()..)?;
        let named = line[..name.len()].eq_ignore_ascii_case(name) && matches!(rest.first(), Some(b':' | b';'));
        let colon = rest.iter().position(|&byte| byte == b':').filter(|_| named)?;
        Some(rest[colon + 1..].trim_ascii())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_known_by_its_uid_and_begins_when_it_says() {
        let event = b"BEGIN:VEVENT\r\nUID:42@x\r\nDTSTART;TZID=Europe/Vienna:20240229T101112\r\nEND:VEVENT\r\n";
        assert_eq!(of(Kind::Event, event).uid.as_deref(), Some("42@x"));
        assert_eq!(begins(event).unwrap().unix_timestamp(), 1_709_201_472);
    }

    #[test]
    fn a_header_ends_at_the_first_blank_line_or_with_the_message() {
        assert_eq!(header(b"A: 1\r\n\r\nbody"), b"A: 1\r\n");
        assert_eq!(header(b"A: 1\n\nbody"), b"A: 1\n");
        assert_eq!(header(b"A: 1"), b"A: 1");
        assert_eq!(header(b"\r\nbody"), b"");
    }
}
