use mailmove_core::{Body, Result};

use super::scan::scan;
use super::{Decoder, Header};

/// A message whose octets stay where they are.
#[derive(Debug)]
pub(crate) struct Mail {
    body: Body,
    pub(crate) root: Part,
}

/// One part of a message.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) header: Header,
    /// Where its octets begin, behind its header, counted from the beginning of everything.
    pub(crate) start: u64,
    /// Where they end.
    pub(crate) end: u64,
    pub(crate) content: Content,
}

/// What is in a part.
#[derive(Debug)]
pub(crate) enum Content {
    /// Octets, so many when they are decoded.
    Leaf(u64),
    /// Parts.
    Multipart(Vec<Part>),
    /// A message.
    Message(Box<Part>),
}

/// How much is read at once.
const PIECE: usize = 64 * 1024;

impl Mail {
    /// Reads through a message once.
    pub(crate) fn parse(body: &Body) -> Result<Self> {
        Ok(Self { root: scan(body)?, body: body.clone() })
    }

    /// Something to read its parts with.
    pub(crate) fn octets(&self) -> Octets {
        Octets { body: self.body.clone(), reader: self.body.reader(), at: 0, rest: bytes::Bytes::new() }
    }
}

/// Reads pieces of a message, best in the order in which they stand.
#[derive(Debug)]
pub(crate) struct Octets {
    body: Body,
    reader: mailmove_core::BodyReader,
    /// Where `rest` begins.
    at: u64,
    rest: bytes::Bytes,
}

impl Octets {
    /// Hands out the octets from one place to another, as they stand.
    pub(crate) fn raw(&mut self, start: u64, end: u64, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        if start < self.at {
            (self.reader, self.at, self.rest) = (self.body.reader(), 0, bytes::Bytes::new());
        }
        while self.at < end {
            if self.rest.is_empty() {
                match self.reader.next_chunk()? {
                    Some(chunk) => self.rest = chunk,
                    None => break,
                }
            }
            if self.at < start {
                let over = (start - self.at).min(self.rest.len() as u64);
                _ = self.rest.split_to(over as usize);
                self.at += over;
                continue;
            }
            let some = (end - self.at).min(self.rest.len() as u64).min(PIECE as u64);
            let piece = self.rest.split_to(some as usize);
            self.at += some;
            take(&piece)?;
        }
        Ok(())
    }

    /// Hands out the octets of a part, decoded.
    pub(crate) fn decoded(&mut self, part: &Part, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let (mut decoder, mut out) = (Decoder::new(part.header.encoding), Vec::with_capacity(PIECE));
        self.raw(part.start, part.end, |piece| {
            out.clear();
            decoder.decode(piece, &mut out);
            take(&out)
        })?;
        out.clear();
        decoder.finish(&mut out);
        take(&out)
    }

    /// The text of a leaf. All of it is in memory: ask for texts of a size that allows it.
    pub(crate) fn text(&mut self, part: &Part) -> Result<String> {
        let mut octets = Vec::new();
        self.raw(part.start, part.end, |piece| {
            octets.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(part.header.decode_text(&octets))
    }
}
