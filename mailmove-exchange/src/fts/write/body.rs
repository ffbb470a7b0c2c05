//! Which parts of a message are its text, and which are attachments.

use mailmove_core::Result;

use super::super::mapi::tag;
use super::stream::Stream;
use crate::calendar::Text;
use crate::mime::{Content, Part};

/// A text beyond this many octets is an attachment: texts are in memory as a whole.
const LONGEST_TEXT: u64 = 8 * 1024 * 1024;

/// The parts of a message, sorted.
#[derive(Debug, Default)]
pub(super) struct Sorted<'a> {
    pub(super) plain: Option<&'a Part>,
    pub(super) html: Option<&'a Part>,
    /// Attachments, and whether each is shown within the text.
    pub(super) attachments: Vec<(&'a Part, bool)>,
    /// Whether a text was too long to be one.
    pub(super) long_text: bool,
}

impl<'a> Sorted<'a> {
    pub(super) fn of(root: &'a Part) -> Self {
        let mut sorted = Self::default();
        sorted.take(root, Place::Body);
        sorted
    }

    fn take(&mut self, part: &'a Part, place: Place) {
        match &part.content {
            Content::Multipart(parts) => match part.header.media.as_str() {
                "multipart/alternative" => parts.iter().for_each(|part| self.take(part, place)),
                "multipart/related" => {
                    for (at, part) in parts.iter().enumerate() {
                        self.take(part, if at == 0 { place } else { Place::Related });
                    }
                }
                // The first text is the text; what follows it hangs on.
                _ => {
                    for part in parts {
                        let found = self.plain.is_some() || self.html.is_some();
                        self.take(part, if found { Place::Behind } else { place });
                    }
                }
            },
            Content::Leaf(length) => self.leaf(part, *length, place),
            Content::Message(_) => self.attachments.push((part, false)),
        }
    }

    fn leaf(&mut self, part: &'a Part, length: u64, place: Place) {
        // What is named as a file is one, unless it is all there is.
        let file = part.header.is_attachment() || part.header.filename.is_some();
        let slot = match part.header.media.as_str() {
            "text/plain" | "text" => Some(&mut self.plain),
            "text/html" => Some(&mut self.html),
            _ => None,
        };
        if let Some(slot) = slot.filter(|slot| place == Place::Body && !file && slot.is_none()) {
            if length <= LONGEST_TEXT {
                *slot = Some(part);
                return;
            }
            self.long_text = true;
        }
        let shown = place == Place::Related && part.header.content_id.is_some() && !part.header.is_attachment();
        // An empty leaf is the text of a message without one.
        if length > 0 || file || place != Place::Body {
            self.attachments.push((part, shown));
        }
    }
}

/// Where a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Where the text of the message is.
    Body,
    /// Beside a text that refers to it.
    Related,
    /// Behind the text.
    Behind,
}

/// The forms of a text. HTML says itself in which characters it is; here it is always UTF-8.
pub(super) fn write(stream: &mut Stream, text: &Text) -> Result<()> {
    if !text.plain.is_empty() || text.html.is_none() {
        stream.text(tag::BODY, &text.plain)?;
    }
    if let Some(html) = &text.html {
        stream.binary(tag::HTML, html.as_bytes())?;
    }
    stream.number(tag::NATIVE_BODY, if text.html.is_some() { 3 } else { 1 })
}
