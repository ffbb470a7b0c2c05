//! One request, there and back: the token in it, what the answer means, and a fresh token when the old one is over.

use std::time::Duration;

use mailmove_core::http::{Part, Request, Response, Session};
use mailmove_core::{Body, Call, Error, ErrorKind, Recovery, Result, Spool};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::door::{self, Door, Token};
use crate::error;
use crate::wire::rest;
use crate::wire::soap::{self, Operation};

/// After how long without a byte a request has failed: a batch of messages takes its time.
const IDLE: Duration = Duration::from_secs(120);

/// A mailbox's server.
#[derive(Debug)]
pub(crate) struct Client {
    session: Session,
    base: Url,
    pub(crate) door: Door,
}

impl Client {
    pub(crate) fn new(session: Session, base: Url, door: Door) -> Self {
        Self { session, base, door }
    }

    /// How long nothing is asked, because the server wants a pause.
    pub(crate) fn paused(&self) -> Option<Duration> {
        self.session.guard().paused()
    }

    /// Asks something that changes nothing, or sets what it sets.
    pub(crate) async fn ask<O: Operation>(&self, operation: &O) -> Result<O::Answer> {
        self.call(Call::repeatable(O::NAME), operation).await
    }

    /// As [`ask`](Self::ask) for many at once, with one outcome for each.
    pub(crate) async fn ask_each<O: Operation>(&self, operations: &[O]) -> Result<Vec<Result<O::Answer>>> {
        self.call_each(Call::repeatable(O::NAME), operations, Recovery::Retry { after: None }).await
    }

    /// Does many things that must not happen twice, with one outcome for each.
    pub(crate) async fn perform_each<O: Operation>(&self, operations: &[O]) -> Result<Vec<Result<O::Answer>>> {
        self.call_each(Call::once(O::NAME), operations, Recovery::Locate).await
    }

    /// One item in a format.
    pub(crate) async fn item(&self, id: u64, format: &'static str, spool: &Spool) -> Result<Response> {
        self.download_from(format, rest::item(&self.base, id, format), spool).await
    }

    /// Many items in one archive.
    pub(crate) async fn export(&self, ids: &[u64], with_metadata: bool, spool: &Spool) -> Result<Response> {
        self.download_from("export", rest::export(&self.base, ids, with_metadata), spool).await
    }

    /// Puts content into a folder. Done twice it may be there twice, unless the caller knows better.
    pub(crate) async fn import(
        &self,
        call: Call,
        folder: &[String],
        query: &str,
        content_type: &'static str,
        content: &Body,
    ) -> Result<Response> {
        let url = rest::import(&self.base, folder, query);
        let parts = || vec![Part::Body(content.clone())];
        self.signed(|token| {
            let (call, url) = (call.clone(), url.clone());
            async move {
                let request = Request::post(url).parts(content_type, parts());
                self.session.send_and(call.idle(IDLE), &with_cookie(request, &token)?, succeeded).await
            }
        })
        .await
    }

    /// Leaves a message at the server and gives the name under which it is kept.
    pub(crate) async fn upload(&self, content: &Body) -> Result<String> {
        let url = rest::upload(&self.base);
        let read = |response: Response| {
            let response = succeeded(response)?;
            rest::uploaded(&response.text()).map_err(|status| match status {
                Some(413) => error::of(&fault("mail.UPLOAD_TOO_LARGE")),
                Some(204) => Error::new(ErrorKind::Refused, "the server takes no empty message"),
                Some(status) => {
                    let told = Error::new(ErrorKind::Unavailable, "the server did not keep the upload");
                    told.with("status", status)
                }
                None => Error::new(ErrorKind::Protocol, "the server does not name the upload")
                    .with("answer", response.excerpt())
                    .with_recovery(Recovery::Locate),
            })
        };
        self.signed(|token| {
            let url = url.clone();
            async move {
                let request = Request::post(url)
                    .header("content-disposition", "attachment; filename=\"message.eml\"")?
                    .parts("message/rfc822", vec![Part::Body(content.clone())]);
                // What is kept twice is forgotten twice: nothing refers to the first one.
                let call = Call::repeatable("upload").idle(IDLE);
                self.session.send_and(call, &with_cookie(request, &token)?, read).await
            }
        })
        .await
    }

    async fn download_from(&self, name: &'static str, url: Url, spool: &Spool) -> Result<Response> {
        self.signed(|token| {
            let url = url.clone();
            async move {
                let request = with_cookie(Request::get(url), &token)?;
                self.session.download_and(Call::repeatable(name).idle(IDLE), &request, spool, succeeded).await
            }
        })
        .await
    }

    async fn call<O: Operation>(&self, call: Call, operation: &O) -> Result<O::Answer> {
        self.signed(|token| {
            let call = call.clone();
            async move {
                let request = self.request(O::NAME, &token, soap::write(Some(&token.secret), operation))?;
                let read = |response: Response| door::read(operation, &response);
                self.session.send_and(call.idle(IDLE), &request, read).await
            }
        })
        .await
    }

    async fn call_each<O: Operation>(
        &self,
        call: Call,
        operations: &[O],
        silence: Recovery,
    ) -> Result<Vec<Result<O::Answer>>> {
        match operations {
            [] => return Ok(Vec::new()),
            // Alone it need not wait for company; a fault of its own is its own.
            [one] => return Ok(vec![self.call(call, one).await]),
            _ => {}
        }
        let verdicts = self
            .signed(|token| {
                let call = call.clone();
                async move {
                    let content = soap::write_batch(Some(&token.secret), operations);
                    let request = self.request("Batch", &token, content)?;
                    let read = |response: Response| read_batch(operations, &response);
                    self.session.send_and(call.idle(IDLE), &request, read).await
                }
            })
            .await?;
        let unsaid = || Error::new(ErrorKind::Protocol, "the server did not say what became of it");
        let judged = verdicts.into_iter().map(|verdict| match verdict {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(fault)) => Err(error::of_item(&fault)),
            None => Err(unsaid().with_recovery(silence)),
        });
        Ok(judged.collect())
    }

    fn request(&self, name: &str, token: &Token, content: Vec<u8>) -> Result<Request> {
        let request = Request::post(rest::soap(&self.base, name)).header("accept", "application/json")?;
        with_cookie(request.content("application/json; charset=utf-8", content), token)
    }

    /// Makes an attempt with the mailbox's token, and a second one with a fresh token when the first is over.
    async fn signed<T, F, Fut>(&self, attempt: F) -> Result<T>
    where
        F: Fn(Token) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let token = self.door.token().await?;
        match attempt(token.clone()).await {
            // Refused before anything was done.
            Err(error) if error.kind() == ErrorKind::CredentialExpired => {
                self.door.over(&token).await;
                attempt(self.door.token().await?).await
            }
            outcome => outcome,
        }
    }
}

/// The proxy in front finds the mailbox's server by the cookie, and the servlets know us by it.
fn with_cookie(request: Request, token: &Token) -> Result<Request> {
    let cookie = format!("ZM_AUTH_TOKEN={}", token.secret.expose_secret());
    let request = request.header("cookie", &cookie)?;
    Ok(request.hiding(token.secret.clone()).hiding(SecretString::from(cookie)))
}

fn read_batch<O: Operation>(operations: &[O], response: &Response) -> Result<soap::Verdicts<O::Answer>> {
    if let Some(error) = door::of_status(response) {
        return Err(error);
    }
    match soap::read_batch(operations, response.bytes()) {
        Ok(outcome) => outcome.map_err(|fault| error::of(&fault)),
        Err(unreadable) => Err(door::of_unreadable(response, unreadable)),
    }
}

fn succeeded(response: Response) -> Result<Response> {
    match error::of_response(&response) {
        Some(error) => Err(error),
        None => Ok(response),
    }
}

fn fault(code: &str) -> soap::Fault {
    soap::Fault { code: code.to_owned(), ..soap::Fault::default() }
}

#[cfg(test)]
mod tests;
