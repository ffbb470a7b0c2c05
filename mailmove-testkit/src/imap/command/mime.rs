//! A message taken apart, as far as FETCH asks for parts of it. Broken MIME is read as what it can still be.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memmem};

/// Nesting beyond this is taken for text.
const DEEPEST: usize = 20;

/// One entity: the message itself, or a part of it. Ranges are offsets in the whole message.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The empty line at its end included.
    pub(super) header: Range<usize>,
    pub(super) body: Range<usize>,
    /// In capitals: `TEXT`, `MULTIPART`.
    pub(super) kind: String,
    /// In capitals: `PLAIN`.
    pub(super) subtype: String,
    pub(super) parameters: Vec<(String, String)>,
    /// The parts of a multipart; the one message inside a message.
    pub(super) children: Vec<Part>,
}

impl Part {
    pub(super) fn of(message: &[u8]) -> Self {
        Self::parse(message, 0..message.len(), 0)
    }

    fn parse(message: &[u8], whole: Range<usize>, depth: usize) -> Self {
        let body_at = whole.start + header_length(&message[whole.clone()]);
        let (header, body) = (whole.start..body_at, body_at..whole.end);
        let content_type = field(&message[header.clone()], "Content-Type").unwrap_or_default();
        let (media, parameters) = value_and_parameters(&content_type);
        let (kind, subtype) = match media.split_once('/') {
            Some((kind, subtype)) if !kind.is_empty() && !subtype.is_empty() => (kind.trim(), subtype.trim()),
            _ => ("text", "plain"),
        };
        let (kind, subtype) = (kind.to_ascii_uppercase(), subtype.to_ascii_uppercase());
        let mut part = Self { header, body, kind, subtype, parameters, children: Vec::new() };
        if depth < DEEPEST && part.kind == "MULTIPART" {
            let ranges = part.split(message);
            part.children = ranges.into_iter().map(|range| Self::parse(message, range, depth + 1)).collect();
        } else if depth < DEEPEST && part.is_message() {
            part.children = vec![Self::parse(message, part.body.clone(), depth + 1)];
        }
        part
    }

    pub(super) fn is_message(&self) -> bool {
        self.kind == "MESSAGE" && self.subtype == "RFC822"
    }

    /// The part behind these numbers (RFC 3501, 6.4.5).
    pub(super) fn find(&self, path: &[u32]) -> Option<&Self> {
        let mut part = self;
        for (level, number) in path.iter().enumerate() {
            // The numbers of a nested message's parts follow its own.
            let inside = if level > 0 && part.is_message() { part.children.first()? } else { part };
            part = match inside.kind.as_str() {
                "MULTIPART" => inside.children.get(*number as usize - 1)?,
                _ if *number == 1 => inside,
                _ => return None,
            };
        }
        Some(part)
    }

    pub(super) fn lines(&self, message: &[u8]) -> usize {
        memchr_iter(b'\n', &message[self.body.clone()]).count()
    }

    /// Where the parts of a multipart are.
    fn split(&self, message: &[u8]) -> Vec<Range<usize>> {
        let boundary = self.parameters.iter().find(|(name, _)| name == "BOUNDARY");
        let Some((_, boundary)) = boundary.filter(|(_, boundary)| !boundary.is_empty()) else { return Vec::new() };
        let delimiter = format!("--{boundary}");
        let body = &message[self.body.clone()];
        let mut parts = Vec::new();
        let mut start: Option<usize> = None;
        for at in memmem::find_iter(body, delimiter.as_bytes()) {
            if at > 0 && body[at - 1] != b'\n' {
                continue;
            }
            let after = at + delimiter.len();
            let line_end = memchr(b'\n', &body[after..]).map_or(body.len(), |end| after + end + 1);
            let last = body[after..].starts_with(b"--");
            if !last && !body[after..line_end].trim_ascii().is_empty() {
                continue;
            }
            if let Some(start) = start {
                // The line end before a delimiter belongs to it.
                let end =
                    body[..at].strip_suffix(b"\n").map_or(at, |rest| rest.strip_suffix(b"\r").unwrap_or(rest).len());
                parts.push(self.body.start + start..self.body.start + end.max(start));
            }
            start = (!last).then_some(line_end);
            if last {
                return parts;
            }
        }
        parts.extend(start.map(|start| self.body.start + start..self.body.end));
        parts
    }
}

/// Octets of the header block with the empty line behind it; everything when there is none.
pub(super) fn header_length(message: &[u8]) -> usize {
    let mut at = 0;
    for end in memchr_iter(b'\n', message) {
        let line = &message[at..end];
        at = end + 1;
        if line.is_empty() || line == b"\r" {
            return at;
        }
    }
    message.len()
}

/// The fields of a header block: name, and everything from the name to the line end, folds included.
pub(super) fn fields(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = header;
    std::iter::from_fn(move || {
        let mut end = 0;
        loop {
            end += memchr(b'\n', &rest[end..]).map_or(rest.len() - end, |at| at + 1);
            if !matches!(rest.get(end), Some(b' ' | b'\t')) {
                break;
            }
        }
        let (field, after) = rest.split_at(end);
        rest = after;
        (!field.trim_ascii().is_empty()).then(|| (field[..memchr(b':', field).unwrap_or(0)].trim_ascii(), field))
    })
}

/// The value of the first field of this name, unfolded.
pub(super) fn field(header: &[u8], name: &str) -> Option<String> {
    fields(header).find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, field)| value(field))
}

/// What follows the colon, unfolded; octets that are not UTF-8 are replaced.
pub(super) fn value(field: &[u8]) -> String {
    let start = memchr(b':', field).map_or(0, |at| at + 1);
    let unfolded: Vec<u8> = field[start..].iter().copied().filter(|byte| *byte != b'\r' && *byte != b'\n').collect();
    String::from_utf8_lossy(unfolded.trim_ascii()).replace('\0', "")
}

/// `text/plain; charset=utf-8` taken apart; names of parameters in capitals.
pub(super) fn value_and_parameters(text: &str) -> (String, Vec<(String, String)>) {
    let mut pieces = Vec::new();
    let (mut piece, mut quoted, mut escaped) = (String::new(), false, false);
    for character in text.chars() {
        match character {
            _ if escaped => (escaped, piece) = (false, piece + &character.to_string()),
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => pieces.push(std::mem::take(&mut piece)),
            _ => piece.push(character),
        }
    }
    pieces.push(piece);
    let mut pieces = pieces.into_iter();
    let value = pieces.next().unwrap_or_default().trim().to_owned();
    let parameters = pieces.filter_map(|piece| {
        let (name, value) = piece.split_once('=')?;
        Some((name.trim().to_ascii_uppercase(), value.trim().to_owned()))
    });
    (value, parameters.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NESTED: &[u8] = b"Content-Type: multipart/mixed; boundary=\"x\"\r\n\r\npreamble\r\n--x\r\n\r\none\r\n--x\r\n\
        Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ntwo\r\n--x--\r\nend";

    #[test]
    fn parts_are_found_by_their_numbers() {
        let part = Part::of(NESTED);
        let text = |path: &[u32]| part.find(path).map(|part| &NESTED[part.body.clone()]);
        assert_eq!(text(&[1]), Some(b"one".as_slice()));
        assert_eq!(text(&[2]), Some(b"Subject: inner\r\n\r\ntwo".as_slice()));
        assert_eq!(text(&[2, 1]), Some(b"two".as_slice()));
        assert_eq!(text(&[3]), None);
    }

    #[test]
    fn headers_end_where_they_end() {
        assert_eq!(header_length(b"a: b\r\n\r\nbody"), 8);
        assert_eq!(header_length(b"a: b\n\nbody"), 6);
        assert_eq!(header_length(b"\r\nbody"), 2);
        assert_eq!(header_length(b"a: b\r\nno body"), 13);
        assert_eq!(header_length(b""), 0);
    }

    #[test]
    fn fields_are_unfolded() {
        assert_eq!(field(b"A: 1\r\nSubject: a\r\n b\r\nB: 2\r\n\r\n", "subject").as_deref(), Some("a b"));
        assert_eq!(field(b"A: 1\r\n", "B"), None);
    }
}
