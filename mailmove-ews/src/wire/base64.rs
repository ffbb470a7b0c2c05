//! Base64 as it comes: in pieces of any size, with line ends anywhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailmove_core::{Body, BodyWriter, Error, ErrorKind, Result};

/// How much is decoded at once: a multiple of four characters.
const BLOCK: usize = 32 * 1024;

/// Decodes into a body.
pub(crate) struct Decoder {
    writer: BodyWriter,
    waiting: Vec<u8>,
    in_reference: bool,
    broken: bool,
}

impl Decoder {
    pub(crate) fn new(writer: BodyWriter) -> Self {
        Self { writer, waiting: Vec::with_capacity(BLOCK), in_reference: false, broken: false }
    }

    /// Takes the next piece. Fails only when the spool does.
    pub(crate) fn push(&mut self, text: &[u8]) -> Result<()> {
        for byte in text {
            match byte {
                // A line end written as a character reference.
                b'&' => self.in_reference = true,
                b';' if self.in_reference => self.in_reference = false,
                _ if self.in_reference || byte.is_ascii_whitespace() => {}
                byte => self.waiting.push(*byte),
            }
            if self.waiting.len() == BLOCK {
                self.decode()?;
            }
        }
        Ok(())
    }

    /// The whole body. The inner error says that it was not base64.
    pub(crate) fn finish(mut self) -> Result<Result<Body>> {
        self.decode()?;
        if self.broken {
            return Ok(Err(Error::new(ErrorKind::Refused, "the server sent content that is not base64")
                .remedy("look at the item at the source; if it opens there, run again")));
        }
        Ok(Ok(self.writer.finish()?))
    }

    fn decode(&mut self) -> Result<()> {
        if !self.broken && !self.waiting.is_empty() {
            match STANDARD.decode(&self.waiting) {
                Ok(bytes) => self.writer.push(bytes.into())?,
                Err(_) => self.broken = true,
            }
        }
        self.waiting.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mailmove_core::Spool;

    use super::*;

    fn decoded(pieces: &[&[u8]]) -> Result<Vec<u8>> {
        let mut decoder = Decoder::new(Spool::new(1 << 20).writer());
        for piece in pieces {
            decoder.push(piece)?;
        }
        Ok(decoder.finish()??.bytes()?.to_vec())
    }

    #[test]
    fn pieces_and_line_ends_do_not_matter() {
        assert_eq!(decoded(&[b"aG", b"Vsb", b"G8=\n"]).unwrap(), b"hello");
        assert_eq!(decoded(&[b"aGVs&#", b"13;\nbG8="]).unwrap(), b"hello");
        assert_eq!(decoded(&[]).unwrap(), b"");
    }

    #[test]
    fn long_texts_come_whole() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
        let text = STANDARD.encode(&bytes);
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(777).collect();
        assert_eq!(decoded(&pieces).unwrap(), bytes);
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        for text in [&b"a?bc"[..], b"abc", b"ab=c"] {
            assert_eq!(decoded(&[text]).unwrap_err().kind(), ErrorKind::Refused);
        }
    }
}
