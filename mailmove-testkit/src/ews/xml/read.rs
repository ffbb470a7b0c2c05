//! Reads a document into a tree.

use super::{Node, Ns};
use crate::xml::{self, Tree};

/// The root element.
///
/// # Errors
/// With the words of the parser when this is no well-formed XML, or a document type makes it dangerous.
pub(crate) fn parse(bytes: &[u8]) -> Result<Node, String> {
    xml::parse(bytes)
}

impl Tree for Node {
    fn begin(namespace: Option<&str>, name: &str) -> Self {
        let ns = match namespace {
            Some("") => Ns::None,
            Some(uri) => Ns::ALL.into_iter().find(|ns| ns.uri() == uri).unwrap_or(Ns::Other),
            None => Ns::Other,
        };
        Self::new(ns, name)
    }

    fn push_attribute(&mut self, name: &str, value: String) {
        self.attributes.push((name.to_owned(), value));
    }

    fn push_text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn push_child(&mut self, child: Self) {
        self.children.push(child);
    }

    fn end(&mut self) {
        if !self.children.is_empty() {
            self.text.clear();
        }
    }
}
