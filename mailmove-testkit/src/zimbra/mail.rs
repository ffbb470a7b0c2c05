//! The little that the server reads of a message.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The value of the first field of this name, unfolded.
pub(crate) fn field(message: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(head(message));
    let mut lines = text.split('\n').map(|line| line.trim_end_matches('\r')).peekable();
    while let Some(line) = lines.next() {
        let found = line.split_once(':').filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
        let Some((_, value)) = found else { continue };
        let mut value = value.trim().to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
            value.push(' ');
            value.push_str(more.trim());
        }
        return Some(value);
    }
    None
}

/// The header, without the empty line behind it.
fn head(message: &[u8]) -> &[u8] {
    let ends = message
        .windows(2)
        .enumerate()
        .find(|(at, two)| *two == b"\n\n" || (*two == b"\n\r" && message.get(at + 2) == Some(&b'\n')));
    ends.map_or(message, |(at, _)| &message[..=at])
}

/// What stands behind the header.
pub(crate) fn body(message: &[u8]) -> &[u8] {
    let rest = &message[head(message).len()..];
    let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
    rest.strip_prefix(b"\n").unwrap_or(rest)
}

/// The subject in clear; empty when there is none.
pub(crate) fn subject(message: &[u8]) -> String {
    field(message, "subject").map(|text| decoded(&text)).unwrap_or_default()
}

/// A subject without the marks of answers and forwards.
pub(crate) fn bare_subject(subject: &str) -> String {
    let mut text = subject.trim();
    loop {
        let lower = text.to_lowercase();
        let mark = ["re:", "fwd:", "fw:"].into_iter().find(|mark| lower.starts_with(mark));
        match mark.and_then(|mark| text.get(mark.len()..)) {
            Some(rest) => text = rest.trim(),
            None => return text.to_lowercase(),
        }
    }
}

/// Encoded words (RFC 2047) in clear, as far as they are UTF-8 or Latin-1.
fn decoded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("=?") {
        let (before, word) = rest.split_at(at);
        let Some((clear, after)) = encoded_word(&word[2..]) else { break };
        let joins = before.trim().is_empty() && !out.is_empty();
        out.push_str(if joins { "" } else { before });
        out.push_str(&clear);
        rest = after;
    }
    out.push_str(rest);
    out
}

fn encoded_word(word: &str) -> Option<(String, &str)> {
    let (charset, rest) = word.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (text, rest) = rest.split_once("?=")?;
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(text).ok()?,
        "Q" | "q" => quoted(text.replace('_', " ").as_bytes()),
        _ => return None,
    };
    let clear = if charset.eq_ignore_ascii_case("iso-8859-1") {
        bytes.iter().map(|byte| char::from(*byte)).collect()
    } else {
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Some((clear, rest))
}

/// Quoted-printable, soft line ends included.
pub(crate) fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let hex = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (text[at], hex) {
            (b'=', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (b'=', None) => at += if text.get(at + 1) == Some(&b'\r') { 3 } else { 2 },
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// The ids between `<` and `>`.
pub(crate) fn message_ids(text: &str) -> impl Iterator<Item = &str> {
    text.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(id, _)| id.trim()))
}

/// The parts of a MIME entity that hold iCalendar, decoded.
pub(crate) fn calendars(entity: &[u8]) -> Vec<Vec<u8>> {
    let kind = field(entity, "content-type").unwrap_or_default();
    let lower = kind.to_ascii_lowercase();
    if lower.starts_with("multipart/") {
        let boundary = parameter(&kind, "boundary").unwrap_or_default();
        return parts(body(entity), &boundary).into_iter().flat_map(calendars).collect();
    }
    if !lower.starts_with("text/calendar") && !lower.starts_with("application/ics") {
        return Vec::new();
    }
    let encoding = field(entity, "content-transfer-encoding").unwrap_or_default().to_ascii_lowercase();
    let text = body(entity);
    vec![match encoding.as_str() {
        "base64" => {
            let packed: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            STANDARD.decode(packed).unwrap_or_default()
        }
        "quoted-printable" => quoted(text),
        _ => text.to_vec(),
    }]
}

/// The parts of an entity with a boundary.
pub(crate) fn parts_of(entity: &[u8]) -> Vec<&[u8]> {
    let kind = field(entity, "content-type").unwrap_or_default();
    parts(body(entity), &parameter(&kind, "boundary").unwrap_or_default())
}

fn parameter(value: &str, name: &str) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    let at = lower.find(&format!("{name}="))? + name.len() + 1;
    let rest = &value[at..];
    let text = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([';', ' ']).next(),
    };
    text.map(str::to_owned)
}

fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let mark = format!("--{boundary}").into_bytes();
    let mut starts = body
        .windows(mark.len())
        .enumerate()
        .filter_map(|(at, window)| (window == mark && (at == 0 || body[at - 1] == b'\n')).then_some(at));
    let mut found = Vec::new();
    let mut open = starts.next();
    for next in starts {
        let Some(start) = open else { break };
        let from = body[start..next].iter().position(|byte| *byte == b'\n').map_or(next, |line| start + line + 1);
        found.push(body[from..next].strip_suffix(b"\r\n").unwrap_or(&body[from..next]));
        open = Some(next);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_unfolded_and_decoded() {
        let message =
            b"Subject: =?utf-8?B?w7xi?=\r\n =?utf-8?Q?er_x?=\r\nReferences: <a@x>\r\n\t<b@x>\r\n\r\nSubject: no\r\n";
        assert_eq!(subject(message), "über x");
        assert_eq!(message_ids(&field(message, "references").unwrap()).collect::<Vec<_>>(), ["a@x", "b@x"]);
        assert_eq!(body(message), b"Subject: no\r\n");
        assert_eq!(field(message, "to"), None);
    }

    #[test]
    fn calendars_are_found_in_parts() {
        let message = b"Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n\r\nhi\r\n--b\r\n\
            Content-Type: text/calendar; method=PUBLISH\r\nContent-Transfer-Encoding: base64\r\n\r\nQkVH\r\nSU4=\r\n--b--\r\n";
        assert_eq!(calendars(message), [b"BEGIN".to_vec()]);
    }
}
