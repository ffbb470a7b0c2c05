//! What comes in: lines, and literals of known length.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use memchr::memchr;
use tokio::io::{AsyncReadExt, ReadHalf};

use super::{Gone, Output, Stream};
use crate::imap::log::Log;

/// At most this much is set aside for a literal before its octets have come.
const TRUSTED: usize = 64 << 20;

/// The receiving half.
pub(crate) struct Input {
    reader: ReadHalf<Stream>,
    buffer: BytesMut,
    log: Arc<Log>,
    round_trip: Duration,
    /// The connection ends when so many octets more were received.
    cut_after: Option<u64>,
}

/// What came instead of a command line.
#[derive(Debug)]
pub(crate) enum Line {
    /// Without its line end.
    Text(Bytes),
    TooLong,
    End,
}

impl Input {
    pub(crate) fn new(reader: ReadHalf<Stream>, log: Arc<Log>, round_trip: Duration) -> Self {
        Self { reader, buffer: BytesMut::new(), log, round_trip, cut_after: None }
    }

    /// Gives the half back; what was received and not read is dropped, as it must be before encryption starts.
    pub(crate) fn into_reader(self) -> ReadHalf<Stream> {
        self.reader
    }

    /// Ends the connection after so many octets more, those in the buffer included.
    pub(crate) fn cut_after(&mut self, octets: Option<u64>) {
        self.cut_after = octets;
    }

    /// Whether something was received that was not read yet.
    pub(crate) fn pending(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// The next line. Safe to be dropped while it waits: nothing is lost.
    pub(crate) async fn line(&mut self, limit: usize, out: &mut Output) -> Result<Line, Gone> {
        let mut searched = 0;
        loop {
            if let Some(end) = memchr(b'\n', &self.buffer[searched..]).map(|at| searched + at) {
                if end > limit {
                    return Ok(Line::TooLong);
                }
                let mut line = Bytes::copy_from_slice(&self.buffer[..end]);
                self.consume(end + 1)?;
                if line.last() == Some(&b'\r') {
                    line.truncate(end - 1);
                }
                return Ok(Line::Text(line));
            }
            searched = self.buffer.len();
            if searched > limit {
                return Ok(Line::TooLong);
            }
            let waits = self.buffer.is_empty();
            if self.fill(waits, out).await? == 0 {
                return Ok(Line::End);
            }
        }
    }

    /// A literal of this length. `waits`: the client waits for the permission that is about to be sent.
    pub(crate) async fn literal(&mut self, length: usize, mut waits: bool, out: &mut Output) -> Result<Bytes, Gone> {
        let mut literal = Vec::with_capacity(length.min(TRUSTED));
        while literal.len() < length {
            if self.buffer.is_empty() {
                if waits {
                    self.fill(true, out).await?;
                } else {
                    out.send().await?;
                    let left = length - literal.len();
                    let read = self.reader.read_buf(&mut (&mut literal).limit(left)).await.map_err(|_| Gone)?;
                    self.log.received(read);
                    self.count(read)?;
                    if read == 0 {
                        return Err(Gone);
                    }
                    continue;
                }
                waits = false;
                if self.buffer.is_empty() {
                    return Err(Gone);
                }
            }
            let taken = self.buffer.len().min(length - literal.len());
            literal.extend_from_slice(&self.buffer[..taken]);
            self.consume(taken)?;
        }
        Ok(literal.into())
    }

    /// Reads a literal and forgets it.
    pub(crate) async fn skip(&mut self, mut length: u64, out: &mut Output) -> Result<(), Gone> {
        while length > 0 {
            if self.buffer.is_empty() && self.fill(false, out).await? == 0 {
                return Err(Gone);
            }
            let taken = self.buffer.len().min(usize::try_from(length).unwrap_or(usize::MAX));
            self.consume(taken)?;
            length -= taken as u64;
        }
        Ok(())
    }

    /// Reads until the client has closed too, so that nothing it was sent is thrown away by a reset.
    pub(crate) async fn linger(&mut self) {
        let mut sink = [0; 4096];
        while let Ok(1..) = self.reader.read(&mut sink).await {}
    }

    /// Receives more, after everything gathered for the client was sent.
    async fn fill(&mut self, waits: bool, out: &mut Output) -> Result<usize, Gone> {
        out.send().await?;
        self.buffer.reserve(16 * 1024);
        let read = self.reader.read_buf(&mut self.buffer).await.map_err(|_| Gone)?;
        self.log.received(read);
        if read > 0
            && let Some(sent) = out.unanswered.take()
            && waits
            && sent.elapsed() >= self.round_trip
        {
            self.log.waited();
        }
        Ok(read)
    }

    fn consume(&mut self, octets: usize) -> Result<(), Gone> {
        self.buffer.advance(octets);
        self.count(octets)
    }

    fn count(&mut self, octets: usize) -> Result<(), Gone> {
        match &mut self.cut_after {
            Some(left) if *left < octets as u64 => Err(Gone),
            Some(left) => {
                *left -= octets as u64;
                Ok(())
            }
            None => Ok(()),
        }
    }
}
