//! The same property under its MAPI name and as an element: what one of them says, the other says too.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::date;
use super::refusal::Refusal;
use super::state::{Folder, Id, Item, Kind, PUBLIC_STRINGS, Property, PropertyKey};
use super::xml::Node;

const IMPORTANCE: [&str; 3] = ["Low", "Normal", "High"];
const SENSITIVITY: [&str; 4] = ["Normal", "Personal", "Private", "Confidential"];
const FOLLOW_UP: [&str; 3] = ["NotFlagged", "Complete", "Flagged"];

/// The property set of appointments.
const APPOINTMENT: &str = "00062002-0000-0000-c000-000000000046";

/// Elements of plain text, by their tags.
const TEXTS: [(u16, &str); 9] = [
    (0x0037, "Subject"),
    (0x1035, "InternetMessageId"),
    (0x1042, "InReplyTo"),
    (0x1039, "References"),
    (0x0070, "ConversationTopic"),
    (0x3A06, "GivenName"),
    (0x3A11, "Surname"),
    (0x3A16, "CompanyName"),
    (0x3A17, "JobTitle"),
];

/// Telephone numbers of a contact, by their tags.
const PHONES: [(u16, &str); 7] = [
    (0x3A08, "BusinessPhone"),
    (0x3A09, "HomePhone"),
    (0x3A1B, "BusinessPhone2"),
    (0x3A1C, "MobilePhone"),
    (0x3A21, "Pager"),
    (0x3A24, "BusinessFax"),
    (0x3A2F, "HomePhone2"),
];

/// Which number of a contact a tag is about.
fn phone(item: &Item, tag: u16) -> Option<&'static str> {
    let known = PHONES.iter().find(|(other, _)| *other == tag).map(|(_, key)| *key);
    known.filter(|_| item.element() == "Contact")
}

/// Which element of plain text a tag is about.
fn text_of(item: &Item, tag: u16) -> Option<&'static str> {
    let named = matches!(item.element(), "Contact" | "DistributionList");
    match tag {
        0x3001 if named => Some("DisplayName"),
        _ => TEXTS.iter().find(|(other, _)| *other == tag).map(|(_, name)| *name),
    }
}

/// The words of a numbered property.
fn words(tag: u16) -> Option<(&'static str, &'static [&'static str])> {
    match tag {
        0x0017 => Some(("Importance", &IMPORTANCE)),
        0x0036 => Some(("Sensitivity", &SENSITIVITY)),
        _ => None,
    }
}

fn is_keywords(key: &PropertyKey) -> bool {
    matches!(key, PropertyKey::Named(set, name) if set == PUBLIC_STRINGS && name.eq_ignore_ascii_case("Keywords"))
}

/// A property of an item; nothing when it has none of this name.
pub(crate) fn of_item(item: &Item, key: &PropertyKey) -> Option<Property> {
    let PropertyKey::Tag(tag) = *key else {
        if is_keywords(key) {
            let categories = item.fields.get("Categories")?;
            let values = categories.children.iter().map(|category| category.text.clone()).collect();
            return Some(Property { kind: "StringArray".to_owned(), values });
        }
        // Whether it recurs, of every appointment: clients search for those that do and those that do not.
        if *key == PropertyKey::Numbered(APPOINTMENT.to_owned(), 0x8223) && item.element() == "CalendarItem" {
            return Some(Property::one("Boolean", item.fields.contains_key("Recurrence")));
        }
        return item.properties.get(key).cloned();
    };
    if let Some(name) = text_of(item, tag) {
        let own = item.text(name).map(|text| Property::one("String", text));
        return own.or_else(|| item.properties.get(key).cloned());
    }
    if let Some(wanted) = phone(item, tag) {
        let numbers = &item.fields.get("PhoneNumbers")?.children;
        let number = numbers.iter().find(|entry| entry.attribute("Key") == Some(wanted))?;
        return Some(Property::one("String", &number.text));
    }
    if let Some((name, words)) = words(tag) {
        let default = if tag == 0x0017 { 1 } else { 0 };
        let number = item.text(name).and_then(|text| words.iter().position(|word| *word == text));
        return Some(Property::one("Integer", number.unwrap_or(default)));
    }
    Some(match tag {
        0x001A => Property::one("String", &item.class),
        0x0E07 => Property::one("Integer", flags(item)),
        0x0E08 => Property::one("Integer", item.size()),
        0x0E1B => Property::one("Boolean", !item.attachments.is_empty()),
        0x0E06 => Property::one("SystemTime", date::exact(item.received)),
        0x0039 => Property::one("SystemTime", date::exact(item.sent?)),
        0x3007 => Property::one("SystemTime", date::exact(item.made)),
        0x3008 => Property::one("SystemTime", date::exact(item.modified)),
        0x300B => Property::one("Binary", item.search_key_text()),
        0x0E23 => Property::one("Integer", item.imap_uid),
        0x0FFF => Property::one("Binary", Id::new(Kind::Item, item.key).text()),
        0x1090 => {
            let status = item.fields.get("Flag").and_then(|flag| flag.value("FlagStatus"))?;
            match FOLLOW_UP.iter().position(|word| *word == status)? {
                0 => return None,
                number => Property::one("Integer", number),
            }
        }
        0x007D => Property::one("String", crate::mime::head(item.mime.as_deref()?)),
        0x1000 => Property::one("String", &item.fields.get("Body")?.text),
        _ => return item.properties.get(key).cloned(),
    })
}

/// Sets a property of an item. `creating` says that the item is not stored yet.
pub(crate) fn set_item(item: &mut Item, key: PropertyKey, property: Property, creating: bool) -> Result<(), Refusal> {
    if is_keywords(&key) {
        let categories = property.values.iter().map(|value| Node::t("String").text(value));
        item.fields.insert("Categories".to_owned(), Node::t("Categories").children(categories));
        return Ok(());
    }
    let invalid = || Refusal::new("ErrorInvalidExtendedPropertyValue", "The value does not fit the property's type.");
    let value = property.values.first().cloned().unwrap_or_default();
    let PropertyKey::Tag(tag) = key else {
        item.properties.insert(key, property);
        return Ok(());
    };
    let moment = || date::parse(&value).ok_or_else(invalid);
    if let Some(name) = text_of(item, tag) {
        item.set_text(name, value);
        return Ok(());
    }
    if let Some(wanted) = phone(item, tag) {
        let numbers = item.fields.entry("PhoneNumbers".to_owned()).or_insert_with(|| Node::t("PhoneNumbers"));
        numbers.children.retain(|entry| entry.attribute("Key") != Some(wanted));
        numbers.children.push(Node::t("Entry").attr("Key", wanted).text(value));
        return Ok(());
    }
    if let Some((name, words)) = words(tag) {
        let word = value.parse().ok().and_then(|number: usize| words.get(number)).ok_or_else(invalid)?;
        item.set_text(name, word);
        return Ok(());
    }
    match tag {
        0x001A => item.class = value,
        0x0E07 if creating => {
            let flags: u32 = value.parse().map_err(|_| invalid())?;
            (item.read, item.draft) = (flags & 1 != 0, flags & 8 != 0);
        }
        0x0E06 => item.received = moment()?,
        0x0039 => item.sent = Some(moment()?),
        0x3007 if creating => item.made = moment()?,
        0x300B if creating => item.search_key = STANDARD.decode(&value).map_err(|_| invalid())?,
        0x1090 => {
            let status = value.parse().ok().and_then(|number: usize| FOLLOW_UP.get(number)).ok_or_else(invalid)?;
            let flag = Node::t("Flag").child(Node::t("FlagStatus").text(status));
            item.fields.insert("Flag".to_owned(), flag);
        }
        0x0E07 | 0x0E08 | 0x0E1B | 0x0E23 | 0x0FFF | 0x3007 | 0x3008 | 0x300B => {
            return Err(Refusal::new("ErrorInvalidPropertySet", "The property is computed by the server."));
        }
        _ => {
            item.properties.insert(key, property);
        }
    }
    Ok(())
}

/// Removes a property of an item.
pub(crate) fn remove(item: &mut Item, key: &PropertyKey) {
    if is_keywords(key) {
        item.fields.remove("Categories");
    }
    if let PropertyKey::Tag(tag) = key {
        if let Some(name) = text_of(item, *tag) {
            item.fields.remove(name);
        }
        if let (Some(gone), Some(numbers)) = (phone(item, *tag), item.fields.get_mut("PhoneNumbers")) {
            numbers.children.retain(|entry| entry.attribute("Key") != Some(gone));
        }
        if *tag == 0x1090 {
            item.fields.remove("Flag");
        }
    }
    item.properties.remove(key);
}

/// PidTagMessageFlags.
pub(crate) fn flags(item: &Item) -> u32 {
    let bit = |set: bool, bit: u32| if set { bit } else { 0 };
    bit(item.is_read(), 0x01)
        | bit(item.draft, 0x08)
        | bit(!item.attachments.is_empty(), 0x10)
        | bit(item.associated, 0x40)
}

/// A property of a folder.
pub(crate) fn of_folder(folder: &Folder, key: &PropertyKey) -> Option<Property> {
    let PropertyKey::Tag(tag) = *key else { return folder.properties.get(key).cloned() };
    Some(match tag {
        0x3001 => Property::one("String", &folder.name),
        0x3613 => Property::one("String", &folder.class),
        0x3602 => Property::one("Integer", folder.total),
        0x3603 => Property::one("Integer", folder.unread),
        0x10F4 => Property::one("Boolean", folder.hidden()),
        0x0FFF => Property::one("Binary", Id::new(Kind::Folder, folder.key).text()),
        // When anything in it changed last, and its highest article number: both grow with every change.
        0x670A => Property::one("SystemTime", date::exact(changed_at(folder))),
        0x3008 => Property::one("SystemTime", date::exact(changed_at(folder))),
        0x6752 => Property::one("Integer", folder.changes.len()),
        _ => return folder.properties.get(key).cloned(),
    })
}

/// A moment that grows with the changes of a folder.
fn changed_at(folder: &Folder) -> time::OffsetDateTime {
    let changes = folder.changes.last_key_value().map_or(folder.changed, |(change, _)| *change);
    time::macros::datetime!(2026-01-01 00:00 UTC) + time::Duration::milliseconds(i64::try_from(changes).unwrap_or(0))
}
