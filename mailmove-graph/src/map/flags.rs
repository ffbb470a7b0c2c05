//! State and categories, as Exchange spreads them over fields and properties.

use mailmove_core::{Flags, ItemFlags, Kind, Loss};
use serde_json::{Map, Value, json};

use crate::wire::message::Message;
use crate::wire::property::Property;

/// `PidTagMessageFlags`: read.
const READ: i64 = 1;
/// `PidTagMessageFlags`: never sent.
const UNSENT: i64 = 8;
/// `PidTagIconIndex`: nothing special.
const NO_ICON: i64 = -1;

/// What of flags cannot be kept.
const UNKEPT: ItemFlags = ItemFlags::JUNK;

/// The flags of a message.
pub(crate) fn of(message: &Message) -> Flags {
    let (verb, icon) = (message.number(Property::LastVerb), message.number(Property::IconIndex));
    let has = [
        (ItemFlags::SEEN, message.is_read == Some(true)),
        (ItemFlags::ANSWERED, matches!(verb, Some(102 | 103)) || icon == Some(261)),
        (ItemFlags::FORWARDED, verb == Some(104) || icon == Some(262)),
        (ItemFlags::FLAGGED, message.is_flagged()),
        (ItemFlags::DELETED, message.number(Property::ImapDeleted) == Some(1)),
        (ItemFlags::DRAFT, message.is_draft == Some(true)),
    ];
    let state = has.into_iter().filter(|(_, has)| *has).map(|(state, _)| state).collect();
    with_categories(Flags::new(state), &message.categories)
}

/// The same with these categories.
pub(crate) fn with_categories(flags: Flags, categories: &[String]) -> Flags {
    categories.iter().fold(flags, |flags, name| flags.with_category(name))
}

/// The fields and properties of a new message with these flags.
pub(crate) fn new_message(flags: &Flags, json: &mut Map<String, Value>, properties: &mut Vec<Value>) {
    let state = flags.state;
    let read = if state.contains(ItemFlags::SEEN) { READ } else { 0 };
    let unsent = if state.contains(ItemFlags::DRAFT) { UNSENT } else { 0 };
    properties.push(Property::MessageFlags.with((read | unsent).to_string()));
    for property in [Property::LastVerb, Property::IconIndex, Property::ImapDeleted] {
        properties.extend(value(property, state).map(|number| property.with(number.to_string())));
    }
    json.insert("isRead".to_owned(), state.contains(ItemFlags::SEEN).into());
    if state.contains(ItemFlags::FLAGGED) {
        json.insert("flag".to_owned(), json!({ "flagStatus": "flagged" }));
    }
    if flags.categories().len() > 0 {
        json.insert("categories".to_owned(), flags.categories().collect());
    }
}

/// The changes that lead from one set of flags to another; `None` when there are none. What cannot be changed is left as
/// it is.
pub(crate) fn changes(from: &Flags, to: &Flags) -> Option<Value> {
    let mut fields = Map::new();
    let differ = |state: ItemFlags| (from.state ^ to.state).contains(state);
    if differ(ItemFlags::SEEN) {
        fields.insert("isRead".to_owned(), to.state.contains(ItemFlags::SEEN).into());
    }
    if differ(ItemFlags::FLAGGED) {
        let status = if to.state.contains(ItemFlags::FLAGGED) { "flagged" } else { "notFlagged" };
        fields.insert("flag".to_owned(), json!({ "flagStatus": status }));
    }
    let mut properties = Vec::new();
    for property in [Property::LastVerb, Property::IconIndex, Property::ImapDeleted] {
        let (was, is) = (value(property, from.state), value(property, to.state));
        if was != is {
            properties.push(property.with(is.unwrap_or(nothing(property)).to_string()));
        }
    }
    if !properties.is_empty() {
        fields.insert("singleValueExtendedProperties".to_owned(), properties.into());
    }
    if !from.categories().eq(to.categories()) {
        fields.insert("categories".to_owned(), to.categories().collect());
    }
    (!fields.is_empty()).then_some(Value::Object(fields))
}

/// What a new item does not keep of its flags.
pub(crate) fn losses(state: ItemFlags, kind: Kind) -> Vec<Loss> {
    if kind != Kind::Mail {
        let lost = Loss::new("state", format!("Exchange keeps no state of a {kind}"));
        return (!state.is_empty()).then_some(lost).into_iter().collect();
    }
    let junk = state.intersects(UNKEPT);
    junk.then(|| Loss::new("junk-flag", "Exchange knows junk mail by its folder alone")).into_iter().collect()
}

/// What an item that is there does not take of a change.
pub(crate) fn unchangeable(changed: ItemFlags, kind: Kind) -> Vec<Loss> {
    let mut losses = losses(changed, kind);
    if kind == Kind::Mail && changed.contains(ItemFlags::DRAFT) {
        losses.push(Loss::new("draft-flag", "whether a message is a draft is settled when it is stored"));
    }
    losses
}

/// The states that items of a kind keep.
pub(crate) fn kept(kind: Kind) -> ItemFlags {
    if kind == Kind::Mail { ItemFlags::all() - UNKEPT } else { ItemFlags::empty() }
}

fn value(property: Property, state: ItemFlags) -> Option<i64> {
    let (answered, forwarded) = (state.contains(ItemFlags::ANSWERED), state.contains(ItemFlags::FORWARDED));
    match property {
        Property::ImapDeleted => state.contains(ItemFlags::DELETED).then_some(1),
        // There is one last verb and one icon; of a message that was both, each tells one half.
        Property::LastVerb if answered => Some(102),
        Property::LastVerb => forwarded.then_some(104),
        Property::IconIndex if forwarded => Some(262),
        Property::IconIndex => answered.then_some(261),
        _ => None,
    }
}

/// Graph has no way to take a property away.
fn nothing(property: Property) -> i64 {
    if property == Property::IconIndex { NO_ICON } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the server gives it back.
    fn stored(flags: &Flags) -> Message {
        let (mut fields, mut properties) = (Map::new(), Vec::new());
        new_message(flags, &mut fields, &mut properties);
        fields.insert("isDraft".to_owned(), (properties[0]["value"].as_str() >= Some("8")).into());
        fields.insert("singleValueExtendedProperties".to_owned(), properties.into());
        serde_json::from_value(Value::Object(fields)).unwrap()
    }

    #[test]
    fn every_state_but_junk_comes_back() {
        for bits in 0..=ItemFlags::all().bits() {
            let flags = Flags::new(ItemFlags::from_bits_truncate(bits)).with_category("Red");
            let back = of(&stored(&flags));
            assert_eq!(back.state, flags.state - ItemFlags::JUNK);
            assert!(back.has_category("red"));
            assert_eq!(losses(flags.state, Kind::Mail).is_empty(), !flags.state.contains(ItemFlags::JUNK));
        }
    }

    #[test]
    fn changes_touch_what_differs_alone() {
        let from = Flags::new(ItemFlags::FLAGGED | ItemFlags::ANSWERED).with_category("Red");
        assert!(changes(&from, &from).is_none());
        let to = Flags::new(ItemFlags::FLAGGED | ItemFlags::SEEN);
        let fields = changes(&from, &to).unwrap();
        assert_eq!((&fields["isRead"], &fields["categories"]), (&json!(true), &json!([])));
        assert!(fields.get("flag").is_none());
        let values: Vec<&str> = fields["singleValueExtendedProperties"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|one| one["value"].as_str())
            .collect();
        assert_eq!(values, ["0", "-1"]);
        assert_eq!(unchangeable(ItemFlags::DRAFT | ItemFlags::JUNK, Kind::Mail).len(), 2);
    }
}
