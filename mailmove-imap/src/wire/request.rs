//! Commands on their way out.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use mailmove_core::{BodyReader, Result};
use tokio::sync::oneshot;

/// One command, in the pieces in which it is sent.
#[derive(Default)]
pub(crate) struct Request {
    parts: Vec<Part>,
}

/// A piece of a command.
pub(crate) enum Part {
    Text(Vec<u8>),
    /// The bytes that the text before announced.
    Literal {
        chunks: Box<dyn Chunks>,
        length: u64,
        /// The server has to invite them first.
        waits: bool,
    },
    /// Nothing more of it is sent before this is over.
    Before(Before),
}

/// Another command, on another connection, that has to be over first.
pub(crate) struct Before {
    /// Its other end is dropped then.
    pub(crate) over: oneshot::Receiver<Infallible>,
    /// Set when that took so long that the server rather seems to wait for us.
    pub(crate) in_vain: Arc<AtomicBool>,
}

/// Bytes that are read once, chunk by chunk. Blocks on nothing but the local disk.
pub(crate) trait Chunks: Send {
    fn next_chunk(&mut self) -> Result<Option<Bytes>>;
}

impl Chunks for BodyReader {
    fn next_chunk(&mut self) -> Result<Option<Bytes>> {
        BodyReader::next_chunk(self)
    }
}

/// Which literals the server takes without inviting them (RFC 7888).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LiteralMode {
    /// Any: LITERAL+.
    Plus,
    /// Up to 4096 octets: LITERAL-.
    Minus,
    /// None.
    Sync,
}

impl LiteralMode {
    fn waits(self, length: u64) -> bool {
        match self {
            LiteralMode::Plus => false,
            LiteralMode::Minus => length > 4096,
            LiteralMode::Sync => true,
        }
    }
}

impl Request {
    pub(crate) fn new(text: impl Into<Vec<u8>>) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    pub(crate) fn text(mut self, text: impl AsRef<[u8]>) -> Self {
        self.tail().extend_from_slice(text.as_ref());
        self
    }

    /// A blank and a quoted string. Octets that cannot be quoted (CR, LF, NUL) are left out: no name holds them.
    pub(crate) fn quoted(mut self, text: &[u8]) -> Self {
        let tail = self.tail();
        tail.extend_from_slice(b" \"");
        for byte in text {
            match byte {
                b'"' | b'\\' => tail.extend_from_slice(&[b'\\', *byte]),
                b'\r' | b'\n' | 0 => {}
                byte => tail.push(*byte),
            }
        }
        tail.push(b'"');
        self
    }

    /// A blank, the announcement and the bytes of a literal; `binary` is the `~` of RFC 3516.
    pub(crate) fn literal(mut self, chunks: Box<dyn Chunks>, length: u64, mode: LiteralMode, binary: bool) -> Self {
        let waits = mode.waits(length);
        let blank = if self.tail().ends_with(b"(") { "" } else { " " };
        let (tilde, plus) = (if binary { "~" } else { "" }, if waits { "" } else { "+" });
        let announcement = format!("{blank}{tilde}{{{length}{plus}}}\r\n");
        self.tail().extend_from_slice(announcement.as_bytes());
        self.parts.push(Part::Literal { chunks, length, waits });
        self
    }

    /// What comes behind is sent only when this is over.
    pub(crate) fn behind(mut self, before: Before) -> Self {
        self.parts.push(Part::Before(before));
        self
    }

    pub(crate) fn into_parts(self) -> Vec<Part> {
        self.parts
    }

    /// Whether the server has to invite a part of it.
    pub(crate) fn waits(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Literal { waits: true, .. }))
    }

    fn tail(&mut self) -> &mut Vec<u8> {
        if !matches!(self.parts.last(), Some(Part::Text(_))) {
            self.parts.push(Part::Text(Vec::new()));
        }
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text,
            // A text part was pushed just above.
            _ => unreachable!("the last part is text"),
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A request as it goes over the wire.
    pub(crate) fn printed(request: Request) -> String {
        let mut out = Vec::new();
        for part in request.into_parts() {
            match part {
                Part::Text(text) => out.extend(text),
                Part::Literal { mut chunks, .. } => {
                    while let Some(chunk) = chunks.next_chunk().unwrap() {
                        out.extend_from_slice(&chunk);
                    }
                }
                Part::Before(_) => {}
            }
        }
        String::from_utf8(out).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailmove_core::Body;

    #[test]
    fn literals_are_announced_as_the_server_takes_them() {
        let body = Body::unpooled(vec![b'x'; 5000]);
        let announced = |mode, binary| {
            let request = Request::new("APPEND").literal(Box::new(body.reader()), body.len(), mode, binary);
            let waits = request.waits();
            (testing::printed(request).split_once("\r\n").unwrap().0.to_owned(), waits)
        };
        assert_eq!(announced(LiteralMode::Plus, false), ("APPEND {5000+}".to_owned(), false));
        assert_eq!(announced(LiteralMode::Minus, false), ("APPEND {5000}".to_owned(), true));
        assert_eq!(announced(LiteralMode::Sync, true), ("APPEND ~{5000}".to_owned(), true));
    }

    #[test]
    fn a_quoted_string_cannot_end_the_line() {
        let request = Request::new("CREATE").quoted(b"a\"b\\c\r\nLOGOUT");
        assert_eq!(testing::printed(request), "CREATE \"a\\\"b\\\\cLOGOUT\"");
    }
}
