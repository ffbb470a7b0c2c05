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
        self.put(&marker.tag().to_le_bytes())
    }

    pub(crate) fn number(&mut self, key: Key, value: u32) -> Result<()> {
        self.head(0x0003, key)?;
        self.put(&value.to_le_bytes())
    }

    pub(crate) fn truth(&mut self, key: Key, value: bool) -> Result<()> {
        self.head(0x000b, key)?;
        self.put(&u16::from(value).to_le_bytes())
    }

    pub(crate) fn double(&mut self, key: Key, value: f64) -> Result<()> {
        self.head(0x0005, key)?;
        self.put(&value.to_le_bytes())
    }

    /// A moment; one that the format cannot tell is left out.
    pub(crate) fn moment(&mut self, key: Key, when: OffsetDateTime) -> Result<()> {
        let Some(ticks) = ticks(when) else { return Ok(()) };
        self.head(0x0040, key)?;
        self.put(&ticks.to_le_bytes())
    }

    pub(crate) fn text(&mut self, key: Key, text: &str) -> Result<()> {
        self.head(0x001f, key)?;
        self.wide(text)
    }

    /// A text that is there.
    pub(crate) fn some_text(&mut self, key: Key, text: &str) -> Result<()> {
        if text.is_empty() { Ok(()) } else { self.text(key, text) }
    }

    pub(crate) fn texts<'a>(&mut self, key: Key, texts: impl ExactSizeIterator<Item = &'a str>) -> Result<()> {
        if texts.len() == 0 {
            return Ok(());
        }
        self.head(0x101f, key)?;
        self.length(texts.len() as u64)?;
        texts.into_iter().try_for_each(|text| self.wide(text))
    }

    pub(crate) fn binary(&mut self, key: Key, octets: &[u8]) -> Result<()> {
        self.head(0x0102, key)?;
        self.length(octets.len() as u64)?;
        self.put(octets)
    }

    pub(crate) fn binaries(&mut self, key: Key, all: &[Vec<u8>]) -> Result<()> {
        if all.is_empty() {
            return Ok(());
        }
        self.head(0x1102, key)?;
        self.length(all.len() as u64)?;
        for octets in all {
            self.length(octets.len() as u64)?;
            self.put(octets)?;
        }
        Ok(())
    }

    /// Begins a value of so many octets, which [`put`](Self::put) writes.
    pub(crate) fn binary_of(&mut self, key: Key, length: u64) -> Result<()> {
        self.head(0x0102, key)?;
        self.length(length)
    }

    /// Octets of a value.
    pub(crate) fn put(&mut self, mut octets: &[u8]) -> Result<()> {
        while !octets.is_empty() {
            let (some, rest) = octets.split_at(octets.len().min(BUFFER - self.buffer.len()));
            self.buffer.extend_from_slice(some);
            octets = rest;
            if self.buffer.len() == BUFFER {
                self.flush()?;
            }
        }
        Ok(())
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

    /// Type and id, and the name when it has one.
    fn head(&mut self, kind: u16, key: Key) -> Result<()> {
        self.put(&kind.to_le_bytes())?;
        match key {
            Key::Tag(id) => self.put(&id.to_le_bytes()),
            // Ids of named properties are the server's; in a stream any from 0x8000 on will do.
            Key::Number(set, number) => {
                self.put(&0x8001_u16.to_le_bytes())?;
                self.put(&set)?;
                self.put(&[0])?;
                self.put(&number.to_le_bytes())
            }
            Key::Text(set, name) => {
                self.put(&0x8002_u16.to_le_bytes())?;
                self.put(&set)?;
                self.put(&[1])?;
                self.put(&utf16(name))
            }
        }
    }

    fn wide(&mut self, text: &str) -> Result<()> {
        // A text ends with its first zero.
        let text = text.split('\0').next().unwrap_or_default();
        let units = text.encode_utf16().count() as u64 + 1;
        self.length(units * 2)?;
        let mut piece = Vec::with_capacity(4096);
        for unit in text.encode_utf16().chain([0]) {
            piece.extend_from_slice(&unit.to_le_bytes());
            if piece.len() == 4096 {
                self.put(&piece)?;
                piece.clear();
            }
        }
        self.put(&piece)
    }

    fn length(&mut self, length: u64) -> Result<()> {
        let length = u32::try_from(length).ok().filter(|length| *length <= i32::MAX as u32).ok_or_else(|| {
            Error::new(ErrorKind::TooLarge, "a value of more than 2 GiB has no place in a FastTransfer stream")
        })?;
        self.put(&length.to_le_bytes())
    }
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
