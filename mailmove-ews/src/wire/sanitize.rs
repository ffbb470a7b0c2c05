//! What servers send as XML is not always XML: references to characters that XML does not have, raw control characters,
//! broken UTF-8, a byte order mark. They are replaced by U+FFFD on the way to the parser, and counted.

use std::io::{self, BufRead, Read};

/// How much is cleaned at once, in bytes.
const CHUNK: usize = 16 * 1024;

/// The longest reference that is looked at: `&#x0010FFFF;` and some zeros.
const LONGEST_REFERENCE: usize = 24;

/// U+FFFD in UTF-8.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// A reader that gives well-formed text whatever the one below gives.
pub(crate) struct Sanitizer<R> {
    inner: R,
    raw: Vec<u8>,
    clean: Vec<u8>,
    at: usize,
    begun: bool,
    ended: bool,
    replaced: u64,
}

impl<R: Read> Sanitizer<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, raw: Vec::new(), clean: Vec::new(), at: 0, begun: false, ended: false, replaced: 0 }
    }

    /// How many things were replaced so far.
    pub(crate) fn replaced(&self) -> u64 {
        self.replaced
    }

    fn refill(&mut self) -> io::Result<()> {
        self.clean.clear();
        self.at = 0;
        while self.clean.is_empty() && !(self.ended && self.raw.is_empty()) {
            let kept = self.raw.len();
            self.raw.resize(kept + CHUNK, 0);
            let read = loop {
                match self.inner.read(&mut self.raw[kept..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            self.raw.truncate(kept + *read.as_ref().unwrap_or(&0));
            self.ended = read? == 0;
            let used = self.clean_up();
            self.raw.drain(..used);
        }
        Ok(())
    }

    /// Cleans as much of the raw bytes as can be judged, and says how much that was.
    fn clean_up(&mut self) -> usize {
        let raw = std::mem::take(&mut self.raw);
        let mut at = 0;
        while at < raw.len() {
            let plain = raw[at..].iter().take_while(|byte| is_plain(**byte)).count();
            self.clean.extend_from_slice(&raw[at..at + plain]);
            at += plain;
            self.begun |= plain > 0;
            let Some(byte) = raw.get(at) else { break };
            let used = match byte {
                b'&' => self.reference(&raw[at..]),
                0x80.. => self.beyond_ascii(&raw[at..]),
                _ => {
                    self.replace();
                    Some(1)
                }
            };
            match used {
                Some(used) => at += used,
                None => break,
            }
            self.begun = true;
        }
        self.raw = raw;
        at
    }

    /// A reference; `None`: its end has not come yet.
    fn reference(&mut self, raw: &[u8]) -> Option<usize> {
        let seen = &raw[..raw.len().min(LONGEST_REFERENCE)];
        let Some(end) = seen.iter().position(|byte| *byte == b';') else {
            if seen.len() < LONGEST_REFERENCE && !self.ended {
                return None;
            }
            self.replaced += 1;
            self.clean.extend_from_slice(b"&amp;");
            return Some(1);
        };
        let allowed = match &seen[1..end] {
            [b'#', b'x' | b'X', digits @ ..] => number(digits, 16).is_some_and(is_allowed),
            [b'#', digits @ ..] => number(digits, 10).is_some_and(is_allowed),
            name => [&b"amp"[..], b"lt", b"gt", b"quot", b"apos"].contains(&name),
        };
        if allowed {
            self.clean.extend_from_slice(&seen[..=end]);
        } else {
            self.replace();
        }
        Some(end + 1)
    }

    /// One character of more than one byte; `None`: its end has not come yet.
    fn beyond_ascii(&mut self, raw: &[u8]) -> Option<usize> {
        let seen = &raw[..raw.len().min(4)];
        let good = match std::str::from_utf8(seen) {
            Ok(text) => text,
            Err(error) if error.valid_up_to() > 0 => std::str::from_utf8(&seen[..error.valid_up_to()]).unwrap_or(""),
            Err(error) if error.error_len().is_none() && !self.ended => return None,
            Err(_) => "",
        };
        let Some(char) = good.chars().next() else {
            self.replace();
            return Some(1);
        };
        match char {
            '\u{feff}' if !self.begun => self.replaced += 1,
            '\u{fffe}' | '\u{ffff}' => self.replace(),
            _ => self.clean.extend_from_slice(&seen[..char.len_utf8()]),
        }
        Some(char.len_utf8())
    }

    fn replace(&mut self) {
        self.replaced += 1;
        self.clean.extend_from_slice(REPLACEMENT);
    }
}

impl<R: Read> Read for Sanitizer<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(out.len());
        out[..count].copy_from_slice(&ready[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Sanitizer<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.clean.len() {
            self.refill()?;
        }
        Ok(&self.clean[self.at..])
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
    }
}

/// Whether XML 1.0 has this character.
pub(crate) fn is_xml(char: char) -> bool {
    is_allowed(u32::from(char))
}

fn is_allowed(number: u32) -> bool {
    matches!(number, 0x9 | 0xa | 0xd | 0x20..=0xd7ff | 0xe000..=0xfffd | 0x1_0000..=0x10_ffff)
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x25 | 0x27..=0x7f)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            (out[0], self.0) = (*first, rest);
            Ok(1)
        }
    }

    fn cleaned(raw: &[u8]) -> (String, u64) {
        let mut all = Sanitizer::new(raw);
        let mut text = String::new();
        all.read_to_string(&mut text).unwrap();
        let mut drops = Sanitizer::new(Drops(raw));
        let mut again = String::new();
        drops.read_to_string(&mut again).unwrap();
        assert_eq!((&text, all.replaced()), (&again, drops.replaced()), "it depends on how the bytes arrive");
        let replaced = all.replaced();
        (text, replaced)
    }

    #[test]
    fn what_is_well_formed_stays() {
        let text = "<a b=\"&quot;\">\tgr\u{fc}\u{df}e &amp; &#x1F4E7; &#10;\u{1f4e7}\u{feff}</a>\r\n";
        assert_eq!(cleaned(text.as_bytes()), (text.to_owned(), 0));
    }

    #[test]
    fn references_to_what_xml_does_not_have_are_replaced_and_counted() {
        for bad in ["&#x0;", "&#x1A;", "&#xFFFF;", "&#xD800;", "&#26;", "&#x110000;", "&#;", "&nbsp;"] {
            assert_eq!(cleaned(format!("a{bad}b").as_bytes()), ("a\u{fffd}b".to_owned(), 1), "{bad}");
        }
    }

    #[test]
    fn control_characters_and_broken_utf8_are_replaced_and_counted() {
        assert_eq!(cleaned(b"a\x1ab\x00c"), ("a\u{fffd}b\u{fffd}c".to_owned(), 2));
        assert_eq!(cleaned(b"a\xffb\xc3"), ("a\u{fffd}b\u{fffd}".to_owned(), 2));
        assert_eq!(cleaned(b"\xed\xa0\x80").1, 3);
        assert_eq!(cleaned("\u{ffff}".as_bytes()), ("\u{fffd}".to_owned(), 1));
    }

    #[test]
    fn a_byte_order_mark_at_the_start_goes() {
        assert_eq!(cleaned(b"\xef\xbb\xbf<a/>"), ("<a/>".to_owned(), 1));
    }

    #[test]
    fn a_lone_ampersand_is_one() {
        assert_eq!(cleaned(b"a & b"), ("a &amp; b".to_owned(), 1));
        assert_eq!(cleaned(b"a &"), ("a &amp;".to_owned(), 1));
        assert_eq!(cleaned(b"R&D and what else there may be"), ("R&amp;D and what else there may be".to_owned(), 1));
    }

    #[test]
    fn long_texts_come_whole() {
        let text = "gr\u{fc}\u{df}e &amp; 0123456789 ".repeat(5000);
        assert_eq!(cleaned(text.as_bytes()), (text, 0));
    }
}
