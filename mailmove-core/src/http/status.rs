//! What a status means: one table.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::Response;
use crate::{Error, ErrorKind, Recovery};

/// How much of an answer is shown.
const SHOWN: usize = 300;

pub(super) fn error(response: &Response) -> Option<Error> {
    let status = response.status.as_u16();
    let told = Recovery::Retry { after: response.retry_after() };
    let error = match status {
        200..=299 => return None,
        300..=399 => Error::new(ErrorKind::Config, "the server sends us to another address")
            .with("location", response.header("location").map(without_query).unwrap_or_default())
            .remedy("use the address that it names, if you trust it"),
        401 => Error::new(ErrorKind::Credential, "the server refused the credential"),
        403 => Error::new(ErrorKind::AccessDenied, "the server denied access"),
        404 | 410 => Error::new(ErrorKind::NotFound, "there is nothing at this address"),
        405 | 501 | 505 => Error::new(ErrorKind::Unsupported, "the server cannot do this"),
        407 => Error::new(ErrorKind::Config, "the proxy wants a credential")
            .remedy("give the proxy's credential in its address, or go around the proxy"),
        408 | 421 | 425 => {
            Error::new(ErrorKind::Unavailable, "the server did not take the request").with_recovery(told)
        }
        409 | 412 => Error::new(ErrorKind::Conflict, "somebody else changed it"),
        413 => Error::new(ErrorKind::TooLarge, "the request is larger than the server takes"),
        // What Exchange says of a forms session that is over.
        440 => Error::new(ErrorKind::CredentialExpired, "the session is over"),
        // What Exchange Online says of an account that is blocked.
        456 => Error::new(ErrorKind::Credential, "the account is blocked")
            .remedy("let its owner or an administrator sign in by hand and see what the server wants"),
        429 | 509 => {
            let error = Error::new(ErrorKind::Throttled, "the server asks to slow down");
            if response.retry_after().is_some() { error.with_recovery(told) } else { error }
        }
        503 => Error::new(ErrorKind::Unavailable, "the server cannot do it now").with_recovery(told),
        507 => Error::new(ErrorKind::Quota, "the mailbox is full"),
        400..=499 => Error::new(ErrorKind::Refused, "the server refused the request"),
        // It failed somewhere on the way through, or a gateway did not get to hear how it ended.
        _ => Error::new(ErrorKind::Unavailable, "the server failed").with_recovery(Recovery::Locate),
    };
    Some(with_facts(error.with("status", status), response))
}

pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let millis = response.header("retry-after-ms").or_else(|| response.header("x-ms-retry-after-ms"));
    if let Some(millis) = millis.and_then(|text| text.trim().parse().ok()) {
        return Some(Duration::from_millis(millis));
    }
    let text = response.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds.max(0.0)).ok();
    }
    // The server's own clock is the one that its date is about.
    let now = response.header("date").and_then(date).unwrap_or_else(OffsetDateTime::now_utc);
    Some((date(text)? - now).try_into().unwrap_or(Duration::ZERO))
}

fn with_facts(mut error: Error, response: &Response) -> Error {
    let challenges = response.headers("www-authenticate").collect::<Vec<_>>().join(", ");
    let facts = [
        ("challenges", shorten(&challenges)),
        ("request", shorten(first(response, &["request-id", "x-ms-request-id", "x-request-id"]))),
        ("answer", response.excerpt()),
    ];
    for (name, value) in facts {
        if !value.is_empty() {
            error = error.with(name, value);
        }
    }
    error
}

fn first<'a>(response: &'a Response, names: &[&str]) -> &'a str {
    names.iter().find_map(|name| response.header(name)).unwrap_or_default()
}

/// The beginning of an answer in one line. Markup says nothing to people, and secrets are nobody's business.
pub(super) fn excerpt(response: &Response) -> String {
    let mut text = response.blotted();
    if response.header("content-type").is_some_and(|kind| kind.contains("html")) {
        text = without_tags(&text);
    }
    let words: Vec<_> = text.split_whitespace().take(SHOWN).collect();
    shorten(&words.join(" "))
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<') {
        text.push_str(piece.split_once('>').map_or(piece, |(_, after)| after));
        text.push(' ');
    }
    text
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn without_query(location: &str) -> &str {
    location.split(['?', '#']).next().unwrap_or_default()
}

fn date(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc2822).ok()
}
