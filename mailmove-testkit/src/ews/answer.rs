//! The answer on the wire.

use std::fmt;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::{Frame, SizeHint};
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use hyper::{Response, StatusCode};
use tokio::time::Sleep;

use super::fault::Mutation;
use super::refusal::Refusal;
use super::server::Shared;
use super::soap;
use super::version::Version;
use super::xml::{self, Node};

/// Ends the connection.
#[derive(Debug)]
pub(super) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was cut on purpose")
    }
}

impl std::error::Error for Cut {}

/// What is to be sent, and what is wrong with it.
pub(super) struct Answer {
    status: StatusCode,
    pub(super) headers: Vec<(HeaderName, String)>,
    content: Content,
    pub(super) replacements: Vec<(String, String)>,
    pub(super) cut: Option<usize>,
    pub(super) slow: Option<(usize, Duration)>,
}

enum Content {
    Envelope(Node),
    Text(String),
    /// Of a media type.
    Typed(&'static str, String),
}

impl Answer {
    fn new(status: StatusCode, content: Content) -> Self {
        Self { status, headers: Vec::new(), content, replacements: Vec::new(), cut: None, slow: None }
    }

    /// The result of an operation, or the fault that it ended with.
    pub(super) fn soap(result: Result<Node, Refusal>, version: Version) -> Self {
        let (status, body) = match result {
            Ok(body) => (StatusCode::OK, body),
            Err(refusal) => (StatusCode::INTERNAL_SERVER_ERROR, refusal.fault()),
        };
        Self::new(status, Content::Envelope(soap::envelope(body, version)))
    }

    /// What a web server says, not Exchange.
    pub(super) fn html(status: StatusCode, text: &str) -> Self {
        Self::new(status, Content::Text(text.to_owned()))
    }

    /// A document of another protocol.
    pub(super) fn text(status: StatusCode, kind: &'static str, text: String) -> Self {
        Self::new(status, Content::Typed(kind, text))
    }

    pub(super) fn mutate(&mut self, mutation: Mutation) {
        if let Content::Envelope(envelope) = &mut self.content {
            mutation.apply(envelope);
        }
    }

    pub(super) fn send(self, shared: &Shared, gzip: bool) -> Result<Response<Body>, Cut> {
        let (kind, mut bytes) = match &self.content {
            Content::Envelope(node) => ("text/xml; charset=utf-8", xml::document(node, shared.settings.leaks_controls)),
            Content::Text(text) if text.starts_with('<') => ("text/html", text.clone().into_bytes()),
            Content::Text(text) => ("text/plain", text.clone().into_bytes()),
            Content::Typed(kind, text) => (*kind, text.clone().into_bytes()),
        };
        if !self.replacements.is_empty() {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let replaced = self.replacements.iter().fold(text, |text, (from, to)| text.replace(from, to));
            bytes = replaced.into_bytes();
        }
        shared.log.answer(self.status.as_u16(), bytes.len());
        let mut response = Response::builder().status(self.status).header(CONTENT_TYPE, kind);
        if gzip && bytes.len() > 1000 && self.cut.is_none() {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&bytes).map_err(|_| Cut)?;
            bytes = encoder.finish().map_err(|_| Cut)?;
            response = response.header(CONTENT_ENCODING, "gzip");
        }
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        let response = response.header(CONTENT_LENGTH, bytes.len());
        response.body(Body::new(bytes.into(), self.cut, self.slow)).map_err(|_| Cut)
    }
}

/// The octets of an answer, in one piece or in many, to the end or not.
pub(super) struct Body {
    rest: Bytes,
    /// Octets until the connection ends.
    cut: Option<usize>,
    chunk: usize,
    delay: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Body {
    fn new(rest: Bytes, cut: Option<usize>, slow: Option<(usize, Duration)>) -> Self {
        let (chunk, delay) = slow.unwrap_or((usize::MAX, Duration::ZERO));
        let cut = cut.filter(|cut| *cut < rest.len());
        Self { rest, cut, chunk: chunk.max(1), delay, waiting: None }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(waiting) = &mut self.waiting {
            ready!(waiting.as_mut().poll(cx));
            self.waiting = None;
        } else if !self.delay.is_zero() && !self.rest.is_empty() {
            let delay = self.delay;
            self.waiting = Some(Box::pin(tokio::time::sleep(delay)));
            return self.poll_frame(cx);
        }
        if self.cut == Some(0) {
            return Poll::Ready(Some(Err(Cut)));
        }
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.chunk.min(self.rest.len()).min(self.cut.unwrap_or(usize::MAX));
        let chunk = self.rest.split_to(length);
        if let Some(cut) = &mut self.cut {
            *cut -= length;
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.cut.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
