//! Text that has to be a number, a date, a word of a list.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::rules;
use super::rules::Rule;
use crate::ews::date;
use crate::ews::version::Version;

/// # Errors
/// With the words in which Exchange says what is wrong.
pub(super) fn check(text: &str, kind: &str, version: Version) -> Result<(), String> {
    let trimmed = text.trim();
    let good = match kind {
        "string" | "any" => true,
        "int" => trimmed.parse::<i32>().is_ok(),
        "bool" => ["true", "false", "1", "0"].contains(&trimmed),
        "double" => trimmed.parse::<f64>().is_ok(),
        "dateTime" => date::parse(trimmed).is_some(),
        "base64" => decode(trimmed).is_some(),
        "NonEmptyString" => !text.is_empty(),
        "MaxSyncChangesReturned" => trimmed.parse::<u32>().is_ok_and(|changes| (1..=512).contains(&changes)),
        "DaysOfWeek" => trimmed.split_whitespace().all(|day| check(day, "DayOfWeek", version).is_ok()),
        "UnindexedFieldURI" => field(trimmed, version),
        "DistinguishedFolderIdName" => folder(trimmed, version),
        _ => match rules().get(kind) {
            Some(Rule::Words(words)) => words.contains(&trimmed),
            Some(Rule::Text(other)) => return check(text, other, version),
            _ => true,
        },
    };
    if good {
        return Ok(());
    }
    let shown: String = text.chars().take(80).collect();
    Err(format!("The value '{shown}' is invalid according to its datatype '{kind}'."))
}

/// The name of a folder that many mailboxes have.
fn folder(name: &str, version: Version) -> bool {
    let late = name.starts_with("archive") || name.starts_with("recoverable");
    let since = if late { Version::Exchange2010Sp1 } else { Version::Exchange2007Sp1 };
    (version >= since && word(name, "DistinguishedFolderIdName"))
        || (version >= Version::Online && word(name, "OnlineFolderIdName"))
}

/// Whether this is one of the words of a type.
fn word(text: &str, kind: &str) -> bool {
    matches!(rules().get(kind), Some(Rule::Words(words)) if words.contains(&text))
}

/// The octets of base64 text, which may be broken into lines.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    let engine = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    if text.contains(|c: char| c.is_ascii_whitespace()) {
        let dense: String = text.split_ascii_whitespace().collect();
        return engine.decode(dense).ok();
    }
    engine.decode(text).ok()
}

/// A property of an item or a folder: its prefix names the kind, the rest the element.
fn field(uri: &str, version: Version) -> bool {
    let Some((prefix, name)) = uri.split_once(':') else { return false };
    let kinds: &[&str] = match prefix {
        "folder" => &["Folder", "SearchFolder"],
        "item" => &["Item"],
        "message" => &["Message"],
        "calendar" => &["CalendarItem"],
        "contacts" => &["ContactItem"],
        "distributionlist" => &["DistributionList"],
        "task" => &["Task"],
        "meeting" => &["MeetingMessage", "MeetingResponseMessage"],
        "meetingRequest" => &["MeetingRequestMessage"],
        "postitem" => &["PostItem"],
        _ => return false,
    };
    kinds.iter().any(|kind| rules().owns(kind, name, version))
}

#[cfg(test)]
pub(super) fn is_builtin(kind: &str) -> bool {
    ["string", "any", "int", "bool", "double", "dateTime", "base64", "UnindexedFieldURI"].contains(&kind)
}
