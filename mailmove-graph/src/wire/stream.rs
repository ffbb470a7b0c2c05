//! The mailbox import and export API.

use mailmove_core::Body;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ask::{Ask, Path};

/// How many items one export carries at most.
pub(crate) const EXPORTED: usize = 20;

/// A mailbox by its name in this API.
pub(super) fn mailbox(name: &str) -> Path {
    Path::top("admin").to("exchange").to("mailboxes").to(name)
}

/// Gives the streams of these items.
pub(crate) fn export(name: &str, ids: &[&str]) -> Ask {
    Ask::post("export items", &mailbox(name).to("exportItems"), json!({ "itemIds": ids })).repeatable()
}

/// Gives an address at which streams are taken.
pub(crate) fn import_session(name: &str) -> Ask {
    Ask::post("create import session", &mailbox(name).to("createImportSession"), json!({})).repeatable()
}

/// By which clocks the mailbox lives.
pub(crate) fn zone(user: &Path) -> Ask {
    Ask::get("time zone", &user.to("mailboxSettings").with("$select", "timeZone"))
}

/// What became of one item of an export.
#[derive(Debug, Deserialize)]
pub(crate) struct Exported {
    /// The number of its stream among those that were read beside this.
    pub(crate) data: Option<String>,
    pub(crate) error: Option<Value>,
}

/// The answer to an export.
#[derive(Debug, Deserialize)]
pub(crate) struct Export {
    pub(crate) value: Vec<Exported>,
}

/// An address at which streams are taken, which is a secret.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportSession {
    pub(crate) import_url: String,
    pub(crate) expiration_date_time: Option<String>,
}

/// What became of a stream that was taken.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Imported {
    pub(crate) item_id: Option<String>,
}

/// What stands before the stream in a request; a quote and a brace stand behind it.
pub(crate) fn import_head(folder: &str, replaces: Option<(&str, &str)>) -> String {
    let mut head = json!({ "FolderId": folder, "Mode": if replaces.is_some() { "update" } else { "create" } });
    if let Some((id, change_key)) = replaces {
        head["ItemId"] = id.into();
        head["ChangeKey"] = change_key.into();
    }
    let mut text = head.to_string();
    text.truncate(text.len() - 1);
    text.push_str(",\"Data\":\"");
    text
}

/// What an export reads to: its answer without the streams, and the streams.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) rest: Vec<u8>,
    pub(crate) streams: Vec<Body>,
}
