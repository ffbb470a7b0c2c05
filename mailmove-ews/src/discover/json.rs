//! Version 2: a question in the address, an answer in JSON.

use std::collections::BTreeMap;

use mailmove_core::http::{Request, Response};
use mailmove_core::{Error, ErrorKind, Result};
use url::Url;

use super::answer::{Answer, EXTERNAL};

/// Where it is asked at a web server.
pub(super) fn place(origin: &Url, address: &str) -> Result<Url> {
    let mut url = origin.clone();
    let wrong = |()| Error::new(ErrorKind::Config, "an autodiscover place is no web server").with("place", origin);
    url.path_segments_mut().map_err(wrong)?.clear().extend(["autodiscover", "autodiscover.json", "v1.0", address]);
    url.set_query(Some("Protocol=EWS"));
    Ok(url)
}

pub(super) fn request(url: &Url) -> Result<Request> {
    Request::get(url.clone()).header("accept", "application/json")
}

pub(super) fn read(response: &Response) -> Answer {
    let Ok(answer) = response.json::<BTreeMap<String, serde_json::Value>>() else {
        return Answer::nothing("the answer is no JSON");
    };
    let text = |wanted: &str| {
        let found = answer.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.and_then(|(_, value)| value.as_str()).map(str::to_owned)
    };
    match (text("Url"), text("ErrorCode")) {
        (Some(url), _) => Answer::of([(EXTERNAL.to_owned(), url)].into()),
        (None, Some(code)) => Answer::nothing(code),
        _ => Answer::nothing("the answer names no address"),
    }
}
