//! The parsers of this crate for those who attack them, and for those who compare them with others.
//!
//! No part of the API: it may change with any version.

use bytes::BytesMut;
use mailmove_core::{Flags, Spool};

use crate::map::flags;
use crate::wire::{
    self, Code, FetchData, Framer, Incoming, ListEntry, Literal, Response, Sink, StatusLine, Step, UidSet, Untagged,
    body_literal,
};

/// One response, as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the words are those of the protocol
pub enum Said {
    Continue,
    Tagged(u64, Status),
    Status(Status),
    Fetch(Message),
    Exists(u32),
    Vanished {
        earlier: bool,
        uids: String,
    },
    List(Mailbox),
    Lsub(Mailbox),
    MailboxStatus {
        name: Vec<u8>,
        messages: Option<u64>,
        next: Option<u32>,
        validity: Option<u32>,
        modseq: Option<u64>,
    },
    /// SEARCH and ESEARCH alike, as a set.
    Found(String),
    Flags,
    Capability(Vec<String>),
    Enabled,
    Namespace(Vec<(Vec<u8>, Option<char>)>),
    Quota(Vec<(String, u64, u64)>),
    Rights(String),
    /// Data that is passed over.
    Other,
    /// The stream is out of step.
    Unreadable,
}

/// A status response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Status {
    pub word: &'static str,
    /// The response code, written in one way.
    pub code: Option<String>,
    pub text: String,
}

/// What one FETCH response said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Message {
    pub uid: Option<u32>,
    /// Sorted, written in one way, `\Recent` left out.
    pub flags: Option<Vec<String>>,
    /// Seconds since 1970.
    pub date: Option<i64>,
    pub size: Option<u64>,
    pub header: Option<Vec<u8>>,
    pub body: Option<Vec<u8>>,
}

/// What one LIST or LSUB response said.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Mailbox {
    pub attributes: Vec<String>,
    pub delimiter: Option<char>,
    pub name: Vec<u8>,
}

/// Everything in `stream`, which arrives `cut` bytes at a time. `Err` when the stream cannot be followed to its end.
///
/// # Errors
/// A line or a literal without bounds.
pub fn responses(stream: &[u8], cut: usize) -> Result<Vec<Said>, &'static str> {
    let spool = Spool::new(1 << 20);
    let (mut framer, mut input, mut said) = (Framer::default(), BytesMut::new(), Vec::new());
    for part in stream.chunks(cut.max(1)) {
        input.extend_from_slice(part);
        loop {
            match framer.advance(&mut input).map_err(|broken| broken.as_str())? {
                Step::Hungry => break,
                Step::Response => said.push(Said::of(Incoming::parse(framer.response()))),
                Step::Literal => {
                    let sink = if body_literal(framer.text()).is_some() {
                        Sink::Spool(Box::new(spool.writer()))
                    } else {
                        Sink::Memory
                    };
                    framer.sink(sink).map_err(|broken| broken.as_str())?;
                }
            }
        }
    }
    Ok(said)
}

/// How many responses stand in `stream`, which arrives `cut` bytes at a time; what they say is not looked at.
/// Literals go to nobody.
///
/// # Errors
/// As for [`responses`].
pub fn frames(stream: &[u8], cut: usize) -> Result<usize, &'static str> {
    let (mut framer, mut input, mut count) = (Framer::default(), BytesMut::new(), 0);
    for part in stream.chunks(cut.max(1)) {
        input.extend_from_slice(part);
        loop {
            match framer.advance(&mut input).map_err(|broken| broken.as_str())? {
                Step::Hungry => break,
                Step::Literal => framer.sink(Sink::Skip).map_err(|broken| broken.as_str())?,
                Step::Response => {
                    framer.response();
                    count += 1;
                }
            }
        }
    }
    Ok(count)
}

/// The name of a mailbox for people, if it is modified UTF-7.
pub fn mailbox_name(wire: &str) -> Option<String> {
    wire::mailbox_name::decode(wire)
}

/// The name of a mailbox on the wire.
pub fn mailbox_wire(name: &str) -> String {
    wire::mailbox_name::encode(name)
}

/// An INTERNALDATE as seconds since 1970, and as it is written back.
pub fn date(text: &[u8]) -> Option<(i64, Option<String>)> {
    wire::date::parse(text).map(|date| (date.unix_timestamp(), wire::date::quoted(date)))
}

/// The values of an ID response, of which `list` is what follows the name.
pub fn id(list: &[u8]) -> Vec<String> {
    let mut response = Response { text: [b"* ID ", list].concat(), literals: Vec::new() };
    match Incoming::parse(&mut response) {
        Incoming::Untagged(Untagged::Id(values)) => values,
        _ => Vec::new(),
    }
}

/// A set of UIDs as it is written back, and how many it names.
pub fn uid_set(text: &[u8]) -> Option<(String, u64)> {
    UidSet::parse(text).map(|set| (set.to_string(), set.count()))
}

/// The difference of two sets whose UIDs ascend.
pub fn uids_minus(left: &[u32], right: &[u32]) -> String {
    let set = |uids: &[u32]| UidSet::ascending(uids.iter().copied());
    set(left).minus(&set(right)).to_string()
}

impl Said {
    fn of(incoming: Incoming) -> Self {
        match incoming {
            Incoming::Continue => Said::Continue,
            Incoming::Tagged(tag, line) => Said::Tagged(tag, line.into()),
            Incoming::Unreadable => Said::Unreadable,
            Incoming::Untagged(data) => Self::untagged(data),
        }
    }

    fn untagged(data: Untagged) -> Self {
        match data {
            Untagged::Fetch(data) => Said::Fetch(data.into()),
            Untagged::Exists(count) => Said::Exists(count),
            Untagged::Vanished { earlier, uids } => Said::Vanished { earlier, uids: uids.to_string() },
            Untagged::List(entry) => Said::List(entry.into()),
            Untagged::Subscribed(entry) => Said::Lsub(entry.into()),
            Untagged::Status(status) => Said::MailboxStatus {
                name: status.name,
                messages: status.messages,
                next: status.next,
                validity: status.validity,
                modseq: status.modseq,
            },
            Untagged::Search(uids) => Said::Found(uids.to_string()),
            Untagged::Flags => Said::Flags,
            Untagged::Capability(names) => Said::Capability(names),
            Untagged::Enabled => Said::Enabled,
            Untagged::Namespace(namespace) => Said::Namespace(namespace.personal),
            Untagged::Quota(quota) => Said::Quota(quota.resources),
            Untagged::Rights(rights) => Said::Rights(rights.0),
            Untagged::Line(line) => Said::Status(line.into()),
            Untagged::Id(_) | Untagged::Other => Said::Other,
        }
    }
}

impl From<StatusLine> for Status {
    fn from(line: StatusLine) -> Self {
        let code = line.code.map(|code| match code {
            Code::AppendUid { validity, uids } => format!("APPENDUID {validity} {uids}"),
            Code::CopyUid { validity, from, to } => format!("COPYUID {validity} {from} {to}"),
            Code::Capability(names) => format!("CAPABILITY {}", names.join(" ")),
            Code::UidValidity(number) => format!("UIDVALIDITY {number}"),
            Code::UidNext(number) => format!("UIDNEXT {number}"),
            Code::HighestModseq(number) => format!("HIGHESTMODSEQ {number}"),
            Code::NoModseq => "NOMODSEQ".to_owned(),
            Code::PermanentFlags(flags) => format!("PERMANENTFLAGS ({})", flags.join(" ")),
            Code::Named(name) => name,
        });
        Self { word: line.status.as_str(), code, text: line.text }
    }
}

impl From<FetchData> for Message {
    fn from(data: FetchData) -> Self {
        let bytes = |literal| match literal {
            Literal::Bytes(bytes) => Some(bytes),
            Literal::Body(body) => body.bytes().ok().map(|bytes| bytes.to_vec()),
            Literal::Digest(..) | Literal::Failed(_) | Literal::Skipped | Literal::Nil => None,
        };
        let words = data.flags.map(|flags| {
            let state = flags::to_wire(&Flags::new(flags.state)).0;
            let mut words: Vec<String> = state.split_ascii_whitespace().map(str::to_owned).collect();
            words.extend(flags.categories().map(str::to_owned));
            words.extend(data.odd_flags);
            words.sort_unstable();
            words
        });
        Self {
            uid: data.uid,
            flags: words,
            date: data.date.map(|date| date.unix_timestamp()),
            size: data.size,
            header: data.header,
            body: data.body.and_then(bytes),
        }
    }
}

impl From<ListEntry> for Mailbox {
    fn from(entry: ListEntry) -> Self {
        Self { attributes: entry.attributes, delimiter: entry.delimiter, name: entry.name }
    }
}
