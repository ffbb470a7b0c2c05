//! What is answered.

use hyper::StatusCode;
use hyper::header::WWW_AUTHENTICATE;

use super::mistake::Mistake;
use super::refusal::Refusal;
use super::settings::Settings;
use super::soap;
use super::xml::{self, Node};
use crate::http::Reply;

/// The result of an operation, or the fault that it ended with, and what is wrong with either.
pub(super) fn soap(result: Result<Node, Refusal>, settings: &Settings, mistakes: &[Mistake]) -> Reply {
    let (status, body) = match result {
        Ok(body) => (StatusCode::OK, body),
        Err(refusal) => (StatusCode::INTERNAL_SERVER_ERROR, refusal.fault()),
    };
    let mut envelope = soap::envelope(body, settings.version);
    mistakes.iter().for_each(|mistake| mistake.apply(&mut envelope));
    Reply::of(status, "text/xml; charset=utf-8", xml::document(&envelope, settings.leaks_controls))
}

/// What a web server says, not Exchange.
pub(super) fn html(status: StatusCode, text: &str) -> Reply {
    let kind = if text.starts_with('<') { "text/html" } else { "text/plain" };
    Reply::of(status, kind, text.to_owned())
}

/// The ways in which one may sign in.
pub(super) fn unauthorized(settings: &Settings) -> Reply {
    let challenges = settings.schemes.iter().map(|scheme| scheme.challenge());
    challenges.fold(html(StatusCode::UNAUTHORIZED, ""), |reply, challenge| reply.with(WWW_AUTHENTICATE, challenge))
}
