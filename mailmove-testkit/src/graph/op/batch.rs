//! Many requests in one.

use std::collections::{HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::graph::call::{Answer, Call};
use crate::graph::refusal::Refusal;
use crate::graph::service::{refused, upload};
use crate::graph::target::Target;
use crate::http::{Action, Piece, Reply, Request, Service};

const MOST: usize = 20;

pub(super) fn perform(call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let requests = body.get("requests").and_then(Value::as_array).cloned().unwrap_or_default();
    if requests.is_empty() || requests.len() > MOST {
        let message = format!("Number of batch request steps exceeds the maximum value of {MOST}, or there is none.");
        return Err(Refusal::bad("BadRequest", message));
    }
    let ids: Vec<&str> = requests.iter().filter_map(|one| one["id"].as_str()).collect();
    if ids.len() != requests.len() || ids.iter().collect::<HashSet<_>>().len() != ids.len() {
        return Err(Refusal::bad("BadRequest", "Every request of a batch needs an id of its own."));
    }
    let mut done: HashMap<String, bool> = HashMap::new();
    let mut answers = Vec::new();
    for one in &requests {
        let id = one["id"].as_str().unwrap_or_default();
        let needed = one["dependsOn"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let needed: Vec<&str> = needed.collect();
        if let Some(unknown) = needed.iter().find(|needed| !done.contains_key(**needed)) {
            let message = format!("'{id}' depends on '{unknown}', which does not stand before it.");
            return Err(Refusal::bad("BadRequest", message));
        }
        let reply = if needed.iter().all(|needed| done[*needed]) {
            step(call, one)
        } else {
            let message = "A request on which this one depends has failed.";
            refused(&Refusal::new(StatusCode::FAILED_DEPENDENCY, "FailedDependency", message))
        };
        done.insert(id.to_owned(), reply.status.is_success());
        answers.push(answer(id, &reply));
    }
    // In which order the answers come is not said: whoever counts on one shall notice.
    answers.reverse();
    Ok(call.reply(StatusCode::OK, &json!({"responses": answers})))
}

/// One request of a batch.
fn step(call: &Call<'_>, one: &Value) -> Reply {
    let request = match read(call, one) {
        Ok(request) => request,
        Err(refusal) => return refused(&refusal),
    };
    let reply = worked(call, &request);
    let size = reply.content.iter().map(Piece::len).sum();
    call.shared.hub.log.inner_answer(request.number, reply.status.as_u16(), size);
    reply
}

fn worked(call: &Call<'_>, request: &Request) -> Reply {
    let shared = call.shared;
    let (label, _) = shared.read(request);
    let actions = shared.hub.inner(request, &label);
    if let (Some(limits), Some(mailbox)) = (&shared.settings.limits, &label.mailbox) {
        let key = (call.caller.name.as_str(), mailbox.as_str());
        if let Err(full) = shared.throttle.count(limits, key, shared.hub.clock.now(), upload(request)) {
            return shared.full(&full, Some(mailbox));
        }
    }
    for action in actions {
        if let Action::Status { code, retry_after, body } = action {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let planted = shared.planted(status, &body);
            return match retry_after {
                Some(wait) => planted.retry_after(shared.hub.clock.outside(wait)),
                None => planted,
            };
        }
    }
    let path = request.path.split_once('/').and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, rest)| rest);
    let target = Target::read(path);
    if target.root == "$batch" {
        return refused(&Refusal::bad("BadRequest", "A batch cannot hold a batch."));
    }
    shared.perform(request, target, call.caller.clone())
}

fn read(call: &Call<'_>, one: &Value) -> Result<Request, Refusal> {
    let bad = |message: &str| Refusal::bad("BadRequest", message);
    let method = one["method"].as_str().unwrap_or_default().to_ascii_uppercase();
    let known = matches!(method.as_str(), "GET" | "POST" | "PATCH" | "PUT" | "DELETE");
    let method =
        Method::from_bytes(method.as_bytes()).ok().filter(|_| known).ok_or_else(|| bad("There is no such method."))?;
    let url = one["url"]
        .as_str()
        .filter(|url| !url.contains("://"))
        .ok_or_else(|| bad("The url has to be a relative one."))?;
    let mut headers = HeaderMap::new();
    for (name, value) in one["headers"].as_object().into_iter().flatten() {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_str(value.as_str().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.insert(name, value);
        }
    }
    let body = match &one["body"] {
        Value::Null => Bytes::new(),
        _ if !headers.contains_key(CONTENT_TYPE) => {
            return Err(bad("A request with a body needs a Content-Type header."));
        }
        Value::String(text) => Bytes::from(text.clone()),
        body => Bytes::from(body.to_string()),
    };
    if let Some(own) = call.request.headers.get("authorization") {
        headers.insert("authorization", own.clone());
    }
    let version = if call.beta { "beta" } else { "v1.0" };
    let (path, query) = url.trim_start_matches('/').split_once('?').unwrap_or((url.trim_start_matches('/'), ""));
    let number = call.shared.hub.log.number();
    Ok(Request { method, path: format!("/{version}/{path}"), query: query.to_owned(), headers, body, number })
}

/// One answer of a batch: JSON as it is, everything else in base64.
fn answer(id: &str, reply: &Reply) -> Value {
    let octets = Piece::whole(&reply.content);
    let headers: Map<String, Value> = reply
        .headers
        .iter()
        .map(|(name, value)| {
            let name = name.as_str().split('-').map(|word| word[..1].to_ascii_uppercase() + &word[1..]);
            (name.collect::<Vec<_>>().join("-"), value.as_str().into())
        })
        .collect();
    let body = match serde_json::from_slice::<Value>(&octets) {
        _ if octets.is_empty() => None,
        Ok(json) => Some(json),
        Err(_) => Some(STANDARD.encode(octets).into()),
    };
    let mut answer = json!({"id": id, "status": reply.status.as_u16(), "headers": headers});
    if let Some(body) = body {
        answer["body"] = body;
    }
    answer
}
