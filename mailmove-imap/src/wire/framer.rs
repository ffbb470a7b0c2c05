//! Splits the byte stream of a server into responses, and streams literals to where they belong.

use bytes::{Buf, BytesMut};
use mailmove_core::{Body, BodyWriter, Digest, Error};

/// The longest text of one response, literals not counted: a SEARCH of some millions of messages.
const MAX_TEXT: usize = 32 << 20;
/// The largest literal that is kept in memory (names, header fields); bodies go to a spool and have no bound here.
const MAX_MEMORY_LITERAL: u64 = 16 << 20;

/// Where a literal goes while it arrives.
pub(crate) enum Sink {
    /// Into memory: names, header fields.
    Memory,
    /// Into a spool, by handles on the read buffer rather than by copies.
    Spool(Box<BodyWriter>),
    /// Into a digest alone.
    Digest(Box<blake3::Hasher>),
    /// Nowhere: nobody waits for it any more.
    Skip,
}

/// What became of a literal.
#[derive(Debug)]
pub(crate) enum Literal {
    Bytes(Vec<u8>),
    Body(Body),
    Digest(Digest, u64),
    /// It could not be stored: the local disk failed.
    Failed(Error),
    /// Nobody wanted it, or somebody took it already.
    Skipped,
    /// NIL stood in its place: nothing, which is not the same as empty (RFC 3501 §4.5).
    Nil,
}

/// One whole response, up to its line end.
#[derive(Debug, Default)]
pub(crate) struct Response {
    /// The text without the line end; a literal stands in it as its announcement.
    pub(crate) text: Vec<u8>,
    /// Each with the offset of its announcement in `text`.
    pub(crate) literals: Vec<(usize, Literal)>,
}

/// What [`Framer::advance`] stopped at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// All bytes are used up.
    Hungry,
    /// A literal begins: look at [`Framer::text`], then say where it goes with [`Framer::sink`].
    Literal,
    /// A response is whole: it is in [`Framer::response`] until the next step.
    Response,
}

/// Why the stream cannot be followed any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    LineTooLong,
    LiteralTooLong,
}

impl Broken {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Broken::LineTooLong => "the server sent a line without end",
            Broken::LiteralTooLong => "the server announced a literal that is too large",
        }
    }
}

#[derive(Default)]
pub(crate) struct Framer {
    response: Response,
    complete: bool,
    /// How far the present line was searched for its end.
    searched: usize,
    literal: Option<Incoming>,
}

struct Incoming {
    offset: usize,
    left: u64,
    length: u64,
    sink: Option<Sink>,
    memory: Vec<u8>,
    failed: Option<Error>,
}

impl Framer {
    /// Uses up bytes until there is something to say.
    pub(crate) fn advance(&mut self, input: &mut BytesMut) -> Result<Step, Broken> {
        if std::mem::take(&mut self.complete) {
            self.response.text.clear();
            self.response.literals.clear();
        }
        loop {
            if let Some(literal) = &mut self.literal {
                if literal.sink.is_none() {
                    return Ok(Step::Literal);
                }
                literal.take(input);
                if literal.left > 0 {
                    return Ok(Step::Hungry);
                }
                if let Some(done) = self.literal.take() {
                    self.response.literals.push(done.finish());
                }
            }
            let Some(end) = memchr::memchr(b'\n', &input[self.searched..]) else {
                self.searched = input.len();
                let long = self.response.text.len() + self.searched > MAX_TEXT;
                return if long { Err(Broken::LineTooLong) } else { Ok(Step::Hungry) };
            };
            let end = self.searched + end;
            let line = input[..end].strip_suffix(b"\r").unwrap_or(&input[..end]);
            if self.response.text.len() + line.len() > MAX_TEXT {
                return Err(Broken::LineTooLong);
            }
            let begin = self.response.text.len();
            self.response.text.extend_from_slice(line);
            input.advance(end + 1);
            self.searched = 0;
            match announcement(&self.response.text, begin) {
                Some((offset, length)) => self.literal = Some(Incoming::new(offset, length)),
                None => {
                    self.complete = true;
                    return Ok(Step::Response);
                }
            }
        }
    }

    /// The text of the response so far; after [`Step::Literal`] it ends with the announcement.
    pub(crate) fn text(&self) -> &[u8] {
        &self.response.text
    }

    /// Says where the literal that begins here goes.
    pub(crate) fn sink(&mut self, sink: Sink) -> Result<(), Broken> {
        if let Some(literal) = &mut self.literal {
            if matches!(sink, Sink::Memory) && literal.length > MAX_MEMORY_LITERAL {
                return Err(Broken::LiteralTooLong);
            }
            literal.sink = Some(sink);
        }
        Ok(())
    }

    /// The response that is whole.
    pub(crate) fn response(&mut self) -> &mut Response {
        &mut self.response
    }
}

impl Incoming {
    fn new(offset: usize, length: u64) -> Self {
        Self { offset, left: length, length, sink: None, memory: Vec::new(), failed: None }
    }

    fn take(&mut self, input: &mut BytesMut) {
        let count = self.left.min(input.len() as u64) as usize;
        if count == 0 {
            return;
        }
        self.left -= count as u64;
        match &mut self.sink {
            Some(Sink::Spool(writer)) if self.failed.is_none() => {
                self.failed = writer.push(input.split_to(count).freeze()).err();
            }
            Some(Sink::Memory) => {
                self.memory.extend_from_slice(&input[..count]);
                input.advance(count);
            }
            Some(Sink::Digest(hasher)) => {
                hasher.update(&input[..count]);
                input.advance(count);
            }
            _ => input.advance(count),
        }
    }

    fn finish(self) -> (usize, Literal) {
        let literal = match (self.failed, self.sink) {
            (Some(error), _) => Literal::Failed(error),
            (None, Some(Sink::Spool(writer))) => writer.finish().map_or_else(Literal::Failed, Literal::Body),
            (None, Some(Sink::Memory)) => Literal::Bytes(self.memory),
            (None, Some(Sink::Digest(hasher))) => {
                Literal::Digest(Digest::from_bytes(*hasher.finalize().as_bytes()), self.length)
            }
            (None, Some(Sink::Skip) | None) => Literal::Skipped,
        };
        (self.offset, literal)
    }
}

/// The announcement at the end of the line that begins at `begin`, `{5}` or `{5+}`: its offset and its number. Responses
/// whose end is text for people have none, whatever they look like.
fn announcement(text: &[u8], begin: usize) -> Option<(usize, u64)> {
    let inner = text[begin..].strip_suffix(b"}")?;
    let inner = inner.strip_suffix(b"+").unwrap_or(inner);
    let digits = inner.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let open = inner.len().checked_sub(digits + 1)?;
    if digits == 0 || digits > 19 || inner[open] != b'{' || (begin == 0 && is_for_people(text)) {
        return None;
    }
    std::str::from_utf8(&inner[open + 1..]).ok()?.parse().ok().map(|length| (begin + open, length))
}

fn is_for_people(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"* ") else { return true };
    let word = rest.split(|byte| *byte == b' ').next().unwrap_or_default();
    [&b"OK"[..], b"NO", b"BAD", b"BYE", b"PREAUTH"].iter().any(|status| word.eq_ignore_ascii_case(status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailmove_core::Spool;

    fn feed(framer: &mut Framer, input: &mut BytesMut, bytes: &[u8]) -> Step {
        input.extend_from_slice(bytes);
        framer.advance(input).unwrap()
    }

    #[test]
    fn a_response_is_the_same_however_it_is_cut() {
        let wire = b"* 1 FETCH (UID 5 BODY[] {7}\r\nab\r\ncd) FLAGS ({2}\r\nhi))\r\n* OK {3}\r\nm1 OK done\n";
        for cut in 1..wire.len() {
            let spool = Spool::new(1 << 20);
            let (mut framer, mut input) = (Framer::default(), BytesMut::new());
            let mut seen = Vec::new();
            for part in wire.chunks(cut) {
                input.extend_from_slice(part);
                loop {
                    match framer.advance(&mut input).unwrap() {
                        Step::Hungry => break,
                        Step::Literal if framer.text().ends_with(b"BODY[] {7}") => {
                            framer.sink(Sink::Spool(Box::new(spool.writer()))).unwrap();
                        }
                        Step::Literal => framer.sink(Sink::Memory).unwrap(),
                        Step::Response => {
                            let response = framer.response();
                            let text = String::from_utf8(response.text.clone()).unwrap();
                            let bodies = response.literals.iter().map(|(_, literal)| match literal {
                                Literal::Body(body) => body.bytes().unwrap().to_vec(),
                                Literal::Bytes(bytes) => bytes.clone(),
                                other => panic!("{other:?}"),
                            });
                            seen.push((text, bodies.collect::<Vec<_>>()));
                        }
                    }
                }
            }
            let expected = vec![
                ("* 1 FETCH (UID 5 BODY[] {7} FLAGS ({2}))".to_owned(), vec![b"ab\r\ncd)".to_vec(), b"hi".to_vec()]),
                ("* OK {3}".to_owned(), vec![]),
                ("m1 OK done".to_owned(), vec![]),
            ];
            assert_eq!(seen, expected, "cut every {cut} bytes");
        }
    }

    #[test]
    fn an_empty_literal_and_one_nobody_wants_pass() {
        let (mut framer, mut input) = (Framer::default(), BytesMut::new());
        assert_eq!(feed(&mut framer, &mut input, b"* LIST () \"/\" {0}\r\n"), Step::Literal);
        framer.sink(Sink::Memory).unwrap();
        assert_eq!(framer.advance(&mut input).unwrap(), Step::Hungry);
        assert_eq!(feed(&mut framer, &mut input, b"\r\n"), Step::Response);
        assert!(matches!(&framer.response().literals[0].1, Literal::Bytes(bytes) if bytes.is_empty()));
        assert_eq!(feed(&mut framer, &mut input, b"* X {3}\r\nab"), Step::Literal);
        framer.sink(Sink::Skip).unwrap();
        assert_eq!(framer.advance(&mut input).unwrap(), Step::Hungry);
        assert_eq!(feed(&mut framer, &mut input, b"c\r\n"), Step::Response);
    }

    #[test]
    fn a_huge_literal_meant_for_memory_breaks_the_stream() {
        let (mut framer, mut input) = (Framer::default(), BytesMut::new());
        assert_eq!(feed(&mut framer, &mut input, b"* LIST {99999999999}\r\n"), Step::Literal);
        assert_eq!(framer.sink(Sink::Memory), Err(Broken::LiteralTooLong));
    }
}
