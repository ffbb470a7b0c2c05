//! An item as an answer shows it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Style;
use super::shape::{Base, Shape, Where};
use crate::ews::refusal::Refusal;
use crate::ews::state::{Attachment, Content, Id, Item, Kind, Path, Property, Store, change_key};
use crate::ews::version::Version;
use crate::ews::xml::Node;
use crate::ews::{body, date, dictionary, mapi, mime, pim, schema};
use crate::mime::Header;

/// Of the default shape, as far as an item has them.
const DEFAULT: [&str; 30] = [
    "Subject",
    "Sensitivity",
    "Body",
    "Attachments",
    "DateTimeSent",
    "DateTimeCreated",
    "Size",
    "Importance",
    "HasAttachments",
    "Categories",
    "From",
    "ToRecipients",
    "CcRecipients",
    "IsRead",
    "Start",
    "End",
    "LegacyFreeBusyStatus",
    "Location",
    "CalendarItemType",
    "Organizer",
    "RequiredAttendees",
    "OptionalAttendees",
    "Recurrence",
    "DisplayName",
    "FileAs",
    "CompleteName",
    "EmailAddresses",
    "PhoneNumbers",
    "DueDate",
    "Status",
];

/// What no list shows, whatever the shape.
const NOT_IN_LISTS: [&str; 6] = ["Body", "TextBody", "Attachments", "ToRecipients", "CcRecipients", "BccRecipients"];

/// The item with what the shape wants, in the order of the schema.
///
/// # Errors
/// When the item's MIME cannot be made.
pub(crate) fn item(store: &Store, item: &Item, shape: &Shape, place: Where, style: Style) -> Result<Node, Refusal> {
    let mut node = inner(item, shape, place, style)?;
    if shape.names("ParentFolderId") || shape.base == Base::AllProperties {
        let (id, change) = store.folder_id(item.folder);
        let parent = Node::t("ParentFolderId").attr("Id", id).attr("ChangeKey", change);
        let at = node.children.iter().position(|child| child.name == "ItemId").map_or(0, |at| at + 1);
        node.children.insert(at, parent);
    }
    Ok(node)
}

fn inner(item: &Item, shape: &Shape, place: Where, style: Style) -> Result<Node, Refusal> {
    let name = item.element();
    let mut node = Node::t(name);
    for element in schema::order(schema::item_type(name), style.version) {
        match element {
            "ExtendedProperty" => node.children.extend(extended(item, shape, style)),
            "MimeContent" if shape.mime && place == Where::Single => node.children.push(content(item)),
            "ItemId" if item.key != 0 => {
                let id = Id::new(Kind::Item, item.key).text();
                node.children.push(Node::t("ItemId").attr("Id", id).attr("ChangeKey", change_key(item.changed)));
            }
            "ItemId" | "MimeContent" | "ParentFolderId" => {}
            _ => {
                let indexed = indexed(item, element, shape);
                let base = match shape.base {
                    Base::IdOnly => false,
                    Base::Default => DEFAULT.contains(&element),
                    Base::AllProperties => true,
                };
                let hidden = place != Where::Single && NOT_IN_LISTS.contains(&element);
                if (base || shape.names(element)) && !hidden {
                    node.children.extend(value(item, element, shape, style));
                } else {
                    node.children.extend(indexed);
                }
            }
        }
    }
    Ok(node)
}

fn content(item: &Item) -> Node {
    let bytes = match item.element() {
        "CalendarItem" | "Contact" => pim::compose(item),
        _ => mime::compose(item),
    };
    Node::t("MimeContent").attr("CharacterSet", "UTF-8").text(STANDARD.encode(bytes))
}

/// One element, when the item has it.
fn value(item: &Item, name: &str, shape: &Shape, style: Style) -> Option<Node> {
    let text = |text: &dyn std::fmt::Display| Some(Node::t(name).text(text));
    let moment = |moment| Some(Node::t(name).text(date::shown(&date::exact(moment), style.milliseconds)));
    match name {
        "ItemClass" => text(&item.class),
        "Body" => Some(body::shown(item, shape.body.as_deref())),
        "TextBody" => shape.names(name).then(|| body::text(item)),
        "Attachments" => attachments(item, style),
        "HasAttachments" => text(&!item.attachments.is_empty()),
        "DateTimeReceived" => moment(item.received),
        "DateTimeSent" => moment(item.sent?),
        "DateTimeCreated" => moment(item.made),
        "LastModifiedTime" => moment(item.modified),
        "Size" => text(&item.size()),
        "Importance" | "Sensitivity" => text(&item.text(name).unwrap_or("Normal")),
        "IsSubmitted" | "IsFromMe" | "IsResend" => text(&false),
        "IsUnmodified" => text(&(item.content == item.created)),
        "IsDraft" => text(&item.draft),
        "IsRead" if item.has_read_state() => text(&item.read),
        "IsAssociated" => text(&item.associated),
        "DisplayTo" => text(&names(item, "ToRecipients")),
        "DisplayCc" => text(&names(item, "CcRecipients")),
        "DisplayBcc" => text(&names(item, "BccRecipients")),
        "EffectiveRights" => Some(super::folder::rights(style.version)),
        "InternetMessageHeaders" => headers(item),
        "SearchKey" => text(&item.search_key_text()),
        "InstanceKey" => text(&STANDARD.encode(item.key.to_be_bytes())),
        "Flag" if item.fields.contains_key(name) => item.fields.get(name).map(|node| dated(node, style)),
        "Flag" => Some(Node::t(name).child(Node::t("FlagStatus").text("NotFlagged"))),
        "CalendarItemType" => text(&if item.fields.contains_key("Recurrence") { "RecurringMaster" } else { "Single" }),
        "IsRecurring" => text(&item.fields.contains_key("Recurrence")),
        "IsMeeting" => text(&item.fields.contains_key("RequiredAttendees")),
        "IsAllDayEvent" | "IsCancelled" => text(&item.text(name).unwrap_or("false")),
        "LegacyFreeBusyStatus" => text(&item.text(name).unwrap_or("Busy")),
        "UniqueBody" | "NormalizedBody" | "Preview" => None,
        _ => item.fields.get(name).map(|node| dated(node, style)),
    }
}

/// With its dates as the request wants them.
fn dated(node: &Node, style: Style) -> Node {
    let mut node = node.clone();
    if date::parse(&node.text).is_some() {
        node.text = date::shown(&node.text, style.milliseconds);
    }
    node.children = node.children.iter().map(|child| dated(child, style)).collect();
    node
}

/// The names in a list of recipients.
fn names(item: &Item, list: &str) -> String {
    let mailboxes = item.fields.get(list).into_iter().flat_map(|list| &list.children);
    mailboxes.filter_map(|mailbox| mailbox.value("Name")).collect::<Vec<_>>().join("; ")
}

fn headers(item: &Item) -> Option<Node> {
    let header = Header::read(item.mime.as_deref()?);
    let field =
        |(name, value): &(String, String)| Node::t("InternetMessageHeader").attr("HeaderName", name).text(value);
    let fields = header.fields();
    (!fields.is_empty()).then(|| Node::t("InternetMessageHeaders").children(fields.iter().map(field)))
}

fn attachments(item: &Item, style: Style) -> Option<Node> {
    let shown = item.attachments.iter().map(|attachment| attachment_head(item, attachment, style));
    (!item.attachments.is_empty()).then(|| Node::t("Attachments").children(shown))
}

/// The id of an attachment.
pub(crate) fn attachment_id(item: u64, attachment: &Attachment) -> String {
    Id::attachment(item, attachment.part).text()
}

fn attachment_head(item: &Item, attachment: &Attachment, style: Style) -> Node {
    let name = match attachment.content {
        Content::File(_) => "FileAttachment",
        Content::Item(_) => "ItemAttachment",
    };
    let node = Node::t(name)
        .child(Node::t("AttachmentId").attr("Id", attachment_id(item.key, attachment)))
        .child(Node::t("Name").text(&attachment.name))
        .child(Node::t("ContentType").text(&attachment.content_type))
        .child(attachment.content_id.as_ref().map(|id| Node::t("ContentId").text(id)));
    if style.version < Version::Exchange2010 {
        return node;
    }
    node.child(Node::t("Size").text(attachment.size())).child(Node::t("IsInline").text(attachment.inline))
}

fn extended(item: &Item, shape: &Shape, style: Style) -> Vec<Node> {
    let found = shape.paths.iter().filter_map(|path| match path {
        Path::Extended(key, kind, node) => shown(mapi::of_item(item, key)?, kind, node, style),
        Path::Field(_) | Path::Indexed(..) => None,
    });
    found.collect()
}

/// A property in the type in which it was asked for; nothing when it has another one.
pub(super) fn shown(mut property: Property, kind: &str, path: &Node, style: Style) -> Option<Node> {
    if property.kind != kind {
        return None;
    }
    if kind.starts_with("SystemTime") {
        property.values.iter_mut().for_each(|value| *value = date::shown(value, style.milliseconds));
    }
    Some(property.node(path))
}

/// The entries of a dictionary that are asked for one by one, with the parts that are asked for.
fn indexed(item: &Item, element: &str, shape: &Shape) -> Option<Node> {
    let mut node = Node::t(element);
    for path in &shape.paths {
        let Path::Indexed(uri, index) = path else { continue };
        let Some((_, key, part)) = dictionary::of(uri).filter(|(dictionary, ..)| *dictionary == element) else {
            continue;
        };
        for entry in entries(item, element).into_iter().filter(|entry| entry.attribute(key) == Some(index)) {
            match (part, node.children.iter_mut().find(|shown| shown.attribute(key) == Some(index))) {
                (None, None) => node.children.push(entry),
                (None, Some(_)) => {}
                (Some(part), Some(shown)) => shown.children.extend(entry.find(part).cloned()),
                (Some(part), None) => {
                    let found = entry.find(part).cloned();
                    node.children.push(Node { children: found.into_iter().collect(), ..entry });
                }
            }
        }
    }
    node.children.iter_mut().for_each(dictionary::order);
    (!node.children.is_empty()).then_some(node)
}

fn entries(item: &Item, element: &str) -> Vec<Node> {
    let whole = if element == "InternetMessageHeaders" { headers(item) } else { item.fields.get(element).cloned() };
    whole.map_or_else(Vec::new, |whole| whole.children)
}

/// The texts of a property, for comparisons; nothing when the item does not have it.
pub(crate) fn value_texts(item: &Item, path: &Path, style: Style) -> Vec<String> {
    let style = Style { milliseconds: true, ..style };
    match path {
        Path::Extended(key, kind, _) => mapi::of_item(item, key)
            .filter(|property| property.kind == *kind)
            .map_or_else(Vec::new, |found| found.values),
        Path::Indexed(uri, index) => {
            let Some((element, key, part)) = dictionary::of(uri) else { return Vec::new() };
            let text = |entry: Node| part.map_or(Some(entry.text.clone()), |part| entry.value(part).map(str::to_owned));
            let entries = entries(item, element).into_iter().filter(|entry| entry.attribute(key) == Some(index));
            entries.filter_map(text).collect()
        }
        Path::Field(_) => {
            let Some(element) = path.element() else { return Vec::new() };
            let mut texts = Vec::new();
            if let Some(node) = value(item, element, &Shape::id_only(), style) {
                leaves(&node, &mut texts);
            }
            texts
        }
    }
}

fn leaves(node: &Node, texts: &mut Vec<String>) {
    if node.children.is_empty() {
        texts.push(node.text.clone());
    }
    node.children.iter().for_each(|child| leaves(child, texts));
}

/// The item inside an attachment, with everything it has.
pub(crate) fn embedded(item: &Item, shape: &Shape, style: Style) -> Result<Node, Refusal> {
    inner(item, shape, Where::Single, style)
}
