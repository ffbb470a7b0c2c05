//! A response as imap-proto understands it.

use imap_proto::rfc2087::QuotaResourceName;
use imap_proto::rfc4315::UidSetMember;
use imap_proto::{
    AttributeValue, Capability, MailboxDatum, MailboxListData, MessageSection, NameAttribute, Outcome, Response,
    ResponseCode, SectionPath, Status as Word, StatusAttribute,
};
use mailmove_imap::fuzzing::{Mailbox, Message, Said, Status, date};

use super::neutral::{flag_words, set, tag_number};

/// `None` when it refuses the response, or does not read it to its end.
pub(crate) fn read(line: &[u8]) -> Option<Said> {
    let (rest, response) = Response::parse(line).ok()?;
    rest.is_empty().then(|| match response {
        Response::Continue(_) => Said::Continue,
        Response::Done { tag, status: word, outcome } => {
            tag_number(&tag.0).map_or(Said::Unreadable, |tag| Said::Tagged(tag, status(&word, outcome)))
        }
        Response::Data { status: word, outcome } => Said::Status(status(&word, outcome)),
        Response::Capabilities(names) => Said::Capability(names.iter().map(capability).collect()),
        Response::Vanished { earlier, uids } => Said::Vanished {
            earlier,
            uids: uids.iter().map(|range| span(*range.start(), *range.end())).collect::<Vec<_>>().join(","),
        },
        Response::Fetch(_, items) => Said::Fetch(message(items)),
        Response::MailboxData(data) => mailbox_data(data),
        Response::Quota(quota) => {
            let name = |name: &QuotaResourceName<'_>| match name {
                QuotaResourceName::Storage => "STORAGE".to_owned(),
                QuotaResourceName::Message => "MESSAGE".to_owned(),
                QuotaResourceName::Atom(atom) => atom.to_ascii_uppercase(),
            };
            Said::Quota(quota.resources.iter().map(|one| (name(&one.name), one.usage, one.limit)).collect())
        }
        _ => Said::Other,
    })
}

fn status(word: &Word, outcome: Outcome<'_>) -> Status {
    let word = match word {
        Word::Ok => "OK",
        Word::No => "NO",
        Word::Bad => "BAD",
        Word::PreAuth => "PREAUTH",
        Word::Bye => "BYE",
    };
    Status { word, code: outcome.code.map(code), text: outcome.information.unwrap_or_default().trim().to_owned() }
}

fn code(code: ResponseCode<'_>) -> String {
    match code {
        ResponseCode::Alert => "ALERT".to_owned(),
        ResponseCode::BadCharset(_) => "BADCHARSET".to_owned(),
        ResponseCode::Capabilities(names) => {
            format!("CAPABILITY {}", names.iter().map(capability).collect::<Vec<_>>().join(" "))
        }
        ResponseCode::HighestModSeq(number) => format!("HIGHESTMODSEQ {number}"),
        ResponseCode::Parse => "PARSE".to_owned(),
        ResponseCode::PermanentFlags(flags) => format!("PERMANENTFLAGS ({})", flags.join(" ")),
        ResponseCode::ReadOnly => "READ-ONLY".to_owned(),
        ResponseCode::ReadWrite => "READ-WRITE".to_owned(),
        ResponseCode::TryCreate => "TRYCREATE".to_owned(),
        ResponseCode::UidNext(number) => format!("UIDNEXT {number}"),
        ResponseCode::UidValidity(number) => format!("UIDVALIDITY {number}"),
        ResponseCode::Unseen(_) => "UNSEEN".to_owned(),
        ResponseCode::AppendUid(validity, uids) => format!("APPENDUID {validity} {}", uid_set(&uids)),
        ResponseCode::CopyUid(validity, from, to) => {
            format!("COPYUID {validity} {} {}", uid_set(&from), uid_set(&to))
        }
        ResponseCode::UidNotSticky => "UIDNOTSTICKY".to_owned(),
        other => format!("{other:?}"),
    }
}

fn capability(capability: &Capability<'_>) -> String {
    match capability {
        Capability::Imap4rev1 => "IMAP4rev1".to_owned(),
        Capability::Auth(mechanism) => format!("AUTH={mechanism}"),
        Capability::Atom(atom) => atom.to_string(),
    }
}

fn mailbox_data(data: MailboxDatum<'_>) -> Said {
    match data {
        MailboxDatum::Exists(count) => Said::Exists(count),
        MailboxDatum::Flags(_) => Said::Flags,
        // It tells LIST and LSUB alike.
        MailboxDatum::List(entry) => Said::List(listed(&entry)),
        MailboxDatum::Search(uids) => Said::Found(set(uids.into_iter())),
        MailboxDatum::Status { mailbox, status } => {
            let (mut messages, mut next, mut validity, mut modseq) = (None, None, None, None);
            for item in status {
                match item {
                    StatusAttribute::Messages(count) => messages = Some(u64::from(count)),
                    StatusAttribute::UidNext(number) => next = Some(number),
                    StatusAttribute::UidValidity(number) => validity = Some(number),
                    StatusAttribute::HighestModSeq(number) => modseq = Some(number).filter(|number| *number > 0),
                    _ => {}
                }
            }
            Said::MailboxStatus { name: mailbox.into_owned().into_bytes(), messages, next, validity, modseq }
        }
        _ => Said::Other,
    }
}

fn message(items: Vec<AttributeValue<'_>>) -> Message {
    let mut message = Message::default();
    for item in items {
        match item {
            AttributeValue::Uid(uid) => message.uid = Some(uid),
            AttributeValue::Flags(flags) => {
                message.flags = Some(flag_words(flags.into_iter().map(|flag| flag.into_owned())));
            }
            AttributeValue::InternalDate(text) => message.date = date(text.as_bytes()).map(|(seconds, _)| seconds),
            AttributeValue::Rfc822Size(size) => message.size = Some(u64::from(size)),
            AttributeValue::BodySection { section: None, data, .. } | AttributeValue::Rfc822(data) => {
                message.body = data.map(|data| data.into_owned());
            }
            AttributeValue::BodySection { section: Some(SectionPath::Full(MessageSection::Header)), data, .. }
            | AttributeValue::Rfc822Header(data) => message.header = Some(data.unwrap_or_default().into_owned()),
            _ => {}
        }
    }
    message
}

fn listed(entry: &MailboxListData<'_>) -> Mailbox {
    let attribute = |attribute: &NameAttribute<'_>| match attribute {
        NameAttribute::Extension(word) => word.to_string(),
        known => format!("\\{known:?}"),
    };
    Mailbox {
        attributes: entry.name_attributes.iter().map(attribute).collect(),
        delimiter: entry.delimiter.as_ref().and_then(|text| text.chars().next()),
        name: entry.name.as_bytes().to_vec(),
    }
}

fn uid_set(uids: &[UidSetMember]) -> String {
    let member = |member: &UidSetMember| match member {
        UidSetMember::UidRange(range) => span(*range.start(), *range.end()),
        UidSetMember::Uid(uid) => uid.to_string(),
    };
    uids.iter().map(member).collect::<Vec<_>>().join(",")
}

fn span(from: u32, to: u32) -> String {
    if from == to { from.to_string() } else { format!("{}:{}", from.min(to), from.max(to)) }
}
