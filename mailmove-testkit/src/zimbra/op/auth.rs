//! Signing in.

use std::fmt::Write;
use std::time::Duration;

use super::{Context, answer};
use crate::zimbra::element::Element;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::state::now;
use crate::zimbra::world::{AccountStatus, Rank};

/// How long a preauth value is good, in ms.
const PREAUTH: i64 = 5 * 60 * 1000;

/// A user, by password, preauth, second factor, or a token that is to be looked at.
pub(super) fn user(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let token = request.value("authToken");
    if let Some(token) = &token
        && request.value("twoFactorCode").is_none()
    {
        let caller = context.world.caller(token)?.clone();
        let life = context.shared.settings.token_life;
        return Ok(told(answer(), token, life, &caller.csrf));
    }
    let name = request.find("account").map(account_of).or_else(|| {
        token.as_ref().and_then(|token| {
            let caller = context.world.caller(token).ok()?;
            Some(context.world.accounts[caller.account].address.clone())
        })
    });
    let name = name.ok_or_else(|| Refusal::invalid("missing required element: account"))?;
    let failed = || Refusal::auth_failed(&name);
    let number = context.world.account(&name).ok_or_else(failed)?;
    let by_preauth = request.find("preauth").is_some();
    let half = token.as_ref().and_then(|token| context.world.caller(token).ok()).is_some_and(|token| token.half);
    let account = &context.world.accounts[number];
    if matches!(account.status, AccountStatus::Locked | AccountStatus::Closed) {
        return Err(failed());
    }
    if account.status == AccountStatus::Maintenance {
        return Err(Refusal::new("account.MAINTENANCE_MODE", format!("account is in maintenance mode: {name}")));
    }
    if by_preauth {
        preauth(context, request, &name, number)?;
    } else if !half && (account.password.is_none() || account.password != request.value("password")) {
        return Err(failed());
    }
    if account_must_change(context, number) && !by_preauth {
        return Err(Refusal::new("account.CHANGE_PASSWORD", format!("must change password: {name}")));
    }
    let life = context.shared.settings.token_life;
    let (text, mut made) = context.world.token(number, life);
    let factor = context.world.accounts[number].second_factor.clone();
    let factor = factor.filter(|_| context.shared.settings.version.has_second_factor() && !by_preauth);
    if let Some(code) = factor {
        match request.value("twoFactorCode") {
            None => {
                made.half = true;
                context.world.tokens.insert(text.clone(), made);
                let answer = told(answer(), &text, Duration::from_secs(3600), &None);
                return Ok(answer.content("twoFactorAuthRequired", true).content("trustedDevicesEnabled", false));
            }
            Some(shown) if shown == code => {}
            Some(_) => {
                let words = format!("two-factor authentication failed for [{name}]");
                return Err(Refusal::new("account.TWO_FACTOR_AUTH_FAILED", words));
            }
        }
    }
    let wanted = context.shared.settings.csrf || request.flag("csrfTokenSecured");
    if wanted && context.shared.settings.version.has_tokens_against_forgery() {
        made.csrf = Some(context.world.word("csrf"));
    }
    let answer = told(answer(), &text, life, &made.csrf).content("skin", "harmony");
    context.world.tokens.insert(text, made);
    Ok(answer)
}

/// An administrator.
pub(super) fn administrator(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    if !context.administrators {
        return Err(Refusal::denied("need admin token"));
    }
    let name = request.value("name").or_else(|| request.find("account").map(account_of));
    let name = name.ok_or_else(|| Refusal::invalid("missing required element: name"))?;
    let number = context.world.account(&name).ok_or_else(|| Refusal::auth_failed(&name))?;
    let account = &context.world.accounts[number];
    if account.password.is_none() || account.password != request.value("password") {
        return Err(Refusal::auth_failed(&name));
    }
    if account.rank == Rank::User {
        return Err(Refusal::denied("not an admin account"));
    }
    if account.status == AccountStatus::MustChangePassword {
        return Err(Refusal::new("account.CHANGE_PASSWORD", format!("must change password: {name}")));
    }
    let life = context.shared.settings.token_life.min(Duration::from_secs(12 * 3600));
    let (text, mut made) = context.world.token(number, life);
    made.admin = true;
    if request.flag("csrfTokenSecured") {
        made.csrf = Some(context.world.word("csrf"));
    }
    let answer = told(answer(), &text, life, &made.csrf);
    context.world.tokens.insert(text, made);
    Ok(answer)
}

/// A token for somebody else's mailbox. The lifetime that is told is the one that was asked for, whatever is given.
pub(super) fn delegate(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let name = request.find("account").map(account_of);
    let name = name.ok_or_else(|| Refusal::invalid("missing required element: account"))?;
    let caller = context.caller.as_ref().map(|caller| caller.account).ok_or_else(Refusal::auth_required)?;
    let number = context.world.account(&name);
    let known = number.filter(|number| context.world.has_right(caller, "adminLoginAs", *number));
    let known = match (known, number) {
        (Some(known), _) => known,
        (None, None) if context.world.accounts[caller].rank == Rank::Global => {
            return Err(Refusal::new("account.NO_SUCH_ACCOUNT", format!("no such account: {name}")));
        }
        _ => return Err(Refusal::denied(format_args!("need right: adminLoginAs for account {name}"))),
    };
    let asked = request.number("duration").and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(3600);
    let asked = Duration::from_secs(asked);
    let (text, mut made) = context.world.token(known, asked.min(context.shared.settings.token_life));
    made.by = Some(caller);
    context.world.tokens.insert(text.clone(), made);
    Ok(told(answer(), &text, asked, &None))
}

fn account_must_change(context: &Context<'_>, number: usize) -> bool {
    context.world.accounts[number].status == AccountStatus::MustChangePassword
}

/// The account that an element names.
fn account_of(element: &Element) -> String {
    element.own_text().trim().to_owned()
}

fn told(answer: Element, token: &str, life: Duration, csrf: &Option<String>) -> Element {
    let life = i64::try_from(life.as_millis()).unwrap_or(i64::MAX);
    let answer = answer.child(Element::new("authToken").text(token)).content("lifetime", life);
    match csrf {
        Some(csrf) => answer.child(Element::new("csrfToken").text(csrf.as_str())),
        None => answer,
    }
}

fn preauth(context: &Context<'_>, request: &Element, name: &str, number: usize) -> Result<(), Refusal> {
    let key = context.shared.settings.preauth_key.as_deref();
    let key = key.ok_or_else(|| Refusal::new("account.AUTH_FAILED", "domain is not configured for preauth"))?;
    let (Some(preauth), Some(account)) = (request.find("preauth"), request.find("account")) else {
        return Err(Refusal::invalid("missing required element: preauth"));
    };
    let time = preauth.number("timestamp").ok_or_else(|| Refusal::invalid("preauth without timestamp"))?;
    if (now() - time).abs() > PREAUTH {
        let words = format!("authentication failed for [{name}], preauth timestamp is too old");
        return Err(Refusal::new("account.AUTH_FAILED", words));
    }
    let expires = preauth.value("expires").unwrap_or_else(|| "0".to_owned());
    let by = account.value("by").unwrap_or_else(|| "name".to_owned());
    let text = format!("{name}|{by}|{expires}|{time}");
    // The octets of the key are those of its text: the hexadecimal digits are not decoded.
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let tag = ring::hmac::sign(&key, text.as_bytes());
    let mut hex = String::new();
    tag.as_ref().iter().for_each(|byte| {
        let _ = write!(hex, "{byte:02x}");
    });
    let status = context.world.accounts[number].status;
    if !hex.eq_ignore_ascii_case(preauth.own_text().trim()) || status != AccountStatus::Active {
        return Err(Refusal::auth_failed(name));
    }
    Ok(())
}
