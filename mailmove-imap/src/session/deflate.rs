//! The half that deflates what is written (RFC 4978).
//!
//! Not that of `async-compression`: it gives its compressor little room, and when that was used up at a flush, the end of
//! what was written stays inside until there is more. A server would wait for the rest of a message, and we for its answer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use flate2::{Compress, Compression, FlushCompress};
use tokio::io::AsyncWrite;

use crate::engine::WriteHalf;

/// How much is taken at once.
const CHUNK: usize = 64 * 1024;
/// Room beyond what is taken: compressors hold back this much at most.
const HELD_BACK: usize = 256 * 1024;

pub(super) struct Deflate {
    half: WriteHalf,
    deflater: Compress,
    /// What is deflated and not written yet, from `written` on.
    output: Vec<u8>,
    written: usize,
    /// Something is held back by the compressor.
    holds: bool,
}

impl Deflate {
    pub(super) fn new(half: WriteHalf) -> Self {
        // Mail is base64 for the most part: more effort than the least saves hardly anything.
        let deflater = Compress::new(Compression::fast(), false);
        Self { half, deflater, output: Vec::new(), written: 0, holds: false }
    }

    /// Takes all of the input.
    fn deflate(&mut self, mut input: &[u8], flush: FlushCompress) -> io::Result<()> {
        loop {
            self.output.reserve(input.len() + HELD_BACK);
            let before = self.deflater.total_in();
            self.deflater.compress_vec(input, &mut self.output, flush)?;
            input = &input[(self.deflater.total_in() - before) as usize..];
            // Without room left, there may be more.
            if input.is_empty() && self.output.len() < self.output.capacity() {
                self.holds = matches!(flush, FlushCompress::None);
                return Ok(());
            }
        }
    }

    /// Writes what is deflated.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.output.len() {
            let count = ready!(Pin::new(&mut self.half).poll_write(cx, &self.output[self.written..]))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
        }
        self.output.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Deflate {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        let mut taken = 0;
        for buf in bufs {
            let part = &buf[..buf.len().min(CHUNK - taken)];
            if !part.is_empty() {
                this.deflate(part, FlushCompress::None)?;
                taken += part.len();
            }
        }
        Poll::Ready(Ok(taken))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.holds {
            this.deflate(&[], FlushCompress::Sync)?;
        }
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.half).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // The end of the stream is that of the connection: the last block needs no mark.
        if this.holds {
            this.deflate(&[], FlushCompress::Sync)?;
        }
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.half).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Decompress, FlushDecompress};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn whatever_was_flushed_can_be_read_whole() {
        let (ours, mut theirs) = duplex(4096);
        let reader = tokio::spawn(async move {
            let (mut inflater, mut wire) = (Decompress::new(false), vec![0; 3000]);
            let mut texts = Vec::new();
            for size in sizes() {
                let mut text = Vec::with_capacity(size + 1);
                while text.len() < size {
                    let count = theirs.read(&mut wire).await.unwrap();
                    assert_ne!(count, 0, "{} of {size}", text.len());
                    let mut input = &wire[..count];
                    while !input.is_empty() {
                        let before = inflater.total_in();
                        inflater.decompress_vec(input, &mut text, FlushDecompress::None).unwrap();
                        input = &input[(inflater.total_in() - before) as usize..];
                    }
                }
                texts.push(text);
                theirs.write_all(b"+").await.unwrap();
            }
            texts
        });
        let (mut read, write) = tokio::io::split(ours);
        let mut write = Deflate::new(Box::new(write));
        for size in sizes() {
            write.write_all(&text(size)).await.unwrap();
            write.flush().await.unwrap();
            read.read_exact(&mut [0]).await.unwrap();
        }
        let texts = reader.await.unwrap();
        assert!(texts.iter().zip(sizes()).all(|(read, size)| *read == text(size)));
    }

    #[tokio::test]
    async fn several_pieces_are_taken_in_one_write() {
        let (ours, _theirs) = duplex(4096);
        let mut write = Deflate::new(Box::new(ours));
        let large = text(2 * CHUNK);
        let pieces = [IoSlice::new(b"m1 NOOP"), IoSlice::new(b""), IoSlice::new(b"\r\n"), IoSlice::new(&large)];
        assert_eq!(write.write_vectored(&pieces).await.unwrap(), CHUNK);
    }

    /// All sizes at which some buffer may just be full.
    fn sizes() -> impl Iterator<Item = usize> {
        (1..400).map(|step| step * 331).chain([1, 2, 1 << 20])
    }

    /// Half of it words, half of it noise.
    fn text(size: usize) -> Vec<u8> {
        let mut seed = size as u32;
        let noise = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        });
        noise
            .zip(b"of mail and more mail ".iter().cycle())
            .flat_map(|(noise, word)| [noise, *word])
            .take(size)
            .collect()
    }
}
