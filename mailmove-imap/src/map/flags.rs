//! Flags and keywords.

use mailmove_core::{Flags, ItemFlags};

const SYSTEM: [(&str, ItemFlags); 5] = [
    ("\\Seen", ItemFlags::SEEN),
    ("\\Answered", ItemFlags::ANSWERED),
    ("\\Flagged", ItemFlags::FLAGGED),
    ("\\Deleted", ItemFlags::DELETED),
    ("\\Draft", ItemFlags::DRAFT),
];
/// States that IMAP writes as keywords (RFC 5788, RFC 8457).
const KEYWORDS: [(&str, ItemFlags); 2] = [("$Forwarded", ItemFlags::FORWARDED), ("$Junk", ItemFlags::JUNK)];

/// Reads flags. Beside them come the system flags that nobody knows; `\Recent` belongs to the session, not to the
/// message, and is left out.
pub(crate) fn from_wire<'a>(words: impl IntoIterator<Item = &'a [u8]>) -> (Flags, Vec<&'a [u8]>) {
    let mut flags = Flags::default();
    let mut odd = Vec::new();
    for word in words {
        let known = SYSTEM.iter().chain(&KEYWORDS).find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word));
        match known {
            Some((_, state)) => flags.state |= *state,
            None if word.eq_ignore_ascii_case(b"\\Recent") => {}
            None if word.starts_with(b"\\") => odd.push(word),
            None => flags.add_category(String::from_utf8_lossy(word)),
        }
    }
    (flags, odd)
}

/// Flags as commands write them, and the categories that no keyword can spell.
pub(crate) fn to_wire(flags: &Flags) -> (String, Vec<String>) {
    let mut out = String::new();
    let mut unspeakable = Vec::new();
    let mut add = |word: &str| {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    };
    SYSTEM.iter().chain(&KEYWORDS).filter(|(_, state)| flags.state.contains(*state)).for_each(|(name, _)| add(name));
    for category in flags.categories() {
        if is_keyword(category) { add(category) } else { unspeakable.push(category.to_owned()) }
    }
    (out, unspeakable)
}

/// Whether anything in it is a keyword, which a folder may refuse to keep.
pub(crate) fn has_keywords(flags: &Flags) -> bool {
    flags.categories().len() > 0 || KEYWORDS.iter().any(|(_, state)| flags.state.contains(*state))
}

/// What a folder does not keep for good, by the PERMANENTFLAGS it named.
pub(crate) fn not_kept(flags: &Flags, permanent: &[String]) -> Vec<String> {
    let named = |word: &str| permanent.iter().any(|known| known.eq_ignore_ascii_case(word));
    let new_keywords = named("\\*");
    let mut lost = Vec::new();
    for (name, state) in SYSTEM {
        if flags.state.contains(state) && !named(name) {
            lost.push(name.to_owned());
        }
    }
    if !new_keywords {
        let states = KEYWORDS.iter().filter(|(_, state)| flags.state.contains(*state)).map(|(name, _)| *name);
        lost.extend(states.chain(flags.categories()).filter(|word| !named(word)).map(str::to_owned));
    }
    lost
}

/// These flags without those that are written as one of these words.
pub(crate) fn without(flags: &Flags, words: &[String]) -> Flags {
    let (dropped, _) = from_wire(words.iter().map(|word| word.as_bytes()));
    flags.minus(&dropped)
}

/// `atom` of RFC 3501: what a keyword may be spelt with.
fn is_keyword(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| {
            byte.is_ascii_graphic() && !matches!(byte, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> (Flags, Vec<&[u8]>) {
        from_wire(text.split(' ').map(str::as_bytes))
    }

    #[test]
    fn system_flags_are_read_in_any_case_and_recent_is_nobodys() {
        let (flags, odd) = read("\\SEEN \\recent $forwarded $Junk Junk \\X-HAS-ATTACH");
        assert_eq!(flags.state, ItemFlags::SEEN | ItemFlags::FORWARDED | ItemFlags::JUNK);
        assert_eq!(flags.categories().collect::<Vec<_>>(), ["Junk"]);
        assert_eq!(odd, [b"\\X-HAS-ATTACH"]);
    }

    #[test]
    fn what_cannot_be_a_keyword_is_named() {
        let flags = Flags::new(ItemFlags::SEEN).with_category("Work").with_category("Red Category").with_category("é");
        let (words, unspeakable) = to_wire(&flags);
        assert_eq!(words, "\\Seen Work");
        assert_eq!(unspeakable, ["Red Category", "é"]);
    }

    #[test]
    fn a_folder_keeps_what_it_said_it_keeps() {
        let flags = Flags::new(ItemFlags::SEEN | ItemFlags::DRAFT | ItemFlags::JUNK).with_category("Work");
        let said = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(not_kept(&flags, &said("\\Seen \\Draft \\*")), Vec::<String>::new());
        assert_eq!(not_kept(&flags, &said("\\Seen work")), ["\\Draft", "$Junk"]);
        let left = without(&flags, &said("\\Draft $Junk"));
        assert_eq!(left, Flags::new(ItemFlags::SEEN).with_category("Work"));
    }

    proptest! {
        #[test]
        fn flags_come_back(bits in 0u16..128, words in proptest::collection::vec("[a-zA-Z$0-9_-]{1,8}", 0..5)) {
            let mut flags = Flags::new(ItemFlags::from_bits_truncate(bits));
            words.iter().filter(|word| !word.eq_ignore_ascii_case("$junk")).for_each(|word| flags.add_category(word.clone()));
            let (text, unspeakable) = to_wire(&flags);
            prop_assert!(unspeakable.is_empty());
            let back = from_wire(text.split(' ').filter(|word| !word.is_empty()).map(str::as_bytes)).0;
            prop_assert_eq!(back, flags);
        }
    }
}
