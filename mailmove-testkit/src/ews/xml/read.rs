//! Reads a document into a tree.

use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

use super::{Node, Ns};

/// The root element.
///
/// # Errors
/// With the words of the parser when this is no well-formed XML, or a document type makes it dangerous.
pub(crate) fn parse(bytes: &[u8]) -> Result<Node, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Node> = Vec::new();
    loop {
        let (resolved, event) = reader.read_resolved_event().map_err(|error| error.to_string())?;
        let ns = namespace(&resolved);
        match event {
            Event::Start(start) => open.push(element(ns, &start)?),
            Event::End(_) => {
                let Some(mut done) = open.pop() else { return Err("an end without a start".to_owned()) };
                if !done.children.is_empty() {
                    done.text.clear();
                }
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => return Ok(done),
                }
            }
            Event::Text(text) => {
                append(&mut open, &text.xml_content(XmlVersion::Implicit1_0));
            }
            Event::CData(text) => {
                append(&mut open, &text.xml_content(XmlVersion::Implicit1_0));
            }
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

fn append(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}

fn namespace(resolved: &ResolveResult<'_>) -> Ns {
    match resolved {
        ResolveResult::Bound(namespace) => {
            let known = Ns::ALL.into_iter().find(|ns| ns.uri() == namespace.as_ref());
            known.unwrap_or(Ns::Other)
        }
        ResolveResult::Unbound => Ns::None,
        ResolveResult::Unknown(_) => Ns::Other,
    }
}

fn element(ns: Ns, start: &BytesStart<'_>) -> Result<Node, String> {
    let mut node = Node::new(ns, start.local_name().into_inner());
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key: &str = attribute.key.as_ref();
        // Declarations, and attributes of other namespaces such as xsi:nil, which nothing here reads.
        if key != "xmlns" && !key.contains(':') {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            node.attributes.push((key.to_owned(), value.into_owned()));
        }
    }
    Ok(node)
}
