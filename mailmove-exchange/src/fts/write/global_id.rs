//! What identifies a meeting in every mailbox ([MS-OXOCAL] §2.2.1.27).

use time::{Date, OffsetDateTime};

use super::stream::ticks;

/// What stands at the beginning of each.
const HEAD: [u8; 16] = [4, 0, 0, 0, 0x82, 0, 0xe0, 0, 0x74, 0xc5, 0xb7, 0x10, 0x1a, 0x82, 0xe0, 0x08];
/// What stands before an identifier that is not Outlook's own.
const FOREIGN: &[u8] = b"vCal-Uid\x01\0\0\0";

/// The id of a meeting, or of one of its occurrences.
pub(super) fn of(uid: &str, occurrence: Option<Date>) -> Vec<u8> {
    let mut id = own(uid).unwrap_or_else(|| foreign(uid));
    let day = occurrence.map_or([0; 4], |day| {
        let [high, low] = u16::try_from(day.year()).unwrap_or(0).to_be_bytes();
        [high, low, day.month().into(), day.day()]
    });
    id[16..20].copy_from_slice(&day);
    id
}

/// The UID that an id stands for.
pub(in crate::fts) fn uid_of(id: &[u8]) -> Option<String> {
    let data = id.get(40..).filter(|_| id.starts_with(&HEAD))?;
    if let Some(foreign) = data.strip_prefix(FOREIGN) {
        let end = foreign.iter().position(|octet| *octet == 0).unwrap_or(foreign.len());
        return String::from_utf8(foreign[..end].to_vec()).ok().filter(|uid| !uid.is_empty());
    }
    Some(id.iter().map(|octet| format!("{octet:02X}")).collect())
}

/// An identifier that is such an id in hexadecimal digits.
fn own(uid: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let id: Option<Vec<u8>> = uid.as_bytes().chunks(2).map(byte).collect();
    id.filter(|id| id.len() >= 40 && id.starts_with(&HEAD))
}

fn foreign(uid: &str) -> Vec<u8> {
    let data = [FOREIGN, uid.as_bytes(), &[0]].concat();
    let made = ticks(OffsetDateTime::UNIX_EPOCH).unwrap_or(0).to_le_bytes();
    let length = (data.len() as u32).to_le_bytes();
    [&HEAD[..], &[0; 4], &made, &[0; 8], &length, &data].concat()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn an_id_of_outlook_stays_and_another_is_wrapped() {
        let hex = "040000008200E00074C5B7101A82E00807D7030F00000000000000000000000000000000010000000A";
        let id = of(hex, None);
        assert_eq!((id[..16].to_vec(), &id[16..20]), (HEAD.to_vec(), &[0; 4][..]));
        assert_eq!(id.last(), Some(&0x0a));
        assert_eq!(uid_of(&id).unwrap(), hex.replace("07D7030F", "00000000"));
        assert_eq!(uid_of(&of("1@x", None)).as_deref(), Some("1@x"));
        let id = of("1@x", Some(date!(2024 - 03 - 09)));
        assert_eq!(id[16..20], [0x07, 0xe8, 3, 9]);
        assert_eq!(id[36..], [&[16, 0, 0, 0][..], b"vCal-Uid\x01\0\0\0", b"1@x\0"].concat());
    }
}
