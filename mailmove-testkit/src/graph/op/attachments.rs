//! What hangs on messages and events.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use bytes::Bytes;
use hyper::StatusCode;
use serde_json::Value;
use time::Date;

use super::done;
use crate::graph::calendar;
use crate::graph::call::{Answer, Call};
use crate::graph::mime;
use crate::graph::refusal::Refusal;
use crate::graph::show;
use crate::graph::state::{Attachment, Content, Id, Item, Kind, Mailbox};
use crate::http::Reply;

/// An attachment as a client writes one.
pub(super) fn from_json(call: &Call<'_>, value: &Value) -> Result<Attachment, Refusal> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let name = text("name").unwrap_or_default();
    let kind =
        value["@odata.type"].as_str().unwrap_or_default().rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let of_task = call.target.template.starts_with("todo/");
    if of_task != (kind == "taskfileattachment") {
        return Err(Refusal::body("An attachment of this type cannot hang there."));
    }
    let content = match kind.as_str() {
        "fileattachment" | "taskfileattachment" => {
            let text = value["contentBytes"].as_str().unwrap_or_default();
            let octets = STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text));
            Content::File(Bytes::from(octets.map_err(|_| Refusal::body("contentBytes is not base64."))?))
        }
        "itemattachment" => Content::Item(Box::new(held(call, &value["item"])?)),
        "referenceattachment" => {
            return Err(Refusal::bad("ErrorInvalidOperation", "Reference attachments cannot be made."));
        }
        _ => return Err(Refusal::body("An attachment has to say its type: '@odata.type' is missing.")),
    };
    if name.is_empty() {
        return Err(Refusal::bad("ErrorRequiredPropertyMissing", "Required property is missing: name."));
    }
    let mut attachment = Attachment::new(&name, content);
    attachment.content_type = text("contentType");
    attachment.content_id = text("contentId");
    attachment.content_location = text("contentLocation");
    attachment.inline = value["isInline"].as_bool().unwrap_or_default();
    Ok(attachment)
}

/// An item inside of another.
fn held(call: &Call<'_>, value: &Value) -> Result<Item, Refusal> {
    let Some(mut entity) = value.as_object().cloned() else {
        return Err(Refusal::bad("ErrorRequiredPropertyMissing", "Required property is missing: item."));
    };
    let kind = entity.get("@odata.type").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let mut item = match kind.rsplit('.').next() {
        Some("message") => Item::new("IPM.Note"),
        Some("event") => Item::new("IPM.Appointment"),
        Some("contact") => Item::new("IPM.Contact"),
        _ => return Err(Refusal::bad("ErrorInvalidItemForOperationCreateItemAttachment", "The item has no type.")),
    };
    super::messages::fill(call, &mut item, &mut entity, true)?;
    if !item.shape().is_mail() {
        item.fields.extend(entity.into_iter().filter(|(name, _)| !name.contains('@')));
    }
    Ok(item)
}

/// The type of what hangs on the item that the path means.
fn kind(call: &Call<'_>) -> &'static str {
    if call.target.template.starts_with("todo/") { "attachmentBase" } else { "attachment" }
}

/// What the path hangs something on: an item, or an occurrence of a series, which becomes an exception by that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder {
    key: u64,
    day: Option<Date>,
}

impl Holder {
    pub(super) fn of(call: &Call<'_>, mailbox: &Mailbox) -> Result<Self, Refusal> {
        // A task's id stands behind that of its list.
        let id = call.target.key(if call.target.template.starts_with("todo/") { 1 } else { 0 });
        let key = mailbox.item(id)?.key;
        let holder = match Id::read(id, mailbox.number)?.part {
            0 => Self { key, day: None },
            part => Self { key, day: Some(Date::from_julian_day(part as i32).map_err(|_| Refusal::malformed_id())?) },
        };
        holder.item(mailbox).map(|_| holder)
    }

    /// The item as it is now.
    pub(super) fn item<'m>(self, mailbox: &'m Mailbox) -> Result<Cow<'m, Item>, Refusal> {
        let item = mailbox.items.get(&self.key).ok_or_else(Refusal::missing)?;
        match self.day {
            None => Ok(Cow::Borrowed(item)),
            Some(day) => calendar::occurrence(item, day).map(|one| Cow::Owned(one.item)).ok_or_else(Refusal::missing),
        }
    }

    /// Changes it; an occurrence is an exception from then on.
    pub(super) fn change<T>(self, mailbox: &mut Mailbox, change: impl FnOnce(&mut Item) -> T) -> Result<T, Refusal> {
        let mut item = self.item(mailbox)?.into_owned();
        item.forget_octets();
        let done = change(&mut item);
        let changed = mailbox.change_item(self.key, |whole| match self.day {
            None => *whole = item,
            Some(day) => _ = whole.exceptions.insert(day, item),
        });
        changed.map(|()| done).ok_or_else(Refusal::missing)
    }
}

/// The attachment that the path means.
fn find<'i>(call: &Call<'_>, item: &'i Item) -> Result<&'i Attachment, Refusal> {
    let id = Id::read(call.target.keys.last().map_or("", String::as_str), call.mailbox)?;
    let found = item.attachments.iter().find(|attachment| attachment.number == id.part);
    found.filter(|_| id.kind == Kind::Attachment && id.key == item.key).ok_or_else(Refusal::missing)
}

pub(super) fn list(call: &Call<'_>) -> Answer {
    call.query.check(kind(call), call.beta)?;
    call.with(|mailbox| {
        let item = Holder::of(call, mailbox)?.item(mailbox)?;
        let mut shown = show::attachments(call, mailbox, &item, call.query.select.as_deref());
        if let Some(filter) = &call.query.filter {
            shown.retain(|entity| filter.holds(entity));
        }
        // This list has no pages.
        let shown = shown.into_iter().map(|entity| call.query.selected(entity)).collect();
        Ok(call.many(shown, Vec::new()))
    })
}

pub(super) fn show(call: &Call<'_>) -> Answer {
    call.query.check(kind(call), call.beta)?;
    let inner =
        call.query.expand.iter().any(|expand| expand.name.to_ascii_lowercase().ends_with("itemattachment/item"));
    call.with(|mailbox| {
        let item = Holder::of(call, mailbox)?.item(mailbox)?;
        let shown = show::attachment(call, mailbox, &item, find(call, &item)?, true, inner);
        let mut selected = call.query.selected(shown.clone());
        selected.extend(shown.into_iter().filter(|(name, _)| inner && name == "item"));
        Ok(call.one(StatusCode::OK, selected))
    })
}

/// The octets of a file, the MIME of an item.
pub(super) fn value(call: &Call<'_>) -> Answer {
    let content = call.with(|mailbox| {
        let item = Holder::of(call, mailbox)?.item(mailbox)?;
        find(call, &item).cloned()
    })?;
    let kind = content.content_type.as_deref().unwrap_or("application/octet-stream").to_owned();
    match &content.content {
        Content::File(bytes) => Ok(Reply::of(StatusCode::OK, &kind, bytes.clone())),
        Content::Item(item) => Ok(Reply::of(StatusCode::OK, "text/plain", mime::compose(item))),
        Content::Link => Err(Refusal::bad("ErrorInvalidOperation", "A reference attachment has no octets.")),
    }
}

pub(super) fn create(call: &Call<'_>) -> Answer {
    let entity = call.entity(kind(call))?;
    let attachment = from_json(call, &Value::Object(entity))?;
    call.with(|mailbox| {
        let holder = Holder::of(call, mailbox)?;
        let number = holder.change(mailbox, |item| item.attach(attachment))?;
        let item = holder.item(mailbox)?;
        let made = item.attachments.iter().find(|attachment| attachment.number == number);
        let shown = show::attachment(call, mailbox, &item, made.ok_or_else(Refusal::missing)?, true, false);
        Ok(call.one(StatusCode::CREATED, shown))
    })
}

pub(super) fn delete(call: &Call<'_>) -> Answer {
    call.with(|mailbox| {
        let holder = Holder::of(call, mailbox)?;
        let number = find(call, &*holder.item(mailbox)?)?.number;
        holder.change(mailbox, |item| item.attachments.retain(|attachment| attachment.number != number))
    })?;
    done()
}
