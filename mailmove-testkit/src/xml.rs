//! XML, read into whatever tree a simulator has.

use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

/// An element with what is in it.
pub(crate) trait Tree: Sized {
    /// An element of a namespace; `""` when it is in none, nothing when its prefix was never declared.
    fn begin(namespace: Option<&str>, name: &str) -> Self;

    /// It has this attribute, which is of no namespace.
    fn push_attribute(&mut self, name: &str, value: String);

    /// It goes on with this text, entities resolved.
    fn push_text(&mut self, text: &str);

    /// It goes on with this element.
    fn push_child(&mut self, child: Self);

    /// It ends.
    fn end(&mut self);
}

/// The root element.
///
/// # Errors
/// With the words of the parser when this is no well-formed XML, or a document type makes it dangerous.
pub(crate) fn parse<T: Tree>(bytes: &[u8]) -> Result<T, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<T> = Vec::new();
    loop {
        let (resolved, event) = reader.read_resolved_event().map_err(|error| error.to_string())?;
        match event {
            Event::Start(start) => open.push(element(&resolved, &start)?),
            Event::End(_) => {
                let Some(mut done) = open.pop() else { return Err("an end without a start".to_owned()) };
                done.end();
                match open.last_mut() {
                    Some(parent) => parent.push_child(done),
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

fn append<T: Tree>(open: &mut [T], text: &str) {
    if let Some(element) = open.last_mut() {
        element.push_text(text);
    }
}

fn element<T: Tree>(resolved: &ResolveResult<'_>, start: &BytesStart<'_>) -> Result<T, String> {
    let namespace = match resolved {
        ResolveResult::Bound(namespace) => Some(namespace.as_ref()),
        ResolveResult::Unbound => Some(""),
        ResolveResult::Unknown(_) => None,
    };
    let mut element = T::begin(namespace, start.local_name().into_inner());
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key: &str = attribute.key.as_ref();
        // Declarations, and attributes of other namespaces such as xsi:nil, which nothing here reads.
        if key != "xmlns" && !key.contains(':') {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            element.push_attribute(key, value.into_owned());
        }
    }
    Ok(element)
}
