//! What goes out: gathered, and sent when the server has nothing else to do or has gathered enough.

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncWriteExt, WriteHalf};
use tokio::time::{Instant, sleep};

use super::{Gone, Stream};
use crate::imap::log::Log;

/// Bodies up to this size are copied behind the text around them; larger ones are sent from where they lie.
const COPIED: usize = 16 * 1024;
/// As much is gathered before it is sent in the middle of an answer.
const ENOUGH: usize = 256 * 1024;

/// The sending half. A connection that nobody reads from any more swallows everything: a server goes on with what it
/// has received.
pub(crate) struct Output {
    writer: Option<WriteHalf<Stream>>,
    queue: VecDeque<Bytes>,
    tail: BytesMut,
    gathered: usize,
    log: Arc<Log>,
    mute: bool,
    cut_after: Option<u64>,
    pace: Option<(usize, Duration)>,
    /// When the last octet left, if nothing came in since.
    pub(crate) unanswered: Option<Instant>,
}

impl Output {
    pub(crate) fn new(writer: Option<WriteHalf<Stream>>, log: Arc<Log>) -> Self {
        Self {
            writer,
            queue: VecDeque::new(),
            tail: BytesMut::new(),
            gathered: 0,
            log,
            mute: false,
            cut_after: None,
            pace: None,
            unanswered: None,
        }
    }

    /// For a command that is executed after its connection is gone.
    pub(crate) fn nowhere(log: Arc<Log>) -> Self {
        Self::new(None, log)
    }

    pub(crate) fn text(&mut self, text: fmt::Arguments<'_>) {
        if !self.mute {
            let before = self.tail.len();
            // Writing to memory does not fail.
            let _ = self.tail.write_fmt(text);
            self.gathered += self.tail.len() - before;
        }
    }

    /// A line; CRLF is added.
    pub(crate) fn line(&mut self, text: fmt::Arguments<'_>) {
        self.text(format_args!("{text}\r\n"));
    }

    pub(crate) fn bytes(&mut self, bytes: &Bytes) {
        if self.mute {
            return;
        }
        self.gathered += bytes.len();
        if bytes.len() <= COPIED {
            self.tail.extend_from_slice(bytes);
        } else {
            self.seal();
            self.queue.push_back(bytes.clone());
        }
    }

    fn seal(&mut self) {
        if !self.tail.is_empty() {
            let sealed = self.tail.split().freeze();
            self.queue.push_back(sealed);
        }
    }

    /// Says nothing until told otherwise.
    pub(crate) fn mute(&mut self, mute: bool) {
        self.mute = mute;
    }

    /// Ends the connection after so many octets more. What was gathered before must have been sent.
    pub(crate) fn cut_after(&mut self, octets: Option<u64>) {
        self.cut_after = octets;
    }

    /// Sends so many octets at a time, and waits before each.
    pub(crate) fn pace(&mut self, pace: Option<(usize, Duration)>) {
        self.pace = pace;
    }

    pub(crate) fn is_paced(&self) -> bool {
        self.pace.is_some()
    }

    /// Whether enough is gathered to be sent.
    pub(crate) fn is_full(&self) -> bool {
        self.gathered >= ENOUGH
    }

    /// Sends if there is enough to be worth it.
    pub(crate) async fn relieve(&mut self) -> Result<(), Gone> {
        if self.is_full() { self.send().await } else { Ok(()) }
    }

    /// Sends everything.
    pub(crate) async fn send(&mut self) -> Result<(), Gone> {
        self.seal();
        self.gathered = 0;
        if self.queue.is_empty() {
            return Ok(());
        }
        while let Some(bytes) = self.queue.pop_front() {
            let allowed =
                self.cut_after.map_or(bytes.len(), |left| bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
            self.write(&bytes[..allowed]).await;
            if let Some(left) = &mut self.cut_after {
                *left -= allowed as u64;
                if allowed < bytes.len() || (*left == 0 && !self.queue.is_empty()) {
                    self.queue.clear();
                    self.flush().await;
                    return Err(Gone);
                }
            }
        }
        self.flush().await;
        self.unanswered = Some(Instant::now());
        Ok(())
    }

    async fn write(&mut self, bytes: &[u8]) {
        let (chunk, wait) = self.pace.unwrap_or((usize::MAX, Duration::ZERO));
        for part in bytes.chunks(chunk.max(1)) {
            if !wait.is_zero() {
                self.flush().await;
                sleep(wait).await;
            }
            if let Some(writer) = &mut self.writer {
                match writer.write_all(part).await {
                    Ok(()) => self.log.sent(part.len()),
                    Err(_) => self.writer = None,
                }
            }
        }
    }

    async fn flush(&mut self) {
        if let Some(writer) = &mut self.writer
            && writer.flush().await.is_err()
        {
            self.writer = None;
        }
    }

    /// Says that nothing more will come, and swallows what would.
    pub(crate) async fn hang_up(&mut self) {
        self.close().await;
        self.writer = None;
    }

    /// Says that nothing more will come.
    pub(crate) async fn close(&mut self) {
        if let Some(writer) = &mut self.writer {
            let _ = writer.shutdown().await;
        }
    }

    /// Gives the half back, to be encrypted.
    pub(crate) fn into_writer(self) -> Option<WriteHalf<Stream>> {
        self.writer
    }
}
