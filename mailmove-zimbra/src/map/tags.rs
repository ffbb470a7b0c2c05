//! Names of tags in one text: commas between them, a backslash before a comma or a backslash that belongs to a name.

/// The names in a text.
pub(crate) fn decode(text: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let Some(name) = names.last_mut() else { break };
        match char {
            '\\' => name.extend(chars.next()),
            ',' => names.push(String::new()),
            char => name.push(char),
        }
    }
    names.into_iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// Names as one text.
pub(crate) fn encode<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let escaped = |name: &str| name.replace('\\', "\\\\").replace(',', "\\,");
    names.into_iter().map(escaped).collect::<Vec<_>>().join(",")
}

/// Whether a tag can have this name. Before 8.0 (`named` is false) tags are bound by the same rules as folders.
pub(crate) fn is_possible(name: &str, named: bool) -> bool {
    let odd = |char: char| char.is_control() || matches!(char, ':' | '\\') || (!named && matches!(char, '/' | '"'));
    !name.is_empty() && name.trim() == name && name.chars().count() <= LONGEST && !name.contains(odd)
}

/// The longest name that every release takes, in characters.
const LONGEST: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for names in [vec!["Red"], vec!["a, b", "c\\d", "e"], vec![]] {
            assert_eq!(decode(&encode(names.iter().copied())), names);
        }
        assert_eq!(decode(" one ,, two,"), ["one", "two"]);
        assert_eq!(decode("cut\\"), ["cut"]);
    }

    #[test]
    fn some_names_cannot_be() {
        assert!(is_possible("Work, later", true) && is_possible("a/b", true) && !is_possible("a/b", false));
        for name in ["", " ", "a:b", "\\Seen", "a\tb", " a"] {
            assert!(!is_possible(name, true), "{name:?}");
        }
    }
}
