//! The service: who asks, whether there is room for it, and which operation is meant.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use hyper::StatusCode;
use hyper::header::WWW_AUTHENTICATE;

use super::call::{Answer, Call};
use super::op;
use super::query::Query;
use super::refusal::Refusal;
use super::sessions::Sessions;
use super::settings::Settings;
use super::state::{Mailbox, Store};
use super::target::Target;
use super::throttle::{Full, Throttle};
use super::token;
use super::users::{Caller, Users};
use crate::http::{Hub, Label, Reply, Request, Service, Turn};
use crate::simulator::lock;

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) hub: Arc<Hub>,
    pub(crate) users: Mutex<Users>,
    pub(crate) store: Mutex<Store>,
    pub(crate) sessions: Mutex<Sessions>,
    pub(crate) throttle: Throttle,
    /// `http://127.0.0.1:port`.
    pub(crate) origin: String,
}

/// What a path is, apart from its version.
pub(crate) enum Door {
    Token,
    /// A URL that is its own permission: of an upload or of an import.
    Secret(String),
    Graph(Target),
    Nothing,
}

impl Shared {
    fn door(&self, request: &Request) -> Door {
        let path = request.path.as_str();
        if path.ends_with("/oauth2/v2.0/token") {
            return Door::Token;
        }
        for prefix in ["/v1.0", "/beta"] {
            if let Some(rest) = path.strip_prefix(prefix).filter(|rest| rest.starts_with('/')) {
                return Door::Graph(Target::read(rest));
            }
        }
        match path.strip_prefix("/api/") {
            Some(rest) => Door::Secret(rest.to_owned()),
            None => Door::Nothing,
        }
    }

    fn label(&self, request: &Request, door: &Door) -> Label {
        let method = request.method.as_str();
        match door {
            Door::Token => Label { operation: format!("{method} token"), ..Label::default() },
            Door::Secret(rest) => lock(&self.sessions).label(request, rest),
            Door::Nothing => Label::default(),
            Door::Graph(target) => {
                let caller = self.caller(request).ok();
                let mailbox = caller.as_ref().and_then(|caller| self.owner(target, caller));
                Label {
                    operation: target.operation(method),
                    mailbox: mailbox.map(|mailbox| self.name(mailbox)),
                    caller: caller.map(|caller| caller.name),
                    ..Label::default()
                }
            }
        }
    }

    fn caller(&self, request: &Request) -> Result<Caller, &'static str> {
        lock(&self.users).caller(request.header("authorization"), self.hub.clock.now())
    }

    /// The mailbox that a path and a caller mean.
    pub(crate) fn owner(&self, target: &Target, caller: &Caller) -> Option<usize> {
        let store = lock(&self.store);
        match (target.root.as_str(), &caller.user) {
            ("me", Some(user)) => store.mailbox(user),
            ("users", _) if target.owner.starts_with("MBX:") => store.by_mailbox_id(&target.owner),
            ("users", _) => store.mailbox(&target.owner),
            ("admin/exchange/mailboxes", _) => store.by_mailbox_id(&target.owner),
            _ => None,
        }
    }

    /// The name under which a mailbox is throttled and logged.
    pub(crate) fn name(&self, mailbox: usize) -> String {
        let store = lock(&self.store);
        let mailbox: &Mailbox = &store.mailboxes[mailbox];
        if mailbox.is_archive { format!("archive:{}", mailbox.address) } else { mailbox.address.clone() }
    }

    /// 429, with the time to wait.
    pub(crate) fn full(&self, full: &Full, mailbox: Option<&str>) -> Reply {
        let clock = &self.hub.clock;
        self.hub.log.back_off(mailbox, clock.now(), full.wait);
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "ApplicationThrottled", full.why);
        refused(&refusal).retry_after(clock.outside(full.wait))
    }

    /// Does what a call asks for.
    pub(crate) fn perform(&self, request: &Request, target: Target, caller: Caller) -> Reply {
        let answer = Query::read(&request.query).and_then(|query| {
            let mut call = Call::new(self, request, target, query, caller);
            op::perform(&mut call)
        });
        answer.unwrap_or_else(|refusal| refused(&refusal))
    }
}

/// A refusal as an answer.
pub(crate) fn refused(refusal: &Refusal) -> Reply {
    Reply::of(refusal.status, "application/json", refusal.json().to_string())
}

/// Octets that a request counts with.
pub(crate) fn upload(request: &Request) -> u64 {
    let counts = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
    if counts { request.body.len() as u64 } else { 0 }
}

impl Service for Shared {
    type Mishap = Infallible;
    type Read = Door;

    fn largest(&self) -> usize {
        // An item of 150 MB in base64, and what is around it.
        220 << 20
    }

    fn read(&self, request: &Request) -> (Label, Door) {
        let door = self.door(request);
        (self.label(request, &door), door)
    }

    fn admit(&self, request: &Request, label: &Label) -> Result<Turn, Reply> {
        let (Some(limits), Some(mailbox)) = (&self.settings.limits, &label.mailbox) else { return Ok(Box::new(())) };
        let application = label.caller.as_deref().unwrap_or_default();
        let entered = self.throttle.enter(limits, (application, mailbox), self.hub.clock.now(), upload(request));
        match entered {
            Ok(place) => Ok(Box::new(place)),
            Err(full) => Err(self.full(&full, Some(mailbox))),
        }
    }

    fn answer(&self, request: &Request, door: Door, _: Vec<Infallible>) -> Reply {
        match door {
            Door::Token => token::issue(self, request),
            Door::Secret(rest) => {
                let answer: Answer = op::secret(self, request, &rest);
                answer.unwrap_or_else(|refusal| refused(&refusal))
            }
            Door::Nothing => refused(&Refusal::bad("BadRequest", "Invalid version.")),
            Door::Graph(target) => match self.caller(request) {
                Ok(caller) => self.perform(request, target, caller),
                Err(why) => {
                    let refusal = Refusal::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", why);
                    refused(&refusal).with(WWW_AUTHENTICATE, "Bearer realm=\"\"")
                }
            },
        }
    }

    fn planted(&self, status: StatusCode, text: &str) -> Reply {
        if text.starts_with(['<', '{']) {
            return Reply::of(
                status,
                if text.starts_with('<') { "text/html" } else { "application/json" },
                text.to_owned(),
            );
        }
        let code = match (text, status.as_u16()) {
            ("", 429) => "ApplicationThrottled",
            ("", 503) => "serviceNotAvailable",
            ("", 504) => "UnknownError",
            ("", 413) => "RequestEntityTooLarge",
            ("", 401) => "InvalidAuthenticationToken",
            ("", _) => "generalException",
            (code, _) => code,
        };
        refused(&Refusal::new(status, code, "A fault was planted here."))
    }
}
