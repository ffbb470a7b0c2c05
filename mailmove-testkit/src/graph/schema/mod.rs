//! What properties there are: the part of the service's metadata that concerns mailboxes, and checks against it.

mod check;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub(crate) use check::body;

/// A property of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) kind: &'static str,
    pub(crate) many: bool,
    /// Reached by a path or by $expand; it can be written inside of a new entity.
    pub(crate) link: bool,
    beta: bool,
}

#[derive(Debug, Default)]
struct Type {
    base: Option<&'static str>,
    properties: BTreeMap<&'static str, Property>,
}

struct Model {
    types: BTreeMap<&'static str, Type>,
    enumerations: BTreeMap<&'static str, Vec<&'static str>>,
}

static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let mut types: BTreeMap<&'static str, Type> = BTreeMap::new();
    let (mut name, mut beta) = ("", false);
    for line in lines(include_str!("types.txt")) {
        if line.starts_with(' ') {
            let of = types.entry(name).or_default();
            of.properties.extend(line.split_whitespace().map(|word| property(word, beta)));
        } else if let Some(extended) = line.strip_prefix("beta ") {
            (name, beta) = (extended, true);
        } else {
            let (own, base) = line.split_once(" : ").map_or((line, None), |(own, base)| (own, Some(base)));
            (name, beta) = (own, false);
            types.insert(own, Type { base, ..Type::default() });
        }
    }
    let mut enumerations: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
    let mut name = "";
    for line in lines(include_str!("enums.txt")) {
        let members = line.split_once(" = ").map_or(line, |(own, members)| {
            name = own;
            members
        });
        enumerations.entry(name).or_default().extend(members.split_whitespace());
    }
    Model { types, enumerations }
});

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

fn property(word: &'static str, beta: bool) -> (&'static str, Property) {
    let (word, link) = word.strip_suffix('>').map_or((word, false), |word| (word, true));
    let (word, many) = word.strip_suffix("[]").map_or((word, false), |word| (word, true));
    let (name, kind) = word.split_once(':').unwrap_or((word, "text"));
    (name, Property { kind, many, link, beta })
}

/// A property of a type or of what it builds on.
pub(crate) fn member(of: &str, name: &str, beta: bool) -> Option<&'static Property> {
    let own = MODEL.types.get(of)?;
    let found = own.properties.get(name).filter(|property| beta || !property.beta);
    found.or_else(|| member(own.base?, name, beta))
}

/// Whether a type is another one or builds on it.
pub(crate) fn is_a(kind: &str, base: &str) -> bool {
    kind == base || MODEL.types.get(kind).and_then(|own| own.base).is_some_and(|own| is_a(own, base))
}

/// Whether there is a type of this name.
pub(crate) fn is_type(name: &str) -> bool {
    MODEL.types.contains_key(name)
}

/// Whether a property is known to a type or to one that builds on it: what $select and its like may name.
pub(crate) fn is_known(of: &str, name: &str, beta: bool) -> bool {
    MODEL.types.keys().filter(|kind| is_a(kind, of)).any(|kind| member(kind, name, beta).is_some())
}

/// The member of an enumeration, in the spelling of the metadata; the service does not care about case.
pub(crate) fn enumerated(kind: &str, value: &str) -> Option<&'static str> {
    MODEL.enumerations.get(kind)?.iter().find(|member| member.eq_ignore_ascii_case(value)).copied()
}

/// Whether there is an enumeration of this name.
fn is_enumeration(kind: &str) -> bool {
    MODEL.enumerations.contains_key(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_is_named_exists() {
        const PLAIN: [&str; 11] =
            ["text", "bool", "int", "long", "moment", "bytes", "date", "clock", "guid", "double", "stream"];
        for (name, of) in &MODEL.types {
            assert!(of.base.is_none_or(is_type), "{name}");
            for (property, of) in &of.properties {
                let known = PLAIN.contains(&of.kind) || is_enumeration(of.kind) || is_type(of.kind);
                assert!(known, "{name}.{property}: {}", of.kind);
            }
        }
    }

    #[test]
    fn properties_are_inherited_and_beta_is_beta() {
        assert!(member("message", "categories", false).is_some());
        assert!(member("message", "sizeInBytes", true).is_none());
        assert!(member("mailFolder", "sizeInBytes", true).is_some());
        assert!(member("mailFolder", "sizeInBytes", false).is_none());
        assert!(is_known("message", "meetingMessageType", false));
        assert_eq!(enumerated("bodyType", "HTML"), Some("html"));
    }
}
