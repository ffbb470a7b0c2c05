//! Status responses: OK, NO, BAD, BYE, PREAUTH, with their response code (RFC 3501 §7.1, RFC 5530).

use super::scanner::Scanner;
use super::{UidSet, words_owned};

/// What a command, or the server by itself, came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    No,
    Bad,
    Bye,
    Preauth,
}

impl Status {
    pub(crate) fn parse(word: &[u8]) -> Option<Self> {
        const ALL: [(&[u8], Status); 5] = [
            (b"OK", Status::Ok),
            (b"NO", Status::No),
            (b"BAD", Status::Bad),
            (b"BYE", Status::Bye),
            (b"PREAUTH", Status::Preauth),
        ];
        ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, status)| *status)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Status::Ok => "OK",
            Status::No => "NO",
            Status::Bad => "BAD",
            Status::Bye => "BYE",
            Status::Preauth => "PREAUTH",
        }
    }
}

/// A response code with what it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Code {
    AppendUid {
        validity: u32,
        uids: UidSet,
    },
    CopyUid {
        validity: u32,
        from: UidSet,
        to: UidSet,
    },
    Capability(Vec<String>),
    UidValidity(u32),
    UidNext(u32),
    HighestModseq(u64),
    NoModseq,
    PermanentFlags(Vec<String>),
    /// Any other, by its upper-case name.
    Named(String),
}

/// A status response without its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatusLine {
    pub(crate) status: Status,
    pub(crate) code: Option<Code>,
    pub(crate) text: String,
}

impl StatusLine {
    /// Reads what follows the tag or the star.
    pub(crate) fn parse(scanner: &mut Scanner<'_>) -> Option<Self> {
        let status = Status::parse(scanner.word())?;
        let rest = scanner.rest().trim_ascii_start();
        let (code, text) = match rest.strip_prefix(b"[") {
            Some(inner) => match close(inner) {
                Some(end) => (Code::parse(&inner[..end]), &inner[end + 1..]),
                None => (None, rest),
            },
            None => (None, rest),
        };
        Some(Self { status, code, text: String::from_utf8_lossy(text.trim_ascii()).into_owned() })
    }

    pub(crate) fn is_ok(&self) -> bool {
        self.status == Status::Ok
    }

    /// OK, and not only for the part that the server's limit lets through (RFC 9738).
    pub(crate) fn is_complete(&self) -> bool {
        self.is_ok() && !self.is_named("MESSAGELIMIT")
    }

    /// Whether the response code has this upper-case name.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        matches!(&self.code, Some(Code::Named(known)) if known == name)
    }

    /// The line as the server sent it, or near to it, for people.
    pub(crate) fn quote(&self) -> String {
        let status = self.status.as_str();
        match &self.code {
            Some(Code::Named(name)) => format!("{status} [{name}] {}", self.text),
            _ => format!("{status} {}", self.text),
        }
    }
}

impl Code {
    fn parse(text: &[u8]) -> Option<Self> {
        let mut none = [];
        let mut scanner = Scanner::new(text, &mut none);
        let name = String::from_utf8_lossy(scanner.word()).to_ascii_uppercase();
        let known = match name.as_str() {
            "APPENDUID" => (|| {
                let validity = number(&mut scanner)?;
                Some(Code::AppendUid { validity, uids: UidSet::parse(scanner.word())? })
            })(),
            "COPYUID" => (|| {
                let validity = number(&mut scanner)?;
                let from = UidSet::parse(scanner.word())?;
                Some(Code::CopyUid { validity, from, to: UidSet::parse(scanner.word())? })
            })(),
            "CAPABILITY" => {
                let names = scanner.rest().split(|byte| *byte == b' ').filter(|word| !word.is_empty());
                Some(Code::Capability(words_owned(names)))
            }
            "UIDVALIDITY" => number(&mut scanner).map(Code::UidValidity),
            "UIDNEXT" => number(&mut scanner).map(Code::UidNext),
            "HIGHESTMODSEQ" => scanner.number().map(Code::HighestModseq),
            "NOMODSEQ" => Some(Code::NoModseq),
            "PERMANENTFLAGS" => scanner.words().map(|words| Code::PermanentFlags(words_owned(words))),
            _ => None,
        };
        Some(known.unwrap_or(Code::Named(name)))
    }
}

fn number(scanner: &mut Scanner<'_>) -> Option<u32> {
    scanner.number().and_then(|number| number.try_into().ok())
}

/// The end of a response code; brackets within quotes do not count.
fn close(text: &[u8]) -> Option<usize> {
    let mut quoted = false;
    text.iter().position(|byte| {
        quoted ^= *byte == b'"';
        *byte == b']' && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> StatusLine {
        StatusLine::parse(&mut Scanner::new(text.as_bytes(), &mut [])).unwrap()
    }

    #[test]
    fn codes_carry_what_they_say() {
        let appended = line("OK [APPENDUID 38505 3955,3957:3958] done");
        assert_eq!(
            appended.code,
            Some(Code::AppendUid { validity: 38505, uids: UidSet::parse(b"3955,3957:3958").unwrap() })
        );
        let copied = line("ok [COPYUID 1 2:3 8:9]");
        assert!(matches!(copied.code, Some(Code::CopyUid { validity: 1, .. })));
        let flags = line("OK [PERMANENTFLAGS (\\Seen $x \\*)] Limited");
        assert_eq!(flags.code, Some(Code::PermanentFlags(vec!["\\Seen".into(), "$x".into(), "\\*".into()])));
        assert_eq!(line("OK [HIGHESTMODSEQ 715194045007] x").code, Some(Code::HighestModseq(715194045007)));
        assert!(line("NO [overquota] no room").is_named("OVERQUOTA"));
    }

    #[test]
    fn odd_codes_stay_readable() {
        assert_eq!(line("NO [TRYCREATE").text, "[TRYCREATE");
        assert_eq!(line("NO no code").code, None);
        assert!(line("OK [UIDNEXT x] y").is_named("UIDNEXT"));
        assert_eq!(line("NO [BADCHARSET (\"a]b\")] text").text, "text");
        assert_eq!(line("NO [LIMIT] slow down").quote(), "NO [LIMIT] slow down");
    }
}
