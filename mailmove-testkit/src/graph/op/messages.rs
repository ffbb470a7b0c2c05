//! Messages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::folders;
use crate::graph::call::{Answer, Call, Entity};
use crate::graph::mapi;
use crate::graph::mime;
use crate::graph::refusal::Refusal;
use crate::graph::show;
use crate::graph::state::{Item, Mailbox, guid};
use crate::http::Reply;

/// Header fields that a client may add.
const MOST_HEADERS: usize = 5;

/// The folder that the path means, or the whole mailbox.
fn all<'m>(call: &Call<'_>, mailbox: &'m Mailbox) -> Result<Vec<&'m Item>, Refusal> {
    if call.target.key(0).is_empty() {
        let recoverable = mailbox.standard("recoverableitemsroot");
        return Ok(mailbox.items.values().filter(|item| !mailbox.is_below(item.folder, recoverable)).collect());
    }
    let folder = folders::target(call, mailbox)?;
    Ok(mailbox.items_of(folder).collect())
}

pub(super) fn list(call: &Call<'_>) -> Answer {
    call.with(|mailbox| show::items(call, mailbox, "message", all(call, mailbox)?, 10))
}

pub(super) fn count(call: &Call<'_>) -> Answer {
    let count =
        call.with(|mailbox| all(call, mailbox).map(|all| all.iter().filter(|item| item.shape().is_mail()).count()))?;
    Ok(Reply::of(StatusCode::OK, "text/plain", count.to_string()))
}

pub(super) fn show(call: &Call<'_>) -> Answer {
    call.query.check("message", call.beta)?;
    call.with(|mailbox| {
        let item = mailbox.item(call.target.key(0))?;
        Ok(call.one(StatusCode::OK, show::item(call, mailbox, item)?))
    })
}

/// The message in MIME.
pub(super) fn value(call: &Call<'_>) -> Answer {
    let item = call.with(|mailbox| mailbox.item(call.target.key(0)).cloned())?;
    Ok(Reply::of(StatusCode::OK, "text/plain", mime::compose(&item)))
}

pub(super) fn create(call: &Call<'_>) -> Answer {
    let kind = call.request.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let mut item = if kind.starts_with("text/plain") { from_mime(call)? } else { from_json(call)? };
    call.with(|mailbox| {
        let folder = match call.target.key(0) {
            "" => mailbox.standard("drafts"),
            _ => folders::target(call, mailbox)?,
        };
        complete(mailbox, &mut item);
        let key = mailbox.insert_item(folder, item)?;
        Ok(call.one(StatusCode::CREATED, show::item(call, mailbox, &mailbox.items[&key])?))
    })
}

/// What the server fills in.
pub(super) fn complete(mailbox: &mut Mailbox, item: &mut Item) {
    if item.text("internetMessageId").is_empty() && item.shape().is_mail() {
        let number = mailbox.key();
        item.set("internetMessageId", format!("<{}@simulator.test>", guid(0x3e55_a6e0, number)));
    }
    for name in ["from", "sender"] {
        if !item.fields.contains_key(name) && item.mime.is_none() && item.shape().is_mail() {
            let owner = (None, mailbox.address.clone());
            item.set(name, mime::recipient(&owner));
        }
    }
}

/// MIME makes a draft, whatever is in it.
fn from_mime(call: &Call<'_>) -> Result<Item, Refusal> {
    let body = &call.request.body;
    if body.len() > call.shared.settings.largest_mime {
        let message = "The request exceeds the maximum size.";
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message));
    }
    let dense: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let octets = STANDARD.decode(dense).ok().filter(|octets| !octets.is_empty());
    let octets = octets.ok_or_else(|| {
        Refusal::bad("ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.")
    })?;
    let mut item = mime::read(Bytes::from(octets));
    item.read = true;
    Ok(item)
}

fn from_json(call: &Call<'_>) -> Result<Item, Refusal> {
    let mut entity = call.entity("message")?;
    let mut item = Item::new("IPM.Note");
    item.read = true;
    fill(call, &mut item, &mut entity, true)?;
    Ok(item)
}

/// Puts into an item what a body says.
pub(super) fn fill(call: &Call<'_>, item: &mut Item, entity: &mut Entity, new: bool) -> Result<(), Refusal> {
    let properties = folders::extended(entity)?;
    if let Some(attachments) = entity.remove("attachments").filter(|_| new) {
        for one in attachments.as_array().into_iter().flatten() {
            let attachment = super::attachments::from_json(call, one)?;
            item.attach(attachment);
        }
    }
    if let Some(headers) = entity.get("internetMessageHeaders").and_then(Value::as_array) {
        check_headers(headers)?;
    }
    if let Some(read) = entity.remove("isRead").and_then(|read| read.as_bool()) {
        item.read = read;
    }
    const KEPT: [&str; 16] = [
        "subject",
        "body",
        "from",
        "sender",
        "toRecipients",
        "ccRecipients",
        "bccRecipients",
        "replyTo",
        "importance",
        "flag",
        "isReadReceiptRequested",
        "isDeliveryReceiptRequested",
        "inferenceClassification",
        "internetMessageId",
        "internetMessageHeaders",
        "conversationIndex",
    ];
    // What else a message has is the server's own, and what clients say about it is overlooked.
    for (name, value) in entity.iter().filter(|(name, _)| KEPT.contains(&name.as_str()) || *name == "categories") {
        match value {
            Value::Null => item.fields.remove(name),
            value => item.fields.insert(name.clone(), value.clone()),
        };
    }
    if item.fields.get("flag").is_some_and(|flag| flag["flagStatus"].is_null()) {
        item.set("flag", json!({"flagStatus": "notFlagged"}));
    }
    for (id, property) in properties {
        mapi::set_item(item, id.name, property, new);
    }
    Ok(())
}

fn check_headers(headers: &[Value]) -> Result<(), Refusal> {
    if headers.is_empty() || headers.len() > MOST_HEADERS {
        let message = "The number of internet message headers is invalid. It should be at least 1 and at most 5.";
        return Err(Refusal::bad("InvalidInternetMessageHeaderCollection", message));
    }
    let bad = headers.iter().map(|header| header["name"].as_str().unwrap_or_default());
    match bad.into_iter().find(|name| !name.to_ascii_lowercase().starts_with("x-")) {
        Some(name) => {
            let message = format!("The internet message header name '{name}' should start with 'x-' or 'X-'.");
            Err(Refusal::bad("InvalidInternetMessageHeader", message))
        }
        None => Ok(()),
    }
}

pub(super) fn update(call: &Call<'_>) -> Answer {
    let mut entity = call.entity("message")?;
    call.with(|mailbox| {
        let item = mailbox.item(call.target.key(0))?;
        if !item.draft && entity.contains_key("internetMessageId") {
            let message = "internetMessageId can only be changed while a message is a draft.";
            return Err(Refusal::bad("ErrorInvalidPropertySet", message));
        }
        let key = item.key;
        let mut changed = item.clone();
        // What the octets say as well: they would not be true any more.
        let told = [
            "subject",
            "body",
            "from",
            "sender",
            "toRecipients",
            "ccRecipients",
            "bccRecipients",
            "replyTo",
            "internetMessageId",
        ];
        if entity.keys().any(|name| told.contains(&name.as_str())) {
            changed.forget_octets();
        }
        fill(call, &mut changed, &mut entity, false)?;
        mailbox.change_item(key, |item| *item = changed);
        Ok(call.one(StatusCode::OK, show::item(call, mailbox, &mailbox.items[&key])?))
    })
}
