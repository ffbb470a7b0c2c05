//! What hangs on messages, events and tasks, and travels by itself: whole or in ranges.

use mailmove_core::{Error, ErrorKind};
use serde::Deserialize;
use serde_json::Value;

use super::ask::{Ask, Path};

/// How many bytes one range has: ranges are multiples of 320 KiB of at most 4 MB.
pub(crate) const RANGE: usize = 12 * 320 * 1024;

/// From how many bytes on a file needs an upload session.
pub(crate) const LARGE: u64 = 3_000_000;

/// From how many bytes on it may have one, however large the provider's megabytes are.
pub(crate) const SURELY_LARGE: u64 = 3 * 1024 * 1024;

/// The largest file that an upload session takes, in bytes.
pub(crate) const LARGEST: u64 = 150 * 1024 * 1024;

/// The largest file that a task takes, in bytes.
pub(crate) const LARGEST_OF_TASK: u64 = 25 * 1024 * 1024;

/// Where something can hang.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    path: Path,
    /// Tasks have attachments of their own sort.
    pub(crate) is_task: bool,
}

impl Holder {
    pub(crate) fn message(user: &Path, id: &str) -> Self {
        Self { path: user.to("messages").to(id), is_task: false }
    }

    /// An event, or an occurrence of a series.
    pub(crate) fn event(user: &Path, id: &str) -> Self {
        Self { path: user.to("events").to(id), is_task: false }
    }

    pub(crate) fn task(user: &Path, list: &str, id: &str) -> Self {
        Self { path: user.to("todo").to("lists").to(list).to("tasks").to(id), is_task: true }
    }

    fn all(&self) -> Path {
        self.path.to("attachments")
    }

    /// Whether this door alone is shut: the documentation promises attachments of tasks to those alone who are signed in
    /// themselves, and tasks to everybody.
    pub(crate) fn may_be_shut(&self, error: &Error) -> bool {
        self.is_task && matches!(error.kind(), ErrorKind::AccessDenied | ErrorKind::Unsupported)
    }

    /// The largest file that it takes, in bytes.
    pub(crate) fn largest(&self) -> u64 {
        if self.is_task { LARGEST_OF_TASK } else { LARGEST }
    }
}

/// Where a file is put in ranges. The address of a message's or an event's file is a secret.
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

/// What hangs there, without its content.
pub(crate) fn list(holder: &Holder) -> Ask {
    let fields = match holder.is_task {
        true => "id,name,contentType,size",
        false => "id,name,contentType,size,isInline,microsoft.graph.fileAttachment/contentId",
    };
    Ask::get("attachments", &holder.all().with("$select", fields))
}

/// The content of a file; an item in its standard format.
pub(crate) fn value(holder: &Holder, id: &str) -> Ask {
    Ask::get("attachment value", &holder.all().to(id).to("$value"))
}

/// Hangs something there.
pub(crate) fn add(holder: &Holder, attachment: &Value) -> Ask {
    Ask::post("add attachment", &holder.all(), attachment.clone())
}

/// Takes it away.
pub(crate) fn remove(holder: &Holder, id: &str) -> Ask {
    Ask::delete("remove attachment", &holder.all().to(id)).repeatable()
}

/// Asks for an address to put a file at.
pub(crate) fn session(holder: &Holder, file: &Value) -> Ask {
    Ask::post("create upload session", &holder.all().to("createUploadSession"), file.clone()).repeatable()
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
