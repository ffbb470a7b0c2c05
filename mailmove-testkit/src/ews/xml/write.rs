//! Writes a tree as a document.

use super::{Node, Ns};

/// The document with this root. Characters that XML 1.0 has no place for become U+FFFD; with `raw_controls` they go
/// out as references, which is what Exchange does and no parser must accept.
pub(crate) fn document(root: &Node, raw_controls: bool) -> Vec<u8> {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>");
    element(&mut out, root, true, raw_controls);
    out.into_bytes()
}

fn element(out: &mut String, node: &Node, declare: bool, raw: bool) {
    let prefix = node.ns.prefix();
    out.push('<');
    out.push_str(prefix);
    out.push_str(&node.name);
    if declare {
        for ns in Ns::ALL {
            out.push_str(&format!(" xmlns:{}=\"{}\"", ns.prefix().trim_end_matches(':'), ns.uri()));
        }
    }
    for (name, value) in &node.attributes {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        escape(out, value, true, raw);
        out.push('"');
    }
    if node.children.is_empty() && node.text.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    escape(out, &node.text, false, raw);
    node.children.iter().for_each(|child| element(out, child, false, raw));
    out.push_str("</");
    out.push_str(prefix);
    out.push_str(&node.name);
    out.push('>');
}

fn escape(out: &mut String, text: &str, attribute: bool, raw: bool) {
    let mut plain = 0;
    for (at, character) in text.char_indices() {
        let replaced = match character {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '\r' => "&#xD;".to_owned(),
            '"' | '\n' | '\t' if attribute => format!("&#x{:X};", u32::from(character)),
            '\n' | '\t' => continue,
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' if raw => format!("&#x{:X};", u32::from(character)),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => "\u{fffd}".to_owned(),
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        out.push_str(&replaced);
        plain = at + character.len_utf8();
    }
    out.push_str(&text[plain..]);
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let node = Node::t("A").attr("Id", "a\"<&\n>").child(Node::m("B").text("x\r\n\ty ]]> & ü")).child(Node::t("C"));
        assert_eq!(parse(&document(&node, false)), Ok(node));
    }

    #[test]
    fn control_characters_are_replaced_or_leak() {
        let node = Node::t("A").text("a\u{1a}b\0");
        let text = |raw| String::from_utf8(document(&node, raw)).unwrap();
        assert!(text(false).ends_with(">a\u{fffd}b\u{fffd}</t:A>"));
        assert!(text(true).ends_with(">a&#x1A;b&#x0;</t:A>"));
    }

    #[test]
    fn broken_documents_are_refused() {
        for broken in ["", "<a>", "<a></b>", "<a>&nbsp;</a>", "<!DOCTYPE a><a/>", "<a b=c/>"] {
            assert!(parse(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
