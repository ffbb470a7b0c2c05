//! What stands beside an item in an archive: its numbers, flags and tags, as JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use serde_json::{Value, json};

use crate::zimbra::state::{Content, Item, Mailbox};
use crate::zimbra::version::Version;

/// Flags by their bits; whether an item is unread is told apart.
const BITS: [(char, u32); 11] =
    [('s', 0), ('a', 1), ('r', 2), ('w', 3), ('f', 5), ('d', 6), ('x', 7), ('n', 8), ('!', 10), ('?', 11), ('+', 15)];

/// What an import takes from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) id: i64,
    pub(super) kind: u8,
    pub(super) size: usize,
    pub(super) digest: Option<String>,
    /// In seconds.
    pub(super) date: i64,
    pub(super) flags: String,
    pub(super) path: String,
    pub(super) tags: Vec<String>,
    pub(super) name: String,
    pub(super) color: i64,
    /// The fields and members of a contact.
    pub(super) fields: Vec<(String, String)>,
    pub(super) view: String,
}

/// The digest of a file as this version makes it.
pub(super) fn sum(version: Version, bytes: &[u8]) -> String {
    let kind = if version >= Version::Zimbra8 { &SHA256 } else { &SHA1_FOR_LEGACY_USE_ONLY };
    STANDARD.encode(digest(kind, bytes)).replace('/', ",")
}

/// An item's, with the file that it has, if it has one.
pub(super) fn of_item(version: Version, mailbox: &Mailbox, item: &Item, blob: Option<&[u8]>) -> Value {
    let names = item.tags.iter().filter_map(|tag| mailbox.tags.get(tag)).map(|tag| escape(&tag.name));
    let bits: u32 = BITS.iter().filter(|(letter, _)| item.has_flag(*letter)).map(|(_, bit)| 1 << bit).sum();
    let folder = mailbox.path(item.folder);
    let (name, path, metadata) = match &item.content {
        Content::Document { name, .. } => {
            (name.clone(), format!("{}/{name}", folder.trim_end_matches('/')), String::new())
        }
        Content::Contact { attributes, members } => (String::new(), folder, contact(attributes, members)),
        Content::Calendar { uid, .. } => (String::new(), folder, dictionary(&[("uid", string(uid))])),
        Content::Message { .. } => (String::new(), folder, String::new()),
    };
    let subject = match &item.content {
        Content::Message { blob } => crate::zimbra::mail::subject(blob),
        Content::Contact { attributes, .. } => crate::zimbra::show::file_as(attributes),
        Content::Calendar { .. } => crate::zimbra::calendar::name(item).unwrap_or_default(),
        Content::Document { name, .. } => name.clone(),
    };
    let mut value = json!({
        "id": item.id, "uuid": crate::zimbra::state::uuid(&format!("{}/{}", mailbox.id, item.id)),
        "type": item.kind.number(), "parent_id": item.conversation, "folder_id": item.folder, "index_id": 0,
        "imap_id": item.imap_id, "date": item.date / 1000, "size": item.size(), "volume_id": 0,
        "unread": i64::from(item.has_flag('u')), "flags": bits, "subject": subject, "name": name,
        "metadata": metadata, "mod_metadata": item.ms, "change_date": item.md / 1000, "mod_content": item.rev,
        "FlagStr": item.flags, "Path": path, "TagStr": "", "Ver": 10,
    });
    if version.has_tag_names() {
        value["TagNames"] = names.collect::<Vec<_>>().join(":").into();
    } else {
        // Old servers say which tags by name too, but in the other field, with a colon before each.
        value["TagStr"] = names.map(|name| format!(":{name}")).collect::<String>().into();
    }
    if let Some(blob) = blob {
        value["size"] = blob.len().into();
        value["blob_digest"] = sum(version, blob).into();
    }
    value
}

/// That of a folder, which has no file.
pub(super) fn of_folder(mailbox: &Mailbox, id: i64) -> Value {
    let folder = &mailbox.folders[&id];
    let view = dictionary(&[("vt", string(&folder.view))]);
    json!({
        "id": folder.id, "uuid": folder.uuid, "type": 1, "parent_id": folder.parent, "folder_id": folder.parent,
        "index_id": 0, "imap_id": 0, "date": folder.md / 1000, "size": 0, "volume_id": 0, "unread": 0, "flags": 0,
        "subject": folder.name, "name": folder.name, "metadata": view, "mod_metadata": folder.ms,
        "change_date": folder.md / 1000, "mod_content": folder.rev, "FlagStr": folder.flags,
        "Path": mailbox.path(id), "TagStr": "", "TagNames": "", "Ver": 10, "color": folder.color,
    })
}

/// That of a tag, which has no file either.
pub(super) fn of_tag(mailbox: &Mailbox, id: i64) -> Value {
    let tag = &mailbox.tags[&id];
    json!({
        "id": tag.id, "type": 3, "parent_id": 8, "folder_id": 8, "index_id": 0, "imap_id": 0, "date": tag.md / 1000,
        "size": 0, "volume_id": 0, "unread": 0, "flags": 0, "subject": tag.name, "name": tag.name, "metadata": "",
        "mod_metadata": tag.ms, "change_date": tag.md / 1000, "mod_content": tag.rev, "FlagStr": "",
        "Path": format!("/Tags/{}", tag.name), "TagStr": "", "TagNames": "", "Ver": 10, "color": tag.color,
    })
}

/// Reads one; what is missing that Zimbra does not do without is an error.
pub(super) fn read(bytes: &[u8]) -> Result<Meta, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let number = |name: &str| value[name].as_i64().ok_or_else(|| format!("decode error: {name} is missing"));
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    for name in ["parent_id", "folder_id", "imap_id", "unread", "flags", "mod_metadata", "change_date", "mod_content"] {
        number(name)?;
    }
    if number("Ver")? > 10 {
        return Err("unsupported data version".to_owned());
    }
    let tags = Some(text("TagNames")).filter(|tags| !tags.is_empty()).unwrap_or_else(|| text("TagStr"));
    let metadata = parse(&text("metadata"));
    let inner = |name: &str| metadata.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let fields = inner("fld").map(|fields| parse(&fields)).unwrap_or_default();
    Ok(Meta {
        id: number("id")?,
        kind: u8::try_from(number("type")?).map_err(|error| error.to_string())?,
        size: usize::try_from(number("size")?).map_err(|error| error.to_string())?,
        digest: Some(text("blob_digest")).filter(|digest| !digest.is_empty()),
        date: number("date")?,
        flags: text("FlagStr"),
        path: text("Path"),
        tags: names(&tags),
        name: text("name"),
        color: value["color"].as_i64().unwrap_or(0),
        fields,
        view: inner("vt").unwrap_or_default(),
    })
}

fn escape(name: &str) -> String {
    name.replace('\\', "\\\\").replace(':', "\\:")
}

/// The names in a list with colons.
fn names(list: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut characters = list.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => names.last_mut().into_iter().for_each(|name| name.extend(characters.next())),
            ':' => names.push(String::new()),
            other => names.last_mut().into_iter().for_each(|name| name.push(other)),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

// Zimbra keeps what belongs to one kind of item alone in the form of BitTorrent files.

fn string(text: &str) -> String {
    format!("{}:{text}", text.chars().map(char::len_utf16).sum::<usize>())
}

fn dictionary(entries: &[(&str, String)]) -> String {
    let inner: String = entries.iter().map(|(key, value)| format!("{}{value}", string(key))).collect();
    format!("d{inner}e")
}

fn contact(attributes: &[(String, String)], members: &[(String, String)]) -> String {
    let mut fields: Vec<(&str, String)> =
        attributes.iter().map(|(name, value)| (name.as_str(), string(value))).collect();
    let members: Vec<String> = members.iter().map(|(kind, value)| format!("{kind}\n{value}")).collect();
    if !members.is_empty() {
        fields.push(("groupMember", string(&members.join("\n\n"))));
    }
    fields.sort();
    dictionary(&[("fld", dictionary(&fields)), ("v", "i10e".to_owned())])
}

/// Keys and values of a dictionary; a value that is none itself is in clear, one that is stays as it was.
fn parse(text: &str) -> Vec<(String, String)> {
    let mut rest: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    if rest.first() != Some(&'d') {
        return found;
    }
    rest.remove(0);
    let mut at = 0;
    while let Some(key) = scalar(&rest, &mut at) {
        let start = at;
        match rest.get(at) {
            Some('d') => {
                skip(&rest, &mut at);
                found.push((key, rest[start..at].iter().collect()));
            }
            Some('i') => {
                skip(&rest, &mut at);
                found.push((key, rest[start + 1..at - 1].iter().collect()));
            }
            _ => match scalar(&rest, &mut at) {
                Some(value) => found.push((key, value)),
                None => break,
            },
        }
    }
    found
}

/// A text with its length before it, which counts as Java does.
fn scalar(text: &[char], at: &mut usize) -> Option<String> {
    let colon = *at + text.get(*at..)?.iter().position(|character| *character == ':')?;
    let length: usize = text[*at..colon].iter().collect::<String>().parse().ok()?;
    let (mut out, mut used, mut place) = (String::new(), 0, colon + 1);
    while used < length {
        let character = *text.get(place)?;
        used += character.len_utf16();
        out.push(character);
        place += 1;
    }
    *at = place;
    Some(out)
}

/// Goes behind whatever stands here.
fn skip(text: &[char], at: &mut usize) {
    match text.get(*at) {
        Some('i') => *at += text[*at..].iter().position(|character| *character == 'e').unwrap_or(0) + 1,
        Some('d') => {
            *at += 1;
            while text.get(*at).is_some_and(|character| *character != 'e') {
                skip(text, at);
            }
            *at += 1;
        }
        _ => {
            if scalar(text, at).is_none() {
                *at = text.len();
            }
        }
    }
}

/// The members that a field of a contact holds.
pub(super) fn members(text: &str) -> Vec<(String, String)> {
    let pairs = text.split("\n\n").filter_map(|member| member.split_once('\n'));
    pairs.map(|(kind, value)| (kind.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_contacts_survive() {
        let fields = [("email".to_owned(), "a@x".to_owned()), ("lastName".to_owned(), "Ü😀: d3".to_owned())];
        let text = contact(&fields, &[("C".to_owned(), "257".to_owned())]);
        let outer = parse(&text);
        assert_eq!(outer[1], ("v".to_owned(), "10".to_owned()));
        let inner = parse(&outer[0].1);
        assert_eq!(inner.iter().find(|(key, _)| key == "lastName").unwrap().1, "Ü😀: d3");
        let kept = &inner.iter().find(|(key, _)| key == "groupMember").unwrap().1;
        assert_eq!(members(kept), [("C".to_owned(), "257".to_owned())]);
    }

    #[test]
    fn names_are_told_from_each_other() {
        assert_eq!(names("a\\:b:c\\\\"), ["a:b", "c\\"]);
        assert_eq!(names(":a:b"), ["a", "b"]);
    }
}
