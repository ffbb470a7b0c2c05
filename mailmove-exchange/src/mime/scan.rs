//! A message read once from its beginning to its end, line by line: where each part begins, where it ends, and how long
//! it is when it is decoded.

use mailmove_core::{Body, Result};

use super::{Content, Decoder, Encoding, Header, Part};

/// No header block is kept beyond this many octets.
const LONGEST_HEADER: usize = 1024 * 1024;
/// No line beyond this many octets is looked at as a whole: a delimiter is shorter.
const LONGEST_LINE: usize = 64 * 1024;
/// So many messages and multiparts lie inside of each other at most; what is deeper is octets.
const DEEPEST: usize = 32;
/// So many parts has a message at most; what follows belongs to the last.
const MOST_PARTS: usize = 10_000;

/// The tree of a message.
pub(super) fn scan(body: &Body) -> Result<Part> {
    let mut scanner = Scanner::default();
    scanner.open();
    let mut reader = body.reader();
    let mut line = Vec::new();
    while let Some(chunk) = reader.next_chunk()? {
        let mut rest = &chunk[..];
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let room = LONGEST_LINE - line.len();
            let (some, more) = rest.split_at(end.min(room));
            line.extend_from_slice(some);
            rest = more;
            if line.ends_with(b"\n") || line.len() == LONGEST_LINE {
                scanner.line(&line);
                line.clear();
            }
        }
    }
    if !line.is_empty() {
        scanner.line(&line);
    }
    Ok(scanner.finish())
}

/// What is being read.
#[derive(Debug)]
enum State {
    /// The header of the innermost part.
    Header(Vec<u8>),
    /// The octets of the innermost part: how long they are, decoded.
    Leaf(Box<Decoder>, u64),
    /// What stands between and behind the parts of a multipart, and belongs to nobody.
    Between,
}

#[derive(Debug)]
struct Open {
    header: Header,
    start: u64,
    /// The delimiter of a multipart, the two dashes before it included.
    delimiter: Option<Vec<u8>>,
    /// Whether its last part is behind us.
    over: bool,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Scanner {
    open: Vec<Open>,
    state: State,
    /// How many octets lie behind.
    at: u64,
    /// The end of the line before: it belongs to a delimiter when one follows.
    line_end: Vec<u8>,
    /// Whether the next octets begin a line.
    at_start: bool,
    count: usize,
    decoded: Vec<u8>,
    root: Option<Part>,
}

impl Default for Scanner {
    fn default() -> Self {
        Self {
            open: Vec::new(),
            state: State::Between,
            at: 0,
            line_end: Vec::new(),
            at_start: true,
            count: 0,
            decoded: Vec::new(),
            root: None,
        }
    }
}

impl Scanner {
    /// Begins a part inside of the innermost one.
    fn open(&mut self) {
        self.count += 1;
        let open = Open { header: Header::default(), start: self.at, delimiter: None, over: false, parts: Vec::new() };
        self.open.push(open);
        self.state = State::Header(Vec::new());
    }

    /// One line with its end, or a piece of one that is too long.
    fn line(&mut self, line: &[u8]) {
        let start = std::mem::replace(&mut self.at_start, line.ends_with(b"\n"));
        match self.delimiter(line).filter(|_| start) {
            Some((level, last)) => {
                self.close_above(level);
                self.open[level].over = last;
                self.state = State::Between;
                self.line_end.clear();
                self.at += line.len() as u64;
                if !last {
                    self.open();
                }
            }
            None => self.content(line),
        }
    }

    /// Which of the open multiparts this line delimits, and whether it is its end.
    fn delimiter(&self, line: &[u8]) -> Option<(usize, bool)> {
        if !line.starts_with(b"--") {
            return None;
        }
        let line = line.trim_ascii_end();
        let mut open = self.open.iter().enumerate().rev();
        open.find_map(|(level, open)| {
            let delimiter = open.delimiter.as_ref()?;
            match line.strip_prefix(&delimiter[..])? {
                b"" if self.count < MOST_PARTS && !open.over => Some((level, false)),
                b"--" => Some((level, true)),
                _ => None,
            }
        })
    }

    fn content(&mut self, line: &[u8]) {
        self.at += line.len() as u64;
        match &mut self.state {
            State::Between => {}
            State::Header(raw) => {
                if line == b"\r\n" || line == b"\n" {
                    return self.header_ends();
                }
                // Octets without a colon are no header; mail that begins with its text has none.
                if raw.len() + line.len() <= LONGEST_HEADER {
                    raw.extend_from_slice(line);
                }
            }
            State::Leaf(decoder, length) => {
                let content = line.strip_suffix(b"\n").unwrap_or(line);
                let content = content.strip_suffix(b"\r").unwrap_or(content);
                self.decoded.clear();
                decoder.decode(&self.line_end, &mut self.decoded);
                decoder.decode(content, &mut self.decoded);
                *length += self.decoded.len() as u64;
                self.line_end.clear();
                self.line_end.extend_from_slice(&line[content.len()..]);
            }
        }
    }

    /// The blank line: what follows is what the header says.
    fn header_ends(&mut self) {
        let State::Header(raw) = std::mem::replace(&mut self.state, State::Between) else { return };
        let deep = self.open.len() >= DEEPEST;
        let Some(own) = self.open.last_mut() else { return };
        own.header = Header::parse(raw);
        own.start = self.at;
        self.line_end.clear();
        let encoding = own.header.encoding;
        let boundary = own.header.parameter("boundary").filter(|_| own.header.media.starts_with("multipart/"));
        match boundary.filter(|boundary| !boundary.is_empty() && !deep) {
            Some(boundary) => own.delimiter = Some([b"--", boundary.as_bytes()].concat()),
            None if own.header.media == "message/rfc822" && encoding == Encoding::Identity && !deep => self.open(),
            None => self.state = State::Leaf(Box::new(Decoder::new(encoding)), 0),
        }
    }

    /// Ends every part inside of this one.
    fn close_above(&mut self, level: usize) {
        let end = self.at - self.line_end.len() as u64;
        while self.open.len() > level + 1 {
            self.close(end);
        }
    }

    /// Ends the innermost part.
    fn close(&mut self, end: u64) {
        if let State::Header(_) = self.state {
            // It ends before its blank line.
            let State::Header(raw) = std::mem::replace(&mut self.state, State::Between) else { return };
            if let Some(own) = self.open.last_mut() {
                own.header = Header::parse(raw);
                own.start = self.at;
            }
        }
        let Some(own) = self.open.pop() else { return };
        let content = match std::mem::replace(&mut self.state, State::Between) {
            State::Leaf(mut decoder, length) => {
                self.decoded.clear();
                decoder.finish(&mut self.decoded);
                Content::Leaf(length + self.decoded.len() as u64)
            }
            _ if own.delimiter.is_some() => Content::Multipart(own.parts),
            _ => match own.parts.into_iter().next() {
                Some(inner) => Content::Message(Box::new(inner)),
                None => Content::Leaf(0),
            },
        };
        let part = Part { header: own.header, start: own.start, end: end.max(own.start), content };
        match self.open.last_mut() {
            Some(outer) => outer.parts.push(part),
            None => self.root = Some(part),
        }
    }

    fn finish(mut self) -> Part {
        // Nothing follows: the last line's end belongs to the last part.
        if let State::Leaf(decoder, length) = &mut self.state {
            self.decoded.clear();
            decoder.decode(&self.line_end, &mut self.decoded);
            *length += self.decoded.len() as u64;
        }
        self.line_end.clear();
        let end = self.at;
        while !self.open.is_empty() {
            self.close(end);
        }
        self.root.unwrap_or_else(|| Part {
            header: Header::parse(Vec::new()),
            start: 0,
            end: 0,
            content: Content::Leaf(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Mail;
    use super::*;

    fn mail(text: &[u8]) -> Mail {
        Mail::parse(&Body::unpooled(text.to_vec())).unwrap()
    }

    /// Media types and decoded octets of all leaves, in order.
    fn leaves(mail: &Mail) -> Vec<(String, Vec<u8>)> {
        fn walk(mail: &Mail, part: &Part, out: &mut Vec<(String, Vec<u8>)>) {
            match &part.content {
                Content::Leaf(length) => {
                    let mut octets = Vec::new();
                    let take = |piece: &[u8]| {
                        octets.extend_from_slice(piece);
                        Ok(())
                    };
                    mail.octets().decoded(part, take).unwrap();
                    assert_eq!(octets.len() as u64, *length);
                    out.push((part.header.media.clone(), octets));
                }
                Content::Multipart(parts) => parts.iter().for_each(|part| walk(mail, part, out)),
                Content::Message(inner) => walk(mail, inner, out),
            }
        }
        let mut out = Vec::new();
        walk(mail, &mail.root, &mut out);
        out
    }

    #[test]
    fn parts_end_where_their_delimiters_say() {
        let text =
            b"Subject: x\r\nContent-Type: multipart/mixed; boundary=\"a b\"\r\n\r\npreamble\r\n--a b\r\n\r\none\r\n\
            \r\n--a b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/html\r\n\
            Content-Transfer-Encoding: base64\r\n\r\nYWJj\r\n--c--\r\nepilogue\r\n--a b  \r\n\
            Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ninner\r\n--a b--\r\nend\r\n";
        let wanted: [(&str, &[u8]); 3] = [("text/plain", b"one\r\n"), ("text/html", b"abc"), ("text/plain", b"inner")];
        assert_eq!(leaves(&mail(text)), wanted.map(|(media, octets)| (media.to_owned(), octets.to_vec())));
    }

    #[test]
    fn broken_mail_has_parts_too() {
        let leaf = |text: &[u8]| leaves(&mail(text)).pop().map(|(_, octets)| octets);
        assert_eq!(leaf(b""), Some(Vec::new()));
        assert_eq!(leaf(b"Subject: x"), Some(Vec::new()));
        assert_eq!(leaf(b"\r\nhello\n"), Some(b"hello\n".to_vec()));
        assert_eq!(leaf(b"Content-Type: multipart/mixed\r\n\r\n--x\r\n"), Some(b"--x\r\n".to_vec()));
        let open = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nnever closed";
        assert_eq!(leaf(open), Some(b"never closed".to_vec()));
    }

    proptest! {
        #[test]
        fn no_mail_makes_it_panic_and_lengths_are_right(
            lines in proptest::collection::vec("(--x|--x--|--y|Content-Type: multipart/mixed; boundary=x|\
                Content-Type: message/rfc822|Content-Type: multipart/related; boundary=y|\
                Content-Transfer-Encoding: (base64|quoted-printable)||[a-z=]{0,9})", 0..40),
            end in "(\r\n|\n)",
        ) {
            let found = leaves(&mail(lines.join(&end).as_bytes()));
            prop_assert!(found.len() <= lines.len() + 1);
        }
    }
}
