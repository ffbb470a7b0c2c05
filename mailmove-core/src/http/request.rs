//! What is sent: built once, sendable any number of times, streamed when it is large.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::client::shown;
use crate::guard::Attempt;
use crate::{Body, BodyReader, Error, ErrorKind, Result};

/// Bytes go out in pieces of at most this size, so that the guard sees them moving.
const PIECE: usize = 64 << 10;

/// A request. Clones are cheap and share the content.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    headers: HeaderMap,
    content: Vec<Part>,
    pub(super) secrets: Vec<SecretString>,
}

/// A part of what is sent. Bodies are read while they are sent, from wherever they are spooled.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Part {
    /// These bytes.
    Bytes(Bytes),
    /// The bytes of a body.
    Body(Body),
    /// The bytes of a body in base64 with padding and without line ends.
    Base64(Body),
}

impl Request {
    /// A request without content.
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), content: Vec::new(), secrets: Vec::new() }
    }

    /// `GET`.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// `POST`.
    pub fn post(url: Url) -> Self {
        Self::new(Method::POST, url)
    }

    /// A request that another library made.
    #[cfg(feature = "oauth")]
    pub(crate) fn from_http(request: oauth2::HttpRequest) -> Result<Self> {
        let (parts, bytes) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string())
            .map_err(|error| Error::new(ErrorKind::Config, "not an HTTP address").because(error))?;
        let content = if bytes.is_empty() { Vec::new() } else { vec![Part::Bytes(bytes.into())] };
        Ok(Self { headers: parts.headers, content, ..Self::new(parts.method, url) })
    }

    /// The same with a header.
    ///
    /// # Panics
    ///
    /// When the name is not one that HTTP allows.
    pub fn header(mut self, name: &'static str, value: &str) -> Result<Self> {
        let value = HeaderValue::from_str(value).map_err(|_| {
            Error::new(ErrorKind::Config, "a value cannot stand in an HTTP header").with("header", name)
        })?;
        self.headers.insert(HeaderName::from_static(name), value);
        Ok(self)
    }

    /// The same with this content.
    pub fn content(self, content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        self.parts(content_type, vec![Part::Bytes(bytes.into())])
    }

    /// The same with content made of parts, one after the other.
    pub fn parts(mut self, content_type: &'static str, parts: Vec<Part>) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.content = parts;
        self
    }

    /// The same with this value as JSON.
    pub fn json(self, value: &impl Serialize) -> Result<Self> {
        let bytes = serde_json::to_vec(value)
            .map_err(|error| Error::new(ErrorKind::Bug, "cannot write a value as JSON").because(error))?;
        Ok(self.content("application/json", bytes))
    }

    /// The same, where this is a secret that is sent: an answer that repeats it does not get to show it. The credential
    /// of the [session](super::Session) is hidden anyway.
    pub fn hiding(mut self, secret: SecretString) -> Self {
        let in_a_form: String = byte_serialize(secret.expose_secret().as_bytes()).collect();
        self.secrets.extend([secret, SecretString::from(in_a_form)]);
        self
    }

    /// As the client below wants it. The attempt is touched whenever a piece goes out.
    pub(super) fn build(&self, attempt: &Attempt) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        let length: u64 = self.content.iter().map(Part::len).sum();
        match self.content.as_slice() {
            [] => {}
            [Part::Bytes(bytes)] if bytes.len() <= PIECE => *request.body_mut() = Some(bytes.clone().into()),
            _ => {
                request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
                *request.body_mut() = Some(self.stream(attempt.clone()));
            }
        }
        if self.content.is_empty() && self.method != Method::GET && self.method != Method::HEAD {
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(0));
        }
        request
    }

    fn stream(&self, attempt: Attempt) -> reqwest::Body {
        let pieces = self.content.clone().into_iter().flat_map(Part::pieces);
        reqwest::Body::wrap_stream(stream::iter(pieces.inspect(move |_| attempt.touch())))
    }
}

impl Part {
    fn len(&self) -> u64 {
        match self {
            Part::Bytes(bytes) => bytes.len() as u64,
            Part::Body(body) => body.len(),
            Part::Base64(body) => body.len().div_ceil(3) * 4,
        }
    }

    fn pieces(self) -> Box<dyn Iterator<Item = Result<Bytes>> + Send + Sync> {
        match self {
            Part::Bytes(mut bytes) => Box::new(std::iter::from_fn(move || {
                let piece = bytes.split_to(bytes.len().min(PIECE));
                (!piece.is_empty()).then_some(Ok(piece))
            })),
            Part::Body(body) => Box::new(Chunks { reader: body.reader() }),
            Part::Base64(body) => {
                Box::new(Base64 { chunks: Chunks { reader: body.reader() }, rest: Vec::new(), done: false })
            }
        }
    }
}

/// The chunks of a body.
struct Chunks {
    reader: BodyReader,
}

impl Iterator for Chunks {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.next_chunk().transpose()
    }
}

/// The chunks of a body in base64. What does not fill a group of three waits for the next chunk.
struct Base64 {
    chunks: Chunks,
    rest: Vec<u8>,
    done: bool,
}

impl Iterator for Base64 {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done {
            match self.chunks.next() {
                Some(Ok(chunk)) => self.rest.extend_from_slice(&chunk),
                Some(Err(error)) => return Some(Err(error)),
                None => self.done = true,
            }
            let whole = if self.done { self.rest.len() } else { self.rest.len() / 3 * 3 };
            if whole > 0 {
                let piece = STANDARD.encode(&self.rest[..whole]);
                self.rest.drain(..whole);
                return Some(Ok(piece.into()));
            }
        }
        None
    }
}

/// Method and address: neither headers nor content, nor more than the host of an address that is a secret.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.url.path();
        if path.len() > 1 && self.secrets.iter().any(|secret| secret.expose_secret().contains(path)) {
            let mut url = self.url.clone();
            url.set_path("***");
            return write!(f, "{} {}", self.method, shown(&url));
        }
        write!(f, "{} {}", self.method, shown(&self.url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_a_secret_is_not_shown() {
        let url: Url = "https://example.org/uploads/s3cr3t?more=1".parse().unwrap();
        let request = Request::get(url.clone());
        assert_eq!(format!("{request:?}"), "GET https://example.org/uploads/s3cr3t");
        assert_eq!(format!("{:?}", request.hiding(url.to_string().into())), "GET https://example.org/***");
    }
}
