//! Header fields (RFC 5322), encoded words (RFC 2047).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// The fields of a header, names in small letters, values unfolded.
pub(super) struct Headers {
    fields: Vec<(String, String)>,
}

/// Where the header ends: at the empty line, which belongs to it.
pub(super) fn end(mime: &[u8]) -> usize {
    let mut at = 0;
    while at < mime.len() {
        let line = mime[at..].iter().position(|byte| *byte == b'\n').map_or(mime.len(), |newline| at + newline + 1);
        if matches!(&mime[at..line], b"\r\n" | b"\n") {
            return line;
        }
        at = line;
    }
    mime.len()
}

impl Headers {
    pub(super) fn read(mime: &[u8]) -> Self {
        let text = String::from_utf8_lossy(&mime[..end(mime)]);
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            match (line.starts_with([' ', '\t']), fields.last_mut(), line.split_once(':')) {
                (true, Some((_, value)), _) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                (false, _, Some((name, value))) => fields.push((name.trim().to_owned(), value.trim().to_owned())),
                _ => {}
            }
        }
        Self { fields }
    }

    pub(super) fn raw(self) -> Vec<(String, String)> {
        self.fields
    }

    /// The first field of this name as it stands there.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first field of this name, decoded.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.value(name).map(decoded)
    }

    /// Names and addresses in a field.
    pub(super) fn addresses(&self, name: &str) -> Vec<(Option<String>, String)> {
        let Some(value) = self.value(name) else { return Vec::new() };
        split(value).into_iter().filter_map(|part| address(part.trim())).collect()
    }

    /// A parameter of a structured field: `boundary` of Content-Type.
    pub(super) fn parameter(&self, name: &str, parameter: &str) -> Option<String> {
        self.value(name)?.split(';').skip(1).find_map(|part| {
            let (key, value) = part.split_once('=')?;
            let key = key.trim().trim_end_matches('*');
            key.eq_ignore_ascii_case(parameter).then(|| decoded(value.trim().trim_matches('"')))
        })
    }
}

/// At commas outside quotes and angle brackets.
fn split(value: &str) -> Vec<&str> {
    let (mut parts, mut from, mut quoted, mut angle) = (Vec::new(), 0, false, false);
    for (at, character) in value.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '<' if !quoted => angle = true,
            '>' if !quoted => angle = false,
            ',' if !quoted && !angle => {
                parts.push(&value[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&value[from..]);
    parts
}

fn address(part: &str) -> Option<(Option<String>, String)> {
    if part.is_empty() {
        return None;
    }
    match part.rsplit_once('<') {
        Some((name, address)) => {
            let name = decoded(name.trim().trim_matches('"').trim());
            Some(((!name.is_empty()).then_some(name), address.trim_end_matches('>').trim().to_owned()))
        }
        None if part.contains('@') => Some((None, part.to_owned())),
        None => Some((Some(decoded(part.trim_matches('"'))), String::new())),
    }
}

/// With encoded words in clear.
pub(super) fn decoded(value: &str) -> String {
    let (mut out, mut rest, mut after_word) = (String::new(), value, false);
    while let Some(at) = rest.find("=?") {
        let (before, word) = rest.split_at(at);
        let Some((text, end)) = word_at(word) else {
            out.push_str(&rest[..at + 2]);
            rest = &rest[at + 2..];
            after_word = false;
            continue;
        };
        // Blanks between two encoded words do not count.
        if !(after_word && before.trim().is_empty()) {
            out.push_str(before);
        }
        out.push_str(&text);
        rest = &word[end..];
        after_word = true;
    }
    out.push_str(rest);
    out
}

/// The text of an encoded word, and how long it is.
fn word_at(word: &str) -> Option<(String, usize)> {
    let mut parts = word[2..].splitn(3, '?');
    let (charset, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let end = rest.find("?=")?;
    let data = &rest[..end];
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(data).ok()?,
        "Q" | "q" => super::part::quoted_printable(data.replace('_', " ").as_bytes()),
        _ => return None,
    };
    let length = 2 + charset.len() + 1 + encoding.len() + 1 + end + 2;
    Some((in_charset(&bytes, charset), length))
}

/// Octets as text. Charsets other than UTF-8 are read as Latin-1, which is right for most of what tests hold.
pub(super) fn in_charset(bytes: &[u8], charset: &str) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if charset.eq_ignore_ascii_case("utf-8") => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// Text as a header field can hold it.
pub(super) fn encoded(text: &str) -> String {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let word = |part: &[char]| format!("=?utf-8?B?{}?=", STANDARD.encode(part.iter().collect::<String>()));
    characters.chunks(12).map(word).collect::<Vec<_>>().join("\r\n ")
}

/// The message with this field instead of the first one of its name, or before all others.
pub(super) fn replace(mime: &Bytes, name: &str, value: &str) -> Bytes {
    let end = end(mime);
    let mut out = Vec::with_capacity(mime.len() + value.len());
    let (mut at, mut done) = (0, false);
    while at < end {
        let mut next = line_end(mime, at);
        while next < end && matches!(mime[next], b' ' | b'\t') {
            next = line_end(mime, next);
        }
        let colon = name.len();
        let matches = mime[at..next].len() > colon
            && mime[at..at + colon].eq_ignore_ascii_case(name.as_bytes())
            && mime[at + colon] == b':';
        if matches && !done {
            out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
            done = true;
        } else {
            out.extend_from_slice(&mime[at..next]);
        }
        at = next;
    }
    out.extend_from_slice(&mime[end..]);
    if !done {
        out.splice(0..0, format!("{name}: {value}\r\n").into_bytes());
    }
    out.into()
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| from + at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_read_and_written() {
        assert_eq!(decoded("=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?iso-8859-1?B?IOQ=?= x =?broken"), "Grüße ä x =?broken");
        let long = "Grüße und noch viel mehr Zeichen, als in ein Wort passen";
        assert_eq!(decoded(&encoded(long).replace("\r\n", "")), long);
    }

    #[test]
    fn addresses_with_names_commas_and_without_both() {
        let headers = Headers::read(b"To: \"Doe, John\" <j@x.test>,\r\n a@x.test\r\n\r\nTo: body@x.test\r\n");
        let wanted = [(Some("Doe, John".to_owned()), "j@x.test".to_owned()), (None, "a@x.test".to_owned())];
        assert_eq!(headers.addresses("to"), wanted);
    }

    #[test]
    fn a_field_is_replaced_once_with_its_folded_lines() {
        let mime = Bytes::from_static(b"A: 1\r\nSubject: old\r\n more\r\nB: 2\r\n\r\nSubject: body\r\n");
        assert_eq!(replace(&mime, "Subject", "new"), "A: 1\r\nSubject: new\r\nB: 2\r\n\r\nSubject: body\r\n");
        assert_eq!(replace(&Bytes::from_static(b"A: 1\r\n\r\n"), "Subject", "new"), "Subject: new\r\nA: 1\r\n\r\n");
    }
}
