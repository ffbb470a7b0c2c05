//! Contacts and groups, between vCard and the fields of Exchange.

use calcard::vcard::{VCard, VCardEntry, VCardParameter, VCardProperty, VCardValue, VCardVersion};
use mailmove_core::{Loss, Result};
use mailmove_exchange::vcard::{self, texts, words};

use crate::wire::item::ItemData;
use crate::wire::tree::{Field, Tree};

/// Fields of one text: the property of vCard, the field of Exchange.
const TEXTS: [(VCardProperty, &str); 4] = [
    (VCardProperty::Nickname, "t:Nickname"),
    (VCardProperty::Url, "t:BusinessHomePage"),
    (VCardProperty::Title, "t:JobTitle"),
    (VCardProperty::Role, "t:Profession"),
];

/// Telephones, most telling first: the words that vCard has for them, and the key of Exchange.
const PHONES: [(&[&str], &str); 10] = [
    (&["work", "fax"], "BusinessFax"),
    (&["home", "fax"], "HomeFax"),
    (&["fax"], "OtherFax"),
    (&["cell"], "MobilePhone"),
    (&["pager"], "Pager"),
    (&["work"], "BusinessPhone"),
    (&["work"], "BusinessPhone2"),
    (&["home"], "HomePhone"),
    (&["home"], "HomePhone2"),
    (&[], "OtherTelephone"),
];

const MAILS: [&str; 3] = ["EmailAddress1", "EmailAddress2", "EmailAddress3"];
const CHATS: [&str; 3] = ["ImAddress1", "ImAddress2", "ImAddress3"];

/// The address keys, with the word that vCard has for them.
const PLACES: [(&str, &str); 3] = [("home", "Home"), ("work", "Business"), ("", "Other")];

/// The parts of an address: the place in vCard, the field of Exchange, in its order.
const ADDRESS: [(usize, &str); 5] =
    [(2, "t:Street"), (3, "t:City"), (4, "t:State"), (6, "t:CountryOrRegion"), (5, "t:PostalCode")];

/// A contact taken apart.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// The element of its class.
    pub(crate) group: bool,
    pub(crate) head: Vec<Field>,
    pub(crate) categories: Vec<String>,
    pub(crate) tail: Vec<Field>,
    pub(crate) losses: Vec<Loss>,
}

/// The vCard of a contact or a group.
pub(crate) fn write(item: &ItemData) -> String {
    let mut card = VCard { entries: Vec::new() };
    let mut add = |name: VCardProperty, values: Vec<String>| {
        if values.iter().any(|value| !value.is_empty()) {
            let values = values.into_iter().map(VCardValue::Text).collect();
            card.entries.push(VCardEntry::new(name).with_values(values));
        }
    };
    let text = |name: &str| item.field_text(name).unwrap_or_default().to_owned();
    let name = [text("DisplayName"), text("FileAs"), item.subject.clone().unwrap_or_default()];
    add(VCardProperty::Uid, vec![super::item::uid(item).unwrap_or_default()]);
    add(VCardProperty::Fn, vec![name.into_iter().find(|name| !name.is_empty()).unwrap_or_default()]);
    if item.class.as_deref().is_some_and(|class| class.to_ascii_lowercase().starts_with("ipm.distlist")) {
        add(VCardProperty::Kind, vec!["group".to_owned()]);
        for member in item.field("Members").into_iter().flat_map(|members| &members.children) {
            let mailbox = member.children.iter().find(|child| child.name == "Mailbox");
            let address =
                mailbox.and_then(|mailbox| mailbox.child("EmailAddress")).map(|mail| format!("mailto:{mail}"));
            add(VCardProperty::Member, address.into_iter().collect());
        }
    }
    let names = ["Surname", "GivenName", "MiddleName"].map(text).to_vec();
    add(VCardProperty::N, [names, vec![String::new(), text("Generation")]].concat());
    TEXTS.into_iter().for_each(|(property, field)| add(property, vec![text(&field[2..])]));
    add(VCardProperty::Org, vec![text("CompanyName"), text("Department")]);
    let body = text("Body");
    add(VCardProperty::Note, vec![body.trim_end().to_owned()]);
    add(VCardProperty::Categories, item.categories.clone());
    for (property, field) in [(VCardProperty::Bday, "Birthday"), (VCardProperty::Anniversary, "WeddingAnniversary")] {
        if let Some(date) = item.field_text(field).and_then(super::item::day) {
            card.entries.push(VCardEntry::new(property).with_value(VCardValue::PartialDateTime(date)));
        }
    }
    entries(item, "EmailAddresses")
        .for_each(|mail| card.entries.push(typed(VCardProperty::Email, "", vec![&mail.text])));
    entries(item, "ImAddresses").for_each(|chat| card.entries.push(typed(VCardProperty::Impp, "", vec![&chat.text])));
    for phone in entries(item, "PhoneNumbers") {
        let words = PHONES.iter().find(|(_, key)| phone.key.as_deref() == Some(*key)).map(|(words, _)| words.join(","));
        card.entries.push(typed(VCardProperty::Tel, &words.unwrap_or_default(), vec![&phone.text]));
    }
    for place in item.field("PhysicalAddresses").into_iter().flat_map(|places| &places.children) {
        let word = PLACES.iter().find(|(_, key)| place.key.as_deref() == Some(*key)).map_or("", |(word, _)| word);
        let mut parts = [""; 7];
        ADDRESS.iter().for_each(|(at, field)| parts[*at] = place.child(&field[2..]).unwrap_or_default());
        card.entries.push(typed(VCardProperty::Adr, word, parts.to_vec()));
    }
    let mut out = String::new();
    // Writing into a string does not fail.
    _ = card.write_to(&mut out, VCardVersion::V4_0);
    out
}

/// Takes a vCard apart.
pub(crate) fn read(text: &str) -> Result<Parts> {
    let card = vcard::parse(text)?;
    let mut reader = Reader::default();
    card.entries.iter().for_each(|entry| reader.take(entry));
    Ok(reader.finish())
}

/// Fields by their names, until they are put in order.
#[derive(Debug, Default)]
struct Reader {
    parts: Parts,
    simple: Vec<(&'static str, String)>,
    mails: Vec<Field>,
    chats: Vec<Field>,
    phones: Vec<(&'static str, Field)>,
    places: Vec<(&'static str, Field)>,
    members: Vec<Field>,
    lost: Vec<String>,
}

impl Reader {
    fn take(&mut self, entry: &VCardEntry) {
        let values = texts(entry);
        let first = values.first().cloned().unwrap_or_default();
        let part = |at: usize| values.get(at).cloned().unwrap_or_default();
        let kept = match &entry.name {
            VCardProperty::Begin | VCardProperty::End | VCardProperty::Version | VCardProperty::Uid => true,
            VCardProperty::Rev | VCardProperty::Prodid => true,
            VCardProperty::Kind => {
                self.parts.group = first.eq_ignore_ascii_case("group");
                self.parts.group || first.eq_ignore_ascii_case("individual")
            }
            VCardProperty::Fn => {
                self.set("t:FileAs", first.clone());
                self.set("t:DisplayName", first)
            }
            VCardProperty::N => {
                let names = ["t:Surname", "t:GivenName", "t:MiddleName"];
                names.into_iter().enumerate().for_each(|(at, name)| _ = self.set(name, part(at)));
                self.set("t:Generation", part(4)) && part(3).is_empty()
            }
            VCardProperty::Org => self.set("t:CompanyName", first) && self.set("t:Department", part(1)),
            VCardProperty::Note => self.set("t:Body", first),
            VCardProperty::Bday => vcard::day(entry).is_some_and(|day| self.set("t:Birthday", day)),
            VCardProperty::Anniversary => vcard::day(entry).is_some_and(|day| self.set("t:WeddingAnniversary", day)),
            VCardProperty::Categories => {
                self.parts.categories.extend(values.iter().filter(|name| !name.is_empty()).cloned());
                true
            }
            VCardProperty::Email => numbered(&mut self.mails, &MAILS, first),
            VCardProperty::Impp => numbered(&mut self.chats, &CHATS, first),
            VCardProperty::Tel => self.phone(&words(entry), first),
            VCardProperty::Adr => self.place(&words(entry), &values),
            VCardProperty::Member => self.member(&first),
            name => match TEXTS.iter().find(|(known, _)| known == name) {
                Some((_, field)) => self.set(field, first),
                None => false,
            },
        };
        if !kept {
            self.lost.push(entry.name.as_str().to_owned());
        }
    }

    /// Sets a field; the first one stays. Whether it is kept.
    fn set(&mut self, name: &'static str, value: String) -> bool {
        if value.is_empty() {
            return true;
        }
        let free = self.simple.iter().all(|(known, _)| *known != name);
        if free {
            self.simple.push((name, value));
        }
        free
    }

    fn phone(&mut self, words: &[String], number: String) -> bool {
        let free = |key: &str| self.phones.iter().all(|(known, _)| *known != key);
        let fits =
            |wanted: &[&str]| wanted.iter().all(|word| words.iter().any(|known| known.eq_ignore_ascii_case(word)));
        let Some((_, key)) = PHONES.iter().find(|(wanted, key)| fits(wanted) && free(key)) else { return false };
        self.phones.push((key, Field::text("t:Entry", strip(&number, "tel:")).with("Key", *key)));
        true
    }

    fn place(&mut self, words: &[String], values: &[String]) -> bool {
        let free = |key: &str| self.places.iter().all(|(known, _)| *known != key);
        let fits = |wanted: &str| wanted.is_empty() || words.iter().any(|word| word.eq_ignore_ascii_case(wanted));
        let Some((_, key)) = PLACES.iter().find(|(word, key)| fits(word) && free(key)) else { return false };
        let part = |(at, field): &(usize, &'static str)| {
            let text = values.get(*at).filter(|text| !text.is_empty())?;
            Some(Field::text(field, text.as_str()))
        };
        self.places.push((key, Field::of("t:Entry", ADDRESS.iter().filter_map(part).collect()).with("Key", *key)));
        values.iter().take(2).all(String::is_empty)
    }

    fn member(&mut self, value: &str) -> bool {
        let Some(address) = value.strip_prefix("mailto:") else { return false };
        let mailbox = Field::of("t:Mailbox", vec![Field::text("t:EmailAddress", address)]);
        self.members.push(Field::of("t:Member", vec![mailbox]));
        true
    }

    fn finish(mut self) -> Parts {
        let value = |name: &str| self.simple.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        let mut parts = std::mem::take(&mut self.parts);
        parts.head.extend(value("t:DisplayName").map(|name| Field::text("t:Subject", name)));
        parts.head.extend(value("t:Body").map(|note| Field::text("t:Body", note).with("BodyType", "Text")));
        let list = |name: &'static str, fields: Vec<Field>| (!fields.is_empty()).then(|| Field::of(name, fields));
        let second = |pairs: Vec<(&str, Field)>| pairs.into_iter().map(|(_, field)| field).collect();
        if parts.group {
            parts.tail.extend(value("t:DisplayName").map(|name| Field::text("t:DisplayName", name)));
            parts.tail.extend(list("t:Members", self.members));
        } else {
            let some = |names: &[&'static str]| -> Vec<Field> {
                names.iter().filter_map(|name| Some(Field::text(name, value(name)?))).collect()
            };
            let names = ["t:FileAs", "t:DisplayName", "t:GivenName", "t:MiddleName", "t:Nickname", "t:CompanyName"];
            parts.tail.extend(some(&names));
            parts.tail.extend(list("t:EmailAddresses", self.mails));
            parts.tail.extend(list("t:PhysicalAddresses", second(self.places)));
            parts.tail.extend(list("t:PhoneNumbers", second(self.phones)));
            parts.tail.extend(some(&["t:Birthday", "t:BusinessHomePage", "t:Department", "t:Generation"]));
            parts.tail.extend(list("t:ImAddresses", self.chats));
            parts.tail.extend(some(&["t:JobTitle", "t:Profession", "t:Surname", "t:WeddingAnniversary"]));
        }
        self.lost.sort();
        self.lost.dedup();
        if !self.lost.is_empty() {
            let text = format!("Exchange has no place for all of {}", self.lost.join(", "));
            parts.losses.push(Loss::new("vcard-properties", text));
        }
        parts
    }
}

fn numbered(fields: &mut Vec<Field>, keys: &[&'static str], value: String) -> bool {
    let Some(key) = keys.get(fields.len()) else { return false };
    fields.push(Field::text("t:Entry", value).with("Key", *key));
    true
}

fn entries<'a>(item: &'a ItemData, field: &str) -> impl Iterator<Item = &'a Tree> {
    let all = item.field(field).into_iter().flat_map(|field| &field.children);
    all.filter(|entry| !entry.text.trim().is_empty())
}

fn typed(name: VCardProperty, words: &str, values: Vec<&str>) -> VCardEntry {
    let values = values.into_iter().map(|value| VCardValue::Text(value.to_owned())).collect();
    let params = words.split(',').filter(|word| !word.is_empty());
    let params = params.map(|word| VCardParameter::typ(word.to_owned())).collect();
    VCardEntry::new(name).with_params(params).with_values(values)
}

fn strip<'a>(text: &'a str, prefix: &str) -> &'a str {
    text.strip_prefix(prefix).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use mailmove_core::ErrorKind;

    use super::*;
    use crate::wire::property::Property;
    use crate::wire::writer::{Writer, text_of};

    const CARD: &str = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:7@x\r\nFN:Ann B. Lee\r\nN:Lee;Ann;B.;;Jr\r\n\
        NICKNAME:Annie\r\nORG:R&D;Lab\r\nTITLE:Boss\r\nEMAIL;TYPE=work:a@x\r\nEMAIL:b@x\r\n\
        TEL;TYPE=cell:+43 1\r\nTEL;TYPE=work,fax:+43 2\r\nADR;TYPE=home:;;Street 1;Vienna;;1010;Austria\r\n\
        BDAY:19800506\r\nNOTE:one\\, two\\nthree\r\nURL:https://x\r\nCATEGORIES:Red,Blue\r\nEND:VCARD\r\n";

    /// As the server would give it back.
    fn stored(parts: &Parts) -> ItemData {
        let mut out = Writer::new();
        out.open("t:Contact");
        parts.head.iter().for_each(|field| field.write(&mut out));
        crate::wire::create_item::write_categories(&mut out, &parts.categories);
        Property::Uid.write_value(&mut out, "7@x");
        parts.tail.iter().for_each(|field| field.write(&mut out));
        let text = text_of(&out.finish());
        let mut item = ItemData::parse(text.split_once("?>").unwrap().1);
        item.class = Some("IPM.Contact".to_owned());
        item
    }

    #[test]
    fn a_contact_comes_back_with_everything_that_exchange_has_a_place_for() {
        let parts = read(CARD).unwrap();
        assert!(parts.losses.is_empty(), "{:?}", parts.losses);
        let card = write(&stored(&parts));
        for line in [
            "UID:7@x",
            "FN:Ann B. Lee",
            "N:Lee;Ann;B.;;Jr",
            "NICKNAME:Annie",
            "ORG:R&D;Lab",
            "TITLE:Boss",
            "EMAIL:a@x",
            "EMAIL:b@x",
            "BDAY:19800506",
            "URL:https://x",
            "NOTE:one\\, two\\nthree",
        ] {
            assert!(card.contains(&format!("\r\n{line}\r\n")), "{line} is missing in\n{card}");
        }
        let again = read(&card).unwrap();
        assert_eq!((again.tail, again.head), (parts.tail, parts.head));
        assert_eq!(again.categories, ["Red", "Blue"]);
    }

    #[test]
    fn what_has_no_place_is_named() {
        let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:x\r\nEMAIL:1\r\nEMAIL:2\r\nEMAIL:3\r\nEMAIL:4\r\n\
                    PHOTO:data:image/png;base64,AAAA\r\nEND:VCARD\r\n";
        let losses = read(card).unwrap().losses;
        assert!(losses[0].text.contains("EMAIL") && losses[0].text.contains("PHOTO"), "{losses:?}");
    }

    #[test]
    fn a_group_keeps_its_members() {
        let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nFN:Team\r\nMEMBER:mailto:a@x\r\nEND:VCARD\r\n";
        let parts = read(card).unwrap();
        assert!(parts.group);
        let mut item = stored(&parts);
        item.class = Some("IPM.DistList".to_owned());
        let card = write(&item);
        assert!(card.contains("KIND:group") && card.contains("MEMBER:mailto:a@x"), "{card}");
    }

    #[test]
    fn what_is_no_card_is_refused() {
        assert_eq!(read("BEGIN:VCALENDAR\r\n").unwrap_err().kind(), ErrorKind::Refused);
    }
}
