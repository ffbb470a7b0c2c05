//! One header block, as far as a message in Exchange is made of it.

use mail_parser::{Address, HeaderName, HeaderValue, Message, MessageParser, MimeHeaders};
use time::OffsetDateTime;

use super::Encoding;
use crate::calendar::Person;

/// A header block: everything before the first blank line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Header {
    pub(crate) raw: Vec<u8>,
    /// The media type in lower case, `text/plain` when none is said.
    pub(crate) media: String,
    /// The parameters of the media type, their names in lower case.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) encoding: Encoding,
    /// Whether it wants to be an attachment, or inline; in lower case.
    pub(crate) disposition: Option<String>,
    pub(crate) filename: Option<String>,
    /// Without angle brackets.
    pub(crate) content_id: Option<String>,
    pub(crate) content_location: Option<String>,
}

impl Header {
    /// Reads a block.
    pub(crate) fn parse(raw: Vec<u8>) -> Self {
        let mut own = Header { media: "text/plain".to_owned(), ..Header::default() };
        if let Some(message) = MessageParser::new().with_mime_headers().parse_headers(&raw) {
            own.take(message.root_part());
        }
        own.raw = raw;
        own
    }

    fn take(&mut self, part: &mail_parser::MessagePart<'_>) {
        if let Some(kind) = part.content_type() {
            let subtype = kind.subtype().unwrap_or_default();
            self.media = format!("{}/{subtype}", kind.ctype()).to_ascii_lowercase();
            let parameters = kind.attributes().into_iter().flatten();
            self.parameters = parameters.map(|own| (own.name.to_ascii_lowercase(), own.value.to_string())).collect();
        }
        self.encoding = part.content_transfer_encoding().map(Encoding::named).unwrap_or_default();
        self.disposition = part.content_disposition().map(|own| own.ctype().to_ascii_lowercase());
        self.filename = part.attachment_name().map(str::to_owned);
        self.content_id = part.content_id().map(|id| id.trim_matches(['<', '>']).to_owned());
        self.content_location = part.content_location().map(str::to_owned);
    }

    /// A parameter of the media type.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_attachment(&self) -> bool {
        self.disposition.as_deref() == Some("attachment")
    }

    /// What the block says of the message.
    pub(crate) fn envelope(&self) -> Envelope {
        MessageParser::default().parse_headers(&self.raw).map(|message| Envelope::of(&message)).unwrap_or_default()
    }

    /// The block as text: octets beyond ASCII are UTF-8, or else Latin-1.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.raw.clone())
            .unwrap_or_else(|_| self.raw.iter().map(|octet| char::from(*octet)).collect())
    }

    /// The value of the first field of this name, unfolded.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let text = self.text();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let Some((found, value)) = line.split_once(':') else { continue };
            if !found.trim_end().eq_ignore_ascii_case(name) {
                continue;
            }
            let mut whole = value.trim().to_owned();
            while let Some(more) = lines.next_if(|next| next.starts_with([' ', '\t'])) {
                whole.push(' ');
                whole.push_str(more.trim());
            }
            return Some(whole.trim().to_owned());
        }
        None
    }
}

/// Who wrote what to whom and when.
#[derive(Debug, Clone, Default)]
pub(crate) struct Envelope {
    pub(crate) subject: String,
    pub(crate) from: Option<Person>,
    pub(crate) sender: Option<Person>,
    pub(crate) reply_to: Vec<Person>,
    pub(crate) to: Vec<Person>,
    pub(crate) cc: Vec<Person>,
    pub(crate) bcc: Vec<Person>,
    pub(crate) date: Option<OffsetDateTime>,
    /// When it was last received on its way.
    pub(crate) received: Option<OffsetDateTime>,
}

impl Envelope {
    fn of(message: &Message<'_>) -> Self {
        let received = message.received().and_then(|received| received.date());
        let all = |name: HeaderName<'static>| {
            let values = message.header_values(name).filter_map(HeaderValue::as_address);
            values.flat_map(people).collect::<Vec<_>>()
        };
        Self {
            subject: message.subject().unwrap_or_default().to_owned(),
            from: message.from().and_then(|list| people(list).into_iter().next()),
            sender: message.sender().and_then(|list| people(list).into_iter().next()),
            reply_to: message.reply_to().map(people).unwrap_or_default(),
            to: all(HeaderName::To),
            cc: all(HeaderName::Cc),
            bcc: all(HeaderName::Bcc),
            date: message.date().and_then(moment),
            received: received.as_ref().and_then(moment),
        }
    }
}

fn people(list: &Address<'_>) -> Vec<Person> {
    let person =
        |one: &mail_parser::Addr<'_>| Person::new(one.name().unwrap_or_default(), one.address().unwrap_or_default());
    let people: Vec<Person> = match list {
        Address::List(list) => list.iter().map(person).collect(),
        Address::Group(groups) => groups.iter().flat_map(|group| &group.addresses).map(person).collect(),
    };
    people.into_iter().filter(|one| !(one.name.is_empty() && one.address.is_empty())).collect()
}

fn moment(date: &mail_parser::DateTime) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(date.to_timestamp()).ok()
}

impl Header {
    /// The texts of a leaf whose octets, still encoded, are these.
    pub(crate) fn decode_text(&self, octets: &[u8]) -> String {
        let mut whole = self.raw.clone();
        whole.extend_from_slice(b"\r\n");
        whole.extend_from_slice(octets);
        let parsed = MessageParser::new().with_mime_headers().parse(&whole);
        let text = parsed.as_ref().and_then(|message| message.root_part().text_contents().map(str::to_owned));
        text.unwrap_or_else(|| String::from_utf8_lossy(octets).into_owned())
    }
}
