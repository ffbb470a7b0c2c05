//! Transfer encodings (RFC 2045 §6), decoded piece by piece. What cannot be decoded is passed over.

/// How the octets of a part were made fit for travel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// They were not.
    #[default]
    Identity,
    Base64,
    QuotedPrintable,
}

impl Encoding {
    /// The encoding with this name.
    pub(crate) fn named(name: &str) -> Self {
        match name.trim().to_ascii_lowercase().as_str() {
            "base64" => Encoding::Base64,
            "quoted-printable" => Encoding::QuotedPrintable,
            _ => Encoding::Identity,
        }
    }
}

/// Decodes octets as they come.
#[derive(Debug)]
pub(crate) struct Decoder {
    encoding: Encoding,
    /// Bits of base64 that make no octet yet, and how many characters they are of.
    bits: u32,
    count: u8,
    /// What may be the beginning of an escape, or blanks that may be at the end of a line.
    held: Vec<u8>,
}

impl Decoder {
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self { encoding, bits: 0, count: 0, held: Vec::new() }
    }

    /// Decodes a piece, behind what was decoded before.
    pub(crate) fn decode(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        match self.encoding {
            Encoding::Identity => out.extend_from_slice(piece),
            Encoding::Base64 => piece.iter().for_each(|octet| self.base64(*octet, out)),
            Encoding::QuotedPrintable => piece.iter().for_each(|octet| self.quoted(*octet, out)),
        }
    }

    /// What is left when nothing comes any more.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        match self.encoding {
            Encoding::Identity => {}
            Encoding::Base64 => self.base64_end(out),
            Encoding::QuotedPrintable => {
                // Blanks at the end were put there on the way.
                let held = std::mem::take(&mut self.held);
                if held.first() == Some(&b'=') && held.len() > 1 && !held[1..].iter().all(u8::is_ascii_whitespace) {
                    out.extend_from_slice(&held);
                }
            }
        }
    }

    fn base64(&mut self, octet: u8, out: &mut Vec<u8>) {
        let value = match octet {
            b'A'..=b'Z' => octet - b'A',
            b'a'..=b'z' => octet - b'a' + 26,
            b'0'..=b'9' => octet - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            // The end of a run; another may follow it.
            b'=' => return self.base64_end(out),
            _ => return,
        };
        self.bits = self.bits << 6 | u32::from(value);
        self.count += 1;
        if self.count == 4 {
            out.extend_from_slice(&self.bits.to_be_bytes()[1..]);
            (self.bits, self.count) = (0, 0);
        }
    }

    fn base64_end(&mut self, out: &mut Vec<u8>) {
        match self.count {
            2 => out.push((self.bits >> 4) as u8),
            3 => out.extend_from_slice(&[(self.bits >> 10) as u8, (self.bits >> 2) as u8]),
            _ => {}
        }
        (self.bits, self.count) = (0, 0);
    }

    fn quoted(&mut self, octet: u8, out: &mut Vec<u8>) {
        match (self.held.first(), octet) {
            // An escape goes on.
            (Some(b'='), _) => self.escape(octet, out),
            (_, b'=') => {
                out.append(&mut self.held);
                self.held.push(b'=');
            }
            (_, b' ' | b'\t' | b'\r') => self.held.push(octet),
            (_, b'\n') => {
                let ends = self.held.ends_with(b"\r");
                self.held.clear();
                out.extend_from_slice(if ends { b"\r\n" } else { b"\n" });
            }
            _ => {
                out.append(&mut self.held);
                out.push(octet);
            }
        }
    }

    fn escape(&mut self, octet: u8, out: &mut Vec<u8>) {
        self.held.push(octet);
        match self.held[1..] {
            // The end of a line that is none.
            [.., b'\n'] => self.held.clear(),
            [b' ' | b'\t' | b'\r', ..] if matches!(octet, b' ' | b'\t' | b'\r') && self.held.len() < 1000 => {}
            [first] if first.is_ascii_hexdigit() => {}
            [first, second] if first.is_ascii_hexdigit() && second.is_ascii_hexdigit() => {
                out.push(hex(first) << 4 | hex(second));
                self.held.clear();
            }
            // No escape after all.
            _ => {
                let held = std::mem::take(&mut self.held);
                out.push(held[0]);
                held[1..].iter().for_each(|octet| self.quoted(*octet, out));
            }
        }
    }
}

fn hex(digit: u8) -> u8 {
    char::from(digit).to_digit(16).unwrap_or(0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(encoding: Encoding, text: &[u8], piece: usize) -> Vec<u8> {
        let (mut decoder, mut out) = (Decoder::new(encoding), Vec::new());
        text.chunks(piece).for_each(|piece| decoder.decode(piece, &mut out));
        decoder.finish(&mut out);
        out
    }

    #[test]
    fn what_was_encoded_comes_out_however_it_is_cut() {
        for (encoding, text, wanted) in [
            (Encoding::Base64, &b"aGVsbG8g\r\nd29ybGQ=\r\n"[..], &b"hello world"[..]),
            (Encoding::Base64, b"aGVs*bG8", b"hello"),
            (Encoding::Base64, b"YQ==YQ==", b"aa"),
            (Encoding::QuotedPrintable, b"a=3D=\r\nb=e4 \r\nc  d", b"a=b\xe4\r\nc  d"),
            (Encoding::QuotedPrintable, b"1=1 =zz = \n=", b"1=1 =zz "),
            (Encoding::Identity, b" a \r\n", b" a \r\n"),
        ] {
            for piece in 1..=text.len() {
                let found = decode(encoding, text, piece);
                assert_eq!(found, wanted, "{:?} by {piece}", String::from_utf8_lossy(text));
            }
        }
    }
}
