//! A group of contacts as a vCard ([MS-OXOCNTC] §2.2.2).

use calcard::vcard::{VCard, VCardEntry, VCardProperty as Name, VCardValue, VCardVersion};
use mailmove_core::Loss;

use super::Found;
use crate::fts::Value;
use crate::fts::mapi::{address, tag};
use crate::fts::write::in_one_off;

pub(super) fn write(found: &Found, uid: &str, losses: &mut Vec<Loss>) -> Vec<u8> {
    let mut card = VCard { entries: Vec::new() };
    let mut add = |name: Name, values: Vec<String>| {
        if values.iter().any(|value| !value.is_empty()) {
            let values = values.into_iter().map(VCardValue::Text).collect();
            card.entries.push(VCardEntry::new(name).with_values(values));
        }
    };
    add(Name::Kind, vec!["group".to_owned()]);
    add(Name::Uid, vec![found.uid(uid)]);
    let names = [address(0x8053), tag::DISPLAY_NAME, tag::SUBJECT];
    let name = names.into_iter().find_map(|key| found.text(key)).unwrap_or("?");
    add(Name::Fn, vec![name.to_owned()]);
    add(Name::Note, vec![found.body().plain.trim_end().to_owned()]);
    add(Name::Categories, found.categories());
    // Members as they are told to everybody; the other list has references into the mailbox and the directory.
    let members = match found.value(address(0x8054)) {
        Some(Value::Binaries(members)) => members.as_slice(),
        _ => &[],
    };
    let mut unknown = members.is_empty() && found.value(address(0x8055)).is_some();
    for member in members {
        match in_one_off(member).filter(|one| one.address.contains('@')) {
            Some(person) => add(Name::Member, vec![format!("mailto:{}", person.address)]),
            None => unknown = true,
        }
    }
    if unknown {
        losses.push(Loss::new("members", "members without an address of their own stand in the stream alone"));
    }
    let mut out = String::new();
    // Writing into a string does not fail.
    _ = card.write_to(&mut out, VCardVersion::V4_0);
    out.into_bytes()
}
