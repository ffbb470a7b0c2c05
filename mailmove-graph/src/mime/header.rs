//! The fields of a header, with encoded words and parameters resolved.

use mail_parser::{Addr, Address, HeaderValue, Message, MessageParser, MimeHeaders};

/// A header: as it came, and as it is meant.
#[derive(Debug)]
pub(crate) struct Header {
    raw: Vec<u8>,
    parsed: Option<Message<'static>>,
    /// The media type where none is named.
    usual: &'static str,
}

/// A person: a name and an address, either of which may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) address: String,
}

impl Header {
    pub(super) fn new(raw: Vec<u8>, usual: &'static str) -> Self {
        let closed = [&raw[..], b"\r\n"].concat();
        let parsed = MessageParser::default().parse_headers(&closed).map(Message::into_owned);
        Self { raw, parsed, usual }
    }

    /// The octets, without the blank line.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The media type in lower case, without parameters.
    pub(crate) fn media_type(&self) -> String {
        let kind = self.parsed.as_ref().and_then(|parsed| parsed.content_type());
        match kind {
            Some(kind) => match kind.subtype() {
                Some(subtype) => format!("{}/{subtype}", kind.ctype()).to_ascii_lowercase(),
                None => self.usual.to_owned(),
            },
            None => self.usual.to_owned(),
        }
    }

    /// Whether it is of this media type.
    pub(crate) fn is(&self, media_type: &str) -> bool {
        self.media_type() == media_type
    }

    /// A parameter of the media type.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.parsed.as_ref()?.content_type()?.attribute(name).map(str::to_owned)
    }

    /// What separates the parts, when it has parts.
    pub(super) fn boundary(&self) -> Option<Vec<u8>> {
        let boundary = self.parameter("boundary").filter(|boundary| !boundary.is_empty())?;
        self.media_type().starts_with("multipart/").then(|| boundary.into_bytes())
    }

    /// How the content is encoded.
    pub(super) fn encoding(&self) -> Option<String> {
        self.parsed.as_ref()?.content_transfer_encoding().map(str::to_owned)
    }

    /// Whether it says that it wants to be an attachment.
    pub(crate) fn is_attachment(&self) -> bool {
        let disposition = self.parsed.as_ref().and_then(|parsed| parsed.content_disposition());
        disposition.is_some_and(|disposition| disposition.ctype().eq_ignore_ascii_case("attachment"))
    }

    /// The file's name.
    pub(crate) fn file_name(&self) -> Option<String> {
        let parsed = self.parsed.as_ref()?;
        let named = parsed.content_disposition().and_then(|disposition| disposition.attribute("filename"));
        let named = named.or_else(|| parsed.content_type()?.attribute("name"))?;
        let name: String = named.chars().filter(|char| !char.is_control()).collect();
        Some(name.trim().to_owned()).filter(|name| !name.is_empty())
    }

    /// By what the text refers to it, without brackets.
    pub(crate) fn content_id(&self) -> Option<String> {
        let id = self.parsed.as_ref()?.content_id()?.trim();
        Some(id.trim_start_matches('<').trim_end_matches('>').to_owned()).filter(|id| !id.is_empty())
    }

    /// The subject.
    pub(crate) fn subject(&self) -> Option<String> {
        self.parsed.as_ref()?.subject().map(str::to_owned)
    }

    /// When it was written.
    pub(crate) fn date(&self) -> Option<time::OffsetDateTime> {
        let date = self.parsed.as_ref()?.date()?;
        let valid = date.is_valid() && date.year > 1600;
        time::OffsetDateTime::from_unix_timestamp(date.to_timestamp()).ok().filter(|_| valid)
    }

    /// The people in a field. Groups are told by their members.
    pub(crate) fn people(&self, field: &str) -> Vec<Person> {
        let Some(parsed) = &self.parsed else { return Vec::new() };
        let fields = parsed.headers().iter().filter(|header| header.name().eq_ignore_ascii_case(field));
        fields.flat_map(|header| people_in(&header.value)).collect()
    }

    /// The first field of this name as text, unfolded and otherwise as it is written.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        self.fields().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Every field that is one, unfolded and otherwise as it is written.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let mut lines = self.raw.split(|byte| *byte == b'\n').peekable();
        std::iter::from_fn(move || {
            loop {
                let line = lines.next()?;
                let mut whole = line.to_vec();
                while let Some(more) = lines.next_if(|next| matches!(next.first(), Some(b' ' | b'\t'))) {
                    whole.extend_from_slice(more);
                }
                let text = String::from_utf8_lossy(&whole).replace('\r', "");
                if let Some((name, value)) = text.split_once(':')
                    && !name.is_empty()
                    && name.trim_end().bytes().all(|byte| byte.is_ascii_graphic())
                {
                    return Some((name.trim_end().to_owned(), value.trim().to_owned()));
                }
            }
        })
    }
}

fn people_in(value: &HeaderValue<'_>) -> Vec<Person> {
    let person = |one: &Addr<'_>| Person {
        name: one.name().unwrap_or_default().trim().to_owned(),
        address: one.address().unwrap_or_default().trim().to_owned(),
    };
    let people: Vec<Person> = match value {
        HeaderValue::Address(Address::List(list)) => list.iter().map(person).collect(),
        HeaderValue::Address(Address::Group(groups)) => {
            groups.iter().flat_map(|group| group.addresses.iter().map(person)).collect()
        }
        _ => Vec::new(),
    };
    people.into_iter().filter(|person| !person.address.is_empty() || !person.name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Header {
        Header::new(text.as_bytes().to_vec(), "text/plain")
    }

    #[test]
    fn fields_are_meant_as_their_encoding_says() {
        let header = header(
            "Subject: =?utf-8?Q?gr=C3=BC=C3=9Fe?=\r\nTo: \"Doe, Jane\" <jane@example.org>, bob@example.org\r\n\
             Content-Type: Image/PNG; name*=utf-8''%C3%A4.png\r\nContent-ID: <1@x>\r\nX-One: a\r\n b\r\n",
        );
        assert_eq!(header.subject().as_deref(), Some("grüße"));
        let people = header.people("to");
        assert_eq!((people[0].name.as_str(), people[0].address.as_str()), ("Doe, Jane", "jane@example.org"));
        assert_eq!((people[1].name.as_str(), people.len()), ("", 2));
        assert_eq!((header.media_type().as_str(), header.file_name().as_deref()), ("image/png", Some("ä.png")));
        assert_eq!(header.content_id().as_deref(), Some("1@x"));
        assert_eq!(header.field("x-one").as_deref(), Some("a b"));
    }

    #[test]
    fn groups_are_told_by_their_members() {
        let header = header("To: Team: a@example.org, B <b@example.org>;, undisclosed-recipients:;\r\n");
        let addresses: Vec<String> = header.people("To").into_iter().map(|person| person.address).collect();
        assert_eq!(addresses, ["a@example.org", "b@example.org"]);
    }

    #[test]
    fn what_is_no_date_is_none() {
        assert!(header("Date: yesterday, 25:61\r\n").date().is_none());
        let date = header("Date: Mon, 1 Jan 2024 10:00:00 +0100 (CET)\r\n").date().unwrap();
        assert_eq!(date.unix_timestamp(), 1_704_099_600);
    }
}
