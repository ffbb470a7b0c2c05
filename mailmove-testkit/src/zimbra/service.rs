//! One port of the server: what is asked where.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use percent_encoding::percent_decode_str;

use super::element::Element;
use super::rest;
use super::server::Shared;
use super::soap::{self, Envelope, Form, Who};
use super::state::lock;
use super::upload;
use crate::http::{Label, Reply, Request, Service, Turn};

/// A port, that of users or that of administrators.
pub(crate) struct Port {
    pub(crate) shared: Arc<Shared>,
    pub(crate) administrators: bool,
}

/// What a path leads to.
enum Place<'a> {
    Soap {
        administrators: bool,
    },
    Upload,
    /// The account, and the path below it.
    Home(&'a str),
    Nowhere,
}

impl Place<'_> {
    fn of(path: &str) -> Place<'_> {
        let below = |prefix: &str| {
            path.strip_prefix(prefix)
                .filter(|rest| rest.is_empty() || rest.starts_with('/'))
                .map(|rest| &rest[rest.len().min(1)..])
        };
        if below("/service/admin/soap").is_some() {
            return Place::Soap { administrators: true };
        }
        if below("/service/soap").is_some() {
            return Place::Soap { administrators: false };
        }
        if below("/service/upload").is_some() {
            return Place::Upload;
        }
        let home = ["/service/home", "/home", "/service/user", "/user"].into_iter().find_map(below);
        home.map_or(Place::Nowhere, Place::Home)
    }
}

/// What a request was found to be.
pub(crate) struct Asked {
    /// What was sent where SOAP is spoken, or why it cannot be read.
    envelope: Option<Result<Envelope, (Form, String)>>,
    /// The token of a cookie or of the query.
    token: Option<String>,
}

impl Service for Port {
    type Mishap = Infallible;
    type Read = Asked;

    fn largest(&self) -> usize {
        // Imports have no limit; that of SOAP is kept when it is read.
        1 << 31
    }

    fn read(&self, request: &Request) -> (Label, Asked) {
        let parameters = parameters(&request.query);
        let mut label = Label { shown: shown(request), ..Label::default() };
        let mut asked = Asked { envelope: None, token: self.token_of(request) };
        let mut token = asked.token.clone();
        match Place::of(&request.path) {
            Place::Soap { .. } => match asked.envelope.insert(Envelope::read(&request.body)) {
                Err(_) => return (label, asked),
                Ok(envelope) => {
                    label.body = Some(without_secrets(&request.body, envelope));
                    token = envelope.token().or(token);
                    label.operation = envelope.body.name.clone();
                    label.mailbox = envelope.account();
                }
            },
            Place::Upload => label.operation = "upload".to_owned(),
            Place::Home(rest) => {
                let format = parameters.iter().find(|(key, _)| key == "fmt").map(|(_, value)| value.as_str());
                label.operation = format!("{} {}", request.method, format.unwrap_or("native"));
                let account =
                    rest.split('/').next().map(|name| percent_decode_str(name).decode_utf8_lossy().into_owned());
                label.mailbox = account.filter(|account| account != "~");
            }
            Place::Nowhere => {}
        }
        let world = lock(&self.shared.world);
        let caller = token.and_then(|token| world.caller(&token).ok().map(|caller| caller.account));
        label.caller = caller.map(|caller| world.accounts[caller].address.clone());
        let named = label.mailbox.as_ref().and_then(|name| world.account(name)).or(caller);
        label.mailbox = named.map(|named| world.accounts[named].address.clone());
        drop(world);
        (label, asked)
    }

    fn admit(&self, _: &Request, label: &Label) -> Result<Turn, Reply> {
        let Some(account) = label.caller.clone() else { return Ok(Box::new(())) };
        if let Some(most) = self.shared.settings.per_second {
            let mut paces = lock(&self.shared.pace);
            let times: &mut VecDeque<Instant> = paces.entry(account.clone()).or_default();
            while times.front().is_some_and(|time| time.elapsed() > Duration::from_secs(1)) {
                times.pop_front();
            }
            if times.len() >= most {
                let wait = Duration::from_secs(1);
                self.shared.hub.log.back_off(label.mailbox.as_deref(), self.shared.hub.clock.now(), wait);
                return Err(self.planted(StatusCode::SERVICE_UNAVAILABLE, ""));
            }
            times.push_back(Instant::now());
        }
        Ok(Box::new(self.shared.busy.enter(account, usize::MAX)))
    }

    fn answer(&self, request: &Request, asked: Asked, _: Vec<Infallible>) -> Reply {
        if let Some(refused) = self.proxy(request, &asked) {
            return refused;
        }
        match Place::of(&request.path) {
            Place::Soap { administrators: true } if !self.administrators => html(StatusCode::NOT_FOUND, "Not Found"),
            Place::Soap { administrators } => self.soap(request, asked, administrators),
            Place::Upload => upload::take(&self.shared, request, asked.token, &parameters(&request.query)),
            Place::Home(rest) => rest::answer(&self.shared, request, rest, asked.token, parameters(&request.query)),
            Place::Nowhere => html(StatusCode::NOT_FOUND, "Not Found"),
        }
    }

    fn planted(&self, status: StatusCode, text: &str) -> Reply {
        if text.starts_with('<') || text.starts_with('{') {
            return Reply::of(status, "text/html; charset=utf-8", text.to_owned());
        }
        html(status, if text.is_empty() { status.canonical_reason().unwrap_or("Error") } else { text })
    }
}

impl Port {
    fn soap(&self, request: &Request, asked: Asked, administrators: bool) -> Reply {
        if request.method != hyper::Method::POST {
            return html(StatusCode::METHOD_NOT_ALLOWED, "HTTP method GET is not supported by this URL");
        }
        let form =
            |form: Form| if form == Form::Json { "text/javascript; charset=utf-8" } else { "text/xml; charset=utf-8" };
        if request.body.len() > self.shared.settings.max_request {
            let why = super::refusal::Refusal::invalid("request size exceeds the limit");
            let text = soap::document(Form::Soap12, soap::fault(Form::Soap12, &why), None);
            return Reply::of(StatusCode::INTERNAL_SERVER_ERROR, form(Form::Soap12), text);
        }
        let envelope = asked.envelope.unwrap_or_else(|| Envelope::read(&request.body));
        let (failed, form, text) = match envelope {
            Err((wanted, why)) => {
                let refusal = super::refusal::Refusal::new("service.PARSE_ERROR", format!("parse error: {why}"));
                (true, form(wanted), soap::document(wanted, soap::fault(wanted, &refusal), None))
            }
            Ok(envelope) => {
                let context = envelope.context.as_ref();
                let csrf = context.and_then(|context| context.value("csrfToken"));
                let csrf = csrf.or_else(|| request.header("x-zimbra-csrf-token").map(str::to_owned));
                let who = Who { token: envelope.token().or(asked.token), csrf };
                let (failed, text) = soap::execute(&self.shared, &envelope, who, administrators);
                (failed, form(envelope.answer), text)
            }
        };
        let status = if failed { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK };
        Reply::of(status, form, text)
    }

    /// The token of a cookie or of the query.
    fn token_of(&self, request: &Request) -> Option<String> {
        let name = if self.administrators { "ZM_ADMIN_AUTH_TOKEN" } else { "ZM_AUTH_TOKEN" };
        let cookies = request.headers.get_all(hyper::header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let cookie = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).next_back();
        cookie.or_else(|| {
            let parameters = parameters(&request.query);
            let value = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            value("zauthtoken").filter(|_| value("auth").is_some_and(|auth| auth.split(',').any(|way| way == "qp")))
        })
    }

    /// What a proxy in front says about requests that it cannot route.
    fn proxy(&self, request: &Request, asked: &Asked) -> Option<Reply> {
        if !self.shared.settings.proxy || self.administrators || asked.token.is_some() {
            return None;
        }
        let needs = match Place::of(&request.path) {
            Place::Soap { .. } => matches!(&asked.envelope, Some(Ok(envelope)) if envelope.token().is_some()),
            Place::Upload | Place::Home(_) => true,
            Place::Nowhere => false,
        };
        needs.then(|| html(StatusCode::BAD_GATEWAY, "502 Bad Gateway (nginx)"))
    }
}

/// A page of the web server.
pub(crate) fn html(status: StatusCode, text: &str) -> Reply {
    let page = format!("<html><head><title>Error {} {text}</title></head><body>{text}</body></html>", status.as_u16());
    Reply::of(status, "text/html; charset=utf-8", page)
}

/// Names and values of a query, in clear.
pub(crate) fn parameters(query: &str) -> Vec<(String, String)> {
    let clear = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (clear(key), clear(value)))
        .collect()
}

/// The path without the tokens in it.
fn shown(request: &Request) -> Option<String> {
    request.query.contains("zauthtoken=").then(|| {
        let hide =
            |pair: &str| if pair.starts_with("zauthtoken=") { "zauthtoken=***".to_owned() } else { pair.to_owned() };
        let query: Vec<String> = request.query.split('&').map(hide).collect();
        format!("{}?{}", request.path, query.join("&"))
    })
}

/// A request's text with `***` for passwords and tokens.
fn without_secrets(body: &[u8], envelope: &Envelope) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(100_000)]).into_owned();
    let mut secrets = Vec::new();
    collect(&envelope.body, &mut secrets);
    envelope.context.iter().for_each(|context| collect(context, &mut secrets));
    secrets.iter().fold(text, |text, secret| text.replace(secret.as_str(), "***"))
}

fn collect(element: &Element, secrets: &mut Vec<String>) {
    for name in ["password", "authToken", "csrfToken", "preauth", "twoFactorCode"] {
        secrets.extend(element.value(name).filter(|secret| !secret.is_empty()));
    }
    element.children.iter().for_each(|child| collect(child, secrets));
}
