//! Walking over a command, token by token.

use bytes::Bytes;

use super::{Head, Malformed, Parsed};
use crate::imap::set::Set;

/// A stretch of a command.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    Text(Bytes),
    Literal { bytes: Bytes, binary: bool },
}

/// A place in a command.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    pieces: &'a [Piece],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(pieces: &'a [Piece]) -> Self {
        Self { pieces, at: 0 }
    }

    /// What is left of the text before the next literal or the end.
    fn rest(&self) -> &'a [u8] {
        match self.pieces.first() {
            Some(Piece::Text(text)) => &text[self.at..],
            _ => &[],
        }
    }

    /// The next octet; nothing before a literal and at the end.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn advance(&mut self, by: usize) -> &'a [u8] {
        let taken = &self.rest()[..by];
        self.at += by;
        taken
    }

    /// Passes over tag and name, which were read before.
    pub(crate) fn skip_head(&mut self, head: &Head) {
        let tag = self.rest().iter().position(|byte| *byte == b' ').unwrap_or(self.rest().len());
        self.advance(tag);
        let name = (1 + head.name.len()).min(self.rest().len());
        self.advance(name);
    }

    pub(crate) fn end(&self) -> Parsed<()> {
        let over = self.rest().is_empty() && self.pieces.len() <= 1;
        if over { Ok(()) } else { Err(Malformed("Unexpected text at the end of the command")) }
    }

    /// Whether nothing is left.
    pub(crate) fn at_end(&self) -> bool {
        self.end().is_ok()
    }

    /// Takes this octet if it is next.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let next = self.peek() == Some(byte);
        self.at += usize::from(next);
        next
    }

    pub(crate) fn expect(&mut self, byte: u8) -> Parsed<()> {
        if self.take(byte) {
            return Ok(());
        }
        Err(Malformed(match byte {
            b' ' => "Missing argument",
            b'(' => "Expected (",
            b')' => "Expected )",
            _ => "Unexpected character",
        }))
    }

    pub(crate) fn space(&mut self) -> Parsed<()> {
        self.expect(b' ')
    }

    /// Takes this word if it is next, whatever its case.
    pub(crate) fn keyword(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let next = rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word.as_bytes());
        let ends = rest.get(word.len()).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        if next && ends {
            self.at += word.len();
        }
        next && ends
    }

    /// Everything up to an octet that the test refuses; at least one.
    pub(crate) fn run(&mut self, accepted: impl Fn(u8) -> bool, what: &'static str) -> Parsed<&'a str> {
        let length = self.rest().iter().position(|byte| !accepted(*byte)).unwrap_or(self.rest().len());
        match std::str::from_utf8(self.advance(length)) {
            Ok(text) if !text.is_empty() => Ok(text),
            _ => Err(Malformed(what)),
        }
    }

    pub(crate) fn atom(&mut self) -> Parsed<&'a str> {
        self.run(atom_char, "Expected an atom")
    }

    pub(crate) fn number(&mut self) -> Parsed<u64> {
        let digits = self.run(|byte| byte.is_ascii_digit(), "Expected a number")?;
        digits.parse().map_err(|_| Malformed("Number too large"))
    }

    pub(crate) fn number32(&mut self) -> Parsed<u32> {
        u32::try_from(self.number()?).map_err(|_| Malformed("Number too large"))
    }

    pub(crate) fn set(&mut self) -> Parsed<Set> {
        let text = self.run(|byte| byte.is_ascii_digit() || b":,*".contains(&byte), "Expected a message set")?;
        Set::parse(text).ok_or(Malformed("Invalid message set"))
    }

    /// A flag: `\Seen` or a keyword.
    pub(crate) fn flag(&mut self) -> Parsed<String> {
        let backslash = if self.take(b'\\') { "\\" } else { "" };
        Ok(format!("{backslash}{}", self.run(|byte| atom_char(byte) && byte != b']', "Invalid flag")?))
    }

    /// `(a b c)`, possibly empty.
    pub(crate) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.expect(b'(')?;
        let mut items = Vec::new();
        if self.take(b')') {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.take(b')') {
                return Ok(items);
            }
            self.space()?;
        }
    }

    /// A literal, and whether it is a literal8.
    pub(crate) fn literal(&mut self) -> Parsed<(Bytes, bool)> {
        match self.pieces {
            [Piece::Text(text), Piece::Literal { bytes, binary }, rest @ ..] if self.at == text.len() => {
                self.pieces = rest;
                self.at = 0;
                Ok((bytes.clone(), *binary))
            }
            _ => Err(Malformed("Expected a literal")),
        }
    }

    fn quoted(&mut self) -> Parsed<Vec<u8>> {
        self.expect(b'"')?;
        let mut text = Vec::new();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.advance(1);
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.advance(1);
                    match self.peek() {
                        Some(byte @ (b'"' | b'\\')) => text.push(byte),
                        _ => return Err(Malformed("Invalid escape in a quoted string")),
                    }
                }
                Some(byte) => text.push(byte),
                None => return Err(Malformed("Unterminated quoted string")),
            }
            self.advance(1);
        }
    }

    /// Quoted or literal, as octets.
    pub(crate) fn string_bytes(&mut self) -> Parsed<Vec<u8>> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            None => self.literal().map(|(bytes, _)| bytes.to_vec()),
            Some(_) => Err(Malformed("Expected a string")),
        }
    }

    /// Atom, quoted or literal, as octets.
    pub(crate) fn astring_bytes(&mut self) -> Parsed<Vec<u8>> {
        match self.peek() {
            Some(b'"') | None if !self.at_end() => self.string_bytes(),
            _ => Ok(self.run(|byte| atom_char(byte) || byte == b']', "Expected a string")?.as_bytes().to_vec()),
        }
    }

    pub(crate) fn astring(&mut self) -> Parsed<String> {
        String::from_utf8(self.astring_bytes()?).map_err(|_| Malformed("Text is not UTF-8"))
    }

    /// A mailbox name with the wildcards of LIST.
    pub(crate) fn pattern(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(b'"') | None => self.astring(),
            Some(_) => {
                let accepted = |byte| atom_char(byte) || b"%*]".contains(&byte);
                Ok(self.run(accepted, "Expected a mailbox pattern")?.to_owned())
            }
        }
    }
}

/// ATOM-CHAR of the grammar, 8-bit let through: names with it are refused where they are used.
fn atom_char(byte: u8) -> bool {
    !byte.is_ascii_control() && !b" (){%*\"\\".contains(&byte)
}
