//! Names of extended properties: `Integer 0x0E07`, `String {GUID} Name X`, `String {GUID} Id 0x8233`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::date;
use super::refusal::Refusal;

/// The set of strings with a public name.
pub(crate) const PUBLIC_STRINGS: &str = "00020329-0000-0000-c000-000000000046";

/// What a property is called, without its type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    /// By its tag.
    Tag(u16),
    /// By set and text.
    Text(String, String),
    /// By set and number.
    Number(String, u32),
}

/// A property's values, as text: moments as RFC 3339, octets in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) kind: &'static str,
    /// Many values of one type; one that has only one value has just that.
    pub(crate) many: bool,
    pub(crate) values: Vec<String>,
}

/// A name with its type, as a client wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Id {
    pub(crate) kind: &'static str,
    pub(crate) many: bool,
    pub(crate) name: Name,
}

const KINDS: [&str; 12] = [
    "ApplicationTime",
    "Binary",
    "Boolean",
    "CLSID",
    "Currency",
    "Double",
    "Float",
    "Integer",
    "Long",
    "Short",
    "String",
    "SystemTime",
];

impl Id {
    /// Reads a name; case does not matter, nor do zeros in front.
    pub(crate) fn read(text: &str) -> Result<Self, Refusal> {
        let bad = || Refusal::bad("ErrorInvalidExtendedProperty", format!("The id '{text}' is no extended property."));
        Self::parse(text).ok_or_else(bad)
    }

    fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.trim().split_once(' ')?;
        let (single, many) = match kind.len().checked_sub(5).map(|at| kind.split_at(at)) {
            Some((single, "Array" | "array")) => (single, true),
            _ => (kind, false),
        };
        let kind = KINDS.into_iter().find(|known| known.eq_ignore_ascii_case(single))?;
        let rest = rest.trim();
        let name = if rest.starts_with('{') {
            let (set, rest) = rest.split_once('}')?;
            let set = set[1..].to_ascii_lowercase();
            if set.len() != 36 || !set.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()) {
                return None;
            }
            let (how, value) = rest.trim().split_once(' ')?;
            match how.to_ascii_lowercase().as_str() {
                "name" => Name::Text(set, value.trim().to_owned()),
                "id" => Name::Number(set, number(value.trim())?),
                _ => return None,
            }
        } else {
            let tag = u16::try_from(number(rest)?).ok()?;
            // Those above are named ones, whose numbers differ from mailbox to mailbox.
            (tag < 0x8000).then_some(Name::Tag(tag))?
        };
        Some(Self { kind, many, name })
    }

    /// As the service writes it.
    pub(crate) fn text(&self) -> String {
        let kind = if self.many { format!("{}Array", self.kind) } else { self.kind.to_owned() };
        match &self.name {
            Name::Tag(tag) => format!("{kind} {tag:#x}"),
            Name::Text(set, name) => format!("{kind} {{{set}}} Name {name}"),
            Name::Number(set, number) => format!("{kind} {{{set}}} Id {number:#x}"),
        }
    }

    /// A property with these values, when they fit its type.
    pub(crate) fn with(&self, values: Vec<String>) -> Result<Property, Refusal> {
        let fits = |value: &String| match self.kind {
            "Integer" => value.parse::<i32>().is_ok(),
            "Short" => value.parse::<i16>().is_ok(),
            "Long" | "Currency" => value.parse::<i64>().is_ok(),
            "Double" | "Float" | "ApplicationTime" => value.parse::<f64>().is_ok(),
            "Boolean" => matches!(value.to_ascii_lowercase().as_str(), "true" | "false" | "0" | "1"),
            "SystemTime" => date::parse(value).is_some(),
            "Binary" => STANDARD.decode(value).is_ok(),
            _ => true,
        };
        if let Some(bad) = values.iter().find(|value| !fits(value)) {
            let message = format!("The value '{bad}' does not fit the extended property '{}'.", self.text());
            return Err(Refusal::bad("ErrorInvalidExtendedPropertyValue", message));
        }
        Ok(Property { kind: self.kind, many: self.many, values })
    }
}

impl Property {
    pub(crate) fn one(kind: &'static str, value: impl ToString) -> Self {
        Self { kind, many: false, values: vec![value.to_string()] }
    }

    /// The name of this property with its type.
    pub(crate) fn id(&self, name: &Name) -> Id {
        Id { kind: self.kind, many: self.many, name: name.clone() }
    }

    pub(crate) fn first(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }
}

fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalised() {
        for (given, told) in [
            ("Integer 0x0E07", "Integer 0xe07"),
            ("string 0x0037", "String 0x37"),
            (
                "StringArray {00020329-0000-0000-C000-000000000046} Name Keywords",
                "StringArray {00020329-0000-0000-c000-000000000046} Name Keywords",
            ),
            (
                "String {00062004-0000-0000-C000-000000000046} Id 32899",
                "String {00062004-0000-0000-c000-000000000046} Id 0x8083",
            ),
        ] {
            assert_eq!(Id::read(given).unwrap().text(), told);
        }
        for bad in ["Integer", "Integer 0x8083", "Integer x", "Text 0x37", "String {0} Name x", ""] {
            assert!(Id::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_have_to_fit() {
        let id = |text: &str| Id::read(text).unwrap();
        assert!(id("Integer 0x0E07").with(vec!["x".to_owned()]).is_err());
        assert!(id("SystemTime 0x0E06").with(vec!["2020-01-01".to_owned()]).is_err());
        assert!(id("SystemTime 0x0E06").with(vec!["2020-01-01T00:00:00Z".to_owned()]).is_ok());
        assert!(id("Binary 0x300B").with(vec!["#".to_owned()]).is_err());
    }
}
