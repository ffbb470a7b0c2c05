//! What a response is.

use super::fetch::FetchData;
use super::framer::Response;
use super::list::ListEntry;
use super::namespace::Namespace;
use super::quota::{Quota, Rights};
use super::scanner::Scanner;
use super::status::MailboxStatus;
use super::{StatusLine, UidSet, words_owned};

/// One response, sorted by whom it is for.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // moved once per response; a box would cost an allocation for each message
pub(crate) enum Incoming {
    /// The server invites a literal, or challenges.
    Continue,
    /// A command is over.
    Tagged(u64, StatusLine),
    /// Data.
    Untagged(Untagged),
    /// Nothing that the protocol knows: the stream is out of step.
    Unreadable,
}

/// Data that no tag says whom it belongs to.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // as above
pub(crate) enum Untagged {
    Fetch(FetchData),
    Exists(u32),
    Vanished {
        earlier: bool,
        uids: UidSet,
    },
    List(ListEntry),
    Subscribed(ListEntry),
    Status(MailboxStatus),
    Search(UidSet),
    Flags,
    Capability(Vec<String>),
    Enabled,
    /// The values of ID.
    Id(Vec<String>),
    Namespace(Namespace),
    Quota(Quota),
    Rights(Rights),
    Line(StatusLine),
    /// Something else, or something half readable: passed over.
    Other,
}

impl Incoming {
    /// Sorts a response. Our tags are a letter and a number.
    pub(crate) fn parse(response: &mut Response) -> Self {
        let mut scanner = Scanner::new(&response.text, &mut response.literals);
        if scanner.peek() == Some(b'+') {
            return Incoming::Continue;
        }
        let first = scanner.word();
        if first == b"*" {
            return Incoming::Untagged(Untagged::parse(&mut scanner));
        }
        let tag = first.strip_prefix(b"m").and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        match (tag, StatusLine::parse(&mut scanner)) {
            (Some(tag), Some(line)) => Incoming::Tagged(tag, line),
            _ => Incoming::Unreadable,
        }
    }
}

impl Untagged {
    fn parse(scanner: &mut Scanner<'_>) -> Self {
        scanner.skip_blanks();
        if scanner.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Self::numbered(scanner).unwrap_or(Untagged::Other);
        }
        Self::named(scanner).unwrap_or(Untagged::Other)
    }

    fn numbered(scanner: &mut Scanner<'_>) -> Option<Self> {
        let number = u32::try_from(scanner.number()?).ok()?;
        let word = scanner.word();
        if word.eq_ignore_ascii_case(b"FETCH") {
            Some(Untagged::Fetch(FetchData::parse(scanner)))
        } else if word.eq_ignore_ascii_case(b"UIDFETCH") {
            let mut data = FetchData::parse(scanner);
            data.uid = Some(number);
            Some(Untagged::Fetch(data))
        } else if word.eq_ignore_ascii_case(b"EXISTS") {
            Some(Untagged::Exists(number))
        } else {
            None
        }
    }

    fn named(scanner: &mut Scanner<'_>) -> Option<Self> {
        let mut ahead = Scanner::new(scanner.rest(), &mut []);
        if let Some(line) = StatusLine::parse(&mut ahead) {
            return Some(Untagged::Line(line));
        }
        let name = scanner.word().to_ascii_uppercase();
        Some(match name.as_slice() {
            b"LIST" | b"XLIST" => Untagged::List(ListEntry::parse(scanner)?),
            b"LSUB" => Untagged::Subscribed(ListEntry::parse(scanner)?),
            b"STATUS" => Untagged::Status(MailboxStatus::parse(scanner)?),
            b"SEARCH" => Untagged::Search(super::search::parse_search(scanner)),
            b"ESEARCH" => Untagged::Search(super::search::parse_esearch(scanner)),
            b"VANISHED" => {
                let earlier = scanner.words().is_some();
                Untagged::Vanished { earlier, uids: UidSet::parse(scanner.word())? }
            }
            b"FLAGS" => Untagged::Flags,
            b"CAPABILITY" => Untagged::Capability(words(scanner)),
            b"ENABLED" => Untagged::Enabled,
            b"ID" => Untagged::Id(super::id::parse(scanner)),
            b"NAMESPACE" => Untagged::Namespace(Namespace::parse(scanner)?),
            b"QUOTA" => Untagged::Quota(Quota::parse(scanner)?),
            b"MYRIGHTS" => Untagged::Rights(Rights::parse(scanner)?),
            _ => return None,
        })
    }
}

fn words(scanner: &mut Scanner<'_>) -> Vec<String> {
    words_owned(scanner.rest().split(|byte| *byte == b' ').filter(|word| !word.is_empty()))
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A response without literals.
    pub(crate) fn incoming(text: &str) -> Incoming {
        Incoming::parse(&mut Response { text: text.as_bytes().to_vec(), literals: Vec::new() })
    }

    /// An untagged response without literals.
    pub(crate) fn untagged(text: &str) -> Untagged {
        match incoming(text) {
            Incoming::Untagged(data) => data,
            other => panic!("{other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{incoming, untagged};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn responses_are_sorted() {
        assert!(matches!(incoming("+ go on"), Incoming::Continue));
        assert!(matches!(incoming("+"), Incoming::Continue));
        assert!(matches!(incoming("m17 OK done"), Incoming::Tagged(17, _)));
        assert!(matches!(incoming("rubbish"), Incoming::Unreadable));
        assert!(matches!(incoming("m17 MAYBE"), Incoming::Unreadable));
        assert!(matches!(untagged("* 17 EXISTS"), Untagged::Exists(17)));
        assert!(matches!(untagged("* 9 UIDFETCH (FLAGS ())"), Untagged::Fetch(FetchData { uid: Some(9), .. })));
        assert!(matches!(untagged("* VANISHED (EARLIER) 1:3,5"), Untagged::Vanished { earlier: true, .. }));
        assert!(matches!(untagged("* VANISHED 5"), Untagged::Vanished { earlier: false, .. }));
        assert!(matches!(untagged("* BYE so long"), Untagged::Line(StatusLine { .. })));
        assert!(matches!(untagged("* SOMETHING new (1 2 {3)"), Untagged::Other));
        assert!(matches!(untagged("* 99999999999 EXISTS"), Untagged::Other));
    }

    proptest! {
        #[test]
        fn nothing_a_server_says_panics(text in "[*+m0-9A-Z\\[\\]\\(\\){}\" \\\\~.:,a-z]{0,80}") {
            let _ = incoming(&text);
            let _ = incoming(&format!("* 1 FETCH ({text}"));
            let _ = incoming(&format!("* LIST ({text}"));
            let _ = incoming(&format!("* STATUS {text}"));
            let _ = incoming(&format!("m1 OK [{text}"));
            let _ = incoming(&format!("* NAMESPACE {text}"));
            let _ = incoming(&format!("* ESEARCH {text}"));
        }
    }
}
