//! The data of one FETCH response.

use mailmove_core::{Flags, ItemFlags};
use time::OffsetDateTime;

use super::framer::{Literal, Sink};
use super::scanner::{Scanner, Value};
use super::{date, words_owned};
use crate::map::flags;

/// What a server said about one message. Items that nobody asked for are passed over.
#[derive(Debug, Default)]
pub(crate) struct FetchData {
    pub(crate) uid: Option<u32>,
    pub(crate) flags: Option<Flags>,
    /// System flags that nobody knows (`\X-HAS-ATTACH`), as they came.
    pub(crate) odd_flags: Vec<String>,
    pub(crate) date: Option<OffsetDateTime>,
    pub(crate) size: Option<u64>,
    /// EMAILID (RFC 8474) or the like.
    pub(crate) email_id: Option<String>,
    /// X-GM-LABELS, as they stand on the wire.
    pub(crate) labels: Option<Vec<Vec<u8>>>,
    /// The header block or the fields asked for.
    pub(crate) header: Option<Vec<u8>>,
    /// The whole message, wherever its literal went.
    pub(crate) body: Option<Literal>,
}

impl FetchData {
    /// Reads the list of items. What comes behind something unreadable is missing.
    pub(crate) fn parse(scanner: &mut Scanner<'_>) -> Self {
        let mut data = Self::default();
        if !scanner.eat(b'(') {
            return data;
        }
        while !scanner.eat(b')') && scanner.peek().is_some() {
            let name = scanner.item_name();
            if name.is_empty() {
                scanner.skip_value();
                continue;
            }
            data.item(name, scanner);
        }
        data
    }

    fn item(&mut self, name: &[u8], scanner: &mut Scanner<'_>) {
        match section(name) {
            Section::Body => {
                self.body = match scanner.value() {
                    Value::Literal(literal) => Some(literal),
                    Value::Text(text) => Some(Literal::Bytes(text.into_owned())),
                    Value::Nil => Some(Literal::Nil),
                };
                return;
            }
            Section::Header => {
                self.header = Some(scanner.bytes().map(|bytes| bytes.into_owned()).unwrap_or_default());
                return;
            }
            Section::None => {}
        }
        if name.eq_ignore_ascii_case(b"UID") {
            self.uid = scanner.number().and_then(|uid| uid.try_into().ok());
        } else if name.eq_ignore_ascii_case(b"FLAGS") {
            let (flags, odd) = flags::from_wire(scanner.words().unwrap_or_default());
            (self.flags, self.odd_flags) = (Some(flags), words_owned(odd));
        } else if name.eq_ignore_ascii_case(b"INTERNALDATE") {
            self.date = scanner.bytes().and_then(|text| date::parse(&text));
        } else if name.eq_ignore_ascii_case(b"RFC822.SIZE") {
            self.size = scanner.number();
        } else if name.eq_ignore_ascii_case(b"EMAILID") {
            self.email_id = scanner.words().and_then(|words| words_owned(words).pop());
        } else if name.eq_ignore_ascii_case(b"X-GM-MSGID") {
            self.email_id = scanner.number().map(|id| id.to_string());
        } else if name.eq_ignore_ascii_case(b"X-GM-LABELS") {
            self.labels = labels(scanner);
        } else {
            scanner.skip_value();
        }
    }

    /// Whether it only tells flags, as servers do unasked when somebody else changed them.
    pub(crate) fn is_flags_only(&self) -> bool {
        self.flags.is_some() && self.size.is_none() && self.body.is_none() && self.header.is_none()
    }

    /// The flags, none when the server did not tell.
    pub(crate) fn take_flags(&mut self) -> Flags {
        self.flags.take().unwrap_or_else(|| Flags::new(ItemFlags::empty()))
    }
}

/// A list of labels, each spelt as the name of a mailbox is. `None` when it is no such list.
fn labels(scanner: &mut Scanner<'_>) -> Option<Vec<Vec<u8>>> {
    if !scanner.eat(b'(') {
        scanner.skip_value();
        return None;
    }
    let mut labels = Vec::new();
    while !scanner.eat(b')') {
        match scanner.peek()? {
            b'(' => scanner.skip_value(),
            _ => labels.push(scanner.name()?.into_owned()),
        }
    }
    Some(labels)
}

/// When a literal begins: whether it is the body of a message, and of which, if that was said already.
pub(crate) fn body_literal(text: &[u8]) -> Option<Option<u32>> {
    let open = memchr::memrchr(b'{', text)?;
    let before = text[..open].strip_suffix(b"~").unwrap_or(&text[..open]).trim_ascii_end();
    let start = before.iter().rposition(|byte| matches!(byte, b' ' | b'(')).map_or(0, |at| at + 1);
    if !matches!(section(&before[start..]), Section::Body) {
        return None;
    }
    let mut scanner = Scanner::new(text, &mut []);
    if scanner.word() != b"*" {
        return None;
    }
    let number = scanner.number()?;
    let verb = scanner.word();
    if verb.eq_ignore_ascii_case(b"UIDFETCH") {
        return Some(u32::try_from(number).ok());
    }
    if !verb.eq_ignore_ascii_case(b"FETCH") || !scanner.eat(b'(') {
        return None;
    }
    loop {
        let name = scanner.item_name();
        if name.is_empty() || matches!(section(name), Section::Body) {
            return Some(None);
        }
        if name.eq_ignore_ascii_case(b"UID") {
            return Some(scanner.number().and_then(|uid| uid.try_into().ok()));
        }
        scanner.skip_value();
    }
}

enum Section {
    Body,
    Header,
    None,
}

fn section(name: &[u8]) -> Section {
    let name = match memchr::memchr(b'<', name) {
        Some(origin) => &name[..origin],
        None => name,
    };
    if [&b"BODY[]"[..], b"RFC822", b"BINARY[]"].iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Section::Body;
    }
    let starts = |prefix: &[u8]| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if starts(b"BODY[HEADER") || starts(b"RFC822.HEADER") { Section::Header } else { Section::None }
}

/// Turns what became of a literal into a body, spooling what came as a short string.
impl Literal {
    pub(crate) fn into_body(self, spool: &mailmove_core::Spool) -> Option<mailmove_core::Result<mailmove_core::Body>> {
        match self {
            Literal::Body(body) => Some(Ok(body)),
            Literal::Bytes(bytes) => Some(spool.body(bytes)),
            Literal::Failed(error) => Some(Err(error)),
            Literal::Digest(..) | Literal::Skipped | Literal::Nil => None,
        }
    }

    /// Digest and length, of what came as a short string too.
    pub(crate) fn digest(&self) -> Option<(mailmove_core::Digest, u64)> {
        match self {
            Literal::Digest(digest, length) => Some((*digest, *length)),
            Literal::Bytes(bytes) => Some((mailmove_core::Digest::of(bytes), bytes.len() as u64)),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Sink::Memory => "Memory",
            Sink::Spool(_) => "Spool",
            Sink::Digest(_) => "Digest",
            Sink::Skip => "Skip",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::untagged::testing::untagged;
    use super::super::{Response, Untagged};
    use super::*;

    fn data(text: &str) -> FetchData {
        match untagged(text) {
            Untagged::Fetch(data) => data,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn items_come_in_any_order_with_strangers_between() {
        let data = data(
            "* 3 FETCH (X-NEW (a (b \"c)\")) MODSEQ (12) FLAGS (\\Seen Work \\X-ODD) RFC822.SIZE 44 \
             INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" EMAILID (M6d) UID 7 ENVELOPE (NIL NIL ()))",
        );
        assert_eq!((data.uid, data.size, data.email_id.as_deref()), (Some(7), Some(44), Some("M6d")));
        assert!(data.flags.is_some_and(|flags| flags.state == ItemFlags::SEEN && flags.has_category("Work")));
        assert_eq!(data.odd_flags, ["\\X-ODD"]);
        assert!(data.date.is_some());
    }

    #[test]
    fn labels_come_in_every_spelling() {
        let labels = |text: &str| data(&format!("* 1 FETCH (X-GM-LABELS {text} UID 7)"));
        let said = labels(r#"("\\Inbox" \Sent Work "a \"b\"" NIL &APY-)"#);
        let said: Vec<String> =
            said.labels.unwrap().iter().map(|label| String::from_utf8_lossy(label).into()).collect();
        assert_eq!(said, ["\\Inbox", "\\Sent", "Work", "a \"b\"", "NIL", "&APY-"]);
        assert_eq!((labels("()").labels, labels("()").uid), (Some(Vec::new()), Some(7)));
        assert_eq!((labels("NIL").labels, labels("NIL").uid), (None, Some(7)));
        assert_eq!(labels("((a) b)").labels, Some(vec![b"b".to_vec()]));
    }

    #[test]
    fn a_short_body_may_come_as_a_string_and_nothing_is_no_body() {
        assert!(
            matches!(data("* 1 FETCH (UID 1 BODY[] \"abc\")").body, Some(Literal::Bytes(bytes)) if bytes == b"abc")
        );
        assert!(matches!(data("* 1 FETCH (UID 1 BODY[] NIL)").body, Some(Literal::Nil)));
        assert!(matches!(data("* 1 FETCH (UID 1 BODY[]<0> \"\" )").body, Some(Literal::Bytes(_))));
    }

    #[test]
    fn a_body_literal_is_known_by_its_section_and_uid() {
        let of = |text: &str| body_literal(text.as_bytes());
        assert_eq!(of("* 1 FETCH (UID 5 FLAGS (\\Seen) BODY[] {7}"), Some(Some(5)));
        assert_eq!(of("* 1 FETCH (FLAGS (a) BODY[] {7}"), Some(None));
        assert_eq!(of("* 1 fetch (body[] {7}"), Some(None));
        assert_eq!(of("* 8 UIDFETCH (BODY[] {7}"), Some(Some(8)));
        assert_eq!(of("* 1 FETCH (UID 5 BINARY[] ~{7}"), Some(Some(5)));
        assert_eq!(of("* 1 FETCH (UID 5 BODY[HEADER.FIELDS (DATE)] {7}"), None);
        assert_eq!(of("* LIST () \"/\" {7}"), None);
    }

    #[test]
    fn header_literals_are_taken_from_their_place() {
        let text = b"* 1 FETCH (BODY[HEADER.FIELDS (DATE)] {3} UID 4 RFC822.SIZE 9)".to_vec();
        let offset = text.iter().position(|byte| *byte == b'{').unwrap();
        let mut response = Response { text, literals: vec![(offset, Literal::Bytes(b"a:b".to_vec()))] };
        match super::super::Incoming::parse(&mut response) {
            super::super::Incoming::Untagged(Untagged::Fetch(data)) => {
                assert_eq!((data.uid, data.header.as_deref()), (Some(4), Some(&b"a:b"[..])));
            }
            other => panic!("{other:?}"),
        }
    }
}
