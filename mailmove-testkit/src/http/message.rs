//! A request as a service sees it, and what it answers.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use hyper::{HeaderMap, Method, StatusCode};

use super::body::Piece;

/// A request that has arrived whole.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// As it was sent, escapes and all.
    pub(crate) path: String,
    /// What stands behind the question mark, as it was sent.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The number under which the log knows it.
    pub(crate) number: u64,
}

impl Request {
    /// A header field's text; none when it is not there or is no text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What the log and the fault rules call a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Label {
    /// `GET messages`, `GetFolder`: whatever the protocol calls an operation.
    pub(crate) operation: String,
    /// The mailbox that is meant.
    pub(crate) mailbox: Option<String>,
    /// Who signed in.
    pub(crate) caller: Option<String>,
    /// The path as the log may show it, when it holds a secret.
    pub(crate) shown: Option<String>,
    /// The body as the log may show it, when it holds a secret.
    pub(crate) body: Option<String>,
}

/// What a service holds while it works on a request: a place among those that may be worked on.
pub(crate) type Turn = Box<dyn Send>;

/// What answers requests.
pub(crate) trait Service: Send + Sync + 'static {
    /// What goes wrong in the protocol's own ways, beside what goes wrong with HTTP.
    type Mishap: Clone + Send + Sync + 'static;

    /// What a request was found to be, so that it is read once.
    type Read: Send + 'static;

    /// The largest body, in octets; larger ones are answered with 413.
    fn largest(&self) -> usize;

    /// Reads a request: what the log and the fault rules call it, and what its answer will need.
    fn read(&self, request: &Request) -> (Label, Self::Read);

    /// A place to work on it, or the refusal of one.
    fn admit(&self, request: &Request, label: &Label) -> Result<Turn, Reply>;

    /// The answer, with these mishaps.
    fn answer(&self, request: &Request, read: Self::Read, mishaps: Vec<Self::Mishap>) -> Reply;

    /// An error that was planted, in the words of the protocol.
    fn planted(&self, status: StatusCode, text: &str) -> Reply;
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) content: Vec<Piece>,
}

impl Reply {
    /// A status and nothing else.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), content: Vec::new() }
    }

    /// Octets of a media type.
    pub(crate) fn of(status: StatusCode, kind: &str, content: impl Into<Bytes>) -> Self {
        Self { content: vec![Piece::Plain(content.into())], ..Self::empty(status) }.with(CONTENT_TYPE, kind)
    }

    /// With a header field more.
    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With Retry-After, in seconds and their fractions.
    pub(crate) fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs_f64();
        let text = if wait.subsec_nanos() == 0 { wait.as_secs().to_string() } else { format!("{seconds:.3}") };
        self.with(RETRY_AFTER, text)
    }
}
