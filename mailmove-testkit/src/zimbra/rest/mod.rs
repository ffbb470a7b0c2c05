//! Mailboxes by their addresses: `/home/ACCOUNT/FOLDER?fmt=...`.

mod export;
mod import;
mod meta;
mod read;
mod tar;
mod target;
mod write;

use hyper::{Method, StatusCode};
use percent_encoding::percent_decode_str;

use super::server::Shared;
use super::service::html;
use super::soap::may_act_as;
use super::state::lock;
use super::trouble::{self, Mishap, Operation};
use super::world::World;
use crate::http::{Reply, Request};

/// A request to a mailbox.
pub(super) struct Visit<'a> {
    pub(super) shared: &'a Shared,
    pub(super) world: &'a mut World,
    pub(super) target: usize,
    /// The path below the account, in clear.
    pub(super) path: String,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) request: &'a Request,
    pub(super) mishaps: Vec<Mishap>,
}

impl Visit<'_> {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What is answered when there is no more to say.
pub(super) type Answered = Result<Reply, Reply>;

/// Answers a request.
pub(crate) fn answer(
    shared: &Shared,
    request: &Request,
    rest: &str,
    token: Option<String>,
    parameters: Vec<(String, String)>,
) -> Reply {
    let mut world = lock(&shared.world);
    let clear = percent_decode_str(rest).decode_utf8_lossy().into_owned();
    let (account, path) = clear.split_once('/').unwrap_or((&clear, ""));
    let basic = request.header("authorization").and_then(|value| basic(&world, value));
    let caller = token.as_ref().and_then(|token| world.caller(token).ok().cloned());
    let signed_in = caller.as_ref().map(|caller| caller.account).or(basic);
    let Some(signed_in) = signed_in.filter(|_| !caller.as_ref().is_some_and(|caller| caller.half)) else {
        return html(StatusCode::UNAUTHORIZED, "must authenticate");
    };
    let target = if account == "~" { Some(signed_in) } else { world.account(account) };
    let Some(target) = target else { return html(StatusCode::NOT_FOUND, "no such account") };
    let allowed = caller.as_ref().map_or(signed_in == target, |caller| may_act_as(&world, caller, target));
    if !allowed {
        return html(StatusCode::FORBIDDEN, "permission denied");
    }
    let forged = caller.as_ref().and_then(|caller| caller.csrf.as_deref());
    if request.method != Method::GET && forged.is_some() && forged != request.header("x-zimbra-csrf-token") {
        return html(StatusCode::UNAUTHORIZED, "must authenticate");
    }
    let format = parameters.iter().find(|(key, _)| key == "fmt").map_or("native", |(_, value)| value.as_str());
    let operation = format!("{} {format}", request.method);
    let address = world.accounts[target].address.clone();
    let mishaps = shared.troubles.decide(&Operation { name: operation, mailbox: Some(address) });
    if mishaps.contains(&Mishap::ExpireToken)
        && let Some(token) = &token
    {
        world.tokens.remove(token);
        return html(StatusCode::UNAUTHORIZED, "must authenticate");
    }
    if let Some(refusal) = trouble::refusal(&mishaps) {
        return html(StatusCode::INTERNAL_SERVER_ERROR, &refusal.code);
    }
    let path = path.trim_end_matches('/').to_owned();
    let mut visit = Visit { shared, world: &mut world, target, path, parameters, request, mishaps };
    let done = match request.method {
        Method::GET | Method::HEAD => read::get(&mut visit),
        Method::POST | Method::PUT => write::post(&mut visit),
        _ => Err(html(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")),
    };
    done.unwrap_or_else(|refused| refused)
}

/// The account of a name and a password.
fn basic(world: &World, value: &str) -> Option<usize> {
    use base64::Engine;
    let packed = value.strip_prefix("Basic ")?;
    let text = base64::engine::general_purpose::STANDARD.decode(packed.trim()).ok()?;
    let text = String::from_utf8(text).ok()?;
    let (name, password) = text.split_once(':')?;
    let number = world.account(name)?;
    (world.accounts[number].password.as_deref() == Some(password)).then_some(number)
}
