//! Values as a property stream holds them.

use bytes::Bytes;
use time::{Duration, OffsetDateTime};

use crate::graph::date;

/// The codes of the types that items have, and what extended properties call them.
const KINDS: [(u16, &str); 11] = [
    (0x0002, "Short"),
    (0x0003, "Integer"),
    (0x0004, "Float"),
    (0x0005, "Double"),
    (0x0006, "Currency"),
    (0x0007, "ApplicationTime"),
    (0x000B, "Boolean"),
    (0x0014, "Long"),
    (0x001F, "String"),
    (0x0040, "SystemTime"),
    (0x0102, "Binary"),
];

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Octets(Bytes),
    /// A number or a moment, as extended properties write it.
    Plain(String),
}

impl Value {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) | Self::Plain(text) => text.clone(),
            Self::Octets(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        }
    }
}

/// The code of a type, without the bit for many.
pub(super) fn code(kind: &str) -> Option<u16> {
    if kind == "CLSID" {
        return Some(0x0048);
    }
    KINDS.iter().find(|(_, name)| *name == kind).map(|(code, _)| *code)
}

/// What extended properties call a type.
pub(super) fn kind(code: u16) -> Option<&'static str> {
    if code == 0x0048 {
        return Some("CLSID");
    }
    KINDS.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

/// Two octets a unit, with the zero at the end.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

pub(super) fn from_utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units).trim_end_matches('\0').to_owned()
}

/// The octets of a GUID as Windows orders them.
pub(super) fn guid(text: &str) -> Option<Vec<u8>> {
    const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let byte = |at: usize| u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok();
    if digits.len() == 32 { ORDER.into_iter().map(byte).collect() } else { None }
}

pub(super) fn guid_text(bytes: &[u8]) -> String {
    let hex = |order: &[usize]| order.iter().map(|at| format!("{:02x}", bytes[*at])).collect::<String>();
    [hex(&[3, 2, 1, 0]), hex(&[5, 4]), hex(&[7, 6]), hex(&[8, 9]), hex(&[10, 11, 12, 13, 14, 15])].join("-")
}

/// Seconds from 1601 to 1970.
const EPOCH: i64 = 11_644_473_600;

/// Ten-millionths of a second since 1601.
pub(super) fn filetime(moment: OffsetDateTime) -> u64 {
    let seconds = (moment.unix_timestamp() + EPOCH).max(0) as u64;
    seconds * 10_000_000 + u64::from(moment.nanosecond() / 100)
}

pub(super) fn moment(ticks: u64) -> String {
    let seconds = i64::try_from(ticks / 10_000_000).unwrap_or(i64::MAX) - EPOCH;
    let rest = Duration::nanoseconds((ticks % 10_000_000) as i64 * 100);
    OffsetDateTime::from_unix_timestamp(seconds).map_or_else(|_| String::new(), |moment| date::exact(moment + rest))
}
