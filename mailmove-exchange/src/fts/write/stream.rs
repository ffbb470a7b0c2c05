//! Properties into buffers, buffers into frames.

use mailmove_core::{Body, BodyWriter, Error, ErrorKind, Result, Spool};
use time::OffsetDateTime;

use super::super::Marker;
use super::super::mapi::{Key, MESSAGE};

/// How many octets a buffer has at most, as Exchange cuts them.
const BUFFER: usize = 31_680;
/// The server that this stream is of: 15.1.2507.6, as major and minor in one number, build, minor build.
const VERSION: [u16; 3] = [0x0f01, 0x8000 | 2507, 6];

/// A stream in the making: it goes to the spool buffer by buffer, and no value need be in memory as a whole.
#[derive(Debug)]
pub(crate) struct Stream {
    out: BodyWriter,
    buffer: Vec<u8>,
}

impl Stream {
    /// Begins a message.
    pub(crate) fn new(spool: &Spool) -> Result<Self> {
        let mut stream = Self { out: spool.writer(), buffer: Vec::with_capacity(BUFFER) };
        stream.frame(1, &[0_u32, 1].map(u32::to_le_bytes).concat())?;
        let object = [&1_u32.to_le_bytes()[..], &MESSAGE, &0x8000_2400_u32.to_le_bytes()].concat();
        stream.frame(3, &object)?;
        stream.frame(4, &VERSION.map(u16::to_le_bytes).concat())?;
        Ok(stream)
    }

    /// Ends it.
    pub(crate) fn finish(mut self) -> Result<Body> {
        self.flush()?;
        self.out.finish()
    }

    pub(crate) fn marker(&mut self, marker: Marker) -> Result<()> {
        self.atom(&marker.tag().to_le_bytes())
    }

    pub(crate) fn number(&mut self, key: Key, value: u32) -> Result<()> {
        self.fixed(0x0003, key, &value.to_le_bytes())
    }

    pub(crate) fn truth(&mut self, key: Key, value: bool) -> Result<()> {
        self.fixed(0x000b, key, &u16::from(value).to_le_bytes())
    }

    pub(crate) fn double(&mut self, key: Key, value: f64) -> Result<()> {
        self.fixed(0x0005, key, &value.to_le_bytes())
    }

    /// A moment; one that the format cannot tell is left out.
    pub(crate) fn moment(&mut self, key: Key, when: OffsetDateTime) -> Result<()> {
        ticks(when).map_or(Ok(()), |ticks| self.fixed(0x0040, key, &ticks.to_le_bytes()))
    }

    pub(crate) fn text(&mut self, key: Key, text: &str) -> Result<()> {
        self.wide(head(0x001f, key), text)
    }

    /// A text that is there.
    pub(crate) fn some_text(&mut self, key: Key, text: &str) -> Result<()> {
        if text.is_empty() { Ok(()) } else { self.text(key, text) }
    }

    pub(crate) fn texts<'a>(&mut self, key: Key, texts: impl ExactSizeIterator<Item = &'a str>) -> Result<()> {
        if texts.len() == 0 {
            return Ok(());
        }
        self.sized(head(0x101f, key), texts.len() as u64)?;
        texts.into_iter().try_for_each(|text| self.wide(Vec::new(), text))
    }

    pub(crate) fn binary(&mut self, key: Key, octets: &[u8]) -> Result<()> {
        self.binary_of(key, octets.len() as u64)?;
        self.put(octets)
    }

    pub(crate) fn binaries(&mut self, key: Key, all: &[Vec<u8>]) -> Result<()> {
        if all.is_empty() {
            return Ok(());
        }
        self.sized(head(0x1102, key), all.len() as u64)?;
        for octets in all {
            self.sized(Vec::new(), octets.len() as u64)?;
            self.put(octets)?;
        }
        Ok(())
    }

    /// Begins a value of so many octets, which [`put`](Self::put) writes.
    pub(crate) fn binary_of(&mut self, key: Key, length: u64) -> Result<()> {
        self.sized(head(0x0102, key), length)
    }

    /// Octets of a value: a buffer may end anywhere in them.
    pub(crate) fn put(&mut self, octets: &[u8]) -> Result<()> {
        self.put_units(octets, 1)
    }

    /// Units of so many octets each, none of which goes over the edge of a buffer.
    fn put_units(&mut self, mut octets: &[u8], unit: usize) -> Result<()> {
        while !octets.is_empty() {
            let room = (BUFFER - self.buffer.len()) / unit * unit;
            let (some, rest) = octets.split_at(octets.len().min(room));
            self.buffer.extend_from_slice(some);
            octets = rest;
            if BUFFER - self.buffer.len() < unit {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// What must not go over the edge of a buffer ([MS-OXCFXICS] §2.2.4.1): markers, names, lengths, fixed values.
    fn atom(&mut self, octets: &[u8]) -> Result<()> {
        if self.buffer.len() + octets.len() > BUFFER {
            self.flush()?;
        }
        self.put(octets)
    }

    fn fixed(&mut self, kind: u16, key: Key, value: &[u8]) -> Result<()> {
        let mut whole = head(kind, key);
        whole.extend_from_slice(value);
        self.atom(&whole)
    }

    /// A length, or a number of values, behind what stands before it.
    fn sized(&mut self, mut head: Vec<u8>, length: u64) -> Result<()> {
        let length = u32::try_from(length).ok().filter(|length| *length <= i32::MAX as u32).ok_or_else(|| {
            Error::new(ErrorKind::TooLarge, "a value of more than 2 GiB has no place in a FastTransfer stream")
        })?;
        head.extend_from_slice(&length.to_le_bytes());
        self.atom(&head)
    }

    fn wide(&mut self, head: Vec<u8>, text: &str) -> Result<()> {
        // A text ends with its first zero.
        let text = text.split('\0').next().unwrap_or_default();
        self.sized(head, (text.encode_utf16().count() as u64 + 1) * 2)?;
        let mut piece = Vec::with_capacity(4096);
        for unit in text.encode_utf16().chain([0]) {
            piece.extend_from_slice(&unit.to_le_bytes());
            if piece.len() == 4096 {
                self.put_units(&piece, 2)?;
                piece.clear();
            }
        }
        self.put_units(&piece, 2)
    }

    fn flush(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let buffer = std::mem::take(&mut self.buffer);
        let done = self.frame(2, &buffer);
        self.buffer = buffer;
        self.buffer.clear();
        done
    }

    fn frame(&mut self, opcode: u32, payload: &[u8]) -> Result<()> {
        self.out.write(&[opcode, payload.len() as u32].map(u32::to_le_bytes).concat())?;
        self.out.write(payload)
    }
}

/// Type and id, and the name when it has one.
fn head(kind: u16, key: Key) -> Vec<u8> {
    // Ids of named properties are the server's; in a stream any from 0x8000 on will do.
    let (id, name) = match key {
        Key::Tag(id) => (id, Vec::new()),
        Key::Number(set, number) => (0x8001, [&set[..], &[0], &number.to_le_bytes()].concat()),
        Key::Text(set, name) => (0x8002, [&set[..], &[1], &utf16(name)].concat()),
    };
    [&[kind, id].map(u16::to_le_bytes).concat()[..], &name].concat()
}

/// UTF-16 with the zero at its end.
pub(crate) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// Tenths of microseconds since 1601.
pub(crate) fn ticks(when: OffsetDateTime) -> Option<u64> {
    let ticks = when.unix_timestamp_nanos() / 100 + 116_444_736_000_000_000;
    u64::try_from(ticks).ok().filter(|ticks| *ticks <= i64::MAX as u64)
}

#[cfg(test)]
mod tests {
    use super::super::super::mapi::{CATEGORIES, common, tag};
    use super::super::super::{Frames, Tokens};
    use super::*;

    /// The buffers of a stream, each as a stream of its own.
    fn buffers(stream: &Body) -> Vec<Vec<u8>> {
        let octets = stream.bytes().unwrap();
        let (mut rest, mut buffers) = (&octets[..], Vec::new());
        while !rest.is_empty() {
            let length = u32::from_le_bytes([rest[4], rest[5], rest[6], rest[7]]) as usize;
            let (frame, more) = rest.split_at(length + 8);
            if frame[0] == 2 {
                assert!(length <= BUFFER);
                buffers.push(frame.to_vec());
            }
            rest = more;
        }
        buffers
    }

    #[test]
    fn nothing_but_long_values_goes_over_the_edge_of_a_buffer() {
        let mut stream = Stream::new(&Spool::new(1 << 20)).unwrap();
        for number in 0..4000 {
            stream.number(common(0x8500), number).unwrap();
            stream.truth(tag::ATTACHMENT_HIDDEN, true).unwrap();
            stream.marker(Marker::StartRecipient).unwrap();
        }
        let buffers = buffers(&stream.finish().unwrap());
        assert!(buffers.len() > 3);
        for buffer in buffers {
            let mut tokens = Tokens::new(Frames::new(&buffer[..]));
            while tokens.next().unwrap().is_some() {}
        }
    }

    #[test]
    fn a_letter_of_a_text_is_in_one_buffer() {
        let mut stream = Stream::new(&Spool::new(1 << 20)).unwrap();
        let text = "ab".repeat(40_000);
        stream.texts(CATEGORIES, [&text[..], "c"].into_iter()).unwrap();
        let buffers = buffers(&stream.finish().unwrap());
        let head = head(0x101f, CATEGORIES).len();
        // What stands before the letters ends with an odd octet.
        assert_eq!(((buffers[0].len() - 8 - head) % 2, (buffers[1].len() - 8) % 2), (0, 0));
    }
}
