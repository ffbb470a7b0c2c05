//! A contact of Graph as vCard.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use calcard::common::PartialDateTime;
use calcard::vcard::{VCard, VCardEntry, VCardParameter, VCardProperty, VCardValue, VCardVersion};
use serde_json::Value;

use super::read::Photo;
use super::{ADDRESS, NAMES, PLACES, TEXTS};
use crate::wire::property::Property;
use crate::wire::record::Record;

/// The vCard of a contact.
pub(crate) fn write(contact: &Record, photo: Option<&Photo>) -> String {
    let mut card = VCard { entries: Vec::new() };
    let mut add = |name: VCardProperty, words: &str, values: Vec<&str>| {
        if values.iter().any(|value| !value.is_empty()) {
            let values = values.into_iter().map(|value| VCardValue::Text(value.to_owned())).collect();
            let params = words.split(',').filter(|word| !word.is_empty());
            let params = params.map(|word| VCardParameter::typ(word.to_owned())).collect();
            card.entries.push(VCardEntry::new(name).with_params(params).with_values(values));
        }
    };
    let text = |name: &str| contact.text(name).unwrap_or_default();
    let uid = contact.property(Property::Uid).unwrap_or_else(|| contact.id().to_owned());
    add(VCardProperty::Uid, "", vec![&uid]);
    let names = [text("displayName"), text("fileAs"), text("companyName")];
    add(VCardProperty::Fn, "", vec![names.into_iter().find(|name| !name.is_empty()).unwrap_or("?")]);
    add(VCardProperty::N, "", NAMES.iter().map(|(_, name)| text(name)).collect());
    for (property, field) in TEXTS {
        add(property, "", vec![text(field)]);
    }
    let department = text("department");
    let company = text("companyName");
    add(VCardProperty::Org, "", if department.is_empty() { vec![company] } else { vec![company, department] });
    add(VCardProperty::Note, "", vec![text("personalNotes").trim_end()]);
    add(VCardProperty::Categories, "", contact.texts("categories").collect());
    for mail in contact.records("emailAddresses") {
        add(VCardProperty::Email, "", vec![mail.text("address").unwrap_or_default()]);
    }
    contact.texts("imAddresses").for_each(|chat| add(VCardProperty::Impp, "", vec![chat]));
    add(VCardProperty::Tel, "cell", vec![text("mobilePhone")]);
    contact.texts("businessPhones").for_each(|phone| add(VCardProperty::Tel, "work", vec![phone]));
    contact.texts("homePhones").for_each(|phone| add(VCardProperty::Tel, "home", vec![phone]));
    for (word, field) in PLACES {
        let address = Record(contact.0[field].clone());
        let mut parts = [""; 7];
        ADDRESS.iter().for_each(|(at, field)| parts[*at] = address.text(field).unwrap_or_default());
        add(VCardProperty::Adr, word, parts.to_vec());
    }
    if let Some(day) = birthday(&contact.0["birthday"]) {
        card.entries.push(VCardEntry::new(VCardProperty::Bday).with_value(VCardValue::PartialDateTime(day)));
    }
    let mut out = String::new();
    // Writing into a string does not fail.
    _ = card.write_to(&mut out, VCardVersion::V4_0);
    let mut more = String::new();
    if let Some(photo) = photo {
        more = format!("PHOTO:data:{};base64,{}\r\n", photo.content_type, STANDARD.encode(&photo.bytes));
    }
    // What was kept aside goes back to where it was.
    if let Some(kept) = contact.property(Property::Kept) {
        let lines = kept
            .split_inclusive('\n')
            .filter(|line| !["BEGIN:", "END:", "VERSION:"].iter().any(|name| line.starts_with(name)));
        more.extend(lines);
    }
    if let Some(end) = out.rfind("END:VCARD") {
        out.insert_str(end, &more);
    }
    out
}

fn birthday(value: &Value) -> Option<PartialDateTime> {
    let mut parts = value.as_str()?.get(..10)?.split('-');
    let (year, month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(PartialDateTime { year: Some(year), month: Some(month), day: Some(day), ..Default::default() })
}
