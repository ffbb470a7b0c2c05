//! Time zones as appointments hold them ([MS-OXOCAL] §2.2.1.39, §2.2.1.41).

use crate::zone::{Rules, Turn, Zone};

/// PidLidTimeZoneStruct: the rules of one year.
pub(super) fn structure(rules: &Rules) -> Vec<u8> {
    let [standard, daylight] = turns(rules);
    [&biases(rules)[..], &[0, 0], &standard, &[0, 0], &daylight].concat()
}

/// The rule by which a time is shown.
pub(super) const SHOWN: u16 = 2;
/// The rule by which a series was made, and is shown.
pub(super) const REPEATED: u16 = 3;

/// PidLidAppointmentTimeZoneDefinition…: the rules of one year, with a name.
pub(super) fn definition(zone: &Zone, year: i32, meaning: u16) -> Vec<u8> {
    let rules = zone.rules(year);
    let name: Vec<u16> = zone.windows().unwrap_or(zone.name()).encode_utf16().take(260).collect();
    let mut out = vec![2, 1];
    let header = 2 + 2 + name.len() * 2 + 2;
    for number in [header, 2, name.len()] {
        out.extend_from_slice(&(number as u16).to_le_bytes());
    }
    out.extend(name.iter().flat_map(|unit| unit.to_le_bytes()));
    // One rule: major and minor version, its length, what it is for, the year from which it holds.
    out.extend_from_slice(&[1, 0, 2, 1, 0x3e, 0]);
    out.extend_from_slice(&[meaning, 1601].map(u16::to_le_bytes).concat());
    out.extend_from_slice(&[0; 14]);
    out.extend_from_slice(&biases(&rules));
    out.extend_from_slice(&turns(&rules).concat());
    out
}

/// What Outlook shows of a zone.
pub(super) fn description(zone: &Zone) -> &str {
    zone.windows().unwrap_or(zone.name())
}

/// Minutes to be added for UTC; further ones outside of and during daylight saving.
fn biases(rules: &Rules) -> [u8; 12] {
    let daylight = rules.daylight.map_or(0, |daylight| i32::from(rules.offset) - i32::from(daylight.offset));
    let mut out = [0; 12];
    out[..4].copy_from_slice(&(-i32::from(rules.offset)).to_le_bytes());
    out[8..].copy_from_slice(&daylight.to_le_bytes());
    out
}

/// When clocks go back, and when they go forward: a SYSTEMTIME each, zero where they do not.
fn turns(rules: &Rules) -> [[u8; 16]; 2] {
    let turn = |turn: &Turn| {
        let parts = [
            0,
            u8::from(turn.month),
            turn.weekday.number_days_from_sunday(),
            turn.week.number(),
            turn.time.hour(),
            turn.time.minute(),
            turn.time.second(),
            0,
        ];
        let mut out = [0; 16];
        parts.into_iter().enumerate().for_each(|(at, part)| out[at * 2] = part);
        out
    };
    rules.daylight.map_or([[0; 16]; 2], |daylight| [turn(&daylight.ends), turn(&daylight.begins)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_as_outlook_writes_it() {
        // The structure of Pacific time that the specification shows (§4.1.4), with the turns of 2007 and later.
        let pacific = Zone::from_windows("Pacific Standard Time").unwrap();
        let mut wanted = vec![0xe0, 0x01, 0, 0, 0, 0, 0, 0, 0xc4, 0xff, 0xff, 0xff, 0, 0];
        wanted.extend([0, 0, 0x0b, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
        wanted.extend([0, 0, 0, 0, 3, 0, 0, 0, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(structure(&pacific.rules(2008)), wanted);
        let definition = definition(&pacific, 2008, SHOWN);
        assert_eq!(definition[..8], [2, 1, 0x30, 0, 2, 0, 21, 0]);
        assert_eq!(definition.len(), 8 + 42 + 2 + 66);
        assert_eq!(structure(&Zone::UTC.rules(2008)), vec![0; 48]);
    }
}
