//! Properties by their MAPI names: those that are computed from an item, and those that change it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::date;
use super::extended::{Name, PUBLIC_STRINGS, Property};
use super::state::{Folder, Item};

/// Never sent.
const UNSENT: i32 = 0x8;
const READ: i32 = 0x1;
const HAS_ATTACHMENTS: i32 = 0x10;

/// A property of an item.
pub(crate) fn of_item(item: &Item, name: &Name) -> Option<Property> {
    match name {
        Name::Tag(tag) => tagged(item, *tag),
        Name::Text(set, text) if set == PUBLIC_STRINGS && text.eq_ignore_ascii_case("keywords") => {
            let categories = item.fields.get("categories").and_then(Value::as_array).filter(|all| !all.is_empty())?;
            let values = categories.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            Some(Property { kind: "String", many: true, values })
        }
        _ => None,
    }
    .or_else(|| item.properties.get(name).cloned())
}

fn tagged(item: &Item, tag: u16) -> Option<Property> {
    let text =
        |field: &str| Some(item.text(field)).filter(|text| !text.is_empty()).map(|text| Property::one("String", text));
    let moment = |moment| Some(Property::one("SystemTime", date::exact(moment)));
    match tag {
        0x001A => Some(Property::one("String", &item.class)),
        0x0E07 => Some(Property::one("Integer", flags(item))),
        0x0E06 => moment(item.received),
        0x0039 => item.sent.and_then(moment),
        0x3007 => moment(item.created),
        0x3008 => moment(item.modified),
        0x300B => match item.properties.get(&Name::Tag(tag)) {
            Some(key) => Some(key.clone()),
            // Given when the item came in, and the same ever after: in other folders, and by streams in other mailboxes.
            None => {
                let made = item.created.unix_timestamp_nanos() as u64;
                let key = [made, item.key].map(u64::to_be_bytes).concat();
                (item.key > 0).then(|| Property::one("Binary", STANDARD.encode(key)))
            }
        },
        0x0E08 => Some(Property::one("Integer", item.size())),
        0x0037 | 0x0E1D => text("subject"),
        0x1035 => text("internetMessageId"),
        0x0017 => match item.text("importance") {
            "low" => Some(Property::one("Integer", 0)),
            "high" => Some(Property::one("Integer", 2)),
            _ => Some(Property::one("Integer", 1)),
        },
        0x1090 => match item.fields.get("flag")?["flagStatus"].as_str()? {
            "complete" => Some(Property::one("Integer", 1)),
            "flagged" => Some(Property::one("Integer", 2)),
            _ => None,
        },
        0x007D if !item.properties.contains_key(&Name::Tag(0x007D)) => {
            let mime = item.mime.as_ref().filter(|_| !item.draft)?;
            let end = mime.windows(4).position(|end| end == b"\r\n\r\n").map_or(mime.len(), |end| end + 4);
            Some(Property::one("String", String::from_utf8_lossy(&mime[..end])))
        }
        _ => None,
    }
}

/// PidTagMessageFlags.
pub(crate) fn flags(item: &Item) -> i32 {
    i32::from(item.read) * READ + i32::from(item.draft) * UNSENT + i32::from(item.has_attachments()) * HAS_ATTACHMENTS
}

/// Sets a property of an item. Some can only be set while it is made; later they are overlooked, as the service does.
pub(crate) fn set_item(item: &mut Item, name: Name, property: Property, new: bool) {
    let value = property.first().to_owned();
    match (&name, value.parse::<i32>().ok()) {
        (Name::Tag(0x0E07), Some(flags)) => {
            if new {
                (item.draft, item.read) = (flags & UNSENT != 0, flags & READ != 0);
            }
            return;
        }
        (Name::Tag(0x0017), Some(importance)) => {
            return item.set("importance", ["low", "normal", "high"][importance.clamp(0, 2) as usize]);
        }
        (Name::Tag(0x1090), Some(flag)) => {
            let status = match flag {
                1 => "complete",
                2 => "flagged",
                _ => "notFlagged",
            };
            return item.set("flag", json!({"flagStatus": status}));
        }
        _ => {}
    }
    match &name {
        Name::Tag(0x0E06) => item.received = date::parse(&value).unwrap_or(item.received),
        Name::Tag(0x0039) => item.sent = date::parse(&value).or(item.sent),
        Name::Tag(0x001A) => item.class = value,
        Name::Tag(0x0037) => item.set("subject", value),
        Name::Tag(0x1035) => item.set("internetMessageId", value),
        // The server's own.
        Name::Tag(0x3007 | 0x3008 | 0x0E08 | 0x0E1D) => {}
        Name::Text(set, text) if set == PUBLIC_STRINGS && text.eq_ignore_ascii_case("keywords") => {
            item.set("categories", property.values);
        }
        Name::Tag(0x007D) => {
            let header = crate::mime::Header::read(value.as_bytes());
            let fields = header.fields().iter().map(|(name, value)| json!({"name": name, "value": value}));
            item.set("internetMessageHeaders", fields.collect::<Vec<_>>());
            item.properties.insert(name, property);
        }
        _ => {
            item.properties.insert(name, property);
        }
    }
}

/// A property of a folder.
pub(crate) fn of_folder(folder: &Folder, name: &Name) -> Option<Property> {
    match name {
        Name::Tag(0x3613) => Some(Property::one("String", &folder.class)),
        Name::Tag(0x3001) => Some(Property::one("String", &folder.name)),
        Name::Tag(0x10F4) => Some(Property::one("Boolean", folder.hidden)),
        Name::Tag(0x3007) => Some(Property::one("SystemTime", date::exact(folder.created))),
        Name::Tag(0x3008) => Some(Property::one("SystemTime", date::exact(folder.modified))),
        name => folder.properties.get(name).cloned(),
    }
}

/// Sets a property of a folder.
pub(crate) fn set_folder(folder: &mut Folder, name: Name, property: Property) {
    match name {
        Name::Tag(0x3613) => folder.class = property.first().to_owned(),
        Name::Tag(0x10F4) => folder.hidden = matches!(property.first().to_ascii_lowercase().as_str(), "true" | "1"),
        Name::Tag(0x3001 | 0x3007 | 0x3008) => {}
        name => {
            folder.properties.insert(name, property);
        }
    }
}
