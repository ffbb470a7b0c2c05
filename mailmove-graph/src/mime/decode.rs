//! Transfer encodings (RFC 2045 §6), undone piece by piece. What is not valid is taken as it comes.

use mailmove_core::Result;
use mailmove_core::body::BodyWriter;

/// One content on its way into a spool.
#[derive(Debug)]
pub(super) enum Decoder {
    /// As it is.
    Identity,
    /// Six bits of each letter; everything else is passed over.
    Base64 { bits: u32, count: u8, ended: bool },
    /// What was begun with `=` and is not complete.
    Quoted { begun: Vec<u8> },
}

impl Decoder {
    /// For the encoding of this name.
    pub(super) fn of(encoding: Option<&str>) -> Self {
        match encoding.map(|name| name.trim().to_ascii_lowercase()).as_deref() {
            Some("base64") => Decoder::Base64 { bits: 0, count: 0, ended: false },
            Some("quoted-printable") => Decoder::Quoted { begun: Vec::new() },
            _ => Decoder::Identity,
        }
    }

    /// Takes the next piece.
    pub(super) fn feed(&mut self, piece: &[u8], out: &mut BodyWriter) -> Result<()> {
        match self {
            Decoder::Identity => out.write(piece),
            Decoder::Base64 { bits, count, ended } => {
                let mut decoded = Vec::with_capacity(piece.len() / 4 * 3 + 3);
                for byte in piece {
                    let Some(value) = sextet(*byte) else {
                        // Padding ends a run; some mails hold several.
                        *ended |= *byte == b'=';
                        continue;
                    };
                    if std::mem::take(ended) {
                        (*bits, *count) = (0, 0);
                    }
                    *bits = *bits << 6 | u32::from(value);
                    *count += 1;
                    match *count {
                        2 => decoded.push((*bits >> 4) as u8),
                        3 => decoded.push((*bits >> 2) as u8),
                        4 => {
                            decoded.push(*bits as u8);
                            (*bits, *count) = (0, 0);
                        }
                        _ => {}
                    }
                }
                out.write(&decoded)
            }
            Decoder::Quoted { begun } => {
                let mut decoded = Vec::with_capacity(piece.len());
                for byte in piece {
                    quoted(begun, *byte, &mut decoded);
                }
                out.write(&decoded)
            }
        }
    }

    /// What was begun and is not complete.
    pub(super) fn finish(self, out: &mut BodyWriter) -> Result<()> {
        match self {
            // A soft line break at the very end says nothing.
            Decoder::Quoted { begun } if begun.len() > 1 && begun != b"=\r" => out.write(&begun),
            _ => Ok(()),
        }
    }
}

fn quoted(begun: &mut Vec<u8>, byte: u8, out: &mut Vec<u8>) {
    if begun.is_empty() {
        if byte == b'=' {
            begun.push(byte)
        } else {
            out.push(byte)
        }
        return;
    }
    begun.push(byte);
    match begun.as_slice() {
        b"=\n" | b"=\r\n" => begun.clear(),
        b"=\r" => {}
        [_, high] if high.is_ascii_hexdigit() => {}
        [_, high, low] => {
            let digit = |byte: &u8| char::from(*byte).to_digit(16);
            match (digit(high), digit(low)) {
                (Some(high), Some(low)) => out.push((high << 4 | low) as u8),
                _ => out.extend_from_slice(begun),
            }
            begun.clear();
        }
        _ => {
            out.extend_from_slice(begun);
            begun.clear();
        }
    }
}

fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use mailmove_core::Spool;

    use super::*;

    fn decoded(encoding: &str, text: &[u8], step: usize) -> Vec<u8> {
        let spool = Spool::new(1 << 16);
        let (mut decoder, mut out) = (Decoder::of(Some(encoding)), spool.writer());
        text.chunks(step).for_each(|piece| decoder.feed(piece, &mut out).unwrap());
        decoder.finish(&mut out).unwrap();
        out.finish().unwrap().bytes().unwrap().to_vec()
    }

    #[test]
    fn pieces_of_any_size_are_the_same_content() {
        for step in 1..9 {
            assert_eq!(decoded("BASE64 ", b"aGVs\r\nbG8g d29ybGQ=", step), b"hello world");
            assert_eq!(decoded("base64", b"YQ==YmM=", step), b"abc");
            assert_eq!(decoded("quoted-printable", b"a=3D=\r\nb=\nc=E4=4", step), b"a=bc\xe4=4");
            assert_eq!(decoded("8bit", b"\x80\xff", step), b"\x80\xff");
        }
    }
}
