//! Writes what a request says about an item into the item.

use bytes::Bytes;

use super::refusal::Refusal;
use super::schema::decode_base64;
use super::state::{Attachment, Content, Item, Path, Property, class_of};
use super::xml::Node;
use super::{date, mapi, mime};

/// Elements that only the server writes.
const READ_ONLY: [&str; 34] = [
    "ItemId",
    "ParentFolderId",
    "Size",
    "IsSubmitted",
    "IsDraft",
    "IsFromMe",
    "IsResend",
    "IsUnmodified",
    "InternetMessageHeaders",
    "DateTimeCreated",
    "ResponseObjects",
    "ReminderNextTime",
    "DisplayCc",
    "DisplayTo",
    "DisplayBcc",
    "HasAttachments",
    "EffectiveRights",
    "LastModifiedName",
    "LastModifiedTime",
    "WebClientReadFormQueryString",
    "WebClientEditFormQueryString",
    "ConversationId",
    "UniqueBody",
    "InstanceKey",
    "NormalizedBody",
    "EntityExtractionResult",
    "Preview",
    "TextBody",
    "MeetingRequestWasSent",
    "IsRecurring",
    "CalendarItemType",
    "FirstOccurrence",
    "ModifiedOccurrences",
    "DeletedOccurrences",
];

/// Fills a new item with the children of its element.
pub(crate) fn apply(item: &mut Item, node: &Node) -> Result<(), Refusal> {
    if let Some(class) = node.value("ItemClass") {
        item.class = class.to_owned();
    }
    if let Some(content) = node.find("MimeContent") {
        let bytes = decode_base64(&content.text)
            .ok_or_else(|| Refusal::new("ErrorMimeContentInvalidBase64String", "MimeContent is not base64."))?;
        match item.element() {
            "CalendarItem" | "Contact" | "DistributionList" => super::pim::store(item, &bytes)?,
            _ => mime::store(item, Bytes::from(bytes)),
        }
        if node.value("ItemClass").is_none() && node.name != "Message" && node.name != "Item" {
            item.class = class_of(&node.name).to_owned();
        }
    }
    node.children.iter().try_for_each(|child| match child.name.as_str() {
        "MimeContent" | "ItemClass" => Ok(()),
        "ExtendedProperty" => extended(item, child, true),
        "Attachments" => child.children.iter().try_for_each(|child| {
            attachment(child).map(|attachment| {
                item.attach(attachment);
            })
        }),
        _ => set(item, child),
    })
}

/// Sets one element.
pub(crate) fn set(item: &mut Item, node: &Node) -> Result<(), Refusal> {
    let name = node.name.as_str();
    let moment = || date::parse(&node.text).ok_or_else(|| Refusal::schema("no date"));
    match name {
        name if READ_ONLY.contains(&name) => {
            let words = format!("Set action is invalid for property {name}.");
            return Err(Refusal::new("ErrorInvalidPropertySet", words));
        }
        "ItemClass" => item.class = node.text.clone(),
        "IsRead" => item.read = ["true", "1"].contains(&node.text.trim()),
        "DateTimeReceived" => item.received = moment()?,
        "DateTimeSent" => item.sent = Some(moment()?),
        "Subject" => {
            item.set_text("Subject", &node.text);
            mime::rewrite_subject(item);
        }
        _ => {
            item.fields.insert(name.to_owned(), canonical(node));
        }
    }
    Ok(())
}

/// Dates in the one form in which they are kept.
fn canonical(node: &Node) -> Node {
    const DATES: [&str; 14] = [
        "Start",
        "End",
        "OriginalStart",
        "RecurrenceId",
        "DateTimeStamp",
        "ReminderDueBy",
        "DueDate",
        "StartDate",
        "CompleteDate",
        "Birthday",
        "WeddingAnniversary",
        "AppointmentReplyTime",
        "AssignedTime",
        "RetentionDate",
    ];
    let mut node = node.clone();
    if DATES.contains(&node.name.as_str())
        && let Some(date) = date::parse(&node.text)
    {
        node.text = date::exact(date);
    }
    node
}

/// Sets an ExtendedProperty.
pub(crate) fn extended(item: &mut Item, node: &Node, creating: bool) -> Result<(), Refusal> {
    let invalid = || Refusal::new("ErrorInvalidExtendedPropertyValue", "The value does not fit the property's type.");
    let property = Property::read(node).ok_or_else(invalid)?;
    match Path::of(node)? {
        Path::Extended(key, _, _) => mapi::set_item(item, key, property, creating),
        path => Err(Refusal::new("ErrorInvalidExtendedProperty", path.uri())),
    }
}

/// An attachment out of FileAttachment or ItemAttachment.
pub(crate) fn attachment(node: &Node) -> Result<Attachment, Refusal> {
    let content = match node.name.as_str() {
        "FileAttachment" => {
            let bytes = decode_base64(node.value("Content").unwrap_or_default());
            Content::File(bytes.ok_or_else(|| Refusal::schema("Content is not base64"))?.into())
        }
        "ItemAttachment" => {
            let inner = node.children.iter().find(|child| class_of(&child.name) != "IPM.Note" || is_message(child));
            let inner =
                inner.ok_or_else(|| Refusal::new("ErrorInvalidRequest", "The item of the attachment is missing."))?;
            let mut item = Item::new(class_of(&inner.name));
            apply(&mut item, inner)?;
            Content::Item(Box::new(item))
        }
        other => return Err(Refusal::unsupported(other)),
    };
    let text = |name: &str| node.value(name).map(str::to_owned);
    Ok(Attachment {
        part: 0,
        name: text("Name").unwrap_or_default(),
        content_type: text("ContentType").unwrap_or_else(|| "application/octet-stream".to_owned()),
        content_id: text("ContentId"),
        inline: node.value("IsInline") == Some("true"),
        content,
    })
}

fn is_message(node: &Node) -> bool {
    matches!(node.name.as_str(), "Item" | "Message" | "MeetingMessage")
}
