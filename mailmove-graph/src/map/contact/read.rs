//! A vCard as Graph takes it.

use bytes::Bytes;
use calcard::vcard::{VCard, VCardEntry, VCardProperty, VCardValue, VCardVersion};
use mailmove_core::{Error, ErrorKind, Loss, Result};
use mailmove_exchange::vcard::{self, texts, words};
use serde_json::{Map, Value, json};

use super::{ADDRESS, CHATS, MAILS, NAMES, PHONES, PLACES, TEXTS};

/// How much may be kept aside, in bytes.
const KEPT: usize = 24 * 1024;

/// A contact taken apart.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) json: Map<String, Value>,
    pub(crate) categories: Vec<String>,
    pub(crate) photo: Option<Photo>,
    /// The lines that Graph has no place for.
    pub(crate) kept: Option<String>,
    pub(crate) losses: Vec<Loss>,
}

/// A picture.
#[derive(Debug, Clone)]
pub(crate) struct Photo {
    pub(crate) content_type: String,
    pub(crate) bytes: Bytes,
}

/// Takes a vCard apart.
pub(crate) fn read(text: &str) -> Result<Parts> {
    let card = vcard::parse(text)?;
    let mut reader = Reader::default();
    for entry in card.entries {
        if !reader.take(&entry)? {
            reader.lost.push(entry);
        }
    }
    Ok(reader.finish())
}

#[derive(Debug, Default)]
struct Reader {
    parts: Parts,
    mails: Vec<Value>,
    chats: Vec<Value>,
    phones: [Vec<Value>; 2],
    lost: Vec<VCardEntry>,
}

impl Reader {
    /// Whether there is a place for all of it.
    fn take(&mut self, entry: &VCardEntry) -> Result<bool> {
        let values = texts(entry);
        let first = values.first().cloned().unwrap_or_default();
        let part = |at: usize| values.get(at).cloned().unwrap_or_default();
        Ok(match &entry.name {
            VCardProperty::Begin | VCardProperty::End | VCardProperty::Version | VCardProperty::Uid => true,
            VCardProperty::Rev | VCardProperty::Prodid => true,
            VCardProperty::Kind if first.eq_ignore_ascii_case("group") => {
                let error = Error::new(ErrorKind::Unsupported, "Graph has no interface for groups of contacts");
                return Err(error.remedy("make the group anew in Outlook, or move it by streams"));
            }
            VCardProperty::Kind => first.eq_ignore_ascii_case("individual"),
            VCardProperty::Fn => {
                self.set("fileAs", first.clone());
                self.set("displayName", first)
            }
            VCardProperty::N => {
                NAMES.iter().for_each(|(at, name)| _ = self.set(name, part(*at)));
                true
            }
            VCardProperty::Org => self.set("companyName", first) && self.set("department", part(1)),
            VCardProperty::Note => self.set("personalNotes", first),
            VCardProperty::Bday => vcard::day(entry).is_some_and(|day| self.set("birthday", day)),
            VCardProperty::Categories => {
                self.parts.categories.extend(values.into_iter().filter(|name| !name.is_empty()));
                true
            }
            VCardProperty::Email => {
                let free = self.mails.len() < MAILS && !first.is_empty();
                if free {
                    self.mails.push(json!({ "address": strip(&first, "mailto:") }));
                }
                free || first.is_empty()
            }
            VCardProperty::Impp => {
                let free = self.chats.len() < CHATS;
                if free {
                    self.chats.push(first.into());
                }
                free
            }
            VCardProperty::Tel => self.phone(&words(entry), strip(&first, "tel:")),
            VCardProperty::Adr => self.place(&words(entry), &values),
            VCardProperty::Photo => self.photo(entry),
            name => match TEXTS.iter().find(|(known, _)| known == name) {
                Some((_, field)) => self.set(field, first),
                None => false,
            },
        })
    }

    /// Sets a field; the first one stays. Whether it is kept.
    fn set(&mut self, name: &str, value: String) -> bool {
        if value.is_empty() {
            return true;
        }
        let free = !self.parts.json.contains_key(name);
        if free {
            self.parts.json.insert(name.to_owned(), value.into());
        }
        free
    }

    fn phone(&mut self, words: &[String], number: &str) -> bool {
        let is = |wanted: &str| words.iter().any(|word| word.eq_ignore_ascii_case(wanted));
        if number.is_empty() {
            return true;
        }
        if is("cell") && !is("fax") {
            return self.set("mobilePhone", number.to_owned());
        }
        // A number of no sort in particular is one at work, since Graph has no other place for it.
        let at = if is("home") { 1 } else { 0 };
        let free = self.phones[at].len() < PHONES && !is("fax") && !is("pager");
        if free {
            self.phones[at].push(number.into());
        }
        free
    }

    fn place(&mut self, words: &[String], values: &[String]) -> bool {
        let fits = |wanted: &str| wanted.is_empty() || words.iter().any(|word| word.eq_ignore_ascii_case(wanted));
        let free = |key: &str| !self.parts.json.contains_key(key);
        let Some((_, key)) = PLACES.iter().find(|(word, key)| fits(word) && free(key)) else { return false };
        let part = |(at, field): &(usize, &str)| {
            let text = values.get(*at).filter(|text| !text.is_empty())?;
            Some(((*field).to_owned(), text.as_str().into()))
        };
        let address: Map<String, Value> = ADDRESS.iter().filter_map(part).collect();
        self.parts.json.insert((*key).to_owned(), address.into());
        values.iter().take(2).all(String::is_empty)
    }

    fn photo(&mut self, entry: &VCardEntry) -> bool {
        let Some(VCardValue::Binary(data)) = entry.values.first() else { return false };
        let content_type = data.content_type.clone().unwrap_or_else(|| "image/jpeg".to_owned());
        let free = self.parts.photo.is_none() && content_type.starts_with("image/");
        if free {
            self.parts.photo = Some(Photo { content_type, bytes: data.data.clone().into() });
        }
        free
    }

    fn finish(mut self) -> Parts {
        let mut parts = std::mem::take(&mut self.parts);
        let [work, home] = self.phones;
        let lists = [
            ("emailAddresses", self.mails),
            ("imAddresses", self.chats),
            ("businessPhones", work),
            ("homePhones", home),
        ];
        for (name, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
            parts.json.insert(name.to_owned(), values.into());
        }
        if self.lost.is_empty() {
            return parts;
        }
        let mut names: Vec<String> = self.lost.iter().map(|entry| entry.name.as_str().to_owned()).collect();
        names.sort();
        names.dedup();
        let text = format!("Exchange shows no place for all of {}", names.join(", "));
        parts.losses.push(Loss::new("vcard-properties", text));
        let mut lines = String::new();
        // Writing into a string does not fail.
        _ = VCard { entries: self.lost }.write_to(&mut lines, VCardVersion::V4_0);
        parts.kept = Some(lines).filter(|lines| lines.len() <= KEPT);
        parts
    }
}

fn strip<'a>(text: &'a str, prefix: &str) -> &'a str {
    text.strip_prefix(prefix).unwrap_or(text)
}
