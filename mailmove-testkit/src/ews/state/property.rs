//! Properties by their MAPI names, and paths to properties.

use crate::ews::refusal::Refusal;
use crate::ews::xml::Node;

/// The property set of named strings that everybody may use.
pub(crate) const PUBLIC_STRINGS: &str = "00020329-0000-0000-c000-000000000046";

/// The name of a MAPI property.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum PropertyKey {
    Tag(u16),
    /// A number in a property set, whose GUID is in small letters.
    Numbered(String, u32),
    Named(String, String),
}

/// A value with its MAPI type as EWS calls it: `SystemTime`, `StringArray`. Binary is base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) kind: String,
    pub(crate) values: Vec<String>,
}

impl Property {
    pub(crate) fn one(kind: &str, value: impl ToString) -> Self {
        Self { kind: kind.to_owned(), values: vec![value.to_string()] }
    }

    /// From an ExtendedProperty element.
    pub(crate) fn read(node: &Node) -> Option<Self> {
        let kind = node.find("ExtendedFieldURI")?.attribute("PropertyType")?.to_owned();
        let values = match node.find("Values") {
            Some(values) => values.children.iter().map(|value| value.text.clone()).collect(),
            None => vec![node.value("Value")?.to_owned()],
        };
        (kind.ends_with("Array") == node.find("Values").is_some()).then_some(Self { kind, values })
    }

    /// An ExtendedProperty element under the name by which it was asked for.
    pub(crate) fn node(&self, path: &Node) -> Node {
        let node = Node::t("ExtendedProperty").child(path.clone());
        let value = |value: &String| Node::t("Value").text(value);
        if self.kind.ends_with("Array") {
            return node.child(Node::t("Values").children(self.values.iter().map(value)));
        }
        node.children(self.values.first().map(value))
    }
}

/// A path to a property, as requests name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Path {
    /// `item:Subject`.
    Field(String),
    /// `contacts:EmailAddress` with the index `EmailAddress1`.
    Indexed(String, String),
    /// With the element that names it and the type it is wanted in.
    Extended(PropertyKey, String, Node),
}

impl Path {
    /// The element of the item or folder that holds an unindexed property.
    pub(crate) fn element(&self) -> Option<&str> {
        match self {
            Self::Field(uri) => uri.split_once(':').map(|(_, name)| name),
            Self::Indexed(..) | Self::Extended(..) => None,
        }
    }

    pub(crate) fn uri(&self) -> String {
        match self {
            Self::Field(uri) => uri.clone(),
            Self::Indexed(uri, index) => format!("{uri}:{index}"),
            Self::Extended(key, ..) => format!("{key:?}"),
        }
    }

    /// From FieldURI, IndexedFieldURI or ExtendedFieldURI.
    pub(crate) fn read(node: &Node) -> Result<Self, Refusal> {
        let attribute = |name: &str| node.attribute(name).map(str::to_owned);
        match node.name.as_str() {
            "FieldURI" => Ok(Self::Field(attribute("FieldURI").unwrap_or_default())),
            "IndexedFieldURI" => Ok(Self::Indexed(
                attribute("FieldURI").unwrap_or_default(),
                attribute("FieldIndex").unwrap_or_default(),
            )),
            _ => {
                let key = key(node)?;
                Ok(Self::Extended(key, attribute("PropertyType").unwrap_or_default(), node.clone()))
            }
        }
    }

    /// The path among the children of a search expression, a change, a sort order.
    pub(crate) fn of(node: &Node) -> Result<Self, Refusal> {
        let path = node.children.iter().find(|child| child.name.ends_with("FieldURI"));
        path.map_or_else(|| Err(Refusal::schema("a path is missing")), Self::read)
    }
}

fn key(node: &Node) -> Result<PropertyKey, Refusal> {
    let invalid =
        || Refusal::new("ErrorInvalidExtendedProperty", "The extended property attribute combination is invalid.");
    let set = match (node.attribute("DistinguishedPropertySetId"), node.attribute("PropertySetId")) {
        (Some(name), None) => Some(property_set(name).ok_or_else(invalid)?.to_owned()),
        (None, Some(guid)) => Some(guid.trim_matches(['{', '}']).to_ascii_lowercase()),
        (None, None) => None,
        (Some(_), Some(_)) => return Err(invalid()),
    };
    let number = node.attribute("PropertyId").map(|id| id.parse::<i64>().map_err(|_| invalid())).transpose()?;
    match (set, node.attribute("PropertyTag"), node.attribute("PropertyName"), number) {
        (None, Some(tag), None, None) => {
            let digits = tag.strip_prefix("0x").or_else(|| tag.strip_prefix("0X"));
            let tag = digits.map_or_else(|| tag.parse(), |digits| u16::from_str_radix(digits, 16));
            match tag {
                Ok(tag) if tag < 0x8000 => Ok(PropertyKey::Tag(tag)),
                _ => Err(Refusal::new("ErrorInvalidExtendedProperty", "Named properties have no PropertyTag.")),
            }
        }
        (Some(set), None, Some(name), None) => Ok(PropertyKey::Named(set, name.to_owned())),
        (Some(set), None, None, Some(id)) => {
            u32::try_from(id).map(|id| PropertyKey::Numbered(set, id)).map_err(|_| invalid())
        }
        _ => Err(invalid()),
    }
}

/// The GUID of a property set with a name.
fn property_set(name: &str) -> Option<&'static str> {
    Some(match name {
        "Meeting" => "6ed8da90-450b-101b-98da-00aa003f1305",
        "Appointment" => "00062002-0000-0000-c000-000000000046",
        "Common" => "00062008-0000-0000-c000-000000000046",
        "PublicStrings" => PUBLIC_STRINGS,
        "Address" => "00062004-0000-0000-c000-000000000046",
        "InternetHeaders" => "00020386-0000-0000-c000-000000000046",
        "CalendarAssistant" => "11000e07-b51b-40d6-af21-caa85edab1d0",
        "UnifiedMessaging" => "4442858e-a9e3-4e80-b900-317a210cc15b",
        "Task" => "00062003-0000-0000-c000-000000000046",
        "Sharing" => "00062040-0000-0000-c000-000000000046",
        _ => return None,
    })
}
