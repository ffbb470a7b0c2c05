//! Looks for defects.

use super::{Defects, LONGEST_FIELD_LINE, LONGEST_LINE, is_field_line};

/// Looks at a message octet by octet.
#[derive(Default)]
pub(super) struct Scan {
    defects: Option<Defects>,
    line: Vec<u8>,
    header_over: bool,
    lines: u64,
    last: Option<u8>,
    /// How long the present line is.
    length: usize,
}

impl Scan {
    pub(super) fn take(&mut self, byte: u8) {
        let found = self.defects.get_or_insert(Defects::empty());
        match (self.last, byte) {
            (_, 0) => *found |= Defects::NUL,
            (last, b'\n') if last != Some(b'\r') => *found |= Defects::BARE,
            (Some(b'\r'), byte) if byte != b'\n' => *found |= Defects::BARE,
            _ => {}
        }
        self.last = Some(byte);
        self.length = if matches!(byte, b'\r' | b'\n') { 0 } else { self.length + 1 };
        if self.header_over {
            if self.length > LONGEST_LINE {
                *found |= Defects::LONG_LINE;
            }
            return;
        }
        self.line.push(byte);
        if byte == b'\n' || self.line.len() > LONGEST_FIELD_LINE {
            self.line_end();
        }
    }

    fn line_end(&mut self) {
        let line = std::mem::take(&mut self.line);
        let found = self.defects.get_or_insert(Defects::empty());
        let content = line.trim_ascii_end();
        let first = self.lines == 0;
        self.lines += 1;
        if first && content.starts_with(b"From ") {
            *found |= Defects::MBOX_LINE;
            self.lines = 0;
        } else if content.is_empty() {
            self.header_over = true;
        } else if !is_field_line(&line, first) {
            *found |= Defects::NO_BLANK_LINE;
            if content.len() > LONGEST_LINE {
                *found |= Defects::LONG_LINE;
            }
            self.header_over = true;
        } else if !line.is_ascii() {
            *found |= Defects::HEADER_8BIT;
        }
    }

    pub(super) fn defects(mut self, empty: bool) -> Defects {
        if !self.line.is_empty() {
            self.line_end();
        }
        let mut found = self.defects.unwrap_or(Defects::empty());
        if !self.header_over {
            found |= Defects::NO_BLANK_LINE;
        }
        if self.last == Some(b'\r') {
            found |= Defects::BARE;
        }
        if !empty && self.last != Some(b'\n') {
            found |= Defects::NO_END;
        }
        found
    }
}
