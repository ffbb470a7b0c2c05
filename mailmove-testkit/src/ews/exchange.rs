//! One request and its answer: who asks, what goes wrong on purpose, what is done, how it is said.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use hyper::{Method, Request, Response, StatusCode};

use super::answer::{Answer, Body, Cut};
use super::autodiscover;
use super::fault::{Action, Effect, busy};
use super::log::LoggedRequest;
use super::refusal::Refusal;
use super::server::Shared;
use super::soap::{self, Envelope};
use super::state::lock;
use super::users::Caller;

/// Answers a request; an error ends the connection without a word.
pub(super) async fn answer(
    shared: Arc<Shared>,
    connection: u64,
    request: Request<Incoming>,
) -> Result<Response<Body>, Cut> {
    let (head, body) = request.into_parts();
    let wants_gzip = header(&head, "accept-encoding").is_some_and(|value| value.contains("gzip"));
    let limit = shared.settings.largest_request();
    let Ok(body) = Limited::new(body, limit).collect().await else {
        let text = "<html><body>Request Entity Too Large</body></html>";
        return Answer::html(StatusCode::PAYLOAD_TOO_LARGE, text).send(&shared, wants_gzip);
    };
    let body = body.to_bytes();
    let caller = header(&head, AUTHORIZATION.as_str()).and_then(|value| accepted(&shared, value));
    let public = header(&head, "x-publicfoldermailbox").map(str::to_owned);
    let envelope = soap::read(&body).map(|envelope| Envelope { public, ..envelope });
    let session = caller.as_ref().zip(envelope.as_ref().ok()).map(|(caller, envelope)| {
        let impersonation = envelope.header("ExchangeImpersonation");
        lock(&shared.users).session(&lock(&shared.store), caller, impersonation)
    });
    let acting = session.as_ref().and_then(|session| session.as_ref().ok()).and_then(|(_, name)| name.clone());
    let mut logged = logged(connection, &head, &body, caller.as_ref(), envelope.as_ref().ok(), acting);
    let discovers = autodiscover::operation(head.uri.path());
    if let Some(operation) = discovers {
        logged.operation = operation.to_owned();
    }
    shared.log.request(logged.clone());
    let actions = shared.faults.decide(&logged);
    if !actions.is_empty() {
        shared.log.fault();
    }
    let mut plan = Plan::default();
    let _turn = match Turn::take(&shared, logged.mailbox.as_deref()) {
        Ok(turn) => turn,
        Err(wait) => {
            let refused = Answer::soap(Err(busy(wait)), shared.settings.version);
            return plan.finish(refused, &shared, wants_gzip);
        }
    };
    tokio::time::sleep(shared.settings.round_trip).await;
    if let Some(early) = plan.prepare(&shared, &logged, actions).await? {
        return plan.finish(early, &shared, wants_gzip);
    }
    if discovers.is_some() {
        let told = autodiscover::answer(&shared, &head, &body, caller.is_some());
        return plan.finish(told, &shared, wants_gzip);
    }
    let refused = gate(&shared, &head, caller.is_some());
    if let Some(refused) = refused {
        return plan.finish(refused, &shared, wants_gzip);
    }
    let work = {
        let (shared, effect) = (shared.clone(), plan.effect.clone());
        move || execute(&shared, envelope, session, effect)
    };
    if let Some(delay) = plan.late {
        shared.spawn_late(async move {
            tokio::time::sleep(delay).await;
            work();
        });
        return Err(Cut);
    }
    let answer = work();
    if plan.lose {
        return Err(Cut);
    }
    plan.finish(answer, &shared, wants_gzip)
}

fn header<'a>(head: &'a hyper::http::request::Parts, name: &str) -> Option<&'a str> {
    head.headers.get(name).and_then(|value| value.to_str().ok())
}

/// Who the Authorization header belongs to, if its scheme is one of those that are offered.
fn accepted(shared: &Shared, value: &str) -> Option<Caller> {
    use super::settings::Scheme;
    let scheme = value.split(' ').next().unwrap_or_default().to_ascii_lowercase();
    let offered = shared.settings.schemes.iter().any(|offer| match offer {
        Scheme::Basic => scheme == "basic",
        Scheme::Bearer => scheme == "bearer",
        Scheme::Ntlm | Scheme::Negotiate => false,
    });
    lock(&shared.users).caller(value).filter(|_| offered)
}

/// What is answered before the request is even read.
fn gate(shared: &Shared, head: &hyper::http::request::Parts, signed_in: bool) -> Option<Answer> {
    let settings = &shared.settings;
    if !head.uri.path().eq_ignore_ascii_case("/ews/exchange.asmx") {
        return Some(Answer::html(StatusCode::NOT_FOUND, "<html><body>Not Found</body></html>"));
    }
    if settings.disabled {
        return Some(Answer::html(StatusCode::FORBIDDEN, "EWS is disabled for this mailbox."));
    }
    if !signed_in {
        let mut answer = Answer::html(StatusCode::UNAUTHORIZED, "");
        let challenges = settings.schemes.iter().map(|scheme| (WWW_AUTHENTICATE, scheme.challenge().to_owned()));
        answer.headers.extend(challenges);
        return Some(answer);
    }
    if head.method != Method::POST {
        return Some(Answer::html(StatusCode::METHOD_NOT_ALLOWED, "<html><body>POST only</body></html>"));
    }
    let kind = header(head, "content-type").unwrap_or_default().to_ascii_lowercase();
    if !kind.starts_with("text/xml") {
        return Some(Answer::html(StatusCode::UNSUPPORTED_MEDIA_TYPE, "<html><body>text/xml only</body></html>"));
    }
    None
}

fn execute(
    shared: &Shared,
    envelope: Result<Envelope, String>,
    session: Option<Result<(super::op::Session, Option<String>), Refusal>>,
    effect: Effect,
) -> Answer {
    let result = match (envelope, session) {
        (Err(why), _) => Err(Refusal::schema(&why)),
        (Ok(_), None) => Err(Refusal::denied()),
        (Ok(_), Some(Err(refusal))) => Err(refusal),
        (Ok(envelope), Some(Ok((session, _)))) => soap::execute(shared, &envelope, session, effect),
    };
    Answer::soap(result, shared.settings.version)
}

fn logged(
    connection: u64,
    head: &hyper::http::request::Parts,
    body: &Bytes,
    caller: Option<&Caller>,
    envelope: Option<&Envelope>,
    mailbox: Option<String>,
) -> LoggedRequest {
    let secret = |name: &str| matches!(name, "authorization" | "cookie" | "proxy-authorization");
    let headers = head.headers.iter().map(|(name, value)| {
        let value = if secret(name.as_str()) {
            "***".to_owned()
        } else {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        (name.as_str().to_owned(), value)
    });
    LoggedRequest {
        connection,
        at: Instant::now(),
        caller: caller.map(|caller| caller.name().to_owned()),
        mailbox,
        operation: envelope.map(|envelope| envelope.body.name.clone()).unwrap_or_default(),
        version: envelope.and_then(Envelope::version).map(str::to_owned),
        headers: headers.collect(),
        envelope: String::from_utf8_lossy(&body[..body.len().min(100_000)]).into_owned(),
        size: body.len(),
    }
}

/// A place among the requests that a mailbox may have at the same time.
struct Turn<'a>(&'a Shared, Option<String>);

impl<'a> Turn<'a> {
    /// A place, or how long to wait for one.
    fn take(shared: &'a Shared, mailbox: Option<&str>) -> Result<Self, std::time::Duration> {
        let (Some((most, wait)), Some(mailbox)) = (shared.settings.concurrency, mailbox) else {
            return Ok(Self(shared, None));
        };
        let mut busy_mailboxes = lock(&shared.busy);
        let count = busy_mailboxes.entry(mailbox.to_owned()).or_default();
        if *count >= most {
            shared.log.back_off(Some(mailbox), wait);
            return Err(wait);
        }
        *count += 1;
        Ok(Self(shared, Some(mailbox.to_owned())))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(mailbox) = &self.1
            && let Some(count) = lock(&self.0.busy).get_mut(mailbox)
        {
            *count -= 1;
        }
    }
}

/// What the faults of one request come to.
#[derive(Default)]
struct Plan {
    effect: Effect,
    lose: bool,
    late: Option<std::time::Duration>,
    after: Vec<Action>,
}

impl Plan {
    /// Does what comes first; the answer, when the request is not executed.
    async fn prepare(
        &mut self,
        shared: &Shared,
        logged: &LoggedRequest,
        actions: Vec<Action>,
    ) -> Result<Option<Answer>, Cut> {
        let mut answer = None;
        let version = shared.settings.version;
        for action in actions {
            match action {
                Action::Status { code, retry_after, body } => {
                    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                    let mut refused = Answer::html(status, &body);
                    if let Some(wait) = retry_after {
                        refused.headers.push((hyper::header::RETRY_AFTER, wait.as_secs().to_string()));
                        shared.log.back_off(logged.mailbox.as_deref(), wait);
                    }
                    answer = Some(refused);
                }
                Action::SoapFault(code) => {
                    answer = Some(Answer::soap(Err(Refusal::new(&code, "A fault was planted here.")), version));
                }
                Action::Busy { back_off } => {
                    shared.log.back_off(logged.mailbox.as_deref(), back_off);
                    answer = Some(Answer::soap(Err(busy(back_off)), version));
                }
                Action::BusyInside { back_off } => {
                    shared.log.back_off(logged.mailbox.as_deref(), back_off);
                    self.effect.refuse_all = Some(busy(back_off));
                }
                Action::Refuse(code) => {
                    self.effect.refuse_all = Some(Refusal::new(&code, "An error was planted here."));
                }
                Action::RefuseNth { nth, code } => self.effect.refuse_nth = Some((nth, code)),
                Action::StopBatch { after } => self.effect.stop_after = Some(after),
                Action::CutBefore => return Err(Cut),
                Action::LoseAnswer => self.lose = true,
                Action::CommitLate(delay) => self.late = Some(delay),
                Action::Stall => match std::future::pending::<Infallible>().await {},
                Action::Wait(time) => tokio::time::sleep(time).await,
                Action::ForgetSyncStates => {
                    lock(&shared.store).mailboxes.iter_mut().for_each(|mailbox| mailbox.epoch += 1);
                }
                Action::CutOutput { .. } | Action::Slow { .. } | Action::Mutate(_) | Action::Replace(..) => {
                    self.after.push(action);
                }
            }
        }
        Ok(answer)
    }

    /// Spoils the answer and sends it.
    fn finish(&self, mut answer: Answer, shared: &Shared, gzip: bool) -> Result<Response<Body>, Cut> {
        for action in &self.after {
            match action {
                Action::Mutate(mutation) => answer.mutate(*mutation),
                Action::Replace(from, to) => answer.replacements.push((from.clone(), to.clone())),
                Action::CutOutput { after } => answer.cut = Some(*after),
                Action::Slow { chunk, delay } => answer.slow = Some((*chunk, *delay)),
                _ => {}
            }
        }
        answer.send(shared, gzip)
    }
}
