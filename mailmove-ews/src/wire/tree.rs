//! Fields that have a shape of their own: addresses, telephone numbers, a body.

use mailmove_core::Result;

use super::writer::Writer;
use super::xml::{Element, Xml};

/// A field in an answer, with all that is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    pub(crate) name: String,
    /// What tells it from its siblings.
    pub(crate) key: Option<String>,
    pub(crate) text: String,
    pub(crate) children: Vec<Tree>,
}

impl Tree {
    /// From an element that was just opened. Fields nest a few levels deep at most; what is deeper is left out.
    pub(crate) fn read(element: &Element, xml: &mut Xml) -> Result<Self> {
        Self::read_to(element, xml, 6)
    }

    fn read_to(element: &Element, xml: &mut Xml, depth: usize) -> Result<Self> {
        let key = element.attribute("Key").map(str::to_owned);
        let mut tree = Self { name: element.name.clone(), key, ..Self::default() };
        loop {
            let (text, child) = xml.text_or_child()?;
            tree.text.push_str(&text);
            match child {
                Some(_) if depth == 0 => xml.skip()?,
                Some(child) => tree.children.push(Self::read_to(&child, xml, depth - 1)?),
                None => return Ok(tree),
            }
        }
    }

    /// The text of the child of this name, when there is any.
    pub(crate) fn child(&self, name: &str) -> Option<&str> {
        let child = self.children.iter().find(|child| child.name == name)?;
        Some(child.text.as_str()).filter(|text| !text.is_empty())
    }
}

/// A field in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    name: &'static str,
    attribute: Option<(&'static str, String)>,
    content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Text(String),
    Fields(Vec<Field>),
}

impl Field {
    /// A field with this text.
    pub(crate) fn text(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, attribute: None, content: Content::Text(text.into()) }
    }

    /// A field made of others.
    pub(crate) fn of(name: &'static str, fields: Vec<Field>) -> Self {
        Self { name, attribute: None, content: Content::Fields(fields) }
    }

    /// The same with an attribute.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attribute = Some((name, value.into()));
        self
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        let attribute = self.attribute.as_ref().map(|(name, value)| (*name, value.as_str()));
        match &self.content {
            Content::Text(text) => out.leaf_with(self.name, attribute.as_slice(), text),
            Content::Fields(fields) => {
                out.open_with(self.name, attribute.as_slice());
                fields.iter().for_each(|field| field.write(out));
                out.close();
            }
        }
    }
}
