//! Which part of a message is its text, and which parts are attachments.

use mail_parser::decoders::charsets::map::charset_decoder;
use mailmove_core::{Body, Loss, Result};

use super::attach::Attachment;
use crate::mime::{Content, Entity};

/// How many bytes a text may have and still travel as the text. Requests above 4 MB are refused.
const LONGEST: u64 = 1_500_000;

/// A message taken apart.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) text: Option<Text>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) losses: Vec<Loss>,
    /// Whether characters that JSON and Exchange do not carry were taken out.
    pub(super) cleaned: bool,
}

/// The text that people see.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) html: bool,
    pub(super) content: String,
}

impl Parts {
    pub(super) fn of(entity: Entity) -> Result<Self> {
        let mut parts = Self::default();
        parts.take(entity, true)?;
        Ok(parts)
    }

    /// Takes a part in. `leading`: it may be the text.
    fn take(&mut self, entity: Entity, leading: bool) -> Result<()> {
        let media_type = entity.header.media_type();
        match entity.content {
            Content::Multipart(children) => match media_type.as_str() {
                "multipart/alternative" => self.alternative(children, leading)?,
                "multipart/related" => self.related(children, leading)?,
                _ => {
                    if media_type == "multipart/signed" {
                        let text = "the parts of a signed message are kept, and its signature as an attachment; it cannot be \
                                    checked any more";
                        self.losses.push(Loss::new("signature", text));
                    }
                    for (at, child) in children.into_iter().enumerate() {
                        self.take(child, leading && at == 0)?;
                    }
                }
            },
            Content::Message(bytes, inside) => {
                let attachment = Attachment::message(&entity.header, bytes, *inside, self.attachments.len());
                self.attachments.push(attachment);
            }
            Content::Leaf(body) => {
                let html = match media_type.as_str() {
                    "text/html" => Some(true),
                    "text/plain" => Some(false),
                    _ => None,
                };
                let may_be_text = leading && self.text.is_none() && !entity.header.is_attachment();
                match html {
                    Some(html) if may_be_text => {
                        let charset = entity.header.parameter("charset");
                        self.set_text(html, charset.as_deref(), body)?;
                    }
                    // Many mails hold parts without anything in them.
                    Some(_) if body.is_empty() && entity.header.file_name().is_none() => {}
                    _ => {
                        let attachment = Attachment::file(&entity.header, body, self.attachments.len());
                        self.attachments.push(attachment);
                    }
                }
            }
        }
        Ok(())
    }

    /// The same thing in several forms: Exchange keeps one of them, the richest that it can show.
    fn alternative(&mut self, children: Vec<Entity>, leading: bool) -> Result<()> {
        let rank = |entity: &Entity| match entity.header.media_type().as_str() {
            "text/html" => 3,
            "multipart/related" | "multipart/mixed" | "multipart/alternative" => 2,
            "text/plain" => 1,
            _ => 0,
        };
        let best = children.iter().map(rank).max().filter(|_| leading && self.text.is_none()).unwrap_or(0);
        let mut chosen = None;
        for (at, child) in children.iter().enumerate() {
            if best > 0 && rank(child) == best {
                chosen = Some(at);
            }
        }
        for (at, child) in children.into_iter().enumerate() {
            let plain = child.header.is("text/plain") && !child.header.is_attachment();
            match chosen {
                Some(best) if at == best => self.take(child, true)?,
                // The plain form of what is kept.
                Some(_) if plain => {
                    let text = "of a text in several forms the richest is kept; Exchange makes the plain one of it";
                    self.losses.push(Loss::new("alternative", text));
                }
                _ => self.take(child, false)?,
            }
        }
        Ok(())
    }

    /// A text with what it shows: everything but the text belongs into it.
    fn related(&mut self, children: Vec<Entity>, leading: bool) -> Result<()> {
        let before = self.attachments.len();
        for (at, child) in children.into_iter().enumerate() {
            self.take(child, leading && at == 0)?;
        }
        for attachment in &mut self.attachments[before..] {
            attachment.inline |= attachment.content_id.is_some();
        }
        Ok(())
    }

    fn set_text(&mut self, html: bool, charset: Option<&str>, body: Body) -> Result<()> {
        if body.len() > LONGEST {
            let name = if html { "message.html" } else { "message.txt" };
            let told = "the text is longer than a request may be; it is attached as a file";
            self.losses.push(Loss::new("text-as-attachment", told));
            let content_type = if html { "text/html" } else { "text/plain" };
            self.attachments.insert(0, Attachment::named(name, content_type, body));
            self.text = Some(Text { html: false, content: "The text of this message is attached.\r\n".to_owned() });
            return Ok(());
        }
        let bytes = body.bytes()?;
        let decoded = match charset.and_then(|name| charset_decoder(name.as_bytes())) {
            Some(decode) => decode(&bytes),
            None => match std::str::from_utf8(&bytes) {
                Ok(text) => text.to_owned(),
                // Octets that say nothing of themselves are most often of Western Europe.
                Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
            },
        };
        let content: String = decoded.chars().filter(|char| carried(*char)).collect();
        self.cleaned |= content.len() != decoded.len();
        self.text = Some(Text { html, content });
        Ok(())
    }
}

/// Whether Exchange keeps a character: control characters end a text or make it invalid.
pub(super) fn carried(char: char) -> bool {
    !matches!(char, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use mailmove_core::Spool;

    use super::*;

    fn parts(text: &str) -> Parts {
        let body = Body::unpooled(text.to_owned().into_bytes());
        Parts::of(crate::mime::parse(&body, &Spool::new(1 << 20)).unwrap()).unwrap()
    }

    fn text(parts: &Parts) -> (bool, &str) {
        parts.text.as_ref().map(|text| (text.html, text.content.as_str())).unwrap()
    }

    #[test]
    fn the_richest_form_is_the_text_and_what_it_shows_is_inline() {
        let parts = parts(
            "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n\
             --r\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nplain\r\n--a\r\n\
             Content-Type: text/html\r\n\r\n<img src=cid:1>\r\n--a\r\nContent-Type: text/calendar\r\n\r\nBEGIN\r\n--a--\r\n\
             --r\r\nContent-Type: image/png\r\nContent-ID: <1>\r\n\r\nPNG\r\n--r--\r\n--m\r\n\r\nfooter\r\n--m--\r\n",
        );
        assert_eq!(text(&parts), (true, "<img src=cid:1>"));
        let seen: Vec<(&str, bool)> =
            parts.attachments.iter().map(|one| (one.content_type.as_str(), one.inline)).collect();
        assert_eq!(seen, [("text/calendar", false), ("image/png", true), ("text/plain", false)]);
        assert_eq!(parts.losses.iter().map(|loss| &*loss.code).collect::<Vec<_>>(), ["alternative"]);
    }

    #[test]
    fn texts_are_decoded_and_cleaned() {
        let latin = parts(
            "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ngr=FC=00n",
        );
        assert_eq!((text(&latin), latin.cleaned), ((false, "grün"), true));
        let unknown = Body::unpooled(b"Subject: x\r\n\r\ncaf\xe9".to_vec());
        let unknown = Parts::of(crate::mime::parse(&unknown, &Spool::new(1 << 20)).unwrap()).unwrap();
        assert_eq!(text(&unknown), (false, "café"));
    }

    #[test]
    fn a_text_that_wants_to_be_an_attachment_is_one() {
        let parts = parts("Content-Type: text/html\r\nContent-Disposition: attachment; filename=a.html\r\n\r\n<b>");
        assert!(parts.text.is_none());
        assert_eq!(parts.attachments[0].name, "a.html");
    }

    #[test]
    fn a_text_beyond_the_limit_is_attached() {
        let long = parts(&format!("Subject: x\r\n\r\n{}", "x".repeat(2 << 20)));
        assert_eq!(long.attachments[0].size(), 2 << 20);
        assert_eq!(long.losses[0].code, "text-as-attachment");
    }
}
