//! Reads answers event by event. No element is held but the one being read, and no text beyond one value; what is
//! larger goes straight into a body.

use std::io::{BufRead, Read};

use mailmove_core::{Body, Error, ErrorKind, Result, Spool};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::base64::Decoder;
use super::sanitize::Sanitizer;

/// The start of an element: its name without prefix, its attributes.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// The attribute of this name.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// An answer being read.
pub(crate) struct Xml {
    reader: Reader<Sanitizer<Box<dyn Read>>>,
    buffer: Vec<u8>,
}

impl Xml {
    pub(crate) fn new(answer: impl Read + 'static) -> Self {
        let mut reader = Reader::from_reader(Sanitizer::new(Box::new(answer) as Box<dyn Read>));
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new() }
    }

    /// How many things that are not XML were replaced so far.
    pub(crate) fn replaced(&self) -> u64 {
        self.reader.get_ref().replaced()
    }

    /// The next element inside the one being read; `None` at its end. What is in an element that comes back must be
    /// read to its end before the next one is asked for: by `child`, [`text`](Self::text), [`skip`](Self::skip) or
    /// [`body`](Self::body).
    pub(crate) fn child(&mut self) -> Result<Option<Element>> {
        self.text_or_child().map(|(_, child)| child)
    }

    /// As [`child`](Self::child), with the text that stood before it.
    pub(crate) fn text_or_child(&mut self) -> Result<(String, Option<Element>)> {
        let mut text = String::new();
        loop {
            self.buffer.clear();
            match self.reader.read_event_into(&mut self.buffer).map_err(broken)? {
                Event::Start(start) => return Ok((text, Some(element(&start)?))),
                Event::End(_) | Event::Eof => return Ok((text, None)),
                event => push(&mut text, &event)?,
            }
        }
    }

    /// The text of the element being read, without that of elements inside it.
    pub(crate) fn text(&mut self) -> Result<String> {
        let mut text = String::new();
        let mut depth = 0;
        loop {
            self.buffer.clear();
            match self.reader.read_event_into(&mut self.buffer).map_err(broken)? {
                Event::Start(_) => depth += 1,
                Event::End(_) if depth == 0 => return Ok(text),
                Event::End(_) => depth -= 1,
                Event::Eof => return Err(cut_short()),
                event if depth == 0 => push(&mut text, &event)?,
                _ => {}
            }
        }
    }

    /// Leaves out the rest of the element being read.
    pub(crate) fn skip(&mut self) -> Result<()> {
        self.text().map(drop)
    }

    /// The text of the element being read, decoded from base64 into the spool. The inner error is the item's alone.
    pub(crate) fn body(&mut self, spool: &Spool) -> Result<Result<Body>> {
        let mut decoder = Decoder::new(spool.writer());
        let mut stream = self.reader.stream();
        loop {
            let ready = stream.fill_buf().map_err(unreadable)?;
            let end = memchr::memchr(b'<', ready);
            let text = &ready[..end.unwrap_or(ready.len())];
            if text.is_empty() && end.is_none() {
                return Err(cut_short());
            }
            decoder.push(text)?;
            let count = text.len();
            stream.consume(count);
            if end.is_some() {
                break;
            }
        }
        self.skip()?;
        decoder.finish()
    }

    /// Reads on until an element of this name opens, however deep.
    pub(crate) fn find(&mut self, names: &[&str]) -> Result<Element> {
        loop {
            self.buffer.clear();
            match self.reader.read_event_into(&mut self.buffer).map_err(broken)? {
                Event::Start(start) => {
                    let element = element(&start)?;
                    if names.contains(&element.name.as_str()) {
                        return Ok(element);
                    }
                }
                Event::Eof => return Err(cut_short()),
                _ => {}
            }
        }
    }
}

/// Adds what an event holds of a text.
fn push(text: &mut String, event: &Event<'_>) -> Result<()> {
    match event {
        Event::Text(part) => text.push_str(part),
        Event::CData(part) => text.push_str(part),
        Event::GeneralRef(name) => match name.resolve_char_ref().map_err(broken)? {
            Some(char) => text.push(char),
            None => text.push_str(quick_xml::escape::resolve_predefined_entity(name).unwrap_or("\u{fffd}")),
        },
        _ => {}
    }
    Ok(())
}

fn element(start: &BytesStart<'_>) -> Result<Element> {
    let name = start.local_name().as_ref().to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| broken(error.into()))?;
        let value = quick_xml::escape::unescape(&attribute.value).map_err(|error| broken(error.into()))?;
        attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(Element { name, attributes })
}

fn broken(error: quick_xml::Error) -> Error {
    match error {
        quick_xml::Error::Io(error) => {
            own(&error).unwrap_or_else(|| protocol("the answer cannot be read").because(error))
        }
        error => protocol(format!("the answer is not XML: {error}")).because(error),
    }
}

fn unreadable(error: std::io::Error) -> Error {
    own(&error).unwrap_or_else(|| protocol("the answer cannot be read").because(error))
}

/// A spool that failed has its own story.
fn own(error: &std::io::Error) -> Option<Error> {
    error.get_ref()?.downcast_ref::<Error>().cloned()
}

fn cut_short() -> Error {
    protocol("the answer ends before its time")
}

fn protocol(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Protocol, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> Xml {
        let mut xml = Xml::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        xml.find(&["a"]).unwrap();
        xml
    }

    #[test]
    fn children_come_in_their_order_and_texts_are_unescaped() {
        let mut xml = open("<x:a><t:b c='&quot;1&quot;'>R&amp;D &#x263A;<i>no</i></t:b> <d/><e>2</e></x:a>");
        let b = xml.child().unwrap().unwrap();
        assert_eq!((b.name.as_str(), b.attribute("c")), ("b", Some("\"1\"")));
        assert_eq!(xml.text().unwrap(), "R&D \u{263a}");
        assert_eq!(xml.child().unwrap().unwrap().name, "d");
        assert_eq!(xml.text().unwrap(), "");
        assert_eq!(xml.child().unwrap().unwrap().name, "e");
        xml.skip().unwrap();
        assert!(xml.child().unwrap().is_none());
    }

    #[test]
    fn base64_goes_into_the_spool_and_reading_goes_on_behind_it() {
        let spool = Spool::new(1 << 20);
        let mut xml = open("<a><m>aGVs\r\n bG8=</m><m/><n>1</n></a>");
        xml.child().unwrap();
        assert_eq!(xml.body(&spool).unwrap().unwrap().bytes().unwrap(), "hello");
        xml.child().unwrap();
        assert!(xml.body(&spool).unwrap().unwrap().is_empty());
        assert_eq!(xml.child().unwrap().unwrap().name, "n");
        assert_eq!(xml.text().unwrap(), "1");
    }

    #[test]
    fn what_is_not_base64_is_the_items_own_error() {
        let spool = Spool::new(1 << 20);
        let mut xml = open("<a><m>a?b</m><n>1</n></a>");
        xml.child().unwrap();
        assert!(xml.body(&spool).unwrap().is_err());
        assert_eq!(xml.child().unwrap().unwrap().name, "n");
    }

    #[test]
    fn an_answer_that_is_cut_short_is_an_error() {
        for text in ["<a><b>1", "<a><b", "<a><b>aGVs"] {
            let mut xml = open(text);
            let read = xml.child().and_then(|child| if child.is_some() { xml.text() } else { Err(cut_short()) });
            assert_eq!(read.unwrap_err().kind(), ErrorKind::Protocol, "{text}");
        }
        let mut xml = open("<a><b>aGVs");
        xml.child().unwrap();
        assert!(xml.body(&Spool::new(1024)).is_err());
    }
}
