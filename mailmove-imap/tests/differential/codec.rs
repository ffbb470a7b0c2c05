//! A response as imap-codec understands it.

use imap_codec::ResponseCodec;
use imap_codec::decode::Decoder;
use imap_codec::imap_types::core::{AString, IString, NString, NString8};
use imap_codec::imap_types::extensions::uidplus::{UidElement, UidSet};
use imap_codec::imap_types::fetch::{MessageDataItem, Section};
use imap_codec::imap_types::flag::{FlagFetch, FlagNameAttribute, FlagPerm};
use imap_codec::imap_types::mailbox::Mailbox as Name;
use imap_codec::imap_types::response::{Code, Data, Response, Status as Line, StatusBody, StatusKind};
use imap_codec::imap_types::sequence::{SeqOrUid, Sequence, SequenceSet};
use imap_codec::imap_types::status::StatusDataItem;
use mailmove_imap::fuzzing::{Mailbox, Message, Said, Status};

use super::neutral::{flag_words, set, tag_number};

/// `None` when it refuses the response, or does not read it to its end.
pub(crate) fn read(line: &[u8]) -> Option<Said> {
    let (rest, response) = ResponseCodec::default().decode(line).ok()?;
    rest.is_empty().then(|| match response {
        Response::CommandContinuationRequest(_) => Said::Continue,
        Response::Status(line) => status(line),
        Response::Data(data) => untagged(data),
    })
}

fn status(line: Line<'_>) -> Said {
    match line {
        Line::Untagged(body) => Said::Status(status_body(body)),
        Line::Tagged(tagged) => {
            tag_number(tagged.tag.inner()).map_or(Said::Unreadable, |tag| Said::Tagged(tag, status_body(tagged.body)))
        }
        Line::Bye(bye) => {
            Said::Status(Status { word: "BYE", code: bye.code.map(code), text: bye.text.inner().trim().to_owned() })
        }
    }
}

fn status_body(body: StatusBody<'_>) -> Status {
    let word = match body.kind {
        StatusKind::Ok => "OK",
        StatusKind::No => "NO",
        StatusKind::Bad => "BAD",
    };
    Status { word, code: body.code.map(code), text: body.text.inner().trim().to_owned() }
}

fn code(code: Code<'_>) -> String {
    match code {
        Code::Alert => "ALERT".to_owned(),
        Code::BadCharset { .. } => "BADCHARSET".to_owned(),
        Code::Capability(names) => {
            format!("CAPABILITY {}", names.as_ref().iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        }
        Code::Parse => "PARSE".to_owned(),
        Code::PermanentFlags(flags) => {
            let words = flags.iter().map(|flag| match flag {
                FlagPerm::Flag(flag) => flag.to_string(),
                FlagPerm::Asterisk => "\\*".to_owned(),
            });
            format!("PERMANENTFLAGS ({})", words.collect::<Vec<_>>().join(" "))
        }
        Code::ReadOnly => "READ-ONLY".to_owned(),
        Code::ReadWrite => "READ-WRITE".to_owned(),
        Code::TryCreate => "TRYCREATE".to_owned(),
        Code::UidNext(number) => format!("UIDNEXT {number}"),
        Code::UidValidity(number) => format!("UIDVALIDITY {number}"),
        Code::Unseen(_) => "UNSEEN".to_owned(),
        Code::CompressionActive => "COMPRESSIONACTIVE".to_owned(),
        Code::OverQuota => "OVERQUOTA".to_owned(),
        Code::TooBig => "TOOBIG".to_owned(),
        Code::UnknownCte => "UNKNOWN-CTE".to_owned(),
        Code::AppendUid { uid_validity, uid } => format!("APPENDUID {uid_validity} {uid}"),
        Code::CopyUid { uid_validity, source, destination } => {
            format!("COPYUID {uid_validity} {} {}", uid_set(&source), uid_set(&destination))
        }
        Code::UidNotSticky => "UIDNOTSTICKY".to_owned(),
        Code::HighestModSeq(number) => format!("HIGHESTMODSEQ {number}"),
        Code::Modified(_) => "MODIFIED".to_owned(),
        Code::NoModSeq => "NOMODSEQ".to_owned(),
        Code::Closed => "CLOSED".to_owned(),
        Code::Other(other) => {
            let text = String::from_utf8_lossy(other.inner()).into_owned();
            text.split(' ').next().unwrap_or_default().to_ascii_uppercase()
        }
    }
}

fn untagged(data: Data<'_>) -> Said {
    match data {
        Data::Capability(names) => Said::Capability(names.as_ref().iter().map(ToString::to_string).collect()),
        Data::List { items, delimiter, mailbox } => Said::List(listed(&items, delimiter.map(|c| c.inner()), &mailbox)),
        Data::Lsub { items, delimiter, mailbox } => Said::Lsub(listed(&items, delimiter.map(|c| c.inner()), &mailbox)),
        Data::Status { mailbox, items } => {
            let (mut messages, mut next, mut validity, mut modseq) = (None, None, None, None);
            for item in items.iter() {
                match item {
                    StatusDataItem::Messages(count) => messages = Some(u64::from(*count)),
                    StatusDataItem::UidNext(number) => next = Some(number.get()),
                    StatusDataItem::UidValidity(number) => validity = Some(number.get()),
                    StatusDataItem::HighestModSeq(number) => modseq = Some(*number).filter(|number| *number > 0),
                    _ => {}
                }
            }
            Said::MailboxStatus { name: name(&mailbox), messages, next, validity, modseq }
        }
        Data::Search(uids, _) => Said::Found(set(uids.iter().map(|uid| uid.get()))),
        Data::Flags(_) => Said::Flags,
        Data::Exists(count) => Said::Exists(count),
        Data::Fetch { items, .. } => Said::Fetch(message(items.as_ref())),
        Data::Enabled { .. } => Said::Enabled,
        Data::Quota { quotas, .. } => {
            let one = |quota: &imap_codec::imap_types::extensions::quota::QuotaGet<'_>| {
                (quota.resource.to_string().to_ascii_uppercase(), quota.usage, quota.limit)
            };
            Said::Quota(quotas.as_ref().iter().map(one).collect())
        }
        Data::Vanished { earlier, known_uids } => Said::Vanished { earlier, uids: sequence_set(&known_uids) },
        Data::Namespace { personal, .. } => Said::Namespace(
            personal
                .iter()
                .map(|space| (string(&space.prefix), space.delimiter.map(|delimiter| delimiter.inner())))
                .collect(),
        ),
        _ => Said::Other,
    }
}

fn message(items: &[MessageDataItem<'_>]) -> Message {
    let mut message = Message::default();
    for item in items {
        match item {
            MessageDataItem::Uid(uid) => message.uid = Some(uid.get()),
            MessageDataItem::Flags(flags) => {
                let words = flags.iter().filter_map(|flag| match flag {
                    FlagFetch::Flag(flag) => Some(flag.to_string()),
                    FlagFetch::Recent => None,
                });
                message.flags = Some(flag_words(words));
            }
            MessageDataItem::InternalDate(date) => message.date = Some(date.as_ref().timestamp()),
            MessageDataItem::Rfc822Size(size) => message.size = Some(u64::from(*size)),
            MessageDataItem::BodyExt { section: None, data, .. } | MessageDataItem::Rfc822(data) => {
                message.body = nstring(data);
            }
            MessageDataItem::Binary { section, value } if section.is_empty() => {
                message.body = match value {
                    NString8::NString(data) => nstring(data),
                    NString8::Literal8(literal) => Some(literal.data.to_vec()),
                };
            }
            MessageDataItem::BodyExt {
                section:
                    Some(Section::Header(None) | Section::HeaderFields(None, _) | Section::HeaderFieldsNot(None, _)),
                data,
                ..
            }
            | MessageDataItem::Rfc822Header(data) => message.header = Some(nstring(data).unwrap_or_default()),
            _ => {}
        }
    }
    message
}

fn listed(items: &[FlagNameAttribute<'_>], delimiter: Option<char>, mailbox: &Name<'_>) -> Mailbox {
    Mailbox { attributes: items.iter().map(ToString::to_string).collect(), delimiter, name: name(mailbox) }
}

fn name(mailbox: &Name<'_>) -> Vec<u8> {
    match mailbox {
        Name::Inbox => b"INBOX".to_vec(),
        Name::Other(other) => match other.inner() {
            AString::Atom(atom) => atom.inner().as_bytes().to_vec(),
            AString::String(text) => string(text),
        },
    }
}

fn string(text: &IString<'_>) -> Vec<u8> {
    text.as_ref().to_vec()
}

fn nstring(text: &NString<'_>) -> Option<Vec<u8>> {
    text.0.as_ref().map(string)
}

fn uid_set(uids: &UidSet) -> String {
    let element = |element: &UidElement| match element {
        UidElement::Single(uid) => uid.to_string(),
        UidElement::Range(from, to) => format!("{}:{}", from.min(to), from.max(to)),
    };
    uids.0.as_ref().iter().map(element).collect::<Vec<_>>().join(",")
}

fn sequence_set(uids: &SequenceSet) -> String {
    let number = |end: &SeqOrUid| match end {
        SeqOrUid::Value(number) => number.get(),
        SeqOrUid::Asterisk => u32::MAX,
    };
    let element = |element: &Sequence| match element {
        Sequence::Single(uid) => number(uid).to_string(),
        Sequence::Range(from, to) => format!("{}:{}", number(from).min(number(to)), number(from).max(number(to))),
    };
    uids.0.as_ref().iter().map(element).collect::<Vec<_>>().join(",")
}
