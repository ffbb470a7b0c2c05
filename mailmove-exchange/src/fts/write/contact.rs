//! vCard to a contact or a list of people ([MS-OXOCNTC]).

use calcard::vcard::{VCard, VCardEntry, VCardProperty as Name, VCardValue};
use mailmove_core::{Item, Loss, Result};
use time::Date;

use super::super::Marker;
use super::super::mapi::{self, Key, address, tag};
use super::attachment::Described;
use super::person::entry_id;
use super::stream::Stream;
use super::{Options, begin, body, categories, sensitivity};
use crate::calendar::{Person, Sensitivity, Text};
use crate::vcard::{self, texts, words};

/// Fields of one text.
const TEXTS: [(Name, Key); 6] = [
    (Name::Fn, tag::DISPLAY_NAME),
    (Name::Nickname, Key::Tag(0x3a4f)),
    (Name::Title, Key::Tag(0x3a17)),
    (Name::Role, Key::Tag(0x3a46)),
    (Name::Url, Key::Tag(0x3a51)),
    (Name::Hobby, Key::Tag(0x3a43)),
];
/// The parts of N, in order: surname, given, middle, prefix, generation.
const NAMES: [u16; 5] = [0x3a11, 0x3a06, 0x3a44, 0x3a45, 0x3a05];
/// Telephones, most telling first: the words of vCard, and the properties that take one number each.
const PHONES: [(&[&str], &[u16]); 9] = [
    (&["work", "fax"], &[0x3a24]),
    (&["home", "fax"], &[0x3a25]),
    (&["fax"], &[0x3a23]),
    (&["cell"], &[0x3a1c]),
    (&["pager"], &[0x3a21]),
    (&["car"], &[0x3a1e]),
    (&["work"], &[0x3a08, 0x3a1b]),
    (&["home"], &[0x3a09, 0x3a2f]),
    (&[], &[0x3a1f, 0x3a1a]),
];
/// Addresses: the word of vCard, then street, city, region, code and country, and the whole of it.
const PLACES: [(&str, [Key; 5], u32); 3] = [
    ("work", [address(0x8045), address(0x8046), address(0x8047), address(0x8048), address(0x8049)], 0x801b),
    ("home", [Key::Tag(0x3a5d), Key::Tag(0x3a59), Key::Tag(0x3a5c), Key::Tag(0x3a5b), Key::Tag(0x3a5a)], 0x801a),
    ("", [Key::Tag(0x3a63), Key::Tag(0x3a5f), Key::Tag(0x3a62), Key::Tag(0x3a61), Key::Tag(0x3a60)], 0x801c),
];
/// Three addresses for mail: the first number of each.
const MAILS: [u32; 3] = [0x8080, 0x8090, 0x80a0];

pub(super) fn write(stream: &mut Stream, item: &Item, options: &Options) -> Result<Vec<Loss>> {
    let text = String::from_utf8_lossy(&item.body.bytes()?).into_owned();
    let card = vcard::parse(&text)?;
    let parts = Parts::of(&card);
    begin(stream, if parts.group { "IPM.DistList" } else { "IPM.Contact" }, item, options, 1)?;
    categories(stream, item, &parts.categories)?;
    let name = parts.text(tag::DISPLAY_NAME).unwrap_or_default();
    super::subject(stream, name)?;
    body::write(stream, &Text::plain(parts.note.clone()))?;
    sensitivity(stream, parts.sensitivity)?;
    if parts.group {
        parts.write_group(stream, name)?
    } else {
        parts.write_contact(stream, name)?
    }
    stream.some_text(mapi::UID, &parts.uid)?;
    if let Some((media, octets)) = &parts.photo {
        photo(stream, media, octets)?;
    }
    Ok(parts.losses())
}

/// A card, sorted by what Exchange has.
#[derive(Debug, Default)]
struct Parts {
    group: bool,
    uid: String,
    note: String,
    sensitivity: Sensitivity,
    categories: Vec<String>,
    texts: Vec<(Key, String)>,
    mails: Vec<String>,
    members: Vec<String>,
    days: Vec<(Key, Date)>,
    photo: Option<(String, Vec<u8>)>,
    lost: Vec<String>,
}

impl Parts {
    fn of(card: &VCard) -> Self {
        let mut parts = Self::default();
        for entry in &card.entries {
            if !parts.take(entry) {
                parts.lost.push(entry.name.as_str().to_owned());
            }
        }
        parts
    }

    /// Keeps a property; `false` when there is no place for all of it.
    fn take(&mut self, entry: &VCardEntry) -> bool {
        let values = texts(entry);
        let part = |at: usize| values.get(at).cloned().unwrap_or_default();
        let first = part(0);
        match &entry.name {
            Name::Begin | Name::End | Name::Version | Name::Rev | Name::Prodid => true,
            Name::Uid => {
                self.uid = first;
                true
            }
            Name::Kind => {
                self.group = first.eq_ignore_ascii_case("group");
                self.group || first.eq_ignore_ascii_case("individual")
            }
            Name::N => NAMES.into_iter().enumerate().all(|(at, id)| self.set(Key::Tag(id), part(at))),
            Name::Org => {
                let more = values.iter().skip(2).all(String::is_empty);
                self.set(Key::Tag(0x3a16), first) && self.set(Key::Tag(0x3a18), part(1)) && more
            }
            Name::Note if self.note.is_empty() => {
                self.note = first;
                true
            }
            Name::Categories => {
                self.categories.extend(values);
                true
            }
            Name::Bday => self.day(Key::Tag(0x3a42), entry),
            Name::Anniversary => self.day(Key::Tag(0x3a41), entry),
            Name::Email => {
                let room = self.mails.len() < MAILS.len();
                if room {
                    self.mails.push(first);
                }
                room
            }
            Name::Impp => self.set(address(0x8062), first),
            Name::Tel => self.phone(&words(entry), &first),
            Name::Adr => self.place(&words(entry), &values),
            Name::Member => {
                let mail = first.strip_prefix("mailto:").map(str::to_owned);
                let known = mail.is_some();
                self.members.extend(mail);
                known
            }
            Name::Photo => self.photo(entry),
            Name::Other(name) if name.eq_ignore_ascii_case("CLASS") => {
                self.sensitivity = match first.to_ascii_uppercase().as_str() {
                    "PRIVATE" => Sensitivity::Private,
                    "CONFIDENTIAL" => Sensitivity::Confidential,
                    _ => Sensitivity::Normal,
                };
                true
            }
            name => match TEXTS.iter().find(|(known, _)| known == name) {
                Some((_, key)) => self.set(*key, first),
                None => false,
            },
        }
    }

    /// Sets a text; the first one stays.
    fn set(&mut self, key: Key, text: String) -> bool {
        let free = text.is_empty() || self.text(key).is_none();
        if free && !text.is_empty() {
            self.texts.push((key, text));
        }
        free
    }

    fn text(&self, key: Key) -> Option<&str> {
        self.texts.iter().find(|(known, _)| *known == key).map(|(_, text)| text.as_str())
    }

    fn phone(&mut self, words: &[String], number: &str) -> bool {
        let has = |wanted: &&str| words.iter().any(|word| word.eq_ignore_ascii_case(wanted));
        let fits = PHONES.iter().filter(|(wanted, _)| wanted.iter().all(&has));
        let free = fits.flat_map(|(_, ids)| *ids).find(|id| self.text(Key::Tag(**id)).is_none());
        let number = number.strip_prefix("tel:").unwrap_or(number).to_owned();
        free.is_some_and(|id| self.set(Key::Tag(*id), number))
    }

    /// Street, city, region, code, country stand third to seventh in vCard.
    fn place(&mut self, words: &[String], values: &[String]) -> bool {
        let has = |wanted: &str| wanted.is_empty() || words.iter().any(|word| word.eq_ignore_ascii_case(wanted));
        let mut fits = PLACES.iter().filter(|(word, ..)| has(word));
        let Some((_, keys, whole)) = fits.find(|(_, _, whole)| self.text(address(*whole)).is_none()) else {
            return false;
        };
        let part = |at: usize| values.get(at).cloned().unwrap_or_default();
        let parts: Vec<String> = (2..7).map(part).collect();
        let told: Vec<&str> = parts.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
        self.set(address(*whole), told.join("\n"));
        keys.iter().zip(parts).for_each(|(key, text)| _ = self.set(*key, text));
        values.iter().take(2).all(String::is_empty)
    }

    fn day(&mut self, key: Key, entry: &VCardEntry) -> bool {
        let Some(VCardValue::PartialDateTime(value)) = entry.values.first() else { return false };
        let day = crate::ical::day(value);
        self.days.extend(day.map(|day| (key, day)));
        day.is_some()
    }

    fn photo(&mut self, entry: &VCardEntry) -> bool {
        let Some(VCardValue::Binary(data)) = entry.values.first() else { return false };
        if self.photo.is_some() {
            return false;
        }
        let media = data.content_type.clone().unwrap_or_else(|| "image/jpeg".to_owned());
        self.photo = Some((media, data.data.clone()));
        true
    }

    fn write_contact(&self, stream: &mut Stream, name: &str) -> Result<()> {
        self.texts.iter().try_for_each(|(key, text)| stream.text(*key, text))?;
        stream.some_text(address(0x8005), name)?;
        for (first, mail) in MAILS.into_iter().zip(&self.mails) {
            let person = Person::new(name, mail.as_str());
            stream.text(address(first), &format!("{name} ({mail})"))?;
            stream.text(address(first + 2), "SMTP")?;
            stream.text(address(first + 3), mail)?;
            stream.text(address(first + 4), mail)?;
            stream.binary(address(first + 5), &entry_id(&person))?;
        }
        for (key, day) in &self.days {
            stream.moment(*key, day.midnight().assume_utc())?;
        }
        stream.truth(address(0x8015), self.photo.is_some())
    }

    fn write_group(&self, stream: &mut Stream, name: &str) -> Result<()> {
        stream.text(tag::DISPLAY_NAME, name)?;
        stream.text(address(0x8053), name)?;
        let members: Vec<Vec<u8>> = self.members.iter().map(|mail| entry_id(&Person::new("", mail.as_str()))).collect();
        // Members that no directory knows stand in both lists.
        stream.binaries(address(0x8055), &members)?;
        stream.binaries(address(0x8054), &members)
    }

    fn losses(mut self) -> Vec<Loss> {
        let mut losses = vec![Loss::new("rendered-anew", "the contact is made of the fields that Exchange keeps")];
        self.lost.sort();
        self.lost.dedup();
        if !self.lost.is_empty() {
            let text = format!("Exchange has no place for all of {}", self.lost.join(", "));
            losses.push(Loss::new("vcard-properties", text));
        }
        losses
    }
}

/// The picture of a contact is an attachment of a name that all programs know.
fn photo(stream: &mut Stream, media: &str, octets: &[u8]) -> Result<()> {
    let described = Described {
        name: "ContactPicture.jpg".to_owned(),
        media: media.to_owned(),
        hidden: true,
        ..Described::default()
    };
    described.begin(stream, 0)?;
    stream.truth(tag::CONTACT_PHOTO, true)?;
    stream.binary(tag::ATTACH_DATA, octets)?;
    stream.marker(Marker::EndAttachment)
}
