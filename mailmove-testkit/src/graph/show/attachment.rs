//! What hangs on an item.

use serde_json::{Map, Value, json};

use crate::graph::call::{Call, Entity};
use crate::graph::date;
use crate::graph::state::{Attachment, Content, Id, Item, Kind, Mailbox, Shape};

/// Larger files are listed without their octets.
const LARGEST_LISTED: usize = 3 << 20;

/// All of an item, as a list shows them.
pub(crate) fn attachments(call: &Call<'_>, mailbox: &Mailbox, item: &Item, select: Option<&[String]>) -> Vec<Entity> {
    let octets = select.is_none_or(|select| select.iter().any(|name| name.rsplit('/').next() == Some("contentBytes")));
    let all = item.attachments.iter();
    all.map(|one| attachment(call, mailbox, item, one, octets && one.size() <= LARGEST_LISTED, false)).collect()
}

/// One attachment, with its octets or without, with its item or without.
pub(crate) fn attachment(
    call: &Call<'_>,
    mailbox: &Mailbox,
    item: &Item,
    attachment: &Attachment,
    octets: bool,
    inner: bool,
) -> Entity {
    let mut out = Map::new();
    let mut set = |name: &str, value: Value| {
        out.insert(name.to_owned(), value);
    };
    let id = Id { kind: Kind::Attachment, part: attachment.number, ..item.id(call.immutable()) };
    set("id", id.text().into());
    set("name", attachment.name.as_str().into());
    set("contentType", attachment.content_type.clone().into());
    set("size", attachment.size().into());
    if item.shape() != Shape::Task {
        set("isInline", attachment.inline.into());
    }
    set("lastModifiedDateTime", date::seconds(attachment.modified).into());
    match &attachment.content {
        Content::File(bytes) if item.shape() == Shape::Task => {
            set("@odata.type", "#microsoft.graph.taskFileAttachment".into());
            if octets {
                set("contentBytes", call.base64(bytes.clone()));
            }
        }
        Content::File(bytes) => {
            set("@odata.type", "#microsoft.graph.fileAttachment".into());
            set("@odata.mediaContentType", attachment.content_type.clone().into());
            set("contentId", attachment.content_id.clone().into());
            set("contentLocation", attachment.content_location.clone().into());
            if octets {
                set("contentBytes", call.base64(bytes.clone()));
            }
        }
        Content::Item(held) => {
            set("@odata.type", "#microsoft.graph.itemAttachment".into());
            if inner {
                set("item", held_item(call, mailbox, held));
            }
        }
        Content::Link => set("@odata.type", "#microsoft.graph.referenceAttachment".into()),
    }
    out
}

/// An item inside of another: it has no place in a folder.
fn held_item(call: &Call<'_>, mailbox: &Mailbox, item: &Item) -> Value {
    let mut shown = super::plain(call, mailbox, item);
    shown.remove("parentFolderId");
    shown.insert("@odata.type".to_owned(), format!("#microsoft.graph.{}", item.shape().kind()).into());
    if !item.attachments.is_empty() {
        let inner =
            item.attachments.iter().map(|inner| Value::Object(attachment(call, mailbox, item, inner, true, true)));
        shown.insert("attachments".to_owned(), inner.collect());
    }
    json!(shown)
}
