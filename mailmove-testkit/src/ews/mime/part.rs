//! The parts of a message: its text, and what hangs on it.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::header::{self, Headers, in_charset};
use crate::ews::state::{Attachment, Content};

/// Deeper nesting is not looked into.
const DEEPEST: usize = 20;

#[derive(Default)]
pub(super) struct Parts {
    /// `Text` or `HTML`, and the text.
    pub(super) body: Option<(&'static str, String)>,
    pub(super) attachments: Vec<Attachment>,
}

pub(super) fn read(mime: &[u8]) -> Parts {
    let mut parts = Parts::default();
    visit(mime, &mut parts, 0);
    parts
}

fn visit(mime: &[u8], parts: &mut Parts, depth: usize) {
    let headers = Headers::read(mime);
    let body = &mime[header::end(mime)..];
    let kind = headers.value("content-type").unwrap_or("text/plain").to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
    let name =
        headers.parameter("content-disposition", "filename").or_else(|| headers.parameter("content-type", "name"));
    let attached =
        headers.value("content-disposition").is_some_and(|value| value.to_ascii_lowercase().starts_with("attachment"));
    if kind.starts_with("multipart/") && depth < DEEPEST {
        if let Some(boundary) = headers.parameter("content-type", "boundary") {
            split(body, &boundary).into_iter().for_each(|part| visit(part, parts, depth + 1));
        }
        return;
    }
    let bytes = match headers
        .value("content-transfer-encoding")
        .map(|encoding| encoding.trim().to_ascii_lowercase())
        .as_deref()
    {
        Some("base64") => base64(body),
        Some("quoted-printable") => quoted_printable(body),
        _ => body.to_vec(),
    };
    let text = match kind.as_str() {
        "text/html" => Some("HTML"),
        "text/plain" => Some("Text"),
        _ => None,
    };
    if let (Some(text), false, None) = (text, attached, &name) {
        // The richest of several alternatives.
        if parts.body.as_ref().is_none_or(|(old, _)| *old == "Text" && text == "HTML") {
            let charset = headers.parameter("content-type", "charset").unwrap_or_default();
            parts.body = Some((text, in_charset(&bytes, &charset)));
        }
        return;
    }
    let content_id = headers.value("content-id").map(|id| id.trim_matches(['<', '>']).to_owned());
    parts.attachments.push(Attachment {
        part: 0,
        name: name.unwrap_or_else(|| "attachment".to_owned()),
        content_type: kind,
        inline: content_id.is_some() && !attached,
        content_id,
        content: Content::File(bytes.into()),
    });
}

/// The parts between the lines of a boundary.
fn split<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let delimiter = format!("--{boundary}");
    let (mut parts, mut from, mut at) = (Vec::new(), None, 0);
    while at < body.len() {
        let end = body[at..].iter().position(|byte| *byte == b'\n').map_or(body.len(), |newline| at + newline + 1);
        let line = body[at..end].trim_ascii_end();
        if let Some(rest) = line.strip_prefix(delimiter.as_bytes())
            && (rest.is_empty() || rest == b"--")
        {
            if let Some(from) = from {
                let part: &[u8] = &body[from..at];
                let part = part.strip_suffix(b"\n").unwrap_or(part);
                parts.push(part.strip_suffix(b"\r").unwrap_or(part));
            }
            from = rest.is_empty().then_some(end);
            if from.is_none() {
                return parts;
            }
        }
        at = end;
    }
    parts.extend(from.map(|from| &body[from..]));
    parts
}

fn base64(body: &[u8]) -> Vec<u8> {
    let engine = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let dense: Vec<u8> =
        body.iter().copied().filter(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte)).collect();
    engine.decode(dense).unwrap_or_else(|_| body.to_vec())
}

/// Decodes quoted-printable; what is no valid escape stays.
pub(super) fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
    while at < text.len() {
        let rest = &text[at..];
        match (rest[0], hex(rest.get(1)), hex(rest.get(2))) {
            (b'=', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (b'=', _, _) if rest.starts_with(b"=\r\n") => at += 3,
            (b'=', _, _) if rest.starts_with(b"=\n") => at += 2,
            (byte, _, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attachments_are_told_apart() {
        let mime = b"Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\npreamble\r\n--b\r\n\r\nplain =41\r\n--b\r\n\
            Content-Type: application/x-y; name=\"a.bin\"\r\nContent-Transfer-Encoding: base64\r\n\
            Content-Disposition: attachment\r\n\r\nAAEC\r\n/w==\r\n--b\r\nContent-Type: text/html\r\n\
            Content-Transfer-Encoding: quoted-printable\r\n\r\n<b>=C3=A4=\r\n</b>\r\n--b--\r\n";
        let parts = read(mime);
        assert_eq!(parts.body, Some(("HTML", "<b>ä</b>".to_owned())));
        assert_eq!(parts.attachments.len(), 1);
        assert_eq!(parts.attachments[0].name, "a.bin");
        assert!(matches!(&parts.attachments[0].content, Content::File(bytes) if bytes[..] == [0, 1, 2, 255]));
    }
}
