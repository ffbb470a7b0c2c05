//! Attachments that travel by themselves, whole or in ranges.

use serde::Deserialize;
use serde_json::Value;

use super::ask::{Ask, Path};

/// How many bytes one range has: ranges are multiples of 320 KiB of at most 4 MB.
pub(crate) const RANGE: usize = 12 * 320 * 1024;

/// From how many bytes on a file needs an upload session.
pub(crate) const LARGE: u64 = 3_000_000;

/// The largest file that an upload session takes, in bytes.
pub(crate) const LARGEST: u64 = 150 * 1024 * 1024;

/// Where a file is put in ranges. The address is a secret.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UploadSession {
    pub(crate) upload_url: String,
}

/// How far an upload is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Progress {
    pub(crate) next_expected_ranges: Option<Vec<String>>,
}

impl Progress {
    /// The first byte that is still missing.
    pub(crate) fn next(&self) -> Option<u64> {
        let first = self.next_expected_ranges.as_ref()?.first()?;
        first.split('-').next()?.trim().parse().ok()
    }
}

/// Hangs something on a message.
pub(crate) fn add(user: &Path, message: &str, attachment: &Value) -> Ask {
    Ask::post("add attachment", &user.to("messages").to(message).to("attachments"), attachment.clone())
}

/// Asks for an address to put a file at.
pub(crate) fn session(user: &Path, message: &str, file: &Value) -> Ask {
    let path = user.to("messages").to(message).to("attachments").to("createUploadSession");
    Ask::post("create upload session", &path, file.clone()).repeatable()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_what_the_provider_takes() {
        assert!(RANGE.is_multiple_of(320 * 1024) && RANGE <= 4_000_000);
        let next = |text: &str| serde_json::from_str::<Progress>(text).unwrap().next();
        assert_eq!(next(r#"{"nextExpectedRanges":["327680-"]}"#), Some(327_680));
        assert_eq!(next(r#"{"nextExpectedRanges":["0-99","200-"]}"#), Some(0));
        assert_eq!(next("{}"), None);
    }
}
