//! From a vCard to attributes.

use calcard::common::{IanaString, PartialDateTime};
use calcard::vcard::{VCard, VCardEntry, VCardParameterName, VCardParameterValue, VCardProperty, VCardValue};
use mailmove_core::{Error, ErrorKind, Loss, Result};

use super::fields::{ADDRESS, CHAT, DAYS, FIELD, MAIL, NAME, ORGANISATION, PHONES, PLACES, TEXTS, UID, nth};
use crate::wire::contact::NewContact;

/// A vCard taken apart.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) contact: NewContact,
    pub(crate) categories: Vec<String>,
    pub(crate) losses: Vec<Loss>,
}

/// Takes a vCard apart.
pub(crate) fn read(text: &str) -> Result<Parts> {
    let card = VCard::parse(text).map_err(|_| {
        Error::new(ErrorKind::Refused, "this is no vCard")
            .remedy("look at the contact at the source; export it by hand")
    })?;
    let mut reader = Reader::default();
    card.entries.iter().for_each(|entry| reader.take(entry));
    Ok(reader.finish())
}

#[derive(Debug, Default)]
struct Reader {
    parts: Parts,
    group: bool,
    lost: Vec<String>,
}

impl Reader {
    fn take(&mut self, entry: &VCardEntry) {
        let values = texts(entry);
        let first = values.first().cloned().unwrap_or_default();
        let kept = match &entry.name {
            VCardProperty::Begin | VCardProperty::End | VCardProperty::Version => true,
            VCardProperty::Rev | VCardProperty::Prodid => true,
            VCardProperty::Uid => self.set(UID, first),
            VCardProperty::Kind => {
                self.group = first.eq_ignore_ascii_case("group");
                self.group || first.eq_ignore_ascii_case("individual")
            }
            VCardProperty::Fn if is_derived(entry) => true,
            VCardProperty::N => self.structured(&NAME, &values),
            VCardProperty::Org => self.structured(&ORGANISATION, &values),
            VCardProperty::Categories => {
                self.parts.categories.extend(values.into_iter().filter(|name| !name.is_empty()));
                true
            }
            VCardProperty::Email => self.count(MAIL, first),
            VCardProperty::Impp => self.count(CHAT, first),
            VCardProperty::Tel => self.phone(&words(entry), first.strip_prefix("tel:").unwrap_or(&first)),
            VCardProperty::Url => self.count(&format!("{}URL", base(&words(entry), "work")), first),
            VCardProperty::Adr => self.place(&words(entry), &values),
            VCardProperty::Member => self.member(&first),
            VCardProperty::Other(name) if name.eq_ignore_ascii_case(FIELD) => self.field(&first),
            name => self.simple(name, entry, first),
        };
        if !kept {
            self.lost.push(entry.name.as_str().to_owned());
        }
    }

    /// Sets an attribute; the first value stays. Whether it is kept.
    fn set(&mut self, name: &str, value: String) -> bool {
        if value.is_empty() {
            return true;
        }
        let attributes = &mut self.parts.contact.attributes;
        let free = attributes.iter().all(|(known, _)| known != name);
        if free {
            attributes.push((name.to_owned(), value));
        }
        free
    }

    /// Sets the next of a sort of which there may be any number.
    fn count(&mut self, base: &str, value: String) -> bool {
        let taken = |name: &str| self.parts.contact.attributes.iter().any(|(known, _)| known == name);
        let name = (1..).map(|number| nth(base, number)).find(|name| !taken(name)).unwrap_or_default();
        self.set(&name, value)
    }

    fn simple(&mut self, property: &VCardProperty, entry: &VCardEntry, first: String) -> bool {
        if let Some((_, attribute)) = TEXTS.iter().find(|(known, _)| known == property) {
            return self.set(attribute, first);
        }
        match DAYS.iter().find(|(known, _)| known == property) {
            Some((_, attribute)) => day_text(entry).is_some_and(|day| self.set(attribute, day)),
            None => false,
        }
    }

    /// Whether all parts have a place.
    fn structured(&mut self, attributes: &[&str], values: &[String]) -> bool {
        let all = attributes.iter().zip(values).fold(true, |all, (name, value)| self.set(name, value.clone()) && all);
        all && values.iter().skip(attributes.len()).all(String::is_empty)
    }

    fn phone(&mut self, words: &[String], number: &str) -> bool {
        let fits =
            |wanted: &[&str]| wanted.iter().all(|word| words.iter().any(|known| known.eq_ignore_ascii_case(word)));
        let Some((_, base)) = PHONES.iter().find(|(wanted, _)| fits(wanted)) else { return false };
        self.count(base, number.to_owned())
    }

    fn place(&mut self, words: &[String], values: &[String]) -> bool {
        let base = base(words, "other");
        let taken = |number: usize| {
            let names = ADDRESS.map(|(_, end)| nth(&format!("{base}{end}"), number));
            self.parts.contact.attributes.iter().any(|(known, _)| names.contains(known))
        };
        let number = (1..).find(|number| !taken(*number)).unwrap_or(1);
        for (at, end) in ADDRESS {
            let value = values.get(at).cloned().unwrap_or_default();
            self.set(&nth(&format!("{base}{end}"), number), value);
        }
        values.iter().take(2).all(String::is_empty)
    }

    fn member(&mut self, value: &str) -> bool {
        let Some(address) = value.strip_prefix("mailto:").filter(|address| !address.is_empty()) else { return false };
        let member = ("I".to_owned(), address.to_owned());
        // A group that names somebody twice is refused as a whole.
        if !self.parts.contact.members.contains(&member) {
            self.parts.contact.members.push(member);
        }
        true
    }

    /// An attribute as it was at another Zimbra.
    fn field(&mut self, text: &str) -> bool {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() && !name.contains(char::is_control) => {
                self.set(name, value.to_owned())
            }
            _ => false,
        }
    }

    fn finish(mut self) -> Parts {
        if self.group {
            self.set("type", "group".to_owned());
            // What a group is called by lists.
            let name = self.parts.contact.attributes.iter().find(|(name, _)| name == "fullName");
            let name = name.map(|(_, name)| name.clone());
            self.set("nickname", name.unwrap_or_default());
        }
        self.lost.sort();
        self.lost.dedup();
        if !self.lost.is_empty() {
            let text = format!("Zimbra has no place for all of {}", self.lost.join(", "));
            self.parts.losses.push(Loss::new("vcard-properties", text));
        }
        self.parts
    }
}

/// Whether a value is made of others.
fn is_derived(entry: &VCardEntry) -> bool {
    let yes = |value: &VCardParameterValue| match value {
        VCardParameterValue::Bool(yes) => *yes,
        value => value.as_text().is_some_and(|text| text.eq_ignore_ascii_case("true")),
    };
    entry.params.iter().any(|param| param.name == VCardParameterName::Derived && yes(&param.value))
}

/// What the attributes of a place begin with.
fn base(words: &[String], otherwise: &'static str) -> &'static str {
    let named = |word: &str| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    PLACES.iter().find(|(word, _)| !word.is_empty() && named(word)).map_or(otherwise, |(_, base)| base)
}

fn texts(entry: &VCardEntry) -> Vec<String> {
    let text = |value: &VCardValue| match value {
        VCardValue::Text(text) => text.clone(),
        VCardValue::Component(parts) => parts.join(", "),
        VCardValue::Kind(kind) => kind.as_str().to_owned(),
        _ => String::new(),
    };
    entry.values.iter().map(text).collect()
}

/// What kind of telephone or address it is.
fn words(entry: &VCardEntry) -> Vec<String> {
    let types = entry.params.iter().filter(|param| param.name == VCardParameterName::Type);
    types.filter_map(|param| param.value.as_text()).map(str::to_owned).collect()
}

fn day_text(entry: &VCardEntry) -> Option<String> {
    let VCardValue::PartialDateTime(date) = entry.values.first()? else { return None };
    let PartialDateTime { year: Some(year), month: Some(month), day: Some(day), .. } = date else { return None };
    Some(format!("{year:04}-{month:02}-{day:02}"))
}
