//! The messages in the header fields of HTTP.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;

use super::super::Response;
use crate::{Error, ErrorKind, Result};

/// A message as `Authorization` has it.
pub(super) fn authorization(scheme: &str, message: &[u8]) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("{scheme} {}", STANDARD.encode(message)))
        .map_err(|error| Error::new(ErrorKind::Bug, "base64 does not fit into a header").because(error))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The message that the server answered with.
pub(super) fn challenge(response: &Response, scheme: &str) -> Option<Vec<u8>> {
    response.headers("www-authenticate").find_map(|text| {
        let (name, message) = text.split_once(' ')?;
        name.eq_ignore_ascii_case(scheme).then(|| STANDARD.decode(message.trim()).ok())?
    })
}
