//! Item ids: plain numbers, or numbers that are hard to carry.

use mailmove_core::ItemId;

/// What follows the number in a nasty id.
const TAIL: &str = " \"\\/:\u{1f4e7}\r\n%";

pub(super) fn id(uid: u64, nasty: bool) -> ItemId {
    if !nasty {
        return ItemId::new(uid.to_string());
    }
    // The bits of the number are the case of its letters: neighbours differ in nothing else.
    let letters: String =
        (0..u64::BITS - uid.leading_zeros()).map(|bit| if uid >> bit & 1 == 1 { 'A' } else { 'a' }).collect();
    ItemId::new(letters + TAIL)
}

/// The number in an id; `None` when the id is not one of ours.
pub(super) fn uid(id: &ItemId, nasty: bool) -> Option<u64> {
    if !nasty {
        return id.as_str().parse().ok().filter(|uid: &u64| uid.to_string() == id.as_str());
    }
    let letters = id.as_str().strip_suffix(TAIL).filter(|letters| letters.len() <= 64 && letters.ends_with('A'))?;
    letters.chars().rev().try_fold(0, |uid, letter| match letter {
        'A' => Some(uid << 1 | 1),
        'a' => Some(uid << 1),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_back_from_its_id_and_nothing_else_does() {
        for number in (1..=70).chain([u64::MAX]) {
            for nasty in [false, true] {
                assert_eq!(uid(&id(number, nasty), nasty), Some(number));
            }
        }
        assert_eq!(id(2, true).as_str().to_lowercase(), id(3, true).as_str().to_lowercase());
        assert_eq!(uid(&ItemId::new("07"), false), None);
        assert_eq!(uid(&ItemId::new(format!("aa{TAIL}")), true), None);
    }
}
