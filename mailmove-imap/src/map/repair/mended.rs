//! Mends while reading.

use bytes::{BufMut, Bytes, BytesMut};
use mailmove_core::{Body, BodyReader, Result};

use super::{BREAK_FROM, Defects, LONGEST_FIELD_LINE, LONGEST_LINE, is_field_line, is_receipt_request};
use crate::wire::Chunks;

/// A message with its defects mended, read chunk by chunk: it is as large as it is, in memory or not.
pub(crate) struct Mended {
    reader: BodyReader,
    mend: Defects,
    in_header: bool,
    first_line: bool,
    line: Vec<u8>,
    last: Option<u8>,
    carriage: bool,
    finished: bool,
    /// How long the present line of the text is.
    length: usize,
}

impl Mended {
    pub(crate) fn new(body: &Body, mend: Defects) -> Self {
        Self {
            reader: body.reader(),
            mend,
            in_header: true,
            first_line: true,
            line: Vec::new(),
            last: None,
            carriage: false,
            finished: false,
            length: 0,
        }
    }

    /// One octet after line ends are in order; header lines are held back until they are whole.
    fn octet(&mut self, byte: u8, out: &mut BytesMut) {
        if byte == 0 && self.mend.contains(Defects::NUL) {
            return;
        }
        if self.mend.contains(Defects::BARE) {
            match (std::mem::replace(&mut self.carriage, byte == b'\r'), byte) {
                (false, b'\r') => {}
                (true, b'\n') => self.text(b"\r\n", out),
                (true, b'\r') => self.text(b"\r\n", out),
                (true, byte) => {
                    self.text(b"\r\n", out);
                    self.text(&[byte], out);
                }
                (false, b'\n') => self.text(b"\r\n", out),
                (false, byte) => self.text(&[byte], out),
            }
        } else {
            self.text(&[byte], out);
        }
    }

    fn text(&mut self, bytes: &[u8], out: &mut BytesMut) {
        for byte in bytes {
            self.last = Some(*byte);
            if !self.in_header {
                self.body(*byte, out);
                continue;
            }
            self.line.push(*byte);
            if *byte == b'\n' || self.line.len() > LONGEST_FIELD_LINE {
                self.header_line(out);
            }
        }
    }

    /// One octet of the text; lines that are too long are broken, between characters where it can be.
    fn body(&mut self, byte: u8, out: &mut BytesMut) {
        if matches!(byte, b'\r' | b'\n') {
            self.length = 0;
        } else {
            let between = self.length >= BREAK_FROM && !(0x80..0xc0).contains(&byte);
            if self.mend.contains(Defects::LONG_LINE) && (between || self.length == LONGEST_LINE) {
                // Whether a line of this length ends within the limit is not known yet: it is broken all the same.
                out.put_slice(b"\r\n");
                self.length = 0;
            }
            self.length += 1;
        }
        out.put_u8(byte);
    }

    fn header_line(&mut self, out: &mut BytesMut) {
        let mut line = std::mem::take(&mut self.line);
        let content = line.trim_ascii_end();
        let first = std::mem::replace(&mut self.first_line, false);
        if first && self.mend.contains(Defects::MBOX_LINE) && content.starts_with(b"From ") {
            return;
        }
        if content.is_empty() {
            self.in_header = false;
        } else if !is_field_line(&line, first) {
            if self.mend.contains(Defects::NO_BLANK_LINE) {
                out.put_slice(b"\r\n");
            }
            self.in_header = false;
            line.iter().for_each(|byte| self.body(*byte, out));
            return;
        }
        if self.mend.contains(Defects::HEADER_8BIT) {
            line.iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?');
        }
        if self.mend.contains(Defects::RECEIPT) && is_receipt_request(&line) {
            out.put_slice(b"X-");
        }
        out.put_slice(&line);
    }

    fn end(&mut self, out: &mut BytesMut) {
        if std::mem::take(&mut self.carriage) {
            self.text(b"\r\n", out);
        }
        if self.last.is_some_and(|last| last != b'\n') && self.mend.contains(Defects::NO_END) {
            self.text(b"\r\n", out);
        }
        if !self.line.is_empty() {
            self.header_line(out);
        }
        if self.in_header && self.mend.contains(Defects::NO_BLANK_LINE) {
            out.put_slice(if self.last.is_some_and(|last| last != b'\n') { b"\r\n\r\n" } else { b"\r\n" });
        }
    }
}

impl Chunks for Mended {
    fn next_chunk(&mut self) -> Result<Option<Bytes>> {
        while !self.finished {
            let mut out = BytesMut::new();
            match self.reader.next_chunk()? {
                Some(chunk) => {
                    out.reserve(chunk.len() + 64);
                    chunk.iter().for_each(|byte| self.octet(*byte, &mut out));
                }
                None => {
                    self.finished = true;
                    self.end(&mut out);
                }
            }
            if !out.is_empty() {
                return Ok(Some(out.freeze()));
            }
        }
        Ok(None)
    }
}
