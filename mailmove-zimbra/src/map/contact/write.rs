//! From attributes to a vCard.

use calcard::common::PartialDateTime;
use calcard::vcard::{
    VCard, VCardEntry, VCardParameter, VCardParameterName, VCardParameterValue, VCardProperty, VCardValue, VCardVersion,
};
use mailmove_core::Loss;

use super::fields::{
    ADDRESS, CHAT, DAYS, FIELD, IGNORED, MAIL, MEMBER, NAME, ORGANISATION, PHONES, PLACES, TEXTS, UID, counted,
};
use crate::map::tags;
use crate::wire::item::{ItemData, Member};

/// The vCard of a contact or a group, and what it does not carry. `account` makes an identifier for a contact that has
/// none.
pub(crate) fn write(item: &ItemData, account: &str) -> (String, Vec<Loss>) {
    let mut writer = Writer { item, card: VCard { entries: Vec::new() }, used: IGNORED.map(str::to_owned).to_vec() };
    let uid = writer.take(UID).unwrap_or_else(|| format!("{account}-{}", item.id));
    writer.add(VCardProperty::Uid, &[], vec![uid]);
    let group = item.attribute("type") == Some("group") || !item.members.is_empty();
    if group {
        writer.add(VCardProperty::Kind, &[], vec!["group".to_owned()]);
    }
    writer.texts();
    writer.counted();
    writer.places();
    writer.days();
    let mut losses = if group { writer.members() } else { Vec::new() };
    let categories = tags::decode(&item.tags);
    if !categories.is_empty() {
        writer.add(VCardProperty::Categories, &[], categories);
    }
    losses.extend(writer.rest());
    let mut out = String::new();
    // Writing into a string does not fail.
    _ = writer.card.write_to(&mut out, VCardVersion::V4_0);
    (out, losses)
}

struct Writer<'a> {
    item: &'a ItemData,
    card: VCard,
    /// Attributes that a property stands for.
    used: Vec<String>,
}

impl Writer<'_> {
    fn take(&mut self, attribute: &str) -> Option<String> {
        self.used.push(attribute.to_owned());
        self.item.attribute(attribute).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    fn add(&mut self, name: VCardProperty, words: &[&str], values: Vec<String>) {
        if values.iter().all(String::is_empty) {
            return;
        }
        let values = values.into_iter().map(VCardValue::Text).collect();
        let types = words.iter().map(|word| VCardParameter::typ((*word).to_owned())).collect();
        self.card.entries.push(VCardEntry::new(name).with_params(types).with_values(values));
    }

    fn texts(&mut self) {
        let parts = NAME.map(|attribute| self.take(attribute).unwrap_or_default());
        if self.item.attribute("fullName").is_none_or(str::is_empty) {
            self.derived_name(&parts);
        }
        self.add(VCardProperty::N, &[], parts.to_vec());
        for (property, attribute) in TEXTS {
            let text = self.take(attribute).unwrap_or_default();
            self.add(property, &[], vec![text]);
        }
        let organisation = ORGANISATION.map(|attribute| self.take(attribute).unwrap_or_default());
        self.add(VCardProperty::Org, &[], organisation.to_vec());
    }

    /// Every vCard has a name to show. One that is made of other fields says so (RFC 9554, section 4.4).
    fn derived_name(&mut self, parts: &[String; 5]) {
        let [last, first, ..] = parts;
        let own = |name: &str| self.item.attribute(name).unwrap_or_default().to_owned();
        let names = [join(first, last), own("nickname"), own("company"), own(MAIL), "?".to_owned()];
        let shown = names.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        let derived = VCardParameter::new(VCardParameterName::Derived, VCardParameterValue::Bool(true));
        let entry = VCardEntry::new(VCardProperty::Fn).with_param(derived).with_value(VCardValue::Text(shown));
        self.card.entries.push(entry);
    }

    /// Attributes of which there may be any number, in the order of their numbers.
    fn counted(&mut self) {
        for (name, value) in self.sorted(MAIL) {
            self.used.push(name);
            self.add(VCardProperty::Email, &[], vec![value]);
        }
        for (name, value) in self.sorted(CHAT) {
            self.used.push(name);
            self.add(VCardProperty::Impp, &[], vec![value]);
        }
        for (words, base) in PHONES {
            for (name, value) in self.sorted(base) {
                self.used.push(name);
                self.add(VCardProperty::Tel, words, vec![value]);
            }
        }
        for (word, base) in PLACES {
            let words: &[&str] = if word.is_empty() { &[] } else { &[word] };
            for (name, value) in self.sorted(&format!("{base}URL")) {
                self.used.push(name);
                self.add(VCardProperty::Url, words, vec![value]);
            }
        }
    }

    fn sorted(&self, base: &str) -> Vec<(String, String)> {
        let all = self.item.attributes.iter().filter(|(name, value)| counted(name).0 == base && !value.is_empty());
        let mut all: Vec<(String, String)> = all.cloned().collect();
        all.sort_by_key(|(name, _)| counted(name).1);
        all
    }

    fn places(&mut self) {
        for (word, base) in PLACES {
            let words: &[&str] = if word.is_empty() { &[] } else { &[word] };
            let is_part = |name: &str| ADDRESS.iter().any(|(_, end)| counted(name).0 == format!("{base}{end}"));
            let numbers =
                self.item.attributes.iter().filter(|(name, _)| is_part(name)).map(|(name, _)| counted(name).1);
            let mut numbers: Vec<usize> = numbers.collect();
            numbers.sort_unstable();
            numbers.dedup();
            for number in numbers {
                let mut parts = vec![String::new(); 7];
                for (at, end) in ADDRESS {
                    let name = super::fields::nth(&format!("{base}{end}"), number);
                    parts[at] = self.take(&name).unwrap_or_default();
                }
                self.add(VCardProperty::Adr, words, parts);
            }
        }
    }

    fn days(&mut self) {
        for (property, attribute) in DAYS {
            let Some(text) = self.item.attribute(attribute) else { continue };
            let Some(day) = day(text) else { continue };
            self.used.push(attribute.to_owned());
            self.card.entries.push(VCardEntry::new(property).with_value(VCardValue::PartialDateTime(day)));
        }
    }

    /// Members by value: an address stands for whoever has one. Nobody is a member twice.
    fn members(&mut self) -> Vec<Loss> {
        let (mut known, mut lost): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        let listed = self.item.attribute("dlist").filter(|_| self.item.members.is_empty()).unwrap_or_default();
        let listed = listed.split(',').map(str::trim).filter(|member| !member.is_empty());
        let listed = listed.map(|member| (member, address(member)));
        let members = self.item.members.iter().map(|member| (member.value.as_str(), reached(member)));
        for (value, address) in members.chain(listed) {
            match address {
                Some(mail) if known.iter().any(|other| other.eq_ignore_ascii_case(mail)) => {}
                Some(mail) => known.push(mail.to_owned()),
                None => lost.push(value.to_owned()),
            }
        }
        for mail in known {
            self.add(VCardProperty::Member, &[], vec![format!("mailto:{mail}")]);
        }
        if lost.is_empty() {
            return Vec::new();
        }
        let text = format!("members that have no address are not carried: {}", lost.join(", "));
        vec![Loss::new("group-members", text)]
    }

    /// What no property stands for.
    fn rest(&mut self) -> Vec<Loss> {
        let mut files = Vec::new();
        let rest: Vec<&(String, String)> =
            self.item.attributes.iter().filter(|(name, _)| !self.used.contains(name)).collect();
        let mut lines = Vec::new();
        for (name, value) in rest {
            if value.is_empty() {
                // Pictures and certificates are files beside the contact.
                files.push(name.clone());
            } else {
                lines.push(format!("{name}={value}"));
            }
        }
        for line in lines {
            self.add(VCardProperty::Other(FIELD.to_owned()), &[], vec![line]);
        }
        if files.is_empty() {
            return Vec::new();
        }
        vec![Loss::new("contact-files", format!("files of a contact are not carried: {}", files.join(", ")))]
    }
}

fn join(first: &str, last: &str) -> String {
    format!("{first} {last}").trim().to_owned()
}

/// The address by which a member is reached: its own, or the first of what it names.
fn reached(member: &Member) -> Option<&str> {
    let mut found: Vec<(usize, usize, &str)> = Vec::new();
    for (name, value) in &member.attributes {
        let (base, number) = counted(name);
        let rank = MEMBER.iter().position(|known| *known == base);
        found.extend(rank.zip(address(value)).map(|(rank, mail)| (rank, number, mail)));
    }
    // Of an attribute with many values the first one stays the first: the order of equals does not change.
    found.sort_by_key(|(rank, number, _)| (*rank, *number));
    found.first().map(|(.., mail)| *mail).or_else(|| address(&member.value))
}

/// The address in a member: `Ann <ann@example.org>`, or the address alone.
fn address(member: &str) -> Option<&str> {
    let member = member.trim();
    let bare = member.rsplit_once('<').map_or(member, |(_, rest)| rest.trim_end_matches(['>', ' ']));
    (bare.contains('@') && !bare.contains(char::is_whitespace) && !bare.contains('=')).then_some(bare)
}

/// `1980-05-06`.
fn day(text: &str) -> Option<PartialDateTime> {
    let mut parts = text.get(..10)?.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let (month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(PartialDateTime { year: Some(year), month: Some(month), day: Some(day), ..Default::default() })
}
