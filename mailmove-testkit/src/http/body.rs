//! The octets of an answer on their way.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::time::Sleep;

/// Octets that are encoded at a time; base64 has no rest after them.
const STRIDE: usize = 3 * 16 * 1024;

/// Ends the connection.
#[derive(Debug)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was cut on purpose")
    }
}

impl std::error::Error for Cut {}

/// A part of an answer.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    /// Octets as they are.
    Plain(Bytes),
    /// Octets that are sent in base64, encoded on the way.
    Base64(Bytes),
}

impl Piece {
    /// Octets on the wire.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Base64(bytes) => bytes.len().div_ceil(3) * 4,
        }
    }

    /// Some of it; nothing when there is no more.
    fn next(&mut self) -> Option<Bytes> {
        match self {
            Self::Plain(bytes) if bytes.is_empty() => None,
            Self::Plain(bytes) => Some(std::mem::take(bytes)),
            Self::Base64(bytes) if bytes.is_empty() => None,
            Self::Base64(bytes) => {
                let some = bytes.split_to(STRIDE.min(bytes.len()));
                Some(STANDARD.encode(some).into())
            }
        }
    }

    /// All of it, in one piece.
    pub(crate) fn whole(pieces: &[Self]) -> Vec<u8> {
        let mut out = Vec::with_capacity(pieces.iter().map(Self::len).sum());
        for piece in pieces {
            match piece {
                Self::Plain(bytes) => out.extend_from_slice(bytes),
                Self::Base64(bytes) => out.extend_from_slice(STANDARD.encode(bytes).as_bytes()),
            }
        }
        out
    }
}

/// The octets of an answer, in one piece or in many, to the end or not.
pub(crate) struct Body {
    pieces: std::collections::VecDeque<Piece>,
    ready: Bytes,
    left: usize,
    /// Octets until the connection ends.
    cut: Option<usize>,
    chunk: usize,
    delay: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Body {
    pub(super) fn new(pieces: Vec<Piece>, cut: Option<usize>, slow: Option<(usize, Duration)>) -> Self {
        let (chunk, delay) = slow.unwrap_or((usize::MAX, Duration::ZERO));
        let left = pieces.iter().map(Piece::len).sum();
        let cut = cut.filter(|cut| *cut < left);
        Self { pieces: pieces.into(), ready: Bytes::new(), left, cut, chunk: chunk.max(1), delay, waiting: None }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(waiting) = &mut self.waiting {
            ready!(waiting.as_mut().poll(cx));
            self.waiting = None;
        } else if !self.delay.is_zero() && self.left > 0 {
            let delay = self.delay;
            self.waiting = Some(Box::pin(tokio::time::sleep(delay)));
            return self.poll_frame(cx);
        }
        if self.cut == Some(0) {
            return Poll::Ready(Some(Err(Cut)));
        }
        while self.ready.is_empty() {
            let Some(piece) = self.pieces.front_mut() else { return Poll::Ready(None) };
            match piece.next() {
                Some(some) => self.ready = some,
                None => {
                    self.pieces.pop_front();
                }
            }
        }
        let length = self.chunk.min(self.ready.len()).min(self.cut.unwrap_or(usize::MAX));
        let chunk = self.ready.split_to(length);
        self.left -= length;
        if let Some(cut) = &mut self.cut {
            *cut -= length;
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0 && self.cut.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_same_in_strides_and_in_one() {
        let bytes: Bytes = (0..STRIDE + 5).map(|at| at as u8).collect::<Vec<_>>().into();
        let mut piece = Piece::Base64(bytes.clone());
        let mut out = Vec::new();
        while let Some(some) = piece.next() {
            out.extend_from_slice(&some);
        }
        assert_eq!(out, STANDARD.encode(&bytes).into_bytes());
        assert_eq!(out.len(), Piece::Base64(bytes).len());
    }
}
