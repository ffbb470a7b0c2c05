//! Why no answer came.

use std::error::Error as StdError;
use std::io;

use crate::guard::Attempt;
use crate::{Error, ErrorKind};

/// Classifies a failure below HTTP, and says to the attempt when nothing can have reached the server.
pub(super) fn classify(error: reqwest::Error, attempt: &Attempt) -> Error {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        attempt.untouched();
    }
    // A body of ours that cannot be read any more has its own story.
    if let Some(own) = causes(&error).find_map(|cause| cause.downcast_ref::<Error>()) {
        return own.clone();
    }
    let tls = causes(&error).find_map(tls);
    if let Some(tls) = tls {
        let explained = Error::new(ErrorKind::Tls, "no trustworthy connection to the server").with("reason", tls);
        return explained.because(error);
    }
    let (kind, message) = if error.is_builder() {
        (ErrorKind::Config, "the request cannot be made")
    } else if error.is_timeout() && error.is_connect() {
        (ErrorKind::Network, "the server cannot be reached in time")
    } else if error.is_timeout() {
        (ErrorKind::Timeout, "the server did not answer in time")
    } else if causes(&error).any(|cause| cause.to_string().starts_with("dns error")) {
        (ErrorKind::Resolve, "the host name has no address")
    } else if error.is_connect() {
        (ErrorKind::Network, "the server cannot be reached")
    } else {
        (ErrorKind::Network, "the connection broke")
    };
    let reason = causes(&error).last().map(ToString::to_string).unwrap_or_default();
    Error::new(kind, message).with("reason", reason).because(error)
}

/// What TLS said, when it was TLS. It speaks through I/O errors, which hand on the `source` of what they wrap and not
/// what they wrap.
fn tls(cause: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(tls.to_string());
    }
    let wrapped = cause.downcast_ref::<io::Error>()?.get_ref()?;
    tls(wrapped)
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (**error).source())
}
