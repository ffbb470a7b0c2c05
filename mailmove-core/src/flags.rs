//! The mailbox flags of the bulk format: one number per mailbox, the sum of the values below.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, ErrorKind, Kind, Side};

bitflags::bitflags! {
    /// Steers the migration of one mailbox.
    ///
    /// A number from outside goes through [`strict`](Self::strict) or [`lenient`](Self::lenient): two of the values have
    /// two bits each, and half of such a value means nothing.
    ///
    /// ```
    /// use mailmove_core::MailboxFlags;
    ///
    /// let flags: MailboxFlags = "2097155".parse().unwrap();
    /// assert!(flags.contains(MailboxFlags::REMIGRATE_FAILED | MailboxFlags::NOTIFY_ADMIN_ON_FAILURE));
    /// assert_eq!(flags.to_string(), "2097155");
    /// assert!("64".parse::<MailboxFlags>().is_err());
    /// ```
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct MailboxFlags: u32 {
        /// Mail the administrator when the mailbox was migrated.
        const NOTIFY_ADMIN_ON_SUCCESS = 1;
        /// Mail the administrator when it failed.
        const NOTIFY_ADMIN_ON_FAILURE = 2;
        /// Mail the source mailbox when it was migrated.
        const NOTIFY_SOURCE_ON_SUCCESS = 4;
        /// Mail the source mailbox when it failed.
        const NOTIFY_SOURCE_ON_FAILURE = 8;
        /// Mail the destination mailbox when it was migrated.
        const NOTIFY_DESTINATION_ON_SUCCESS = 16;
        /// Mail the destination mailbox when it failed.
        const NOTIFY_DESTINATION_ON_FAILURE = 32;
        /// Ask the user of the source mailbox for user name and password. Two bits that only mean something together.
        const REQUEST_SOURCE = 64 | 128;
        /// Ask the user of the destination mailbox for user name and password. Two bits, as above.
        const REQUEST_DESTINATION = 256 | 512;
        /// Do not search the destination for duplicates.
        const NO_DUPLICATE_SEARCH = 1024;
        /// Remigrate previously successful items.
        const REMIGRATE_SUCCESSFUL = 2048;
        /// Do not migrate calendars.
        const SKIP_CALENDARS = 4096;
        /// Do not migrate contacts.
        const SKIP_CONTACTS = 8192;
        /// Do not migrate mail.
        const SKIP_MAIL = 16_384;
        /// Do not migrate journals.
        const SKIP_JOURNALS = 262_144;
        /// Do not migrate notes.
        const SKIP_NOTES = 524_288;
        /// Do not migrate tasks.
        const SKIP_TASKS = 1_048_576;
        /// Remigrate previously failed items.
        const REMIGRATE_FAILED = 2_097_152;
        /// Do not retry errors.
        const NO_RETRIES = 4_194_304;
        /// Log subjects of failed items.
        const LOG_SUBJECTS = 8_388_608;
    }
}

/// The values made of two bits.
const PAIRS: [MailboxFlags; 2] = [MailboxFlags::REQUEST_SOURCE, MailboxFlags::REQUEST_DESTINATION];

impl MailboxFlags {
    /// The flags of this number, when every bit of it is defined and every two-bit value is whole.
    pub fn strict(value: u32) -> Result<Self, FlagError> {
        let (flags, mut problems) = Self::lenient(value);
        if problems.is_empty() { Ok(flags) } else { Err(problems.swap_remove(0)) }
    }

    /// The flags of this number, with everything that [`strict`](Self::strict) would have refused as warnings.
    ///
    /// Bits without a meaning are kept, so that the number prints as it came; they do nothing.
    pub fn lenient(value: u32) -> (Self, Vec<FlagError>) {
        let flags = Self::from_bits_retain(value);
        (flags, flags.problems())
    }

    /// As [`strict`](Self::strict), from a text. A text of blanks is 0.
    pub fn parse_strict(text: &str) -> Result<Self, FlagError> {
        Self::strict(number(text)?)
    }

    /// As [`lenient`](Self::lenient), from a text. A text that is no number stays an error.
    pub fn parse_lenient(text: &str) -> Result<(Self, Vec<FlagError>), FlagError> {
        number(text).map(Self::lenient)
    }

    /// The kinds that are to be migrated, in the order of [`Kind::ALL`].
    pub fn kinds(self) -> Vec<Kind> {
        Kind::ALL.into_iter().filter(|kind| !self.contains(Self::skipping(*kind))).collect()
    }

    /// The flag that leaves this kind out.
    pub fn skipping(kind: Kind) -> Self {
        match kind {
            Kind::Mail => Self::SKIP_MAIL,
            Kind::Event => Self::SKIP_CALENDARS,
            Kind::Contact => Self::SKIP_CONTACTS,
            Kind::Task => Self::SKIP_TASKS,
            Kind::Note => Self::SKIP_NOTES,
            Kind::Journal => Self::SKIP_JOURNALS,
        }
    }

    /// Whether the user of this side's mailbox is to be asked for user name and password.
    pub fn requests(self, side: Side) -> bool {
        self.contains(match side {
            Side::Source => Self::REQUEST_SOURCE,
            Side::Destination => Self::REQUEST_DESTINATION,
        })
    }

    /// Flags that contradict each other, in a fixed order.
    pub fn conflicts(self) -> Vec<FlagConflict> {
        let found = [
            (
                self.contains(Self::REMIGRATE_SUCCESSFUL | Self::NO_DUPLICATE_SEARCH),
                FlagConflict::RemigrateWithoutSearch,
            ),
            (self.contains(Self::NO_RETRIES | Self::REMIGRATE_FAILED), FlagConflict::RemigrateWithoutRetries),
            (self.kinds().is_empty(), FlagConflict::NothingToMigrate),
        ];
        found.into_iter().filter_map(|(holds, conflict)| holds.then_some(conflict)).collect()
    }

    fn problems(self) -> Vec<FlagError> {
        let undefined = self.bits() & !Self::all().bits();
        let undefined = (undefined != 0).then_some(FlagError::Undefined { bits: undefined });
        let halves = PAIRS.into_iter().filter(|pair| self.intersects(*pair) && !self.contains(*pair));
        let halves = halves.map(|pair| FlagError::Half { bit: (self & pair).bits(), whole: pair.bits() });
        undefined.into_iter().chain(halves).collect()
    }
}

/// A number that is not a sum of flags.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlagError {
    /// The text is not a whole number from 0 to 4294967295.
    #[error("the flags {text:?} are not a whole number")]
    NotANumber {
        /// The text.
        text: String,
    },
    /// Bits that stand for nothing.
    #[error("the flags hold {}, which stands for nothing", sum(*bits))]
    Undefined {
        /// The bits, added up.
        bits: u32,
    },
    /// One bit of a value that has two.
    #[error("the flags hold {bit} alone, which is half of {whole} and stands for nothing")]
    Half {
        /// The bit that is there.
        bit: u32,
        /// The value it is half of.
        whole: u32,
    },
}

impl From<FlagError> for Error {
    fn from(error: FlagError) -> Self {
        let remedy = match &error {
            FlagError::NotANumber { .. } => "give the sum of the flags as one number, or leave the field empty".into(),
            FlagError::Undefined { bits } => format!("take {bits} off the number"),
            FlagError::Half { bit, whole } => format!("take {bit} off the number, or make it {whole}"),
        };
        Error::new(ErrorKind::Config, error.to_string()).remedy(remedy)
    }
}

/// Flags that contradict each other. [`Display`](fmt::Display) says so to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlagConflict {
    /// 2048 with 1024: a warning.
    RemigrateWithoutSearch,
    /// 4194304 with 2097152: an error.
    RemigrateWithoutRetries,
    /// Every kind is left out: an error.
    NothingToMigrate,
}

impl FlagConflict {
    /// Whether nothing can be migrated by such flags. Otherwise it is a warning.
    pub fn is_error(self) -> bool {
        !matches!(self, FlagConflict::RemigrateWithoutSearch)
    }
}

impl fmt::Display for FlagConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FlagConflict::RemigrateWithoutSearch => {
                "flag 2048 remigrates successful items and flag 1024 does not search for duplicates: \
                 every item would be there twice"
            }
            FlagConflict::RemigrateWithoutRetries => "flag 2097152 remigrates failed items and flag 4194304 forbids it",
            FlagConflict::NothingToMigrate => "the flags leave out every kind of item: nothing is left to migrate",
        })
    }
}

impl From<FlagConflict> for Error {
    fn from(conflict: FlagConflict) -> Self {
        let remedy = match conflict {
            FlagConflict::RemigrateWithoutSearch => "take 1024 off the number",
            FlagConflict::RemigrateWithoutRetries => "take one of the two off the number",
            FlagConflict::NothingToMigrate => "take the kinds that shall move off the number",
        };
        Error::new(ErrorKind::Config, conflict.to_string()).remedy(remedy)
    }
}

/// The number.
impl fmt::Display for MailboxFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bits().fmt(f)
    }
}

/// As [`MailboxFlags::parse_strict`].
impl FromStr for MailboxFlags {
    type Err = FlagError;

    fn from_str(text: &str) -> Result<Self, FlagError> {
        Self::parse_strict(text)
    }
}

/// As the number.
impl Serialize for MailboxFlags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.bits())
    }
}

/// From the number, as [`MailboxFlags::strict`].
impl<'de> Deserialize<'de> for MailboxFlags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::strict(u32::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

fn number(text: &str) -> Result<u32, FlagError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(0);
    }
    // `u32::from_str` would take a plus sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let value = if digits { text.parse().ok() } else { None };
    value.ok_or_else(|| FlagError::NotANumber { text: text.to_owned() })
}

/// `65536 + 131072`.
fn sum(bits: u32) -> String {
    let set = (0..u32::BITS).map(|at| 1 << at).filter(|bit| bits & bit != 0);
    set.map(|bit: u32| bit.to_string()).collect::<Vec<_>>().join(" + ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every subset of the defined flags, each two-bit value counting as one.
    fn subsets() -> impl Iterator<Item = MailboxFlags> {
        let flags: Vec<_> = MailboxFlags::all().iter().collect();
        (0_u32..1 << flags.len()).map(move |choice| {
            flags.iter().enumerate().filter(|(at, _)| choice & (1 << at) != 0).map(|(_, flag)| *flag).collect()
        })
    }

    #[test]
    fn there_are_nineteen_flags_of_which_two_have_two_bits() {
        assert_eq!(MailboxFlags::all().iter().count(), 19);
        assert_eq!(MailboxFlags::all().bits().count_ones(), 21);
        assert_eq!(MailboxFlags::REQUEST_SOURCE.bits(), 192);
        assert_eq!(MailboxFlags::REQUEST_DESTINATION.bits(), 768);
    }

    #[test]
    fn every_subset_of_the_defined_flags_comes_back() {
        assert_eq!(subsets().count(), 1 << 19);
        assert!(subsets().all(|flags| MailboxFlags::strict(flags.bits()) == Ok(flags)));
        assert!(subsets().step_by(97).all(|flags| flags.to_string().parse() == Ok(flags)));
        assert!(subsets().step_by(997).all(|flags| {
            serde_json::from_str::<MailboxFlags>(&serde_json::to_string(&flags).unwrap()).unwrap() == flags
        }));
    }

    #[test]
    fn the_values_add_up() {
        let flags = MailboxFlags::NOTIFY_ADMIN_ON_SUCCESS
            | MailboxFlags::NOTIFY_ADMIN_ON_FAILURE
            | MailboxFlags::REMIGRATE_FAILED;
        assert_eq!(flags.bits(), 2_097_155);
        assert_eq!(MailboxFlags::strict(1 + 2 + 2_097_152), Ok(flags));
    }

    #[test]
    fn half_of_a_two_bit_value_is_an_error_that_names_the_bit() {
        for (bit, whole) in [(64, 192), (128, 192), (256, 768), (512, 768)] {
            assert_eq!(MailboxFlags::strict(bit | 1), Err(FlagError::Half { bit, whole }));
            let line = Error::from(MailboxFlags::strict(bit).unwrap_err()).to_string();
            assert!(line.contains(&format!("hold {bit} alone")), "{line}");
            assert!(line.contains(&format!("make it {whole}")), "{line}");
        }
        assert!(!MailboxFlags::lenient(64).0.requests(Side::Source));
    }

    #[test]
    fn an_undefined_bit_is_an_error_that_names_the_bit() {
        for at in (15..18).chain(24..32) {
            let bit = 1_u32 << at;
            assert_eq!(MailboxFlags::strict(bit | 4096), Err(FlagError::Undefined { bits: bit }));
            assert!(MailboxFlags::strict(bit).unwrap_err().to_string().contains(&bit.to_string()));
        }
        let error = MailboxFlags::strict(32_768 | 65_536).unwrap_err();
        assert!(error.to_string().contains("32768 + 65536"), "{error}");
    }

    #[test]
    fn lenient_keeps_the_number_and_warns_of_each_problem() {
        let (flags, warnings) = MailboxFlags::lenient(32_768 | 64 | 512 | 1);
        assert_eq!(flags.to_string(), (32_768 | 64 | 512 | 1).to_string());
        assert_eq!(
            warnings,
            [
                FlagError::Undefined { bits: 32_768 },
                FlagError::Half { bit: 64, whole: 192 },
                FlagError::Half { bit: 512, whole: 768 }
            ]
        );
        assert!(subsets().step_by(31).all(|flags| MailboxFlags::lenient(flags.bits()).1.is_empty()));
    }

    #[test]
    fn an_empty_field_is_zero_and_anything_but_digits_is_an_error() {
        assert_eq!("  ".parse(), Ok(MailboxFlags::empty()));
        assert_eq!(" 192 ".parse(), Ok(MailboxFlags::REQUEST_SOURCE));
        for text in ["+1", "-1", "0x40", "1 2", "4294967296", "one"] {
            assert!(matches!(text.parse::<MailboxFlags>(), Err(FlagError::NotANumber { .. })), "{text}");
        }
        assert_eq!(Error::from(number("x").unwrap_err()).kind(), ErrorKind::Config);
    }

    #[test]
    fn kinds_are_those_that_are_not_left_out() {
        assert_eq!(MailboxFlags::empty().kinds(), Kind::ALL);
        let flags = MailboxFlags::SKIP_CALENDARS | MailboxFlags::SKIP_NOTES;
        assert_eq!(flags.kinds(), [Kind::Mail, Kind::Contact, Kind::Task, Kind::Journal]);
    }

    #[test]
    fn flags_that_contradict_each_other_are_named() {
        assert_eq!(MailboxFlags::strict(2048 + 1024).unwrap().conflicts(), [FlagConflict::RemigrateWithoutSearch]);
        assert!(!FlagConflict::RemigrateWithoutSearch.is_error());
        let flags = MailboxFlags::strict(4_194_304 + 2_097_152).unwrap();
        assert_eq!(flags.conflicts(), [FlagConflict::RemigrateWithoutRetries]);
        let nothing: MailboxFlags = Kind::ALL.into_iter().map(MailboxFlags::skipping).collect();
        assert_eq!(nothing.conflicts(), [FlagConflict::NothingToMigrate]);
        assert!(nothing.conflicts()[0].is_error() && flags.conflicts()[0].is_error());
        assert!((nothing - MailboxFlags::SKIP_TASKS).conflicts().is_empty());
    }
}
