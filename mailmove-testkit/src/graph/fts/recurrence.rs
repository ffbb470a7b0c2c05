//! How a series comes again, as its blob has it ([MS-OXOCAL] §2.2.1.44).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use time::Date;

use super::appointment::day;

const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const WEEKS: [&str; 5] = ["first", "second", "third", "fourth", "last"];

/// A pattern with the days that are not as it says.
#[derive(Debug, Default)]
pub(super) struct Recurrence {
    frequency: u16,
    sort: u16,
    period: u32,
    /// Days of the week or of the month, and which week of it.
    specific: Vec<u32>,
    end: u32,
    count: u32,
    first_day: u32,
    last: u32,
    pub(super) deleted: BTreeSet<Date>,
    /// Days of occurrences with attachments of their own.
    pub(super) attached: BTreeSet<Date>,
}

impl Recurrence {
    /// The blob; `None` when it is not one.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let mut reader = Reader(octets);
        if (reader.u16()?, reader.u16()?) != (0x3004, 0x3004) {
            return None;
        }
        let mut found = Self { frequency: reader.u16()?, sort: reader.u16()?, ..Self::default() };
        reader.u16()?;
        reader.u32()?;
        found.period = reader.u32()?;
        reader.u32()?;
        let specific = match found.sort {
            0 => 0,
            1 | 2 | 4 => 1,
            3 => 2,
            _ => return None,
        };
        found.specific = (0..specific).map(|_| reader.u32()).collect::<Option<_>>()?;
        (found.end, found.count, found.first_day) = (reader.u32()?, reader.u32()?, reader.u32()?);
        for list in [true, false] {
            for _ in 0..reader.u32()? {
                let one = reader.u32().and_then(day)?;
                if list {
                    found.deleted.insert(one);
                }
            }
        }
        reader.u32()?;
        found.last = reader.u32()?;
        found.exceptions(&mut reader)?;
        Some(found)
    }

    /// What stands behind the pattern of an appointment.
    fn exceptions(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        if (reader.u32()?, reader.u32()?) != (0x3006, 0x3009) {
            return None;
        }
        reader.take(8)?;
        for _ in 0..reader.u16()? {
            reader.take(8)?;
            let original = reader.u32().and_then(day)?;
            let overridden = reader.u16()?;
            for bit in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x100] {
                match overridden & bit {
                    0 => {}
                    // Texts have two lengths, of which the second is that of the text.
                    0x01 | 0x10 => {
                        reader.u16()?;
                        let length = reader.u16()?;
                        reader.take(length.into())?;
                    }
                    0x40 => {
                        reader.u32()?;
                        self.attached.insert(original);
                    }
                    _ => _ = reader.u32()?,
                }
            }
        }
        Some(())
    }

    /// In the words of Graph, for a series that begins on this day.
    pub(super) fn json(&self, start: Date) -> Value {
        let month = u8::from(start.month());
        let named = |at: usize| -> Vec<&str> {
            let bits = self.specific.get(at).copied().unwrap_or(0);
            (0..7).filter(|bit| bits >> bit & 1 == 1).map(|bit| DAYS[bit]).collect()
        };
        let week = || WEEKS.get(self.specific[1].saturating_sub(1) as usize).copied().unwrap_or("last");
        let yearly = self.frequency == 0x200d;
        let interval = match (self.sort, yearly) {
            (0, _) => self.period / 1440,
            (_, true) => self.period / 12,
            _ => self.period,
        };
        let mut pattern = match (self.sort, yearly) {
            (0, _) => json!({"type": "daily"}),
            (1, _) => json!({
                "type": "weekly", "daysOfWeek": named(0),
                "firstDayOfWeek": DAYS.get(self.first_day as usize).copied().unwrap_or("sunday"),
            }),
            (3, false) => json!({"type": "relativeMonthly", "daysOfWeek": named(0), "index": week()}),
            (3, true) => json!({"type": "relativeYearly", "daysOfWeek": named(0), "index": week(), "month": month}),
            (_, false) => json!({"type": "absoluteMonthly", "dayOfMonth": self.specific[0]}),
            (_, true) => json!({"type": "absoluteYearly", "dayOfMonth": self.specific[0], "month": month}),
        };
        pattern["interval"] = interval.max(1).into();
        let mut range = match self.end {
            0x2021 => json!({"type": "endDate", "endDate": day(self.last).unwrap_or(start).to_string()}),
            0x2022 => json!({"type": "numbered", "numberOfOccurrences": self.count}),
            _ => json!({"type": "noEnd"}),
        };
        range["startDate"] = start.to_string().into();
        json!({"pattern": pattern, "range": range})
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let (some, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(some)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|octets| u16::from_le_bytes([octets[0], octets[1]]))
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4).map(|octets| u32::from_le_bytes([octets[0], octets[1], octets[2], octets[3]]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(hex: &str) -> Vec<u8> {
        let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (0..hex.len()).step_by(2).map(digit).collect()
    }

    /// The examples of [MS-OXOCAL] §4.1.1.
    #[test]
    fn blobs_say_what_the_specification_says_of_them() {
        let weekly = "043004300B2001000000C0210000010000000000000032000000222000000C00000000000000000000000000\
                      00008020BC0C20ADBC0C0630000009300000580200007602000000000000000000000000";
        let found = Recurrence::read(&octets(weekly)).unwrap();
        let start = time::macros::date!(2007 - 03 - 26);
        let told = found.json(start);
        assert_eq!(told["pattern"]["daysOfWeek"], json!(["monday", "thursday", "friday"]));
        assert_eq!(
            (&told["range"]["numberOfOccurrences"], &told["range"]["startDate"]),
            (&json!(12), &json!("2007-03-26"))
        );
        let daily = "043004300A2000000000A0050000E010000000000000212000000A0000000000000002000000A0C1DC0C80D2DC0C\
                     00000000207EDC0C0016DD0C0630000009300000E0010000FE01000000000000000000000000";
        let found = Recurrence::read(&octets(daily)).unwrap();
        let told = found.json(time::macros::date!(2011 - 04 - 07));
        assert_eq!((&told["pattern"]["interval"], &told["range"]["endDate"]), (&json!(3), &json!("2011-05-04")));
        assert_eq!(found.deleted.len(), 2);
        assert!(Recurrence::read(&octets(&daily[..60])).is_none());
    }
}
