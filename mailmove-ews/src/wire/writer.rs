//! Writes requests: text in pieces, with bodies in base64 in between that are read while they are sent.

use mailmove_core::Body;
use mailmove_core::http::Part;

use super::sanitize::is_xml;

/// A request in the making. Elements are written in the order in which the schema wants them.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    text: String,
    parts: Vec<Part>,
    open: Vec<&'static str>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { text: "<?xml version=\"1.0\" encoding=\"utf-8\"?>".to_owned(), ..Self::default() }
    }

    /// Opens an element.
    pub(crate) fn open(&mut self, name: &'static str) {
        self.open_with(name, &[]);
    }

    /// Opens an element with attributes.
    pub(crate) fn open_with(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes);
        self.text.push('>');
        self.open.push(name);
    }

    /// Closes the element that was opened last.
    pub(crate) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push('>');
        }
    }

    /// An element without content.
    pub(crate) fn empty(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes);
        self.text.push_str("/>");
    }

    /// An element with text.
    pub(crate) fn leaf(&mut self, name: &'static str, text: &str) {
        self.leaf_with(name, &[], text);
    }

    /// An element with attributes and text.
    pub(crate) fn leaf_with(&mut self, name: &'static str, attributes: &[(&str, &str)], text: &str) {
        self.tag(name, attributes);
        self.text.push('>');
        escape(&mut self.text, text, false);
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    /// An element with a body in base64.
    pub(crate) fn base64(&mut self, name: &'static str, body: &Body) {
        self.open(name);
        self.parts.push(Part::Bytes(std::mem::take(&mut self.text).into()));
        self.parts.push(Part::Base64(body.clone()));
        self.close();
    }

    /// Everything that was written; what is still open is closed.
    pub(crate) fn finish(mut self) -> Vec<Part> {
        while !self.open.is_empty() {
            self.close();
        }
        self.parts.push(Part::Bytes(self.text.into()));
        self.parts
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.text.push('<');
        self.text.push_str(name);
        for (name, value) in attributes {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            escape(&mut self.text, value, true);
            self.text.push('"');
        }
    }
}

/// Whether a text can stand in XML as it is. Ids and names that cannot do not exist at the server either.
pub(crate) fn can_be_sent(text: &str) -> bool {
    text.chars().all(is_xml)
}

fn escape(out: &mut String, text: &str, attribute: bool) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' if attribute => out.push_str("&#10;"),
            '\t' if attribute => out.push_str("&#9;"),
            char if is_xml(char) => out.push(char),
            _ => out.push('\u{fffd}'),
        }
    }
}

/// The text of a request whose bodies are small.
#[cfg(test)]
pub(crate) fn text_of(parts: &[Part]) -> String {
    use base64::Engine;
    let text = |part: &Part| match part {
        Part::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        Part::Base64(body) => base64::engine::general_purpose::STANDARD.encode(body.bytes().unwrap()),
        _ => unreachable!("the writer makes no such part"),
    };
    parts.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_nest_and_texts_are_escaped() {
        let mut out = Writer::new();
        out.open_with("a", &[("b", "\"<&\n")]);
        out.leaf("c", "1 < 2 & \"x\"\r\n");
        out.empty("d", &[]);
        out.base64("e", &Body::unpooled(&b"hello"[..]));
        let text = text_of(&out.finish());
        let expected = "<a b=\"&quot;&lt;&amp;&#10;\"><c>1 &lt; 2 &amp; \"x\"&#13;\n</c><d/><e>aGVsbG8=</e></a>";
        assert_eq!(text.split_once("?>").unwrap().1, expected);
    }

    #[test]
    fn what_xml_does_not_have_cannot_be_sent() {
        assert!(can_be_sent("gr\u{fc}\u{df}e\t\n"));
        assert!(!can_be_sent("a\0b") && !can_be_sent("\u{ffff}"));
    }
}
