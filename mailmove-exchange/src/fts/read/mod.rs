//! Streams to items in standard formats: notes, journal entries, groups of contacts.

mod group;
mod note;
#[cfg(test)]
mod tests;

use std::io;

use mailmove_core::{Error, ErrorKind, Format, Kind, Loss, Result};
use time::OffsetDateTime;

use super::mapi::{self, Key, tag};
use super::{Frames, FtsError, Marker, Name, Property, Token, Tokens, Value};
use crate::calendar::{Journal, Sensitivity, Text};

/// A value beyond this many octets is not read: texts are in memory as a whole.
const LONGEST: u32 = 16 * 1024 * 1024;

/// What a stream says in a standard format.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plain {
    /// What it is.
    pub kind: Kind,
    /// RFC 5322 for a note, iCalendar for a journal entry, vCard for a group.
    pub format: Format,
    /// The item in this format.
    pub text: Vec<u8>,
    /// What the format does not say, and the stream does.
    pub losses: Vec<Loss>,
}

/// The item in a stream: a note, a journal entry or a group of contacts. `uid` is by what it is known when it does not
/// say that itself.
///
/// # Errors
/// `Refused` for what is no whole stream; `Unsupported` for items of other classes: servers give those in their standard
/// formats themselves.
pub fn read(stream: impl io::Read, uid: &str) -> Result<Plain> {
    let found = Found::read(stream).map_err(|error| {
        Error::new(ErrorKind::Refused, "the stream cannot be read")
            .because(error)
            .remedy("look at the item at the source; move it by hand if it is needed")
    })?;
    let class = found.text(tag::MESSAGE_CLASS).unwrap_or_default().to_ascii_lowercase();
    let is = |name: &str| class.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let (kind, format) = match () {
        () if is("ipm.stickynote") => (Kind::Note, Format::RFC5322),
        () if is("ipm.activity") => (Kind::Journal, Format::ICALENDAR),
        () if is("ipm.distlist") => (Kind::Contact, Format::VCARD),
        () => {
            let text = "an item of this class is not read from its stream";
            return Err(Error::new(ErrorKind::Unsupported, text).with("class", class));
        }
    };
    let mut losses = found.unread();
    let text = match kind {
        Kind::Note => note::write(&found, &mut losses),
        Kind::Journal => found.journal(uid, &mut losses).to_icalendar(),
        _ => group::write(&found, uid, &mut losses),
    };
    Ok(Plain { kind, format, text, losses })
}

/// The properties of an item, those of what hangs on it left out.
#[derive(Debug, Default)]
struct Found {
    properties: Vec<Property>,
    attachments: bool,
}

impl Found {
    fn read(stream: impl io::Read) -> std::result::Result<Self, FtsError> {
        let mut tokens = Tokens::keeping(Frames::new(stream), LONGEST);
        let (mut found, mut depth) = (Self::default(), 0_usize);
        while let Some(token) = tokens.next()? {
            match token {
                Token::Property(property) if depth == 0 => found.properties.push(property),
                Token::Property(_) => {}
                Token::Marker(Marker::EndRecipient | Marker::EndAttachment | Marker::EndEmbedded) => {
                    depth = depth.checked_sub(1).ok_or(FtsError::Content("something ends that did not begin"))?;
                }
                Token::Marker(marker) => {
                    found.attachments |= marker == Marker::StartAttachment;
                    depth += 1;
                }
            }
        }
        Ok(found)
    }

    fn value(&self, key: Key) -> Option<&Value> {
        let same = |property: &&Property| match (&key, &property.name) {
            (Key::Tag(id), None) => property.id == *id,
            (Key::Number(set, number), Some(Name::Number(own, known))) => (set, number) == (own, known),
            (Key::Text(set, text), Some(Name::Text(own, known))) => set == own && text.eq_ignore_ascii_case(known),
            _ => false,
        };
        self.properties.iter().find(same).map(|property| &property.value)
    }

    fn text(&self, key: Key) -> Option<&str> {
        match self.value(key)? {
            Value::Text(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    fn number(&self, key: Key) -> Option<u64> {
        match self.value(key)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn moment(&self, key: Key) -> Option<OffsetDateTime> {
        super::summary::moment(self.number(key)?)
    }

    fn categories(&self) -> Vec<String> {
        match self.value(mapi::CATEGORIES) {
            Some(Value::Texts(names)) => names.clone(),
            _ => Vec::new(),
        }
    }

    /// By what it is known, by its own word or by another.
    fn uid(&self, other: &str) -> String {
        self.text(mapi::UID).unwrap_or(other).to_owned()
    }

    fn sensitivity(&self) -> Sensitivity {
        match self.number(tag::SENSITIVITY) {
            Some(1) => Sensitivity::Personal,
            Some(2) => Sensitivity::Private,
            Some(3) => Sensitivity::Confidential,
            _ => Sensitivity::Normal,
        }
    }

    /// The forms of its text. HTML is in UTF-8 unless it says something else, which is not looked at.
    fn body(&self) -> Text {
        let html = match self.value(tag::HTML) {
            Some(Value::Binary(octets)) => Some(String::from_utf8_lossy(octets).into_owned()),
            _ => None,
        };
        Text { plain: self.text(tag::BODY).unwrap_or_default().to_owned(), html }
    }

    /// What no format of these says.
    fn unread(&self) -> Vec<Loss> {
        let mut losses = Vec::new();
        let too_long = |key| matches!(self.value(key), Some(Value::Long(_)));
        let silent = self.text(tag::BODY).is_none() && !matches!(self.value(tag::HTML), Some(Value::Binary(_)));
        if too_long(tag::BODY) || too_long(tag::HTML) || silent && self.value(tag::RTF_COMPRESSED).is_some() {
            losses.push(Loss::new(
                "text",
                "the text is too long, or only there as rich text, which its stream alone has",
            ));
        }
        if self.attachments {
            losses.push(Loss::new("attachments", "what hangs on it stands in its stream alone"));
        }
        losses
    }

    fn journal(&self, uid: &str, losses: &mut Vec<Loss>) -> Journal {
        losses.push(Loss::new(
            "journal-fields",
            "duration, type and contacts of a journal entry stand in its stream alone",
        ));
        Journal {
            uid: self.uid(uid),
            subject: self.text(tag::SUBJECT).unwrap_or_default().to_owned(),
            body: self.body(),
            start: self.moment(mapi::log(0x8706)).or(self.moment(mapi::common(0x8516))),
            sensitivity: self.sensitivity(),
            categories: self.categories(),
            created: self.moment(tag::CREATION_TIME),
            modified: self.moment(tag::MODIFICATION_TIME),
        }
    }
}
