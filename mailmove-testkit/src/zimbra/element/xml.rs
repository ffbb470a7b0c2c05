//! The XML form.

use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

use super::{Element, Place, Value};

/// The root element.
///
/// # Errors
/// With the words of the parser when this is no well-formed XML, or a document type makes it dangerous.
pub(crate) fn parse(bytes: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    loop {
        let (resolved, event) = reader.read_resolved_event().map_err(|error| error.to_string())?;
        let namespace = match resolved {
            ResolveResult::Bound(namespace) => String::from(namespace.as_ref()),
            ResolveResult::Unbound | ResolveResult::Unknown(_) => String::new(),
        };
        match event {
            Event::Start(start) => open.push(element(namespace, &start)?),
            Event::End(_) => {
                let Some(mut done) = open.pop() else { return Err("an end without a start".to_owned()) };
                if !done.children.is_empty() && done.own_text().trim().is_empty() {
                    done.text = None;
                }
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => return Ok(done),
                }
            }
            Event::Text(text) => append(&mut open, &text.xml_content(XmlVersion::Implicit1_0)),
            Event::CData(text) => append(&mut open, &text.xml_content(XmlVersion::Implicit1_0)),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|error| error.to_string())?;
                match character {
                    Some(character) => append(&mut open, character.encode_utf8(&mut [0; 4])),
                    None => {
                        let name: &str = &reference;
                        let text = resolve_predefined_entity(name).ok_or_else(|| format!("unknown entity {name}"))?;
                        append(&mut open, text);
                    }
                }
            }
            Event::DocType(_) => return Err("a document type is not allowed".to_owned()),
            Event::Eof => return Err("the document ends too early".to_owned()),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn append(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.get_or_insert_default().push_str(text);
    }
}

fn element(namespace: String, start: &BytesStart<'_>) -> Result<Element, String> {
    let mut element = Element::new(start.local_name().into_inner());
    element.namespace = namespace;
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key: &str = attribute.key.as_ref();
        if key != "xmlns" && !key.contains(':') {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            element.attributes.push((key.to_owned(), Value::Text(value.into_owned()), Place::Attribute));
        }
    }
    Ok(element)
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
