//! What hangs on events and tasks, as Graph takes it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailmove_core::{Body, Loss, Result, Spool};
use mailmove_exchange::calendar::Attached;
use serde_json::{Value, json};

use super::mail::nested;
use crate::mime;

/// How many bytes a message that hangs on an event may have and still be one that can be opened as such.
const LARGEST_ITEM: u64 = 2_000_000;

/// What a file is called that has no name.
const UNNAMED: &str = "attachment";

/// A file in one piece; for a task, or for an event.
pub(crate) fn file(attached: &Attached, body: &Body, is_task: bool) -> Result<Value> {
    let kind = if is_task { "#microsoft.graph.taskFileAttachment" } else { "#microsoft.graph.fileAttachment" };
    let mut file =
        json!({ "@odata.type": kind, "name": name(attached), "contentBytes": STANDARD.encode(body.bytes()?) });
    add(attached, is_task, &mut file);
    Ok(file)
}

/// A file as an upload session wants to know it.
pub(crate) fn session(attached: &Attached, body: &Body, is_task: bool) -> Value {
    let mut file = json!({ "attachmentType": "file", "name": name(attached), "size": body.len() });
    add(attached, is_task, &mut file);
    if is_task { json!({ "attachmentInfo": file }) } else { json!({ "AttachmentItem": file }) }
}

/// A message that stays one.
pub(crate) fn message(
    attached: &Attached,
    body: &Body,
    spool: &Spool,
    losses: &mut Vec<Loss>,
) -> Result<Option<Value>> {
    if attached.content_type != "message/rfc822" || body.len() > LARGEST_ITEM {
        return Ok(None);
    }
    let item = nested(mime::parse(body, spool)?, losses)?;
    let name = name(attached);
    let name = name.strip_suffix(".eml").unwrap_or(&name);
    Ok(Some(json!({
        "@odata.type": "#microsoft.graph.itemAttachment", "name": name, "isInline": false, "item": item,
    })))
}

/// What it is called, if need be by what it is.
pub(crate) fn name(attached: &Attached) -> String {
    let name: String = attached.name.chars().filter(|char| !char.is_control()).collect();
    if name.trim().is_empty() { UNNAMED.to_owned() } else { name }
}

fn add(attached: &Attached, is_task: bool, file: &mut Value) {
    if !attached.content_type.is_empty() {
        file["contentType"] = attached.content_type.as_str().into();
    }
    if is_task {
        return;
    }
    file["isInline"] = attached.content_id.is_some().into();
    if let Some(id) = &attached.content_id {
        file["contentId"] = id.as_str().into();
    }
}
