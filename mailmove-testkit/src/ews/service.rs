//! The service: who asks, whether there is room for it, what goes wrong on purpose, what is done.

use std::sync::{Arc, Mutex};

use hyper::{Method, StatusCode};

use super::answer;
use super::autodiscover;
use super::mishap::{Effect, Mishap, busy};
use super::op::Session;
use super::refusal::Refusal;
use super::settings::{Scheme, Settings};
use super::soap::{self, Envelope};
use super::state::{Store, lock};
use super::users::{Caller, Users};
use super::xml::Node;
use crate::http::{Hub, Label, Reply, Request, Service, Turn};
use crate::simulator::Busy;

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) users: Mutex<Users>,
    pub(crate) store: Arc<Mutex<Store>>,
    pub(crate) hub: Arc<Hub<Mishap>>,
    /// Requests that are being worked on, by mailbox.
    pub(crate) busy: Arc<Busy>,
}

/// What a request was found to be.
pub(crate) struct Asked {
    caller: Option<Caller>,
    envelope: Result<Envelope, String>,
    /// What the caller may do, and the mailbox as which it acts; nothing without a caller or an envelope.
    session: Option<Result<(Session, Option<String>), Refusal>>,
}

impl Asked {
    fn mailbox(&self) -> Option<&str> {
        self.session.as_ref()?.as_ref().ok()?.1.as_deref()
    }
}

impl Service for Shared {
    type Mishap = Mishap;
    type Read = Asked;

    fn largest(&self) -> usize {
        self.settings.largest_request()
    }

    fn read(&self, request: &Request) -> (Label, Asked) {
        let caller = request.header("authorization").and_then(|value| self.accepted(value));
        let public = request.header("x-publicfoldermailbox").map(str::to_owned);
        let envelope = soap::read(&request.body).map(|envelope| Envelope { public, ..envelope });
        let session = caller.as_ref().zip(envelope.as_ref().ok()).map(|(caller, envelope)| {
            let impersonation = envelope.header("ExchangeImpersonation");
            lock(&self.users).session(&lock(&self.store), caller, impersonation)
        });
        let asked = Asked { caller, envelope, session };
        let operation = match (autodiscover::operation(&request.path), &asked.envelope) {
            (Some(operation), _) => operation.to_owned(),
            (None, Ok(envelope)) => envelope.body.name.clone(),
            (None, Err(_)) => String::new(),
        };
        let label = Label {
            operation,
            mailbox: asked.mailbox().map(str::to_owned),
            caller: asked.caller.as_ref().map(|caller| caller.name().to_owned()),
            ..Label::default()
        };
        (label, asked)
    }

    fn admit(&self, _: &Request, label: &Label) -> Result<Turn, Reply> {
        let (Some((most, wait)), Some(mailbox)) = (self.settings.concurrency, &label.mailbox) else {
            return Ok(Box::new(()));
        };
        match self.busy.enter(mailbox.clone(), most) {
            Some(place) => Ok(Box::new(place)),
            None => {
                self.hub.log.back_off(Some(mailbox), self.hub.clock.now(), wait);
                Err(answer::soap(Err(busy(wait)), &self.settings, &[]))
            }
        }
    }

    fn answer(&self, request: &Request, asked: Asked, mishaps: Vec<Mishap>) -> Reply {
        let (mut refused, mut effect, mut mistakes) = (None, Effect::default(), Vec::new());
        let back_off = |wait| self.hub.log.back_off(asked.mailbox(), self.hub.clock.now(), wait);
        for mishap in mishaps {
            match mishap {
                Mishap::SoapFault(code) => refused = Some(Refusal::new(&code, "A fault was planted here.")),
                Mishap::Busy { back_off: wait } => {
                    back_off(wait);
                    refused = Some(busy(wait));
                }
                Mishap::BusyInside { back_off: wait } => {
                    back_off(wait);
                    effect.refuse_all = Some(busy(wait));
                }
                Mishap::Refuse(code) => effect.refuse_all = Some(Refusal::new(&code, "An error was planted here.")),
                Mishap::RefuseNth { nth, code } => effect.refuse_nth = Some((nth, code)),
                Mishap::StopBatch { after } => effect.stop_after = Some(after),
                Mishap::ForgetSyncStates => {
                    lock(&self.store).mailboxes.iter_mut().for_each(|mailbox| mailbox.epoch += 1);
                }
                Mishap::Spoil(mistake) => mistakes.push(mistake),
            }
        }
        let result = if let Some(refusal) = refused {
            Err(refusal)
        } else if autodiscover::operation(&request.path).is_some() {
            return autodiscover::answer(self, request, asked.caller.is_some());
        } else if let Some(refused) = self.gate(request, asked.caller.is_some()) {
            return refused;
        } else {
            self.execute(asked, effect)
        };
        answer::soap(result, &self.settings, &mistakes)
    }

    fn planted(&self, status: StatusCode, text: &str) -> Reply {
        match (status, text) {
            (StatusCode::PAYLOAD_TOO_LARGE, "") => {
                answer::html(status, "<html><body>Request Entity Too Large</body></html>")
            }
            _ => answer::html(status, text),
        }
    }
}

impl Shared {
    /// Who the Authorization header belongs to, if its scheme is one of those that are offered.
    fn accepted(&self, value: &str) -> Option<Caller> {
        let scheme = value.split(' ').next().unwrap_or_default().to_ascii_lowercase();
        let offered = self.settings.schemes.iter().any(|offer| match offer {
            Scheme::Basic => scheme == "basic",
            Scheme::Bearer => scheme == "bearer",
            Scheme::Ntlm | Scheme::Negotiate => false,
        });
        lock(&self.users).caller(value).filter(|_| offered)
    }

    /// What is answered before the request is even read.
    fn gate(&self, request: &Request, signed_in: bool) -> Option<Reply> {
        if !request.path.eq_ignore_ascii_case("/ews/exchange.asmx") {
            return Some(answer::html(StatusCode::NOT_FOUND, "<html><body>Not Found</body></html>"));
        }
        if self.settings.disabled {
            return Some(answer::html(StatusCode::FORBIDDEN, "EWS is disabled for this mailbox."));
        }
        if !signed_in {
            return Some(answer::unauthorized(&self.settings));
        }
        if request.method != Method::POST {
            return Some(answer::html(StatusCode::METHOD_NOT_ALLOWED, "<html><body>POST only</body></html>"));
        }
        let kind = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if !kind.starts_with("text/xml") {
            return Some(answer::html(StatusCode::UNSUPPORTED_MEDIA_TYPE, "<html><body>text/xml only</body></html>"));
        }
        None
    }

    fn execute(&self, asked: Asked, effect: Effect) -> Result<Node, Refusal> {
        let envelope = asked.envelope.map_err(|why| Refusal::schema(&why))?;
        let (session, _) = asked.session.ok_or_else(Refusal::denied)??;
        soap::execute(self, &envelope, session, effect)
    }
}
