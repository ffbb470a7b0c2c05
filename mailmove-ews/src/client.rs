//! One operation, there and back: the request around it, what the answer means, and when to wait.

use std::sync::Arc;
use std::time::Duration;

use mailmove_core::http::{Part, Request, Response, Session};
use mailmove_core::{Call, Error, ErrorKind, Recovery, Result, Spool};
use secrecy::SecretString;
use tracing::warn;
use url::Url;

use crate::config::Passwords;
use crate::cookies::Cookies;
use crate::error;
use crate::wire::envelope::{self, Answer, Fault, Header, Message, Operation};
use crate::wire::version::Version;

/// What answers without a spool of their own may take in memory, in bytes.
const OWN_SPOOL: u64 = 4 << 20;

/// How long a busy server that names no time is left alone.
const USUAL_BACK_OFF: Duration = Duration::from_secs(10);

/// Above this many bytes a bare refusal of a request means its size.
const LARGE: u64 = 20 << 20;

/// After how long without a byte a request has failed: a batch runs for up to a minute.
const IDLE: Duration = Duration::from_secs(120);

/// The web service of one mailbox. Clones share cookies and connections.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    session: Session,
    url: Url,
    header: Header,
    anchor: String,
    /// The mailbox of public folders that is meant.
    public: Option<String>,
    passwords: Passwords,
    cookies: Arc<Cookies>,
    spool: Spool,
}

/// The way to a mailbox of public folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// The address by which the front finds the server.
    pub(crate) anchor: String,
    /// The mailbox, by its address or by its GUID and a domain.
    pub(crate) public: String,
}

/// What the server understands, and a message for each thing asked for.
type Told<P> = (Option<Version>, Vec<Message<P>>);

impl Client {
    /// For the mailbox of this address.
    pub(crate) fn new(session: Session, url: Url, header: Header, anchor: &str) -> Self {
        let (cookies, spool) = (Arc::default(), Spool::new(OWN_SPOOL));
        let (anchor, passwords) = (anchor.to_owned(), Passwords::default());
        Self { session, url, header, anchor, public: None, passwords, cookies, spool }
    }

    /// How long nothing is asked, because the server wants a pause.
    pub(crate) fn paused(&self) -> Option<Duration> {
        self.session.guard().paused()
    }

    /// The same with passwords that travel so.
    pub(crate) fn over(mut self, passwords: Passwords) -> Self {
        self.session = passwords.over(self.session);
        self.passwords = passwords;
        self
    }

    /// The same on another way, with cookies of its own: they belong to one mailbox.
    pub(crate) fn through(&self, route: Route) -> Self {
        Self { anchor: route.anchor, public: Some(route.public), cookies: Arc::default(), ..self.clone() }
    }

    /// The same speaking another version.
    pub(crate) fn speaking(mut self, version: Version) -> Self {
        self.header.version = version;
        self
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn version(&self) -> Version {
        self.header.version
    }

    /// Asks something that changes nothing, and gives one outcome for each of `count` things.
    pub(crate) async fn ask<O: Operation>(&self, operation: &O, count: usize) -> Result<Vec<Result<O::Part>>> {
        self.ask_into(operation, count, &self.spool).await
    }

    /// The same, with what is large in this spool.
    pub(crate) async fn ask_into<O: Operation>(
        &self,
        operation: &O,
        count: usize,
        spool: &Spool,
    ) -> Result<Vec<Result<O::Part>>> {
        let answer = self.call(Call::repeatable(O::NAME), operation, spool).await?;
        Ok(self.outcomes(answer.1, count, Recovery::Retry { after: None }))
    }

    /// As [`ask`](Self::ask) for one thing, with what the server understands.
    pub(crate) async fn probe<O: Operation>(&self, operation: &O) -> Result<(Option<Version>, O::Part)> {
        let (server, messages) = self.call(Call::repeatable(O::NAME), operation, &self.spool).await?;
        let part = self.outcomes(messages, 1, Recovery::Retry { after: None }).swap_remove(0)?;
        Ok((server, part))
    }

    /// Asks about one thing.
    pub(crate) async fn ask_one<O: Operation>(&self, operation: &O) -> Result<O::Part> {
        Ok(self.probe(operation).await?.1)
    }

    /// Does something that must not happen twice, and gives one outcome for each of `count` things.
    pub(crate) async fn perform<O: Operation>(&self, operation: &O, count: usize) -> Result<Vec<Result<O::Part>>> {
        let answer = self.call(Call::once(O::NAME), operation, &self.spool).await?;
        Ok(self.outcomes(answer.1, count, Recovery::Locate))
    }

    async fn call<O: Operation>(&self, call: Call, operation: &O, spool: &Spool) -> Result<Told<O::Part>> {
        let parts = envelope::write(&self.header, operation);
        let large = size(&parts) > LARGE;
        let request = self.request(parts)?;
        let read = |response| self.read(operation, response, spool, large);
        self.session.download_and(call.idle(IDLE), &request, spool, read).await
    }

    fn request(&self, parts: Vec<Part>) -> Result<Request> {
        let mut request = Request::post(self.url.clone())
            .header("accept", "text/xml")?
            .header("client-request-id", &request_id())?
            .header("return-client-request-id", "true")?;
        // An address beyond ASCII cannot stand in a header; the server finds its way without, more slowly.
        if self.anchor.is_ascii() {
            request = request.header("x-anchormailbox", &self.anchor)?;
        }
        if let Some(public) = &self.public {
            request = request.header("x-publicfoldermailbox", public)?;
        }
        if let Some(cookies) = self.cookies.header() {
            request = request.header("cookie", &cookies)?.hiding(SecretString::from(cookies));
        }
        Ok(request.parts("text/xml; charset=utf-8", parts))
    }

    fn read<O: Operation>(
        &self,
        operation: &O,
        response: Response,
        spool: &Spool,
        large: bool,
    ) -> Result<Told<O::Part>> {
        self.cookies.keep(response.headers("set-cookie"));
        let status = response.status().as_u16();
        let answer = match response.body() {
            // What cannot be read to its end may have happened all the same.
            Some(body) => envelope::read(operation, body.reader(), spool)
                .map_err(|error| if error.kind() == ErrorKind::Protocol { doubted(error) } else { error })?,
            None if status == 500 => {
                match envelope::read(operation, std::io::Cursor::new(response.bytes().clone()), spool) {
                    Ok(answer) => answer,
                    Err(_) => return Err(self.refused(&response, large)),
                }
            }
            None => return Err(self.refused(&response, large)),
        };
        self.judge(O::NAME, answer)
    }

    fn refused(&self, response: &Response, large: bool) -> Error {
        refused(response, large, self.passwords)
    }

    fn judge<P>(&self, operation: &str, answer: Answer<P>) -> Result<Told<P>> {
        if answer.replaced > 0 {
            warn!(operation, replaced = answer.replaced, "the answer held characters that XML does not have");
        }
        let messages = answer.outcome.map_err(|Fault(fault)| error::of(&fault))?;
        let busy: Vec<_> = messages.iter().filter(|message| message.verdict.code == "ErrorServerBusy").collect();
        if let Some(first) = busy.first() {
            let wait = busy.iter().filter_map(|message| message.verdict.back_off()).max();
            if busy.len() == messages.len() {
                let error = error::of(&first.verdict);
                let after = Some(wait.unwrap_or(USUAL_BACK_OFF));
                return Err(error.with_recovery(Recovery::Retry { after }));
            }
            self.session.guard().pause(wait.unwrap_or(USUAL_BACK_OFF));
        }
        Ok((answer.server, messages))
    }

    /// One outcome for each thing that was asked for, whatever the server left out.
    fn outcomes<P>(&self, messages: Vec<Message<P>>, count: usize, missing: Recovery) -> Vec<Result<P>> {
        let judged = messages.into_iter().map(|message| match message.verdict.is_error() {
            true => Err(error::of_item(&message.verdict)),
            false => Ok(message.part),
        });
        let silence =
            || Err(Error::new(ErrorKind::Protocol, "the server did not say what became of it").with_recovery(missing));
        judged.chain(std::iter::repeat_with(silence)).take(count).collect()
    }
}

fn size(parts: &[Part]) -> u64 {
    let length = |part: &Part| match part {
        Part::Bytes(bytes) => bytes.len() as u64,
        Part::Body(body) => body.len(),
        Part::Base64(body) => body.len().div_ceil(3) * 4,
        _ => 0,
    };
    parts.iter().map(length).sum()
}

fn doubted(error: Error) -> Error {
    error.with_recovery(Recovery::Locate)
}

/// What an answer without an envelope means.
fn refused(response: &Response, large: bool, passwords: Passwords) -> Error {
    let status = response.status().as_u16();
    let fallback = || Error::new(ErrorKind::Protocol, "the answer is no answer of Exchange").with("status", status);
    let error = response.error().unwrap_or_else(fallback);
    match status {
        400 | 404 if large => {
            Error::new(ErrorKind::TooLarge, "the request is larger than the server takes").with("status", status)
        }
        401 if passwords == Passwords::Basic && only_ntlm(response) => error.remedy(
            "the server takes passwords by NTLM: ask for it (auth=ntlm in the URL), or let it take basic authentication",
        ),
        403 => error.remedy(
            "check that Exchange Web Services are switched on for the organisation and the mailbox, that this \
             application is on the list of those allowed, and that the account has full access or may impersonate",
        ),
        404 => Error::new(ErrorKind::Config, "there is no Exchange Web Service at this address")
            .with("status", status)
            .remedy("check the address; most often it ends in /EWS/Exchange.asmx"),
        _ => error,
    }
}

/// Whether a server that refused a password never takes one in the way in which it was sent.
fn only_ntlm(response: &Response) -> bool {
    let offered = |scheme: &str| {
        response
            .headers("www-authenticate")
            .any(|text| text.split(' ').next().is_some_and(|name| name.eq_ignore_ascii_case(scheme)))
    };
    offered("NTLM") && !offered("Basic")
}

/// A random UUID, for whoever looks for a request in the server's log.
fn request_id() -> String {
    let bits = fastrand::u128(..) & !(0xf << 76) & !(0b11 << 62) | (0x4 << 76) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests;
