//! Elements with entries that have keys: the addresses and numbers of a contact, the header fields of a message.

use super::refusal::Refusal;
use super::state::Item;
use super::xml::Node;

/// The element of a dictionary, the attribute that is the key of its entries, and the part of an entry that is meant.
pub(crate) fn of(uri: &str) -> Option<(&'static str, &'static str, Option<&str>)> {
    Some(match uri {
        "item:InternetMessageHeader" => ("InternetMessageHeaders", "HeaderName", None),
        "contacts:EmailAddress" => ("EmailAddresses", "Key", None),
        "contacts:PhoneNumber" => ("PhoneNumbers", "Key", None),
        "contacts:ImAddress" => ("ImAddresses", "Key", None),
        _ => ("PhysicalAddresses", "Key", Some(uri.strip_prefix("contacts:PhysicalAddress:")?)),
    })
}

/// Sets an entry, or the part of it that the path means.
pub(crate) fn set(item: &mut Item, uri: &str, entry: &Node) -> Result<(), Refusal> {
    let Some((element, _, part)) = of(uri).filter(|(_, key, _)| *key == "Key") else {
        return Err(Refusal::unsupported(format!("setting {uri}")));
    };
    let entries = &mut item.fields.entry(element.to_owned()).or_insert_with(|| Node::t(element)).children;
    let old = entries.iter_mut().find(|old| old.attribute("Key") == entry.attribute("Key"));
    match (old, part) {
        (Some(old), Some(part)) => {
            old.children.retain(|child| child.name != part);
            old.children.extend(entry.find(part).cloned());
            order(old);
        }
        (Some(old), None) => *old = entry.clone(),
        (None, _) => entries.push(entry.clone()),
    }
    Ok(())
}

/// Puts the parts of a postal address in the order of the schema.
pub(crate) fn order(entry: &mut Node) {
    const ORDER: [&str; 5] = ["Street", "City", "State", "CountryOrRegion", "PostalCode"];
    entry.children.sort_by_key(|child| ORDER.iter().position(|name| *name == child.name));
}

/// Removes an entry, or the part of it that the path means.
pub(crate) fn remove(item: &mut Item, uri: &str, index: &str) -> Result<(), Refusal> {
    let Some((element, _, part)) = of(uri).filter(|(_, key, _)| *key == "Key") else {
        return Err(Refusal::unsupported(format!("removing {uri}")));
    };
    let Some(whole) = item.fields.get_mut(element) else { return Ok(()) };
    if let Some(part) = part {
        let entry = whole.children.iter_mut().find(|entry| entry.attribute("Key") == Some(index));
        entry.into_iter().for_each(|entry| entry.children.retain(|child| child.name != part));
    }
    whole
        .children
        .retain(|entry| entry.attribute("Key") != Some(index) || (part.is_some() && !entry.children.is_empty()));
    if whole.children.is_empty() {
        item.fields.remove(element);
    }
    Ok(())
}
