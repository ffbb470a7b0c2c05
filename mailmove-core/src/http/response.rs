use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;

use super::status;
use crate::{Body, Error, ErrorKind, Result};

/// An answer, read to its end.
#[derive(Clone)]
pub struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Bytes,
    pub(super) body: Option<Body>,
    pub(super) secrets: Vec<SecretString>,
}

impl Response {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The first header of this name, when it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Every header of this name that is text.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// The content, unless it was spooled.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The content, when it was spooled: that of a successful [`download`](super::Session::download).
    pub fn body(&self) -> Option<&Body> {
        self.body.as_ref()
    }

    /// The content as text, with what is not UTF-8 replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// The content as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.bytes).map_err(|error| {
            Error::new(ErrorKind::Protocol, "the answer is not the JSON that was expected")
                .with("status", self.status.as_u16())
                .because(error)
        })
    }

    /// What the status says, when it is not one of success: kind, recovery, and as facts the status, the challenges, the
    /// server's id of the request, and the beginning of the answer.
    ///
    /// This is the general table; what the body of an answer says is for the connector to read first.
    pub fn error(&self) -> Option<Error> {
        status::error(self)
    }

    /// The content as text, without the secrets that were sent.
    pub fn blotted(&self) -> String {
        let secrets = self.secrets.iter().map(ExposeSecret::expose_secret).filter(|secret| !secret.is_empty());
        secrets.fold(self.text().into_owned(), |text, secret| text.replace(secret, "***"))
    }

    /// The beginning of the content for people: one line, without markup, without the secrets that were sent.
    pub fn excerpt(&self) -> String {
        status::excerpt(self)
    }

    /// How long the server asks to wait (`Retry-After` in seconds, fractions of them, or as a date).
    pub fn retry_after(&self) -> Option<std::time::Duration> {
        status::retry_after(self)
    }
}

/// The status and the length: neither headers nor content.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.bytes.len())
    }
}
