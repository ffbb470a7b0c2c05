//! Another value for a header field.

use bytes::Bytes;

use crate::mime;

/// The message with this field instead of the first one of its name, or before all others.
pub(super) fn replaced(mime: &Bytes, name: &str, value: &str) -> Bytes {
    let end = mime.len() - mime::body(mime).len();
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
    fn a_field_is_replaced_once_with_its_folded_lines() {
        let mime = Bytes::from_static(b"A: 1\r\nSubject: old\r\n more\r\nB: 2\r\n\r\nSubject: body\r\n");
        assert_eq!(replaced(&mime, "Subject", "new"), "A: 1\r\nSubject: new\r\nB: 2\r\n\r\nSubject: body\r\n");
        assert_eq!(replaced(&Bytes::from_static(b"A: 1\r\n\r\n"), "Subject", "new"), "Subject: new\r\nA: 1\r\n\r\n");
    }
}
