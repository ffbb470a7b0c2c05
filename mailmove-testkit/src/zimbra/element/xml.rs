//! The XML form.

use super::{Element, Place, Value};
use crate::xml::{self, Tree};

/// The root element.
///
/// # Errors
/// With the words of the parser when this is no well-formed XML, or a document type makes it dangerous.
pub(crate) fn parse(bytes: &[u8]) -> Result<Element, String> {
    xml::parse(bytes)
}

impl Tree for Element {
    fn begin(namespace: Option<&str>, name: &str) -> Self {
        Self { namespace: namespace.unwrap_or_default().to_owned(), ..Self::new(name) }
    }

    fn push_attribute(&mut self, name: &str, value: String) {
        self.attributes.push((name.to_owned(), Value::Text(value), Place::Attribute));
    }

    fn push_text(&mut self, text: &str) {
        self.text.get_or_insert_default().push_str(text);
    }

    fn push_child(&mut self, child: Self) {
        self.children.push(child);
    }

    fn end(&mut self) {
        if !self.children.is_empty() && self.own_text().trim().is_empty() {
            self.text = None;
        }
    }
}

/// The element as a document, with `prefix` for the namespace of its root.
pub(crate) fn document(root: &Element) -> String {
    let mut out = String::new();
    write(&mut out, root, "");
    out
}

fn write(out: &mut String, element: &Element, around: &str) {
    // SOAP's own elements have a prefix, as everywhere; all others declare their namespace where it changes.
    let soap = element.namespace.contains("soap");
    let prefix = if soap { "soap:" } else { "" };
    out.push('<');
    out.push_str(prefix);
    out.push_str(&element.name);
    let namespace = if element.namespace.is_empty() || soap { around } else { &element.namespace };
    if soap && !around.contains("soap") {
        out.push_str(&format!(" xmlns:soap=\"{}\"", element.namespace));
    } else if namespace != around {
        out.push_str(&format!(" xmlns=\"{namespace}\""));
    }
    for (name, value, _) in element.attributes.iter().filter(|(.., place)| *place == Place::Attribute) {
        out.push_str(&format!(" {name}=\""));
        escape(out, &value.text(), true);
        out.push('"');
    }
    let mut contents = element.attributes.iter().filter(|(.., place)| *place == Place::Content).peekable();
    if contents.peek().is_none() && element.text.is_none() && element.children.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    for (name, value, _) in contents {
        out.push_str(&format!("<{name}>"));
        escape(out, &value.text(), false);
        out.push_str(&format!("</{name}>"));
    }
    escape(out, element.own_text(), false);
    let around = if soap { element.namespace.as_str() } else { namespace };
    element.children.iter().for_each(|child| write(out, child, around));
    out.push_str(&format!("</{prefix}{}>", element.name));
}

fn escape(out: &mut String, text: &str, attribute: bool) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            '\n' | '\t' if attribute => out.push_str(&format!("&#x{:X};", u32::from(character))),
            '\n' | '\t' => out.push(character),
            // XML 1.0 has no place for these, and Zimbra puts a question mark there.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('?'),
            _ => out.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let inner =
            Element::new("m").set("id", "257").set("su", "a\"<&\n>").child(Element::new("fr").text("x\r\n ]]> ü"));
        let written = document(&Element::of("urn:zimbraMail", "AddMsgResponse").child(inner).content("n", 5));
        let read = parse(written.as_bytes()).unwrap();
        let m = read.find("m").unwrap();
        assert_eq!((read.namespace.as_str(), m.namespace.as_str()), ("urn:zimbraMail", "urn:zimbraMail"));
        assert_eq!((m.value("su").as_deref(), m.value("fr").as_deref()), (Some("a\"<&\n>"), Some("x\r\n ]]> ü")));
        assert_eq!(read.number("n"), Some(5));
    }

    #[test]
    fn broken_documents_are_refused() {
        for broken in ["", "<a>", "<a></b>", "<a>&nbsp;</a>", "<!DOCTYPE a><a/>", "<a b=c/>"] {
            assert!(parse(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
