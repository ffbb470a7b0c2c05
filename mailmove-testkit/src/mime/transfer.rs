//! Transfer encodings (RFC 2045).

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Octets without their transfer encoding.
pub(super) fn decoded(encoding: Option<&str>, body: &[u8]) -> Vec<u8> {
    match encoding.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "base64" => base64(body),
        "quoted-printable" => quoted_printable(body),
        _ => body.to_vec(),
    }
}

/// Base64 as it comes: with line ends, with padding or without. What is none stays.
fn base64(body: &[u8]) -> Vec<u8> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let mut dense = Vec::with_capacity(body.len());
    dense.extend(body.iter().filter(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte)));
    GeneralPurpose::new(&alphabet::STANDARD, config).decode(dense).unwrap_or_else(|_| body.to_vec())
}

fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let bare = line.trim_ascii_end();
        match bare.strip_suffix(b"=") {
            Some(open) => joined.extend_from_slice(open),
            None => joined.extend_from_slice(line),
        }
    }
    escaped(&joined, b'=')
}

/// With escapes of two hexadecimal digits behind a mark in clear; what is no escape stays.
pub(super) fn escaped(text: &[u8], mark: u8) -> Vec<u8> {
    let hex = |byte: u8| char::from(byte).to_digit(16);
    let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
    while at < text.len() {
        let digits = text.get(at + 1..at + 3).and_then(|pair| Some(hex(pair[0])? * 16 + hex(pair[1])?));
        match digits.filter(|_| text[at] == mark) {
            Some(byte) => {
                out.push(byte as u8);
                at += 3;
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out
}

/// Base64 in lines of 76 characters.
pub(crate) fn wrapped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 4 / 3 + bytes.len() / 38 + 4);
    for chunk in bytes.chunks(57) {
        out.extend_from_slice(STANDARD.encode(chunk).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_taken_off() {
        assert_eq!(decoded(Some("BASE64"), b"AAEC\r\n/w\r\n"), [0, 1, 2, 255]);
        assert_eq!(decoded(Some("quoted-printable"), b"a=C3=A4 =\r\nb=\r\n"), "aä b".as_bytes());
        assert_eq!(decoded(None, b"=41"), b"=41");
    }
}
