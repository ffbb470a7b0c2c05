//! State, as Zimbra has it: one letter for each thing that holds.

use mailmove_core::{Flags, ItemFlags, Kind, Loss};

use super::tags;

/// Letters that say that something holds. `u` says that a message was not read.
const LETTERS: [(char, ItemFlags); 5] = [
    ('r', ItemFlags::ANSWERED),
    ('f', ItemFlags::FLAGGED),
    ('x', ItemFlags::DELETED),
    ('d', ItemFlags::DRAFT),
    ('w', ItemFlags::FORWARDED),
];

/// Not read.
const UNREAD: char = 'u';
/// Sent by the owner.
pub(crate) const FROM_ME: char = 's';

/// What items of a kind keep of their state: what is no message has tags alone.
pub(crate) fn kept(kind: Kind) -> ItemFlags {
    if kind == Kind::Mail { ItemFlags::all() - ItemFlags::JUNK } else { ItemFlags::empty() }
}

/// The flags of an item of a kind, from its letters and the names of its tags.
pub(crate) fn read(letters: &str, names: &str, kind: Kind) -> Flags {
    let has = LETTERS.into_iter().filter(|(letter, _)| letters.contains(*letter)).map(|(_, state)| state);
    let mut state: ItemFlags = has.collect();
    state.set(ItemFlags::SEEN, !letters.contains(UNREAD));
    let flags = Flags::new(state & kept(kind));
    tags::decode(names).into_iter().fold(flags, Flags::with_category)
}

/// The letters of a message in this state. Letters that stand for something else are kept as they were.
pub(crate) fn letters(state: ItemFlags, before: &str) -> String {
    let ours = |letter: char| letter == UNREAD || LETTERS.iter().any(|(known, _)| *known == letter);
    let mut letters: String = before.chars().filter(|letter| !ours(*letter)).collect();
    if !state.contains(ItemFlags::SEEN) {
        letters.push(UNREAD);
    }
    letters.extend(LETTERS.into_iter().filter(|(_, flag)| state.contains(*flag)).map(|(letter, _)| letter));
    letters
}

/// What an item of a kind does not keep of a state.
pub(crate) fn losses(state: ItemFlags, kind: Kind) -> Vec<Loss> {
    let lost = state - kept(kind);
    if lost.is_empty() {
        Vec::new()
    } else if kind == Kind::Mail {
        vec![Loss::new("junk-flag", "Zimbra knows junk mail by its folder alone")]
    } else {
        vec![Loss::new("state", format!("Zimbra keeps no state of a {kind}"))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_states_stand_for_each_other() {
        for bits in 0..=ItemFlags::all().bits() {
            let state = ItemFlags::from_bits_truncate(bits) - ItemFlags::JUNK;
            assert_eq!(read(&letters(state, ""), "", Kind::Mail).state, state);
        }
    }

    #[test]
    fn letters_with_another_meaning_stay() {
        assert_eq!(letters(ItemFlags::FLAGGED, "asu!r"), "as!uf");
        assert_eq!(letters(ItemFlags::SEEN, "u"), "");
    }

    #[test]
    fn what_is_no_message_has_tags_alone() {
        let flags = read("uf", "Red,One\\, two", Kind::Contact);
        assert!(flags.state.is_empty());
        assert_eq!(flags.categories().collect::<Vec<_>>(), ["One, two", "Red"]);
        assert_eq!(losses(ItemFlags::SEEN, Kind::Event)[0].code, "state");
        assert_eq!(losses(ItemFlags::JUNK, Kind::Mail)[0].code, "junk-flag");
        assert!(losses(ItemFlags::FORWARDED, Kind::Mail).is_empty());
    }
}
