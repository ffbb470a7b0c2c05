//! The writing half: commands in their order, as few writes as the bytes allow.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Buf, Bytes};
use mailmove_core::Error;
use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::WriteHalf;
use super::table::{Phase, Shared, Signal, Submitted};
use crate::error::{network, protocol};
use crate::wire::{Before, Chunks, Part};

/// How much is gathered before it is written.
const GATHER: usize = 256 * 1024;
/// How many pieces one write takes.
const PIECES: usize = 64;
/// For how long the end of a command is held back for another one. A server that locks the folder from a command's first
/// octet would never answer that one.
const HELD: Duration = Duration::from_secs(60);
/// How often a command that is held back says that the silence is ours.
const STILL_HERE: Duration = Duration::from_secs(1);

/// Writes until the connection ends.
pub(super) async fn run(
    half: WriteHalf,
    queue: mpsc::UnboundedReceiver<Submitted>,
    signals: mpsc::UnboundedReceiver<Signal>,
    shared: Arc<Shared>,
) {
    let phases = shared.phases();
    let mut writer = Writer { half, queue, signals, phases, shared, pending: VecDeque::new(), bytes: 0 };
    if let Err(error) = writer.write_all().await {
        writer.shared.fail(error);
    }
    // An error here is no news: the connection is over.
    let _ = writer.half.shutdown().await;
}

struct Writer {
    half: WriteHalf,
    queue: mpsc::UnboundedReceiver<Submitted>,
    signals: mpsc::UnboundedReceiver<Signal>,
    phases: watch::Receiver<Phase>,
    shared: Arc<Shared>,
    pending: VecDeque<Bytes>,
    bytes: usize,
}

impl Writer {
    async fn write_all(&mut self) -> Result<(), Error> {
        loop {
            let next = match self.queue.try_recv() {
                Ok(next) => next,
                Err(_) => {
                    self.flush().await?;
                    tokio::select! {
                        biased;
                        next = self.queue.recv() => match next {
                            Some(next) => next,
                            None => return Ok(()),
                        },
                        // What was queued before goodbye is written, goodbye included.
                        _ = self.phases.wait_for(|phase| *phase != Phase::Open) => return Ok(()),
                    }
                }
            };
            self.command(next).await?;
        }
    }

    async fn command(&mut self, command: Submitted) -> Result<(), Error> {
        if self.shared.withdraw(command.tag) {
            return Ok(());
        }
        // A command that waits to be invited cannot be carried out before.
        let invited = command.parts.iter().any(|part| matches!(part, Part::Literal { waits: true, .. }));
        command.begun.store(!invited, Ordering::Release);
        let mut text = format!("m{} ", command.tag).into_bytes();
        for part in command.parts {
            match part {
                Part::Text(part) => text.extend_from_slice(&part),
                Part::Literal { mut chunks, length, waits } => {
                    self.push(std::mem::take(&mut text).into()).await?;
                    if waits && !self.invited(command.tag).await? {
                        return Ok(());
                    }
                    command.begun.store(true, Ordering::Release);
                    self.literal(&mut *chunks, length).await?;
                }
                Part::Before(before) => {
                    self.push(std::mem::take(&mut text).into()).await?;
                    self.hold(before).await?;
                }
            }
        }
        text.extend_from_slice(b"\r\n");
        self.push(text.into()).await
    }

    /// Waits for the server's word. False: it refused the command instead.
    async fn invited(&mut self, tag: u64) -> Result<bool, Error> {
        // An invitation from before was for nobody.
        while self.signals.try_recv().is_ok() {}
        self.flush().await?;
        loop {
            let signal = tokio::select! {
                biased;
                signal = self.signals.recv() => signal,
                _ = self.phases.wait_for(|phase| *phase == Phase::Ended) => None,
            };
            match signal {
                Some(Signal::Continue) => return Ok(true),
                Some(Signal::Over(over)) if over == tag => return Ok(false),
                Some(Signal::Over(_)) => {}
                None => return Err(protocol("the connection ended")),
            }
        }
    }

    /// Holds back what comes next.
    async fn hold(&mut self, mut before: Before) -> Result<(), Error> {
        self.flush().await?;
        let begun = Instant::now();
        while begun.elapsed() < HELD {
            tokio::select! {
                biased;
                _ = &mut before.over => return Ok(()),
                _ = self.phases.wait_for(|phase| *phase == Phase::Ended) => return Err(protocol("the connection ended")),
                () = tokio::time::sleep(STILL_HERE) => self.shared.note_progress(),
            }
        }
        tracing::debug!(target: "mailmove::imap", "one message waited for another on the server: their order is given up");
        before.in_vain.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn literal(&mut self, chunks: &mut dyn Chunks, length: u64) -> Result<(), Error> {
        let mut left = length;
        while let Some(chunk) = chunks.next_chunk()? {
            left = left.checked_sub(chunk.len() as u64).ok_or_else(unequal)?;
            self.push(chunk).await?;
        }
        // A literal that is cut short would take the next command for its end.
        if left == 0 { Ok(()) } else { Err(unequal()) }
    }

    async fn push(&mut self, bytes: Bytes) -> Result<(), Error> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.bytes += bytes.len();
        self.pending.push_back(bytes);
        if self.bytes >= GATHER {
            self.write().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.write().await?;
        self.half.flush().await.map_err(|error| network(error, "writing"))
    }

    async fn write(&mut self) -> Result<(), Error> {
        while !self.pending.is_empty() {
            let mut slices = [IoSlice::new(&[]); PIECES];
            let count = self.pending.len().min(PIECES);
            for (slice, bytes) in slices.iter_mut().zip(&self.pending) {
                *slice = IoSlice::new(bytes);
            }
            let written = self.half.write_vectored(&slices[..count]).await;
            let written = written.map_err(|error| network(error, "writing"))?;
            if written == 0 {
                return Err(network(std::io::ErrorKind::WriteZero.into(), "writing"));
            }
            self.shared.note_progress();
            self.written(written);
        }
        Ok(())
    }

    fn written(&mut self, mut count: usize) {
        self.bytes -= count;
        while let Some(first) = self.pending.front_mut() {
            if count < first.len() {
                first.advance(count);
                return;
            }
            count -= first.len();
            self.pending.pop_front();
        }
    }
}

fn unequal() -> Error {
    Error::new(mailmove_core::ErrorKind::Bug, "a body has another length than it said")
}
