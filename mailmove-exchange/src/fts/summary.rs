use std::io::Read;

use mailmove_core::{Body, Fingerprint, Flags, ItemFlags, Mark};
use time::{Duration, OffsetDateTime};

use super::mapi::{self, Key};
use super::write::uid_of;
use super::{Frames, FtsError, Marker, Name, Property, Token, Tokens, Value};

/// What a stream says of the item in it: as much as a listing does, so that nobody need be asked again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The version of the server that wrote it: major and minor in one number, build, minor build.
    pub server: Option<[u16; 3]>,
    /// The message class.
    pub class: Option<String>,
    /// The subject.
    pub subject: Option<String>,
    /// The Message-ID.
    pub message_id: Option<String>,
    /// The header of a mail as it travelled, when it is not too long to be kept.
    pub header: Option<String>,
    /// The message flags: 1 read, 8 never sent.
    pub flags: Option<u32>,
    /// What shall be done about it: 1 it was done, 2 it is to be done.
    pub follow_up: Option<u32>,
    /// What was done with it last: 102 answered, 103 answered to all, 104 forwarded.
    pub last_verb: Option<u32>,
    /// How programs draw it: 261 answered, 262 forwarded.
    pub icon: Option<u32>,
    /// Whether an IMAP client marked it for removal.
    pub imap_deleted: bool,
    /// The categories.
    pub categories: Vec<String>,
    /// When it was received.
    pub received: Option<OffsetDateTime>,
    /// When it was sent.
    pub sent: Option<OffsetDateTime>,
    /// When it was made.
    pub created: Option<OffsetDateTime>,
    /// When it was last modified.
    pub modified: Option<OffsetDateTime>,
    /// Our own mark.
    pub mark: Option<String>,
    /// The identifier that its format had elsewhere, where Exchange has no place for it.
    pub foreign_uid: Option<String>,
    /// The UID of iCalendar, of a meeting or an appointment.
    pub calendar_uid: Option<String>,
    /// What stays with an item through moves.
    pub search_key: Option<Vec<u8>>,
    /// How many recipients it has.
    pub recipients: u32,
    /// How many attachments it has, those of messages inside it not counted.
    pub attachments: u32,
}

/// Reads a stream to its end. [`FtsError::CutShort`] says that it is not whole; [`FtsError::Content`] that its frames
/// are, and that there is something in them which is not known here.
pub fn summarize(stream: impl Read) -> Result<Summary, FtsError> {
    let mut tokens = Tokens::new(Frames::new(stream));
    let mut summary = Summary::default();
    let mut inside: Vec<Marker> = Vec::new();
    while let Some(token) = tokens.next()? {
        match token {
            Token::Property(property) if inside.is_empty() => summary.take(property),
            Token::Property(_) => {}
            Token::Marker(marker) => {
                match (marker, inside.len()) {
                    (Marker::StartRecipient, 0) => summary.recipients += 1,
                    (Marker::StartAttachment, 0) => summary.attachments += 1,
                    _ => {}
                }
                match opening(marker) {
                    None => inside.push(marker),
                    Some(opening) if inside.last() == Some(&opening) => _ = inside.pop(),
                    Some(_) => return Err(FtsError::Content("something ends that did not begin")),
                }
            }
        }
    }
    if !inside.is_empty() {
        return Err(FtsError::Content("something begins and does not end"));
    }
    summary.server = tokens.frames().version();
    Ok(summary)
}

impl Summary {
    /// Its state and categories, with the meaning that they have of mail.
    pub fn item_flags(&self) -> Flags {
        let bits = self.flags.unwrap_or(0);
        let has = [
            (ItemFlags::SEEN, bits & 1 != 0),
            (ItemFlags::DRAFT, bits & 8 != 0),
            (ItemFlags::ANSWERED, matches!(self.last_verb, Some(102 | 103)) || self.icon == Some(261)),
            (ItemFlags::FORWARDED, self.last_verb == Some(104) || self.icon == Some(262)),
            (ItemFlags::FLAGGED, self.follow_up == Some(2)),
            (ItemFlags::DELETED, self.imap_deleted),
        ];
        let state = has.into_iter().filter(|(_, has)| *has).map(|(state, _)| state).collect();
        self.categories.iter().fold(Flags::new(state), |flags, name| flags.with_category(name))
    }

    /// By what it is recognised elsewhere: digest and length are those of the stream.
    pub fn fingerprint(&self, stream: &Body) -> Fingerprint {
        let mut print = Fingerprint::new(*stream.digest(), stream.len());
        print.mark = self.mark.as_deref().map(Mark::new);
        let header = self.header.as_deref().unwrap_or_default();
        let (uid, key) = Fingerprint::mail_key(header.as_bytes());
        print.key = key;
        let own =
            self.message_id.as_deref().and_then(|id| Fingerprint::mail_key(format!("Message-ID: {id}").as_bytes()).0);
        print.uid = self.foreign_uid.clone().or_else(|| self.calendar_uid.clone()).or(own).or(uid);
        print
    }

    fn take(&mut self, property: Property) {
        if let Some(name) = &property.name {
            return self.take_named(name, property.value);
        }
        let number = |bits: u64| u32::try_from(bits).ok();
        match (property.id, property.value) {
            (0x001a, Value::Text(text)) => self.class = Some(text),
            (0x0037, Value::Text(text)) => self.subject = Some(text),
            (0x007d, Value::Text(text)) => self.header = Some(text),
            (0x1035, Value::Text(text)) => self.message_id = Some(text),
            (0x0e07, Value::Number(bits)) => self.flags = number(bits),
            (0x1080, Value::Number(bits)) => self.icon = number(bits),
            (0x1081, Value::Number(bits)) => self.last_verb = number(bits),
            (0x1090, Value::Number(bits)) => self.follow_up = number(bits),
            (0x0e06, Value::Number(ticks)) => self.received = moment(ticks),
            (0x0039, Value::Number(ticks)) => self.sent = moment(ticks),
            (0x3007, Value::Number(ticks)) => self.created = moment(ticks),
            (0x3008, Value::Number(ticks)) => self.modified = moment(ticks),
            (0x300b, Value::Binary(bytes)) => self.search_key = Some(bytes),
            _ => {}
        }
    }

    fn take_named(&mut self, name: &Name, value: Value) {
        let is = |key: Key| match (key, name) {
            (Key::Number(set, number), Name::Number(own, known)) => set == *own && number == *known,
            (Key::Text(set, text), Name::Text(own, known)) => set == *own && text.eq_ignore_ascii_case(known),
            _ => false,
        };
        match value {
            Value::Texts(names) if is(mapi::CATEGORIES) => self.categories = names,
            Value::Text(text) if is(mapi::MARK) => self.mark = Some(text),
            Value::Text(text) if is(mapi::UID) => self.foreign_uid = Some(text),
            Value::Number(number) if is(mapi::common(0x8570)) => self.imap_deleted = number == 1,
            Value::Binary(id) if is(mapi::meeting(0x0023)) => self.calendar_uid = uid_of(&id),
            _ => {}
        }
    }
}

/// What must have begun for this to be an end; `None` for a beginning.
fn opening(marker: Marker) -> Option<Marker> {
    match marker {
        Marker::EndRecipient => Some(Marker::StartRecipient),
        Marker::EndAttachment => Some(Marker::StartAttachment),
        Marker::EndEmbedded => Some(Marker::StartEmbedded),
        Marker::StartRecipient | Marker::StartAttachment | Marker::StartEmbedded => None,
    }
}

/// Tenths of microseconds since 1601.
pub(super) fn moment(ticks: u64) -> Option<OffsetDateTime> {
    let seconds = i64::try_from(ticks / 10_000_000).ok()? - 11_644_473_600;
    let rest = Duration::nanoseconds(i64::try_from(ticks % 10_000_000).ok()? * 100);
    OffsetDateTime::from_unix_timestamp(seconds).ok()?.checked_add(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(id: u16, text: &str) -> Vec<u8> {
        let bytes: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        variable(0x001f, id, &bytes)
    }

    fn variable(kind: u16, id: u16, bytes: &[u8]) -> Vec<u8> {
        let length = u32::try_from(bytes.len()).unwrap();
        [&tag(kind, id)[..], &length.to_le_bytes(), bytes].concat()
    }

    fn tag(kind: u16, id: u16) -> [u8; 4] {
        (u32::from(id) << 16 | u32::from(kind)).to_le_bytes()
    }

    /// In buffers of a few bytes, so that everything goes over an edge.
    fn framed(content: &[u8]) -> Vec<u8> {
        let frame = |piece: &[u8]| [&2_u32.to_le_bytes()[..], &(piece.len() as u32).to_le_bytes(), piece].concat();
        content.chunks(5).flat_map(frame).collect()
    }

    fn message() -> Vec<u8> {
        [
            text(0x001a, "IPM.Note"),
            [&tag(3, 0x0e07)[..], &1_u32.to_le_bytes()].concat(),
            [&tag(0x40, 0x0e06)[..], &125_911_584_000_000_000_u64.to_le_bytes()].concat(),
            [&tag(0x0b, 0x10f4)[..], &[1, 0]].concat(),
            [&tag(0x1f, 0x8001)[..], &[7; 16], &[1, b'X', 0, 0, 0], &2_u32.to_le_bytes(), &[0, 0]].concat(),
            [&tag(0x3, 0x8002)[..], &[7; 16], &[0, 9, 0, 0, 0], &[1, 0, 0, 0]].concat(),
            [&tag(0x101f, 0x0001)[..], &2_u32.to_le_bytes(), &2_u32.to_le_bytes(), b"a\0", &0_u32.to_le_bytes()]
                .concat(),
            variable(0x84b0, 0x1035, b"<\x001\x00>\x00\x00\x00"),
            variable(0x0102, 0x1000, &vec![1; 132_000]),
            tag(3, 0x4003).to_vec(),
            text(0x0037, "not the item's"),
            tag(3, 0x4004).to_vec(),
            tag(3, 0x4000).to_vec(),
            tag(3, 0x4001).to_vec(),
            text(0x0037, "nor this"),
            tag(3, 0x4002).to_vec(),
            tag(3, 0x400e).to_vec(),
        ]
        .concat()
    }

    #[test]
    fn a_message_tells_what_it_is() {
        let summary = summarize(&framed(&message())[..]).unwrap();
        assert_eq!(summary.class.as_deref(), Some("IPM.Note"));
        assert_eq!((summary.subject.as_deref(), summary.message_id.as_deref()), (None, Some("<1>")));
        assert_eq!((summary.flags, summary.recipients, summary.attachments), (Some(1), 1, 1));
        assert_eq!(summary.received.unwrap().unix_timestamp(), 946_684_800);
    }

    #[test]
    fn what_begins_must_end() {
        for content in [tag(3, 0x4000).to_vec(), tag(3, 0x400e).to_vec(), [tag(3, 0x4000), tag(3, 0x4004)].concat()] {
            assert!(matches!(summarize(&framed(&content)[..]), Err(FtsError::Content(_))));
        }
    }

    #[test]
    fn a_type_that_nobody_knows_is_no_sign_of_a_cut() {
        assert!(matches!(summarize(&framed(&tag(0x7777, 1))[..]), Err(FtsError::Content(_))));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = summarize(&bytes[..]);
            let _ = summarize(&framed(&bytes)[..]);
        }

    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_cut_in_a_frame_is_noticed(at in 1_usize..400_000) {
            let stream = framed(&message());
            let at = at % stream.len();
            // A frame has eight bytes of head and five of content; at its edge only the content can tell.
            prop_assume!(!at.is_multiple_of(13));
            prop_assert!(summarize(&stream[..at]).is_err());
        }
    }
}
