//! What servers say, as this crate, imap-codec and imap-proto read it.
//!
//! Where the three differ, the table of odd lines says who is right, by which RFC. It holds the others to their verdicts
//! too: when one of them changes, the test says so.

#![allow(missing_docs)]

mod codec;
mod generated;
mod neutral;
mod odd;
mod proto;

use mailmove_imap::fuzzing::{Mailbox, Said, Status, responses};

/// How another reader's answer compares with ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It reads the same.
    Same,
    /// It refuses the line.
    Refuses,
    /// It reads something else.
    Differs,
}

/// What we make of one line, and the verdicts on imap-codec and imap-proto.
fn compare(line: &[u8]) -> (Said, Verdict, Verdict) {
    let ours = ours(line);
    let codec = verdict(codec::read(line), |other| plain(other) == plain(ours.clone()));
    let proto = verdict(proto::read(line), |other| loose(plain(other.clone())) == loose(known_to_proto(&ours, &other)));
    (ours, codec, proto)
}

fn ours(line: &[u8]) -> Said {
    let said = responses(line, line.len()).unwrap_or_else(|broken| panic!("{broken}: {}", line.escape_ascii()));
    assert_eq!(said.len(), 1, "one response: {}", line.escape_ascii());
    for cut in [1, 2, 3, 7, 11] {
        assert_eq!(responses(line, cut).as_ref(), Ok(&said), "cut every {cut} bytes: {}", line.escape_ascii());
    }
    said.into_iter().next().unwrap_or(Said::Unreadable)
}

fn verdict(other: Option<Said>, same: impl FnOnce(Said) -> bool) -> Verdict {
    other.map_or(Verdict::Refuses, |other| if same(other) { Verdict::Same } else { Verdict::Differs })
}

/// Without what has no meaning: the case of attributes, flags, capabilities and of INBOX.
fn plain(said: Said) -> Said {
    let entry = |mut entry: Mailbox| {
        entry.attributes.iter_mut().for_each(|attribute| attribute.make_ascii_lowercase());
        entry.name = inbox(entry.name);
        entry
    };
    let status = |mut line: Status| {
        let any_case = |code: &str| code.starts_with("CAPABILITY") || code.starts_with("PERMANENTFLAGS");
        line.code = line.code.map(|code| if any_case(&code) { code.to_ascii_uppercase() } else { code });
        line
    };
    match said {
        Said::List(mailbox) => Said::List(entry(mailbox)),
        Said::Lsub(mailbox) => Said::Lsub(entry(mailbox)),
        Said::Capability(names) => Said::Capability(names.iter().map(|name| name.to_ascii_uppercase()).collect()),
        Said::Status(line) => Said::Status(status(line)),
        Said::Tagged(tag, line) => Said::Tagged(tag, status(line)),
        Said::MailboxStatus { name, messages, next, validity, modseq } => {
            Said::MailboxStatus { name: inbox(name), messages, next, validity, modseq }
        }
        other => other,
    }
}

/// Without the text for people, in which imap-proto leaves the codes that it does not know.
fn loose(said: Said) -> Said {
    match said {
        Said::Status(mut line) => {
            line.text.clear();
            Said::Status(line)
        }
        Said::Tagged(tag, mut line) => {
            line.text.clear();
            Said::Tagged(tag, line)
        }
        other => other,
    }
}

/// What we read, without what imap-proto has no words for.
fn known_to_proto(ours: &Said, other: &Said) -> Said {
    match (plain(ours.clone()), other) {
        (Said::Lsub(entry), Said::List(_)) => Said::List(entry),
        (Said::Status(mut line), Said::Status(theirs)) if theirs.code.is_none() => {
            line.code = None;
            Said::Status(line)
        }
        (Said::Tagged(tag, mut line), Said::Tagged(_, theirs)) if theirs.code.is_none() => {
            line.code = None;
            Said::Tagged(tag, line)
        }
        (ours, _) => ours,
    }
}

fn inbox(name: Vec<u8>) -> Vec<u8> {
    if name.eq_ignore_ascii_case(b"INBOX") { b"INBOX".to_vec() } else { name }
}
