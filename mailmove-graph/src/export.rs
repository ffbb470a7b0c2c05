//! Streams out of a large answer: base64 in JSON, read in pieces and decoded into a spool.

use mailmove_core::body::BodyWriter;
use mailmove_core::{Body, Error, ErrorKind, Result, Spool};

use crate::wire::stream::Taken;

/// How much of an answer may be beside the streams, in bytes.
const BESIDE: usize = 1 << 20;

/// The name of the field in which a stream stands.
const DATA: &[u8] = b"data";

/// Reads an answer. Each stream is replaced in it by its number.
pub(crate) fn take_streams(answer: &Body, spool: &Spool) -> Result<Taken> {
    let mut scan = Scan { spool, taken: Taken::default(), state: State::Outside, text: Vec::new(), named: false };
    let mut reader = answer.reader();
    while let Some(chunk) = reader.next_chunk()? {
        for byte in &chunk {
            scan.byte(*byte)?;
        }
        if scan.taken.rest.len() > BESIDE {
            return Err(Error::new(ErrorKind::Protocol, "the answer to an export holds more than streams"));
        }
    }
    match scan.state {
        State::Outside => Ok(scan.taken),
        _ => Err(crate::error::cut_short(false)),
    }
}

struct Scan<'a> {
    spool: &'a Spool,
    taken: Taken,
    state: State,
    /// The text that was read last, and may be a name.
    text: Vec<u8>,
    /// Whether the name of a stream was read, and its value comes next.
    named: bool,
}

enum State {
    Outside,
    /// In a text; whether the next byte is escaped.
    Text(bool),
    /// In a stream.
    Stream(Box<(BodyWriter, Quartets)>),
}

impl Scan<'_> {
    fn byte(&mut self, byte: u8) -> Result<()> {
        match &mut self.state {
            State::Outside => {
                match byte {
                    b'"' if self.named => {
                        self.taken.rest.extend_from_slice(format!("\"{}\"", self.taken.streams.len()).as_bytes());
                        self.state = State::Stream(Box::new((self.spool.writer(), Quartets::default())));
                        self.named = false;
                        return Ok(());
                    }
                    b'"' => {
                        self.text.clear();
                        self.state = State::Text(false);
                    }
                    b':' => self.named = self.text == DATA,
                    byte if byte.is_ascii_whitespace() => {}
                    // Null, or the next field.
                    _ => {
                        self.named = false;
                        self.text.clear();
                    }
                }
                self.taken.rest.push(byte);
            }
            State::Text(escaped) => {
                self.taken.rest.push(byte);
                match (byte, *escaped) {
                    (b'"', false) => self.state = State::Outside,
                    (byte, was) => {
                        *escaped = byte == b'\\' && !was;
                        if self.text.len() < 64 {
                            self.text.push(byte);
                        }
                    }
                }
            }
            State::Stream(stream) if byte != b'"' => stream.1.take(byte, &mut stream.0)?,
            State::Stream(_) => {
                if let State::Stream(stream) = std::mem::replace(&mut self.state, State::Outside) {
                    let (mut out, quartets) = *stream;
                    quartets.finish(&mut out)?;
                    self.taken.streams.push(out.finish()?);
                }
            }
        }
        Ok(())
    }
}

/// Base64 on its way, decoded in pieces.
#[derive(Default)]
struct Quartets {
    bits: u32,
    count: u8,
    decoded: Vec<u8>,
}

impl Quartets {
    fn take(&mut self, byte: u8, out: &mut BodyWriter) -> Result<()> {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            // JSON may escape a slash.
            b'=' | b'\\' => return Ok(()),
            byte if byte.is_ascii_whitespace() => return Ok(()),
            _ => return Err(Error::new(ErrorKind::Protocol, "a stream is not in base64")),
        };
        self.bits = self.bits << 6 | u32::from(value);
        self.count += 1;
        if self.count == 4 {
            self.decoded.extend_from_slice(&self.bits.to_be_bytes()[1..]);
            (self.bits, self.count) = (0, 0);
        }
        if self.decoded.len() >= 48 * 1024 {
            out.write(&self.decoded)?;
            self.decoded.clear();
        }
        Ok(())
    }

    fn finish(mut self, out: &mut BodyWriter) -> Result<()> {
        match self.count {
            2 => self.decoded.push((self.bits >> 4) as u8),
            3 => self.decoded.extend_from_slice(&(self.bits >> 2).to_be_bytes()[2..]),
            _ => {}
        }
        out.write(&self.decoded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> Result<(String, Vec<Vec<u8>>)> {
        let taken = take_streams(&Body::unpooled(text.to_owned().into_bytes()), &Spool::new(1 << 16))?;
        let streams = taken.streams.iter().map(|stream| stream.bytes().unwrap().to_vec()).collect();
        Ok((String::from_utf8(taken.rest).unwrap(), streams))
    }

    #[test]
    fn streams_are_replaced_by_their_numbers() {
        let (rest, streams) = taken(
            r#"{"value":[{"itemId":"data\"","data":"aGVs\/bG8=","error":null},{"data" : null},{"data":""},{"x":"data","data":"QUI="}]}"#,
        )
        .unwrap();
        assert_eq!(
            rest,
            r#"{"value":[{"itemId":"data\"","data":"0","error":null},{"data" : null},{"data":"1"},{"x":"data","data":"2"}]}"#
        );
        assert_eq!(streams, [b"hel\xfd\xb1\xbc".to_vec(), Vec::new(), b"AB".to_vec()]);
    }

    #[test]
    fn an_answer_that_is_cut_off_is_not_whole() {
        assert!(taken(r#"{"value":[{"data":"aGVs"#).is_err());
        assert!(taken(r#"{"value":[{"data":"a%"}]}"#).is_err());
    }
}
