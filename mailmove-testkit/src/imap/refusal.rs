//! Messages and folder names a server will not take, and messages it does not leave as they are.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use memchr::{memchr, memchr_iter, memmem};

type Verdict = dyn Fn(&[u8]) -> Option<String> + Send + Sync;
type Rewriting = dyn Fn(&Bytes) -> Bytes + Send + Sync;
type NameVerdict = dyn Fn(&str) -> Option<String> + Send + Sync;

/// A rule that makes APPEND answer NO. It looks at the octets of each message; one refused message refuses the whole
/// command.
#[derive(Clone)]
pub struct Refusal {
    name: &'static str,
    /// A literal8 may hold what this rule refuses.
    binary_may: bool,
    verdict: Arc<Verdict>,
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Refusal").field(&self.name).finish()
    }
}

impl Refusal {
    /// NUL anywhere in the message, unless it comes as a literal8.
    pub fn nul() -> Self {
        let rule = Self::rule("nul", |message| memchr(0, message).map(|_| "Message contains NUL characters"));
        Self { binary_may: true, ..rule }
    }

    /// A line that ends in LF alone.
    pub fn bare_lf() -> Self {
        Self::rule("bare_lf", |message| {
            let bare = memchr_iter(b'\n', message).any(|at| at == 0 || message[at - 1] != b'\r');
            bare.then_some("Message contains bare newlines")
        })
    }

    /// An octet above 127 in the header.
    pub fn eight_bit_header() -> Self {
        let answer = "Message contains non-ASCII characters in headers";
        Self::rule("eight_bit_header", move |message| (!header(message).is_ascii()).then_some(answer))
    }

    /// A header block with a line that is neither a field nor a continuation, or without an empty line at its end.
    pub fn bad_header() -> Self {
        Self::rule("bad_header", |message| {
            let lines =
                header(message).split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
            let field = |line: &[u8]| line.is_empty() || b" \t".contains(&line[0]) || memchr(b':', line).is_some();
            let ends = memmem::find(message, b"\r\n\r\n").is_some() || message.starts_with(b"\r\n");
            (!ends || !lines.into_iter().all(field)).then_some("Message contains invalid header")
        })
    }

    /// A line with more octets than this, CRLF not counted.
    pub fn line_over(octets: usize) -> Self {
        Self::rule("line_over", move |message| {
            let mut start = 0;
            let too_long = memchr_iter(b'\n', message).chain([message.len()]).any(|end| {
                let line = &message[start..end];
                start = end + 1;
                line.strip_suffix(b"\r").unwrap_or(line).len() > octets
            });
            too_long.then_some("Message contains a line that is too long")
        })
    }

    /// A message without CRLF at its end.
    pub fn no_final_line_end() -> Self {
        Self::rule("no_final_line_end", |message| {
            (!message.ends_with(b"\r\n")).then_some("[CLIENTBUG] Message does not end with CRLF")
        })
    }

    /// A message that contains these octets, answered with this text, in which a response code may come first.
    pub fn containing(octets: impl Into<Bytes>, answer: &str) -> Self {
        let (octets, answer) = (octets.into(), answer.to_owned());
        Self::when(move |message| memmem::find(message, &octets).map(|_| answer.clone()))
    }

    /// Any rule: what it returns is the text after NO.
    pub fn when(verdict: impl Fn(&[u8]) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { name: "when", binary_may: false, verdict: Arc::new(verdict) }
    }

    fn rule(name: &'static str, verdict: impl Fn(&[u8]) -> Option<&'static str> + Send + Sync + 'static) -> Self {
        Self { name, binary_may: false, verdict: Arc::new(move |message| verdict(message).map(str::to_owned)) }
    }

    /// Why this message is not taken; `binary` when it came as a literal8.
    pub(crate) fn verdict(&self, message: &[u8], binary: bool) -> Option<String> {
        if binary && self.binary_may { None } else { (self.verdict)(message) }
    }
}

/// What a server makes of a message when it stores it.
#[derive(Clone)]
pub(crate) struct Rewrite(pub(crate) Arc<Rewriting>);

impl fmt::Debug for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rewrite")
    }
}

/// Why a folder may not have this name, if it may not.
#[derive(Clone)]
pub(crate) struct NameRule(pub(crate) Arc<NameVerdict>);

impl fmt::Debug for NameRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NameRule")
    }
}

/// The header block, its empty line not included.
fn header(message: &[u8]) -> &[u8] {
    let end = [b"\r\n\r\n".as_slice(), b"\n\n"].iter().filter_map(|gap| memmem::find(message, gap)).min();
    &message[..end.unwrap_or(message.len())]
}

/// The message with every octet above 127 in its header turned into `X`, as Cyrus does it.
pub(crate) fn munge_header(message: &Bytes) -> Bytes {
    let end = header(message).len();
    if message[..end].is_ascii() {
        return message.clone();
    }
    let mut munged = message.to_vec();
    munged[..end].iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'X');
    munged.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses(rule: &Refusal, message: &[u8]) -> bool {
        rule.verdict(message, false).is_some()
    }

    #[test]
    fn each_rule_refuses_its_own_fault_and_no_other() {
        let good = b"Subject: hi\r\n there\r\n\r\nbody\r\n".as_slice();
        let cases: [(Refusal, &[u8]); 6] = [
            (Refusal::nul(), b"Subject: hi\r\n\r\na\0b\r\n"),
            (Refusal::bare_lf(), b"Subject: hi\r\n\r\na\nb\r\n"),
            (Refusal::eight_bit_header(), b"Subject: h\xfc\r\n\r\nb\r\n"),
            (Refusal::bad_header(), b"Subject: hi\r\nno field\r\n\r\nb\r\n"),
            (Refusal::line_over(20), b"Subject: hi\r\n\r\n0123456789012345678901\r\n"),
            (Refusal::no_final_line_end(), b"Subject: hi\r\n\r\nb"),
        ];
        for (at, (rule, bad)) in cases.iter().enumerate() {
            assert!(!refuses(rule, good), "{rule:?}");
            for (other, (_, message)) in cases.iter().enumerate() {
                assert_eq!(refuses(rule, message), at == other, "{rule:?} on {:?}", String::from_utf8_lossy(message));
            }
            assert!(refuses(rule, bad));
        }
    }

    #[test]
    fn a_munged_header_leaves_the_body_alone() {
        let message = Bytes::from_static(b"Subject: \xc3\xbc\r\n\r\n\xc3\xbc");
        assert_eq!(&munge_header(&message)[..], b"Subject: XX\r\n\r\n\xc3\xbc");
    }
}
