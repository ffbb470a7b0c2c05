//! Header fields (RFC 5322), encoded words (RFC 2047), parameters (RFC 2231).

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::transfer;

/// A mailbox of a header field: its name and its address.
pub(crate) type Address = (Option<String>, String);

/// The fields of a header in their order, values unfolded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Header(Vec<(String, String)>);

/// Where the header ends: behind the empty line.
fn end(mime: &[u8]) -> usize {
    let mut at = 0;
    for line in mime.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if matches!(line, b"\r\n" | b"\n") {
            return at;
        }
    }
    mime.len()
}

/// The header as it stands there, the empty line included. Octets that are not UTF-8 are read as Latin-1.
pub(crate) fn head(mime: &[u8]) -> Cow<'_, str> {
    let head = &mime[..end(mime)];
    std::str::from_utf8(head).map_or_else(|_| latin(head).into(), Cow::Borrowed)
}

/// What stands behind the header.
pub(crate) fn body(mime: &[u8]) -> &[u8] {
    &mime[end(mime)..]
}

/// The first field of this name, unfolded; the fields behind it are not read.
pub(crate) fn field(mime: &[u8], name: &str) -> Option<String> {
    fields(&head(mime)).find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Names and values, unfolded.
fn fields(head: &str) -> impl Iterator<Item = (&str, String)> {
    let mut lines = head.lines().peekable();
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            if line.starts_with([' ', '\t']) {
                continue;
            }
            let Some((name, value)) = line.split_once(':') else { continue };
            let mut value = value.trim().to_owned();
            while let Some(more) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
                value.push(' ');
                value.push_str(more.trim());
            }
            return Some((name.trim_end(), value));
        }
    })
}

impl Header {
    pub(crate) fn read(mime: &[u8]) -> Self {
        Self(fields(&head(mime)).map(|(name, value)| (name.to_owned(), value)).collect())
    }

    pub(crate) fn fields(&self) -> &[(String, String)] {
        &self.0
    }

    /// The first field of this name as it stands there.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first field of this name in clear.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.value(name).map(decoded)
    }

    /// The word in front of the parameters, in small letters.
    pub(crate) fn token(&self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// A parameter: `boundary` of Content-Type, whole, encoded or in sections.
    pub(crate) fn parameter(&self, name: &str, wanted: &str) -> Option<String> {
        let mut sections: Vec<(u32, bool, String)> = Vec::new();
        for part in split(self.value(name)?, ';').into_iter().skip(1) {
            let Some((key, value)) = part.split_once('=') else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), unquoted(value.trim()));
            let (key, encoded) = key.strip_suffix('*').map_or((key.as_str(), false), |key| (key, true));
            let (key, section) = key.split_once('*').map_or((key, 0), |(key, at)| (key, at.parse().unwrap_or(0)));
            if key == wanted {
                sections.push((section, encoded, value));
            }
        }
        sections.sort();
        let mut charset = String::new();
        let mut bytes = Vec::new();
        for (section, encoded, value) in &sections {
            match (encoded, section) {
                (true, 0) if value.matches('\'').count() >= 2 => {
                    let mut parts = value.splitn(3, '\'');
                    charset = parts.next().unwrap_or_default().to_owned();
                    bytes.extend(percent(parts.nth(1).unwrap_or_default()));
                }
                (true, _) => bytes.extend(percent(value)),
                (false, _) => bytes.extend_from_slice(value.as_bytes()),
            }
        }
        (!sections.is_empty()).then(|| decoded(&in_charset(&bytes, &charset)))
    }

    /// Names and addresses of a field.
    pub(crate) fn addresses(&self, name: &str) -> Vec<Address> {
        let all = self.0.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        all.flat_map(|(_, value)| addresses(value)).collect()
    }

    pub(crate) fn date(&self, name: &str) -> Option<OffsetDateTime> {
        let value = self.value(name)?;
        // A comment with the zone's name may stand at the end.
        let bare = value.split('(').next().unwrap_or_default().trim();
        OffsetDateTime::parse(bare, &Rfc2822).ok()
    }
}

fn addresses(value: &str) -> Vec<Address> {
    let mut found = Vec::new();
    for part in split(value, ',') {
        // The name of a group ends with a colon, the group itself with a semicolon.
        let part = match part.split_once(':') {
            Some((group, rest)) if !group.contains(['"', '<', '@']) => rest,
            _ => part,
        };
        found.extend(address(part.trim().trim_end_matches(';').trim()));
    }
    found
}

fn address(part: &str) -> Option<Address> {
    if part.is_empty() {
        return None;
    }
    if let Some((name, rest)) = part.rsplit_once('<') {
        let name = decoded(&unquoted(name.trim()));
        let address = rest.split('>').next().unwrap_or_default().trim().to_owned();
        return Some(((!name.is_empty()).then_some(name), address));
    }
    let bare = part.split('(').next().unwrap_or_default().trim();
    Some(if bare.contains('@') { (None, bare.to_owned()) } else { (Some(decoded(&unquoted(part))), String::new()) })
}

/// At a character outside quotes and angle brackets.
fn split(value: &str, at: char) -> Vec<&str> {
    let (mut parts, mut from, mut quoted, mut escaped, mut angle) = (Vec::new(), 0, false, false, false);
    for (index, character) in value.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => angle = true,
            '>' if !quoted => angle = false,
            other if other == at && !quoted && !angle => {
                parts.push(&value[from..index]);
                from = index + other.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&value[from..]);
    parts
}

fn unquoted(value: &str) -> String {
    match value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
        Some(inner) => {
            let mut out = String::new();
            let mut characters = inner.chars();
            while let Some(character) = characters.next() {
                out.extend(if character == '\\' { characters.next() } else { Some(character) });
            }
            out
        }
        None => value.to_owned(),
    }
}

fn percent(text: &str) -> Vec<u8> {
    transfer::escaped(text.as_bytes(), b'%')
}

/// With encoded words in clear.
pub(crate) fn decoded(value: &str) -> String {
    let (mut out, mut rest, mut after_word) = (String::new(), value, false);
    while let Some(at) = rest.find("=?") {
        let (before, from) = rest.split_at(at);
        match word(from) {
            Some((text, length)) => {
                // Blanks between two encoded words do not count.
                if !(after_word && before.trim().is_empty()) {
                    out.push_str(before);
                }
                out.push_str(&text);
                (rest, after_word) = (&from[length..], true);
            }
            None => {
                out.push_str(&rest[..at + 2]);
                (rest, after_word) = (&rest[at + 2..], false);
            }
        }
    }
    out + rest
}

/// The text of the encoded word at the beginning, and how long it is.
fn word(from: &str) -> Option<(String, usize)> {
    let mut parts = from.get(2..)?.splitn(3, '?');
    let (charset, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let end = rest.find("?=")?;
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(&rest[..end]).ok()?,
        "Q" | "q" => transfer::escaped(rest[..end].replace('_', " ").as_bytes(), b'='),
        _ => return None,
    };
    let charset = charset.split('*').next().unwrap_or_default();
    let length = from.len() - rest.len() + end + 2;
    Some((in_charset(&bytes, charset), length))
}

/// Octets as text. What is not UTF-8 is read as Latin-1, which is right for most of what tests hold.
pub(super) fn in_charset(bytes: &[u8], charset: &str) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if charset.eq_ignore_ascii_case("utf-8") => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => latin(bytes),
    }
}

fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Text as a header field can hold it.
pub(crate) fn encoded(text: &str) -> String {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) && !text.contains("=?") {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let word = |part: &[char]| format!("=?utf-8?B?{}?=", STANDARD.encode(part.iter().collect::<String>()));
    characters.chunks(11).map(word).collect::<Vec<_>>().join("\r\n ")
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
    fn addresses_in_all_their_forms() {
        let header =
            Header::read(b"To: \"Doe, \\\"J\\\"\" <j@x.test>,\r\n a@x.test (Ann), Group: b@x.test, c@x.test;\r\n\r\n");
        let addresses = header.addresses("to");
        assert_eq!(addresses[0], (Some("Doe, \"J\"".to_owned()), "j@x.test".to_owned()));
        let rest: Vec<&str> = addresses[1..].iter().map(|(_, address)| address.as_str()).collect();
        assert_eq!(rest, ["a@x.test", "b@x.test", "c@x.test"]);
    }

    #[test]
    fn parameters_come_whole_encoded_and_in_sections() {
        let read =
            |text: &str| Header::read(format!("D: attachment; {text}\r\n\r\n").as_bytes()).parameter("d", "filename");
        assert_eq!(read("filename=\"a;b.txt\"").as_deref(), Some("a;b.txt"));
        assert_eq!(read("filename*=UTF-8''%E2%82%AC.txt").as_deref(), Some("€.txt"));
        assert_eq!(read("filename*0*=utf-8''%C3%A4; filename*1=\"b.txt\"").as_deref(), Some("äb.txt"));
        assert_eq!(read("filename=\"=?utf-8?B?w6Q=?=\"").as_deref(), Some("ä"));
        assert_eq!(read("x=y"), None);
    }
}
