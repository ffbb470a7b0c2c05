//! A tree of elements as Zimbra keeps it: one shape behind the XML and the JSON form of its SOAP.
//!
//! The JSON form does not tell attributes from elements with text. Zimbra therefore reads both alike, and so does
//! [`Element::value`]; which of the two an answer uses in XML is said by [`Element::set`] and [`Element::content`].

mod json;
mod xml;

pub(crate) use json::{parse as parse_json, text as json_text};
pub(crate) use xml::{document as xml_document, parse as parse_xml};

/// What an attribute holds; JSON tells the types apart, XML does not.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
    Flag(bool),
}

impl Value {
    /// As XML writes it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => u8::from(*flag).to_string(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

macro_rules! numbers {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Value {
            fn from(number: $kind) -> Self {
                Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
            }
        }
    )*};
}
numbers!(i32, i64, u8, u32, u64, usize);

/// How the XML form shows an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Attribute,
    /// As an element with text.
    Content,
}

/// An element.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Element {
    /// `urn:zimbraMail`; empty when it is that of the element around it.
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, Value, Place)>,
    pub(crate) text: Option<String>,
    pub(crate) children: Vec<Element>,
    /// There is never more than one of it: in JSON no list stands around it.
    pub(crate) single: bool,
    /// In JSON one entry of `_attrs`: the attribute that is its key, with [`text`](Self::text) as the value.
    pub(crate) pair: Option<&'static str>,
}

impl Element {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            namespace: String::new(),
            name: name.to_owned(),
            attributes: Vec::new(),
            text: None,
            children: Vec::new(),
            single: false,
            pair: None,
        }
    }

    /// An element that stands alone.
    pub(crate) fn single(name: &str) -> Self {
        Self { single: true, ..Self::new(name) }
    }

    /// The element of an operation.
    pub(crate) fn of(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), single: true, ..Self::new(name) }
    }

    pub(crate) fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.attributes.push((name.to_owned(), value.into(), Place::Attribute));
        self
    }

    pub(crate) fn set_if(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// An attribute that is an element with text in XML.
    pub(crate) fn content(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.attributes.push((name.to_owned(), value.into(), Place::Content));
        self
    }

    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    pub(crate) fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    pub(crate) fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// Key and value, as `<name key="...">value</name>` or within `_attrs`.
    pub(crate) fn pair(self, name: &str, key: &'static str, of: &str, value: &str) -> Self {
        let mut pair = Self::new(name).set(key, of).text(value);
        pair.pair = Some(key);
        self.child(pair)
    }

    /// The first child of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The children of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> + 'a {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The attribute of this name, or the text of the first child of this name.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let attribute = self.attributes.iter().find(|(other, ..)| other == name).map(|(_, value, _)| value.text());
        attribute.or_else(|| self.find(name).map(|child| child.text.clone().unwrap_or_default()))
    }

    /// Whether this attribute says yes.
    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.value(name).as_deref(), Some("1" | "true" | "TRUE"))
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.value(name)?.trim().parse().ok()
    }

    /// The text, empty when there is none.
    pub(crate) fn own_text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}
