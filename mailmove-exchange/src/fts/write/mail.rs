//! RFC 5322 to a message ([MS-OXCMAIL]).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailmove_core::{Item, ItemFlags, Kind, Loss, Result};

use super::super::Marker;
use super::super::mapi::{self, tag};
use super::attachment::Described;
use super::body::{self, Sorted};
use super::person::{Recipient, write_reply_to, write_senders};
use super::stream::Stream;
use super::{Options, begin, dated, importance, message_flags, note};
use crate::calendar::{Importance, Person, Text};
use crate::mime::{Content, Header, Mail, Octets, Part};

/// Headers that Exchange has a property for.
const FIELDS: [(&str, mapi::Key); 6] = [
    ("Message-ID", tag::INTERNET_MESSAGE_ID),
    ("References", tag::INTERNET_REFERENCES),
    ("In-Reply-To", tag::IN_REPLY_TO),
    ("List-Help", tag::LIST_HELP),
    ("List-Subscribe", tag::LIST_SUBSCRIBE),
    ("List-Unsubscribe", tag::LIST_UNSUBSCRIBE),
];

pub(super) fn write(stream: &mut Stream, item: &Item, options: &Options) -> Result<Vec<Loss>> {
    let mail = Mail::parse(&item.body)?;
    let mut writer = Writer { octets: mail.octets(), losses: Vec::new() };
    let signed = Signed::of(&mail.root.header);
    let class = match (item.kind, &signed) {
        (Kind::Note, _) => "IPM.StickyNote",
        (_, Some(Signed::Clear)) => "IPM.Note.SMIME.MultipartSigned",
        (_, Some(Signed::Opaque)) => "IPM.Note.SMIME",
        (_, None) => item.class.as_deref().filter(|class| is_note(class)).unwrap_or("IPM.Note"),
    };
    begin(stream, class, item, options, message_flags(&item.flags))?;
    super::categories(stream, item, &[])?;
    let envelope = mail.root.header.envelope();
    dated(stream, tag::DELIVERY_TIME, item.received.or(envelope.received).or(envelope.date))?;
    dated(stream, tag::CLIENT_SUBMIT_TIME, envelope.date.or(item.received))?;
    if item.flags.state.contains(ItemFlags::JUNK) {
        writer.lose("flag-junk", "Exchange knows junk by its folder alone");
    }
    if item.flags.state.contains(ItemFlags::DELETED) {
        stream.number(mapi::common(0x8570), 1)?;
    }
    if mail.root.header.field("Disposition-Notification-To").is_some() {
        writer.lose("read-receipt", "the request for a receipt stands in the header alone, so that none is sent again");
    }
    if item.kind == Kind::Note {
        note::look(stream, item)?;
    }
    writer.message(stream, &mail.root, signed)?;
    Ok(writer.losses)
}

struct Writer {
    octets: Octets,
    losses: Vec<Loss>,
}

impl Writer {
    /// What a message says of itself, its recipients and its attachments.
    fn message(&mut self, stream: &mut Stream, root: &Part, signed: Option<Signed>) -> Result<()> {
        let header = &root.header;
        let envelope = header.envelope();
        super::subject(stream, &envelope.subject)?;
        stream.some_text(tag::TRANSPORT_HEADERS, &header.text())?;
        for (name, key) in FIELDS {
            stream.some_text(key, &header.field(name).unwrap_or_default())?;
        }
        if let Some(index) = header.field("Thread-Index").and_then(|text| STANDARD.decode(text).ok()) {
            stream.binary(tag::CONVERSATION_INDEX, &index)?;
        }
        importance(stream, importance_of(header))?;
        stream.number(tag::SENSITIVITY, sensitivity_of(header))?;
        let nobody = Person::default();
        let from = envelope.from.as_ref().or(envelope.sender.as_ref());
        if let Some(from) = from {
            write_senders(stream, envelope.sender.as_ref().unwrap_or(from), from)?;
        } else {
            write_senders(stream, &nobody, &nobody)?;
        }
        write_reply_to(stream, &envelope.reply_to)?;
        let sorted = Sorted::of(root);
        let mut text = Text::default();
        if let Some(plain) = sorted.plain {
            text.plain = self.octets.text(plain)?;
        }
        if let Some(html) = sorted.html {
            text.html = Some(self.octets.text(html)?);
        }
        body::write(stream, &text)?;
        let lists = [(1, &envelope.to), (2, &envelope.cc), (3, &envelope.bcc)];
        let recipients = lists.into_iter().flat_map(|(kind, people)| people.iter().map(move |one| (kind, one)));
        for (row, (kind, person)) in (0..).zip(recipients) {
            Recipient::new(person.clone(), kind).write(stream, row)?;
        }
        if sorted.long_text {
            self.lose("large-text", "a text of more than 8 MiB becomes an attachment");
        }
        match signed {
            Some(signed) => self.signed(stream, root, signed),
            None => (0..)
                .zip(&sorted.attachments)
                .try_for_each(|(number, (part, shown))| self.attachment(stream, part, number, *shown)),
        }
    }

    fn attachment(&mut self, stream: &mut Stream, part: &Part, number: u32, shown: bool) -> Result<()> {
        let mut described = Described::of(&part.header, number, shown);
        match &part.content {
            Content::Message(inner) => {
                described.message = true;
                if part.header.filename.is_none() {
                    described.name = inner.header.envelope().subject;
                }
                described.begin(stream, number)?;
                stream.marker(Marker::StartEmbedded)?;
                self.embedded(stream, inner)?;
                stream.marker(Marker::EndEmbedded)?;
            }
            Content::Leaf(length) => {
                if part.header.media == "text/calendar" {
                    self.lose("meeting-message", "a message about a meeting becomes mail with a calendar attached");
                }
                described.begin(stream, number)?;
                stream.binary_of(tag::ATTACH_DATA, *length)?;
                self.octets.decoded(part, |piece| stream.put(piece))?;
            }
            // Sorted apart before.
            Content::Multipart(_) => described.begin(stream, number)?,
        }
        stream.marker(Marker::EndAttachment)
    }

    /// A message inside of a message: as it was received.
    fn embedded(&mut self, stream: &mut Stream, inner: &Part) -> Result<()> {
        let signed = Signed::of(&inner.header);
        let class = match signed {
            Some(Signed::Clear) => "IPM.Note.SMIME.MultipartSigned",
            Some(Signed::Opaque) => "IPM.Note.SMIME",
            None => "IPM.Note",
        };
        stream.text(tag::MESSAGE_CLASS, class)?;
        stream.number(tag::MESSAGE_FLAGS, 3)?;
        stream.number(tag::INTERNET_CODEPAGE, 65_001)?;
        let envelope = inner.header.envelope();
        dated(stream, tag::DELIVERY_TIME, envelope.received.or(envelope.date))?;
        dated(stream, tag::CLIENT_SUBMIT_TIME, envelope.date)?;
        self.message(stream, inner, signed)
    }

    /// What is signed or encrypted is one attachment, octet by octet, so that the signature stays good ([MS-OXOSMIME]
    /// §2.1.3).
    fn signed(&mut self, stream: &mut Stream, root: &Part, signed: Signed) -> Result<()> {
        let mut described = Described { name: "smime.p7m".to_owned(), ..Described::default() };
        match signed {
            Signed::Clear => {
                described.media = "multipart/signed".to_owned();
                described.begin(stream, 0)?;
                let head = content_fields(&root.header);
                stream.binary_of(tag::ATTACH_DATA, head.len() as u64 + root.end - root.start)?;
                stream.put(&head)?;
                self.octets.raw(root.start, root.end, |piece| stream.put(piece))?;
            }
            Signed::Opaque => {
                described.media.clone_from(&root.header.media);
                described.begin(stream, 0)?;
                let length = if let Content::Leaf(length) = root.content { length } else { 0 };
                stream.binary_of(tag::ATTACH_DATA, length)?;
                if length > 0 {
                    self.octets.decoded(root, |piece| stream.put(piece))?;
                }
            }
        }
        stream.marker(Marker::EndAttachment)
    }

    fn lose(&mut self, code: &'static str, text: &str) {
        if !self.losses.iter().any(|loss| loss.code == code) {
            self.losses.push(Loss::new(code, text));
        }
    }
}

/// How a message is signed or encrypted with S/MIME.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signed {
    /// Its text can be read by everybody.
    Clear,
    Opaque,
}

impl Signed {
    fn of(header: &Header) -> Option<Self> {
        match header.media.as_str() {
            "multipart/signed" => Some(Signed::Clear),
            "application/pkcs7-mime" | "application/x-pkcs7-mime" => Some(Signed::Opaque),
            _ => None,
        }
    }
}

/// The fields that tell of the content, with the blank line behind them.
fn content_fields(header: &Header) -> Vec<u8> {
    let (mut out, mut inside) = (Vec::new(), false);
    for line in header.raw.split_inclusive(|octet| *octet == b'\n') {
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            inside = line.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"content-"));
        }
        if inside {
            out.extend_from_slice(line);
        }
    }
    out.extend_from_slice(b"\r\n");
    out
}

fn importance_of(header: &Header) -> Importance {
    let word = |name: &str| header.field(name).unwrap_or_default().to_ascii_lowercase();
    let (importance, priority) = (word("Importance"), word("X-Priority"));
    match (importance.as_str(), priority.as_bytes().first()) {
        ("high", _) | ("", Some(b'1' | b'2')) => Importance::High,
        ("low", _) | ("", Some(b'4' | b'5')) => Importance::Low,
        _ => Importance::Normal,
    }
}

fn sensitivity_of(header: &Header) -> u32 {
    match header.field("Sensitivity").unwrap_or_default().to_ascii_lowercase().as_str() {
        "personal" => 1,
        "private" => 2,
        "company-confidential" => 3,
        _ => 0,
    }
}

/// Other classes would be given a life of their own.
fn is_note(class: &str) -> bool {
    let class = class.to_ascii_lowercase();
    (class == "ipm.note" || class.starts_with("ipm.note.")) && !class.contains("smime")
}
