//! One request to the service, with what its path, its query and its header fields mean.

use std::cell::RefCell;

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::{Map, Value};

use super::query::Query;
use super::refusal::Refusal;
use super::schema;
use super::service::Shared;
use super::state::{Mailbox, Store};
use super::target::Target;
use super::users::Caller;
use crate::http::{Piece, Reply, Request};
use crate::simulator::lock;

/// What an operation answers.
pub(crate) type Answer = Result<Reply, Refusal>;
/// An entity.
pub(crate) type Entity = Map<String, Value>;

/// Stands in a JSON text for octets that are put there when it is sent.
const MARK: &str = "\u{f8ff}\u{e0d5}octets ";

/// Octets of a body in JSON.
const LARGEST_JSON: usize = 4 << 20;

pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) request: &'a Request,
    pub(crate) target: Target,
    pub(crate) query: Query,
    pub(crate) caller: Caller,
    /// The mailbox that is meant.
    pub(crate) mailbox: usize,
    pub(crate) beta: bool,
    octets: RefCell<Vec<Bytes>>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(shared: &'a Shared, request: &'a Request, target: Target, query: Query, caller: Caller) -> Self {
        let beta = request.path.starts_with("/beta");
        Self { shared, request, target, query, caller, mailbox: 0, beta, octets: RefCell::default() }
    }

    /// Works on the mailbox that is meant.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Mailbox) -> T) -> T {
        work(&mut lock(&self.shared.store).mailboxes[self.mailbox])
    }

    /// Works on all mailboxes.
    pub(crate) fn with_store<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        work(&mut lock(&self.shared.store))
    }

    /// What a Prefer header asks for: the value of `name`.
    pub(crate) fn preference(&self, name: &str) -> Option<String> {
        let all = self.request.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        all.flat_map(|value| value.split([',', ';'])).find_map(|entry| {
            let (own, value) = entry.split_once('=').unwrap_or((entry, ""));
            own.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
        })
    }

    /// Whether ids are wanted that survive moves.
    pub(crate) fn immutable(&self) -> bool {
        self.preference("IdType").is_some_and(|kind| kind.eq_ignore_ascii_case("ImmutableId"))
    }

    /// Entries of a page: what the client prefers, within what the server gives.
    pub(crate) fn page(&self, default: usize) -> usize {
        let preferred =
            self.preference("odata.maxpagesize").and_then(|size| size.parse().ok()).filter(|size| *size > 0);
        self.query.top.or(preferred).unwrap_or(default).min(self.shared.settings.page)
    }

    /// The body, which has to be an object in JSON.
    pub(crate) fn json(&self) -> Result<Entity, Refusal> {
        if self.request.body.len() > LARGEST_JSON {
            let message = "The request exceeds the maximum size of 4194304 octets.";
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message));
        }
        if self.request.body.is_empty() {
            return Ok(Map::new());
        }
        let kind = self.request.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if !kind.starts_with("application/json") {
            let message = format!("A supported MIME type could not be found that matches '{kind}'.");
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "RequestBodyRead", message));
        }
        let value = serde_json::from_slice(&self.request.body);
        match value {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(Refusal::bad("BadRequest", "Unable to read JSON request payload: an object was expected.")),
            Err(error) => Err(Refusal::bad("BadRequest", format!("Unable to read JSON request payload: {error}."))),
        }
    }

    /// The body, which has to be an entity of this type.
    pub(crate) fn entity(&self, kind: &str) -> Result<Entity, Refusal> {
        let mut value = Value::Object(self.json()?);
        if value.as_object().is_some_and(Map::is_empty) && self.request.method == "POST" {
            return Err(Refusal::bad("BadRequest", "Empty payload. JSON content expected."));
        }
        schema::body(kind, &mut value, self.beta)?;
        let Value::Object(entity) = value else { return Err(Refusal::body("An object was expected.")) };
        Ok(entity)
    }

    /// A parameter of an action, whose name is written in any case.
    pub(crate) fn parameter(&self, parameters: &Entity, name: &str) -> Option<Value> {
        parameters.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    }

    /// A text that stands for octets in base64 until the answer is sent.
    pub(crate) fn base64(&self, octets: Bytes) -> Value {
        let mut all = self.octets.borrow_mut();
        all.push(octets);
        Value::String(format!("{MARK}{}", all.len() - 1))
    }

    /// An answer in JSON.
    pub(crate) fn reply(&self, status: StatusCode, value: &Value) -> Reply {
        let text = value.to_string();
        let mut content = Vec::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(MARK) {
            content.push(Piece::Plain(Bytes::copy_from_slice(&rest.as_bytes()[..at])));
            rest = &rest[at + MARK.len()..];
            let digits = rest.find('"').unwrap_or(rest.len());
            let octets = rest[..digits].parse::<usize>().ok().and_then(|at| self.octets.borrow().get(at).cloned());
            content.push(Piece::Base64(octets.unwrap_or_default()));
            rest = &rest[digits..];
        }
        content.push(Piece::Plain(Bytes::copy_from_slice(rest.as_bytes())));
        let kind = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
        let mut reply = Reply::of(status, kind, Bytes::new());
        reply.content = content;
        reply
    }

    /// An entity as an answer, with its context.
    pub(crate) fn one(&self, status: StatusCode, entity: Entity) -> Reply {
        let mut entity = self.query.selected(entity);
        entity.insert("@odata.context".to_owned(), self.context("/$entity").into());
        self.reply(status, &Value::Object(entity))
    }

    /// Entities as an answer, with the link to the next page or the next round.
    pub(crate) fn many(&self, entities: Vec<Entity>, more: Vec<(&str, Value)>) -> Reply {
        let mut all = Map::new();
        all.insert("@odata.context".to_owned(), self.context("").into());
        all.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
        all.insert("value".to_owned(), entities.into_iter().map(Value::Object).collect());
        self.reply(StatusCode::OK, &Value::Object(all))
    }

    fn context(&self, end: &str) -> String {
        let (_, path) = self.request.path.trim_start_matches('/').split_once('/').unwrap_or_default();
        format!("{}/$metadata#{path}{end}", self.base())
    }

    /// `http://host/v1.0`.
    pub(crate) fn base(&self) -> String {
        format!("{}/{}", self.shared.origin, if self.beta { "beta" } else { "v1.0" })
    }

    /// This request's URL with these options instead of those of its paging.
    pub(crate) fn link(&self, add: &[(&str, String)]) -> String {
        let own = self.query.without(&["$skip", "$skiptoken", "$deltatoken", "$count"]);
        self.link_with(own, add)
    }

    /// This request's URL with these options only.
    pub(crate) fn link_with(&self, own: Vec<(String, String)>, add: &[(&str, String)]) -> String {
        let add = add.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let pairs: Vec<String> = own
            .into_iter()
            .chain(add)
            .map(|(name, value)| format!("{}={}", super::query::escaped(&name), super::query::escaped(&value)))
            .collect();
        format!("{}{}?{}", self.shared.origin, self.request.path, pairs.join("&"))
    }
}
