//! One request, there and back: the address around it, what the answer means, and when to wait.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mailmove_core::http::{Method, Part, Request, Response, Session};
use mailmove_core::{Body, Call, Error, ErrorKind, Recovery, Result, Spool};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use crate::budget::Budget;
use crate::error::{Fault, cut_short};
use crate::wire::ask::{Ask, Content, Verb};
use crate::wire::page::Page;

/// After how long without a byte a request has failed.
const IDLE: Duration = Duration::from_secs(120);

const JSON: &str = "application/json";

/// How many requests for one mailbox the provider works on at one time.
pub(crate) const LANES: u32 = 4;

/// Graph, as far as one mailbox is concerned.
#[derive(Debug)]
pub(crate) struct Client {
    session: Session,
    /// Addresses that hold their own secret get no token.
    bare: Session,
    base: Url,
    budget: Arc<Budget>,
    lanes: Arc<Semaphore>,
}

impl Client {
    pub(crate) fn new(session: Session, bare: Session, base: Url, budget: Arc<Budget>, lanes: Arc<Semaphore>) -> Self {
        Self { session, bare, base, budget, lanes }
    }

    /// What an answer holds.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, ask: &Ask) -> Result<T> {
        let once = ask.once;
        self.send(ask, 1, 1, |response| parsed(&response, once)).await
    }

    /// The same, where the answer holds nothing that matters.
    pub(crate) async fn tell(&self, ask: &Ask) -> Result<()> {
        self.send(ask, 1, 1, |response| succeeded(&response)).await
    }

    /// The content of an answer, in this spool.
    pub(crate) async fn download(&self, ask: &Ask, spool: &Spool) -> Result<Body> {
        let request = self.request(ask, &ask.path)?;
        let _lane = self.enter(1, 1, ask.sent()).await?;
        let call = Call::repeatable(ask.name).idle(IDLE);
        self.session
            .download_and(call, &request, spool, |response| {
                succeeded(&response)?;
                response.body().cloned().ok_or_else(|| cut_short(false))
            })
            .await
    }

    /// A page: the first one, or the one behind an address that the server gave.
    pub(crate) async fn page<T: DeserializeOwned>(&self, ask: &Ask, link: Option<&str>) -> Result<Page<T>> {
        let Some(link) = link else { return self.ask(ask).await };
        let request = self.headed(Request::get(self.own(link)?), ask)?;
        let _lane = self.enter(1, 1, 0).await?;
        let call = Call::repeatable(ask.name).idle(IDLE);
        self.session.send_and(call, &request, |response| parsed(&response, false)).await
    }

    /// Everything in a collection.
    pub(crate) async fn all<T: DeserializeOwned>(&self, ask: &Ask) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.each(ask, |some| all.extend(some)).await?;
        Ok(all)
    }

    /// The same page by page.
    pub(crate) async fn each<T: DeserializeOwned>(&self, ask: &Ask, take: impl FnMut(Vec<T>)) -> Result<()> {
        let first = self.page(ask, None).await?;
        self.go_on(ask, first, take).await
    }

    /// Everything in a collection of which the first page is there already.
    pub(crate) async fn rest<T: DeserializeOwned>(&self, ask: &Ask, first: Page<T>) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.go_on(ask, first, |some| all.extend(some)).await?;
        Ok(all)
    }

    async fn go_on<T: DeserializeOwned>(
        &self,
        ask: &Ask,
        mut page: Page<T>,
        mut take: impl FnMut(Vec<T>),
    ) -> Result<()> {
        loop {
            take(page.value);
            let Some(link) = page.next else { return Ok(()) };
            page = self.page(ask, Some(&link)).await?;
            if page.next.as_ref() == Some(&link) {
                return Err(Error::new(ErrorKind::Protocol, "a listing goes round in circles"));
            }
        }
    }

    /// Sends a request that stands for `count` of them, `lanes` at one time, and gives what `read` makes of its answer.
    pub(crate) async fn send<T>(
        &self,
        ask: &Ask,
        lanes: u32,
        count: u32,
        read: impl Fn(Response) -> Result<T>,
    ) -> Result<T> {
        let request = self.request(ask, &ask.path)?;
        let _lanes = self.enter(lanes, count, ask.sent()).await?;
        self.session.send_and(call(ask), &request, read).await
    }

    /// Sends content made of parts, and gives what `read` makes of the answer, whose content is in the spool.
    pub(crate) async fn upload_bare<T>(
        &self,
        name: &'static str,
        request: Request,
        secret: &SecretString,
        bytes: u64,
        once: bool,
        read: impl Fn(Response) -> Result<T>,
    ) -> Result<T> {
        let _lane = self.enter(1, 1, bytes).await?;
        let call = if once { Call::once(name) } else { Call::repeatable(name) };
        let request = request.hiding(secret.clone()).header("client-request-id", &request_id())?;
        self.bare.send_and(call.idle(IDLE), &request, read).await
    }

    /// The same at an address below the version, which needs no secret but the token.
    pub(crate) async fn upload_own<T>(
        &self,
        name: &'static str,
        request: Request,
        bytes: u64,
        read: impl Fn(Response) -> Result<T>,
    ) -> Result<T> {
        let _lane = self.enter(1, 1, bytes).await?;
        let request = request.header("client-request-id", &request_id())?;
        self.session.send_and(Call::repeatable(name).idle(IDLE), &request, read).await
    }

    /// Puts content of its own kind at an address below the version.
    pub(crate) async fn put(&self, ask: &Ask, content_type: &'static str, bytes: Bytes) -> Result<()> {
        let length = bytes.len() as u64;
        let url = self.url(&ask.path)?;
        let request = self.headed(Request::new(Method::PUT, url), ask)?.content(content_type, bytes);
        let _lane = self.enter(1, 1, length).await?;
        self.session.send_and(call(ask), &request, |response| succeeded(&response)).await
    }

    /// Waits until this may be sent: a lane for each request at one time, and room in the budget. Nobody who is in a lane
    /// enters another.
    async fn enter(&self, lanes: u32, requests: u32, bytes: u64) -> Result<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        let permit = self.lanes.acquire_many(lanes).await.map_err(|_| Error::new(ErrorKind::Bug, "no lane"))?;
        while let Err(wait) = self.budget.take(u64::from(requests), bytes) {
            let guard = self.session.guard();
            tracing::debug!(%guard, ?wait, "near the provider's limit");
            guard.pause(wait);
            guard.run(Call::repeatable("wait for the budget"), |_| async { Ok(()) }).await?;
        }
        Ok(permit)
    }

    /// What was used of the provider's limit.
    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// How long everybody waits who works on this mailbox.
    pub(crate) fn paused(&self) -> Option<Duration> {
        self.session.guard().paused()
    }

    /// Makes everybody wait who works on this mailbox.
    pub(crate) fn pause(&self, wait: Duration) {
        let guard = self.session.guard();
        tracing::info!(%guard, ?wait, "over the provider's limit");
        guard.pause(wait);
    }

    fn request(&self, ask: &Ask, path: &str) -> Result<Request> {
        let verb = match ask.verb {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Patch => Method::PATCH,
            Verb::Delete => Method::DELETE,
        };
        let mut request = self.headed(Request::new(verb, self.url(path)?), ask)?;
        if let Some(etag) = &ask.if_match {
            request = request.header("if-match", etag)?;
        }
        match &ask.body {
            Some(Content::Json(bytes)) => Ok(request.content(JSON, bytes.clone())),
            Some(Content::Parts(parts, _)) => Ok(request.parts(JSON, parts.clone())),
            None => Ok(request),
        }
    }

    fn headed(&self, request: Request, ask: &Ask) -> Result<Request> {
        request
            .header("accept", "application/json")?
            .header("prefer", &ask.prefer())?
            .header("client-request-id", &request_id())?
            .header("return-client-request-id", "true")
    }

    fn url(&self, path: &str) -> Result<Url> {
        Url::parse(&format!("{}{path}", self.base))
            .map_err(|error| Error::new(ErrorKind::Bug, "cannot make an address").because(error))
    }

    /// Whether an address is one of Graph's own.
    pub(crate) fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// An address that the server gave, when it is one of its own: it gets the token.
    fn own(&self, link: &str) -> Result<Url> {
        let url = Url::parse(link).ok();
        let elsewhere = url.as_ref().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        url.filter(|url| self.is_own(url)).ok_or_else(|| {
            Error::new(ErrorKind::CursorExpired, "the listing goes on at another server").with("at", elsewhere)
        })
    }
}

fn call(ask: &Ask) -> Call {
    let call = if ask.once { Call::once(ask.name) } else { Call::repeatable(ask.name) };
    call.idle(IDLE)
}

/// What the status says.
pub(crate) fn succeeded(response: &Response) -> Result<()> {
    if response.status().is_success() { Ok(()) } else { Err(Fault::of(response).error()) }
}

/// The content of an answer of success.
pub(crate) fn parsed<T: DeserializeOwned>(response: &Response, once: bool) -> Result<T> {
    succeeded(response)?;
    response.json().map_err(|error| cut_short(once).because(error))
}

/// Content made of parts: a text around a body in base64.
pub(crate) fn around(before: String, body: &Body, after: &'static str) -> (Vec<Part>, u64) {
    let length = before.len() as u64 + body.len().div_ceil(3) * 4 + after.len() as u64;
    let parts =
        vec![Part::Bytes(before.into()), Part::Base64(body.clone()), Part::Bytes(Bytes::from_static(after.as_bytes()))];
    (parts, length)
}

/// A write that failed where nobody can see it did not happen.
pub(crate) fn unseen(error: Error) -> Error {
    match error.recovery() {
        Recovery::Locate => error.with_recovery(Recovery::Requeue),
        _ => error,
    }
}

/// A random UUID, for whoever looks for a request in the provider's log.
fn request_id() -> String {
    uuid(fastrand::u128(..))
}

/// A UUID made of these bits (RFC 9562, version 4 where they are random).
pub(crate) fn uuid(bits: u128) -> String {
    let bits = bits & !(0xf << 76) & !(0b11 << 62) | (0x4 << 76) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
