//! State and categories, as Exchange spreads them over properties.

use mailmove_core::{Flags, ItemFlags, Kind, Loss};

use crate::wire::item::ItemData;
use crate::wire::property::Property;
use crate::wire::update_item::Field;

/// `PidTagMessageFlags`: read.
const READ: i64 = 1;
/// `PidTagMessageFlags`: never sent.
const UNSENT: i64 = 8;

/// What of flags cannot be kept, or not changed later.
const UNKEPT: ItemFlags = ItemFlags::JUNK;

/// The flags of an item of this kind: what is not mail has categories alone.
pub(crate) fn of_kind(item: &ItemData, kind: Kind) -> Flags {
    let mut flags = of(item);
    if !has_state(kind) {
        flags.state = ItemFlags::empty();
    }
    flags
}

fn has_state(kind: Kind) -> bool {
    kind == Kind::Mail
}

/// The states that items of a kind keep.
pub(crate) fn kept(kind: Kind) -> ItemFlags {
    if has_state(kind) { ItemFlags::all() - UNKEPT } else { ItemFlags::empty() }
}

/// The flags of a message.
fn of(item: &ItemData) -> Flags {
    let bits = item.number(Property::MessageFlags);
    let (verb, icon) = (item.number(Property::LastVerb), item.number(Property::IconIndex));
    let has = [
        (ItemFlags::SEEN, item.is_read.unwrap_or(bits.is_some_and(|bits| bits & READ != 0))),
        (ItemFlags::ANSWERED, matches!(verb, Some(102 | 103)) || icon == Some(261)),
        (ItemFlags::FORWARDED, verb == Some(104) || icon == Some(262)),
        (ItemFlags::FLAGGED, item.number(Property::FlagStatus) == Some(2)),
        (ItemFlags::DELETED, item.number(Property::ImapDeleted) == Some(1)),
        (ItemFlags::DRAFT, is_draft(item)),
    ];
    let state = has.into_iter().filter(|(_, has)| *has).map(|(state, _)| state).collect();
    item.categories.iter().fold(Flags::new(state), |flags, name| flags.with_category(name))
}

/// Whether it was never sent.
pub(crate) fn is_draft(item: &ItemData) -> bool {
    item.is_draft.unwrap_or_else(|| item.number(Property::MessageFlags).is_some_and(|bits| bits & UNSENT != 0))
}

/// The properties of a new message with these flags.
pub(crate) fn new_properties(state: ItemFlags) -> Vec<(Property, String)> {
    let read = if state.contains(ItemFlags::SEEN) { READ } else { 0 };
    let unsent = if state.contains(ItemFlags::DRAFT) { UNSENT } else { 0 };
    let mut properties = vec![(Property::MessageFlags, (read | unsent).to_string())];
    let later = [Property::FlagStatus, Property::LastVerb, Property::IconIndex, Property::ImapDeleted];
    properties.extend(later.into_iter().filter_map(|property| Some((property, value(property, state)?))));
    properties
}

/// The changes that lead from one set of flags to another. What cannot be changed is left as it is.
pub(crate) fn changes(from: &Flags, to: &Flags) -> Vec<Field> {
    let mut fields = Vec::new();
    if (from.state ^ to.state).contains(ItemFlags::SEEN) {
        fields.push(Field::Read(to.state.contains(ItemFlags::SEEN)));
    }
    for property in [Property::FlagStatus, Property::LastVerb, Property::IconIndex, Property::ImapDeleted] {
        let (was, is) = (value(property, from.state), value(property, to.state));
        if was != is {
            fields.push(Field::Property(property, is));
        }
    }
    if !from.categories().eq(to.categories()) {
        fields.push(Field::Categories(to.categories().map(str::to_owned).collect()));
    }
    fields
}

/// What a new message does not keep of its flags.
pub(crate) fn losses(state: ItemFlags, kind: Kind) -> Vec<Loss> {
    if !has_state(kind) && !state.is_empty() {
        return vec![Loss::new("state", format!("Exchange keeps no state of a {kind}"))];
    }
    let junk = state.intersects(UNKEPT);
    junk.then(|| Loss::new("junk-flag", "Exchange knows junk mail by its folder alone")).into_iter().collect()
}

/// What a message that is there does not take of a change.
pub(crate) fn unchangeable(changed: ItemFlags, kind: Kind) -> Vec<Loss> {
    let mut losses = losses(changed, kind);
    if has_state(kind) && changed.contains(ItemFlags::DRAFT) {
        losses.push(Loss::new("draft-flag", "whether a message is a draft is settled when it is stored"));
    }
    losses
}

fn value(property: Property, state: ItemFlags) -> Option<String> {
    let (answered, forwarded) = (state.contains(ItemFlags::ANSWERED), state.contains(ItemFlags::FORWARDED));
    let number = match property {
        Property::FlagStatus => state.contains(ItemFlags::FLAGGED).then_some(2),
        Property::ImapDeleted => state.contains(ItemFlags::DELETED).then_some(1),
        // There is one last verb and one icon; of a message that was both, each tells one half.
        Property::LastVerb if answered => Some(102),
        Property::LastVerb => forwarded.then_some(104),
        Property::IconIndex if forwarded => Some(262),
        Property::IconIndex => answered.then_some(261),
        _ => None,
    };
    number.map(|number: i32| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(state: ItemFlags) -> ItemData {
        let values = new_properties(state).into_iter().map(|(property, value)| {
            let mut out = crate::wire::writer::Writer::new();
            property.write_value(&mut out, &value);
            crate::wire::writer::text_of(&out.finish()).split_once("?>").unwrap().1.to_owned()
        });
        ItemData::parse(&format!("<Message>{}</Message>", values.collect::<String>()))
    }

    #[test]
    fn every_state_but_junk_comes_back() {
        for bits in 0..=ItemFlags::all().bits() {
            let state = ItemFlags::from_bits_truncate(bits);
            assert_eq!(of(&stored(state)).state, state - ItemFlags::JUNK);
            assert_eq!(losses(state, Kind::Mail).is_empty(), !state.contains(ItemFlags::JUNK));
        }
    }

    #[test]
    fn changes_touch_what_differs_alone() {
        let from = Flags::new(ItemFlags::FLAGGED | ItemFlags::ANSWERED).with_category("Red");
        assert!(changes(&from, &from).is_empty());
        let to = Flags::new(ItemFlags::FLAGGED | ItemFlags::SEEN);
        let expected = [
            Field::Read(true),
            Field::Property(Property::LastVerb, None),
            Field::Property(Property::IconIndex, None),
            Field::Categories(Vec::new()),
        ];
        assert_eq!(changes(&from, &to), expected);
        assert_eq!(unchangeable(ItemFlags::DRAFT | ItemFlags::JUNK, Kind::Mail).len(), 2);
    }
}
