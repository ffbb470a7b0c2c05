//! A tolerant tokenizer over one response.

use std::borrow::Cow;

use super::Literal;

/// Walks over the text of one response. Everything it cannot read is `None` or skipped, never a panic: what a server
/// says beyond the grammar shall not cost a session.
pub(crate) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    literals: &'a mut [(usize, Literal)],
}

/// A string as it stood on the wire.
pub(crate) enum Value<'a> {
    Nil,
    Text(Cow<'a, [u8]>),
    Literal(Literal),
}

impl<'a> Scanner<'a> {
    /// `literals` carry the offset in `text` of the announcement (`{5}`) whose bytes they hold.
    pub(crate) fn new(text: &'a [u8], literals: &'a mut [(usize, Literal)]) -> Self {
        Self { text, at: 0, literals }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(crate) fn skip_blanks(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Takes this byte if it comes next, blanks before it included.
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        self.skip_blanks();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// What is left, as it stands.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next word: up to a blank, a parenthesis or the end. Empty when there is none.
    pub(crate) fn word(&mut self) -> &'a [u8] {
        self.skip_blanks();
        self.take_while(|byte| !matches!(byte, b' ' | b'(' | b')'))
    }

    /// The name of a FETCH item: a word, with its section in brackets, which may hold blanks and parentheses.
    pub(crate) fn item_name(&mut self) -> &'a [u8] {
        self.skip_blanks();
        let mut depth = 0usize;
        self.take_while(|byte| {
            match byte {
                b'[' => depth += 1,
                b']' => depth = depth.saturating_sub(1),
                b' ' | b'(' | b')' => return depth > 0,
                _ => {}
            }
            true
        })
    }

    /// The next run of digits.
    pub(crate) fn number(&mut self) -> Option<u64> {
        self.skip_blanks();
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// A quoted string, a literal, NIL or a bare word.
    pub(crate) fn value(&mut self) -> Value<'a> {
        self.skip_blanks();
        match self.peek() {
            Some(b'"') => Value::Text(self.quoted()),
            Some(b'{') | Some(b'~') => match self.literal() {
                Some(literal) => Value::Literal(literal),
                None => Value::Text(Cow::Borrowed(self.word())),
            },
            _ => {
                let word = self.word();
                if word.eq_ignore_ascii_case(b"NIL") { Value::Nil } else { Value::Text(Cow::Borrowed(word)) }
            }
        }
    }

    /// A value as bytes; NIL and bodies that went elsewhere are `None`.
    pub(crate) fn bytes(&mut self) -> Option<Cow<'a, [u8]>> {
        match self.value() {
            Value::Text(text) => Some(text),
            Value::Literal(Literal::Bytes(bytes)) => Some(Cow::Owned(bytes)),
            Value::Nil | Value::Literal(_) => None,
        }
    }

    /// The name of a mailbox (`astring`): in its place NIL is a word like any other.
    pub(crate) fn name(&mut self) -> Option<Cow<'a, [u8]>> {
        self.skip_blanks();
        match self.peek() {
            Some(b'"' | b'{' | b'~') => self.bytes(),
            _ => Some(Cow::Borrowed(self.word())),
        }
    }

    /// A value as text; octets that are not UTF-8 are replaced.
    pub(crate) fn string(&mut self) -> Option<String> {
        self.bytes().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The words of a list in parentheses. Anything else than words in it is passed over.
    pub(crate) fn words(&mut self) -> Option<Vec<&'a [u8]>> {
        if !self.eat(b'(') {
            return None;
        }
        let mut words = Vec::new();
        while !self.eat(b')') {
            match self.peek()? {
                b'(' | b'"' | b'{' => self.skip_value(),
                _ => words.push(self.word()),
            }
        }
        Some(words)
    }

    /// Passes over one value of any shape.
    pub(crate) fn skip_value(&mut self) {
        let mut depth = 0usize;
        loop {
            self.skip_blanks();
            match self.peek() {
                None => return,
                Some(b'(') => {
                    self.at += 1;
                    depth += 1;
                }
                Some(b')') => {
                    if depth == 0 {
                        return;
                    }
                    self.at += 1;
                    depth -= 1;
                }
                _ => drop(self.value()),
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn take_while(&mut self, mut accept: impl FnMut(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let len = rest.iter().position(|byte| !accept(*byte)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    fn quoted(&mut self) -> Cow<'a, [u8]> {
        self.at += 1;
        let rest = self.rest();
        let Some(end) = memchr::memchr2(b'"', b'\\', rest) else {
            self.at = self.text.len();
            return Cow::Borrowed(rest);
        };
        if rest[end] == b'"' {
            self.at += end + 1;
            return Cow::Borrowed(&rest[..end]);
        }
        let mut text = rest[..end].to_vec();
        let mut at = end;
        while let Some(&byte) = rest.get(at) {
            match byte {
                b'"' => break,
                b'\\' => {
                    at += 1;
                    text.extend(rest.get(at));
                }
                byte => text.push(byte),
            }
            at += 1;
        }
        self.at = (self.at + at + 1).min(self.text.len());
        Cow::Owned(text)
    }

    fn literal(&mut self) -> Option<Literal> {
        let start = self.at + usize::from(self.peek() == Some(b'~'));
        let found = self.literals.iter_mut().find(|(offset, _)| *offset == start)?;
        let literal = std::mem::replace(&mut found.1, Literal::Skipped);
        let close = memchr::memchr(b'}', &self.text[start..])?;
        self.at = start + close + 1;
        Some(literal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_in_four_shapes() {
        let mut literals = [(17, Literal::Bytes(b"a \"b\"".to_vec()))];
        let mut scanner = Scanner::new(b"atom \"q\\\"\\\\\" NIL {5} ~", &mut literals);
        assert_eq!(scanner.string().unwrap(), "atom");
        assert_eq!(scanner.string().unwrap(), "q\"\\");
        assert_eq!(scanner.string(), None);
        let mut literals = [(0, Literal::Bytes(b"a \"b\"".to_vec()))];
        assert_eq!(Scanner::new(b"{5} x", &mut literals).string().unwrap(), "a \"b\"");
    }

    #[test]
    fn item_names_keep_their_section() {
        let mut none = [];
        let mut scanner = Scanner::new(b"BODY[HEADER.FIELDS (MESSAGE-ID DATE)] \"x\" UID 5", &mut none);
        assert_eq!(scanner.item_name(), b"BODY[HEADER.FIELDS (MESSAGE-ID DATE)]");
        scanner.skip_value();
        assert_eq!(scanner.item_name(), b"UID");
        assert_eq!(scanner.number(), Some(5));
    }

    #[test]
    fn anything_can_be_skipped_and_nothing_panics() {
        let mut none = [];
        let mut scanner = Scanner::new(b"(a (b \"c)\") NIL) d", &mut none);
        scanner.skip_value();
        assert_eq!(scanner.word(), b"d");
        for text in [&b"("[..], b"\"", b"\"\\", b"{9", b"{9}", b"~{1}", b")", b"((", b"\"a"] {
            let mut scanner = Scanner::new(text, &mut none);
            scanner.skip_value();
            scanner.skip_value();
            let mut scanner = Scanner::new(text, &mut none);
            let _ = scanner.words();
        }
    }
}
