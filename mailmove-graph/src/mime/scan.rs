//! The parts of a message, line by line.

use std::io::{BufRead, BufReader};

use mailmove_core::{Body, BodyReader, Error, ErrorKind, Result, Spool};

use super::decode::Decoder;
use super::header::Header;
use super::{Content, DEEPEST, Entity, parse_at};

/// How much of a line is looked at in one piece.
const PIECE: usize = 64 * 1024;
/// How long a header may be; what is beyond is passed over.
const HEADER: usize = 256 * 1024;
/// How deep parts may stand in parts.
const NESTED: usize = 32;
/// How many parts a message may have; what is beyond is passed over.
const PARTS: usize = 5000;

/// Why a content ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// There is nothing more.
    End,
    /// The boundary of a multipart that is open, counted from the outermost; whether it was its last.
    Boundary(usize, bool),
}

pub(super) struct Scanner<'a> {
    reader: BufReader<BodyReader>,
    spool: &'a Spool,
    depth: usize,
    boundaries: Vec<Vec<u8>>,
    parts: usize,
    /// Whether the next piece begins a line.
    fresh: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(body: &Body, spool: &'a Spool, depth: usize) -> Self {
        let reader = BufReader::with_capacity(PIECE, body.reader());
        Self { reader, spool, depth, boundaries: Vec::new(), parts: 0, fresh: true }
    }

    pub(super) fn message(mut self) -> Result<Entity> {
        Ok(self.entity("text/plain")?.0)
    }

    /// A part: its header and what is below, up to a boundary.
    fn entity(&mut self, usual: &'static str) -> Result<(Entity, Stop)> {
        let (header, stop) = self.header()?;
        let header = Header::new(header, usual);
        if let Some(stop) = stop {
            let content = Content::Leaf(self.spool.body(Vec::new())?);
            return Ok((Entity { header, content }, stop));
        }
        let boundary = header.boundary().filter(|_| self.boundaries.len() < NESTED);
        let (content, stop) = match boundary {
            Some(boundary) => self.multipart(boundary, header.is("multipart/digest"))?,
            None => self.leaf(&header)?,
        };
        Ok((Entity { header, content }, stop))
    }

    fn header(&mut self) -> Result<(Vec<u8>, Option<Stop>)> {
        let (mut header, mut piece) = (Vec::new(), Vec::new());
        loop {
            let begins = self.fresh;
            if !self.piece(&mut piece)? {
                return Ok((header, Some(Stop::End)));
            }
            if begins && let Some(stop) = self.stop(&piece) {
                return Ok((header, Some(stop)));
            }
            if begins && matches!(piece.as_slice(), b"\n" | b"\r\n") {
                return Ok((header, None));
            }
            if header.len() + piece.len() <= HEADER {
                header.extend_from_slice(&piece);
            }
        }
    }

    fn multipart(&mut self, boundary: Vec<u8>, digest: bool) -> Result<(Content, Stop)> {
        let level = self.boundaries.len();
        self.boundaries.push(boundary);
        let mut parts = Vec::new();
        let mut stop = self.pass_over()?;
        while stop == Stop::Boundary(level, false) {
            self.parts += 1;
            if self.parts > PARTS {
                stop = self.pass_over()?;
                continue;
            }
            let (part, next) = self.entity(if digest { "message/rfc822" } else { "text/plain" })?;
            parts.push(part);
            stop = next;
        }
        self.boundaries.truncate(level);
        if stop == Stop::Boundary(level, true) {
            stop = self.pass_over()?;
        }
        Ok((Content::Multipart(parts), stop))
    }

    fn leaf(&mut self, header: &Header) -> Result<(Content, Stop)> {
        let (mut decoder, mut out) = (Decoder::of(header.encoding().as_deref()), self.spool.writer());
        let (mut piece, mut line_end) = (Vec::new(), Vec::new());
        let stop = loop {
            let begins = self.fresh;
            if !self.piece(&mut piece)? {
                // Nobody's boundary took it.
                decoder.feed(&line_end, &mut out)?;
                break Stop::End;
            }
            if begins && let Some(stop) = self.stop(&piece) {
                break stop;
            }
            decoder.feed(&line_end, &mut out)?;
            let text = piece.strip_suffix(b"\n").map_or(&piece[..], |text| text.strip_suffix(b"\r").unwrap_or(text));
            line_end.clear();
            line_end.extend_from_slice(&piece[text.len()..]);
            decoder.feed(text, &mut out)?;
        };
        decoder.finish(&mut out)?;
        let body = out.finish()?;
        if self.depth < DEEPEST && (header.is("message/rfc822") || header.is("message/global")) {
            let inside = parse_at(&body, self.spool, self.depth + 1)?;
            return Ok((Content::Message(body, Box::new(inside)), stop));
        }
        Ok((Content::Leaf(body), stop))
    }

    fn pass_over(&mut self) -> Result<Stop> {
        let mut piece = Vec::new();
        loop {
            let begins = self.fresh;
            if !self.piece(&mut piece)? {
                return Ok(Stop::End);
            }
            if begins && let Some(stop) = self.stop(&piece) {
                return Ok(stop);
            }
        }
    }

    /// The boundary that this line is, the innermost first.
    fn stop(&self, line: &[u8]) -> Option<Stop> {
        let line = line.strip_prefix(b"--")?.trim_ascii_end();
        let same = |(level, boundary): (usize, &Vec<u8>)| match line.strip_prefix(boundary.as_slice()) {
            Some(b"") => Some(Stop::Boundary(level, false)),
            Some(b"--") => Some(Stop::Boundary(level, true)),
            _ => None,
        };
        self.boundaries.iter().enumerate().rev().find_map(same)
    }

    /// The rest of a line with its end, or as much of it as fits into one piece. `false` when nothing is left.
    fn piece(&mut self, out: &mut Vec<u8>) -> Result<bool> {
        out.clear();
        while out.len() < PIECE {
            let buffer = self
                .reader
                .fill_buf()
                .map_err(|error| Error::new(ErrorKind::Storage, "a spooled message cannot be read").because(error))?;
            if buffer.is_empty() {
                break;
            }
            let end = memchr::memchr(b'\n', buffer).map(|at| at + 1);
            let taken = end.unwrap_or(buffer.len());
            out.extend_from_slice(&buffer[..taken]);
            self.reader.consume(taken);
            if end.is_some() {
                break;
            }
        }
        self.fresh = out.last() == Some(&b'\n');
        Ok(!out.is_empty())
    }
}
