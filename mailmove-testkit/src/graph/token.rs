//! The token endpoint: client credentials with a secret or with an assertion.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::StatusCode;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::query::unescaped;
use super::service::Shared;
use super::users::{App, Key};
use crate::http::{Reply, Request};
use crate::simulator::lock;

/// The longest life of an assertion.
const ASSERTION: i64 = 600;

/// What is wrong with a request for a token: the number of the error and its text.
struct Wrong(u32, &'static str, String);

pub(crate) fn issue(shared: &Shared, request: &Request) -> Reply {
    if request.method != "POST" {
        return Reply::empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    match granted(shared, request) {
        Ok(token) => {
            let life = shared.hub.clock.outside(shared.settings.token_lifetime).as_secs().max(1);
            let body =
                json!({"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token});
            Reply::of(StatusCode::OK, "application/json; charset=utf-8", body.to_string())
        }
        Err(Wrong(number, error, text)) => {
            let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
            let body = json!({
                "error": error, "error_description": format!("AADSTS{number}: {text}"), "error_codes": [number],
                "correlation_id": super::state::guid(0xc0de, u64::from(number)),
            });
            Reply::of(status, "application/json; charset=utf-8", body.to_string())
        }
    }
}

fn granted(shared: &Shared, request: &Request) -> Result<String, Wrong> {
    let text = String::from_utf8_lossy(&request.body).into_owned();
    let field = |name: &str| {
        let mut pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(own, _)| *own == name).map(|(_, value)| unescaped(value, true)).unwrap_or_default()
    };
    let tenant = request.path.split('/').nth(1).unwrap_or_default();
    let own = lock(&shared.store).tenant.clone();
    if tenant != own && !tenant.contains('.') {
        return Err(Wrong(90002, "invalid_request", format!("Tenant '{tenant}' not found.")));
    }
    if field("grant_type") != "client_credentials" {
        return Err(Wrong(70003, "unsupported_grant_type", "The grant type is not supported.".to_owned()));
    }
    let scope = field("scope");
    let Some(audience) = scope.strip_suffix("/.default").filter(|audience| audience.contains("://")) else {
        let text = format!("The provided value for the input parameter 'scope' is not valid: '{scope}'.");
        return Err(Wrong(1002012, "invalid_scope", text));
    };
    let mut users = lock(&shared.users);
    let id = field("client_id");
    let built = users.apps.iter().find(|app| app.id == id).cloned().map(Ok);
    let known = built.or_else(|| lock(&shared.store).directory.app(&id, shared.hub.clock.now()));
    let app = match known {
        Some(Ok(app)) => app,
        Some(Err(why)) => {
            let text = format!("The client application {id} {why} {own}.");
            return Err(Wrong(7000229, "unauthorized_client", text));
        }
        None => {
            let text = format!("Application with identifier '{id}' was not found in the directory.");
            return Err(Wrong(700016, "unauthorized_client", text));
        }
    };
    let assertion = field("client_assertion");
    if assertion.is_empty() {
        let secret = field("client_secret");
        if secret.is_empty() || !app.secrets.contains(&secret) {
            let text = "Invalid client secret provided.".to_owned();
            return Err(Wrong(7000215, "invalid_client", text));
        }
    } else {
        let url = format!("{}{}", shared.origin, request.path);
        checked(&app, &assertion, &field("client_assertion_type"), &url)?;
    }
    let (now, life) = (shared.hub.clock.now(), shared.settings.token_lifetime);
    Ok(users.issue(&app, &own, audience, now, life))
}

impl Key {
    /// Whether a message was signed with this key.
    fn signed(&self, pss: bool, message: &str, signature: &str) -> bool {
        let Some(public) = &self.public else { return true };
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        let how = if pss { &RSA_PSS_2048_8192_SHA256 } else { &RSA_PKCS1_2048_8192_SHA256 };
        UnparsedPublicKey::new(how, public).verify(message.as_bytes(), &signature).is_ok()
    }
}

/// Checks an assertion; its signature where the certificate itself is known.
fn checked(app: &App, assertion: &str, kind: &str, url: &str) -> Result<(), Wrong> {
    let wrong = |number, text: &str| Wrong(number, "invalid_client", text.to_owned());
    if kind != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
        return Err(Wrong(900144, "invalid_request", "The client_assertion_type is not valid.".to_owned()));
    }
    let parts: Vec<&str> = assertion.split('.').collect();
    let read = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok()
    };
    let [header, claims, signature] = parts[..] else { return Err(wrong(50027, "The token is malformed.")) };
    let (Some(header), Some(claims)) = (read(header), read(claims)) else {
        return Err(wrong(50027, "The token is malformed."));
    };
    if URL_SAFE_NO_PAD.decode(signature).is_ok_and(|bytes| bytes.len() < 64) {
        return Err(wrong(700027, "Client assertion failed signature validation."));
    }
    if !matches!(header["alg"].as_str(), Some("PS256" | "RS256")) {
        return Err(wrong(5002730, "The algorithm of the client assertion is not supported."));
    }
    let thumbprint = header["x5t#S256"].as_str().or(header["x5t"].as_str());
    let named = header["x5t#S256"].as_str();
    // An older thumbprint than those that are known here may be that of any of them.
    let mut keys = app.keys.iter().filter(|key| named.is_none_or(|named| named == key.thumbprint)).peekable();
    if thumbprint.is_none() || keys.peek().is_none() {
        return Err(wrong(
            700027,
            "The certificate with identifier used to sign the client assertion is not registered.",
        ));
    }
    let message = assertion.rsplit_once('.').map_or("", |(message, _)| message);
    if !keys.any(|key| key.signed(header["alg"] == "PS256", message, signature)) {
        return Err(wrong(700027, "Client assertion failed signature validation."));
    }
    if claims["iss"] != app.id.as_str() || claims["sub"] != app.id.as_str() {
        return Err(wrong(700021, "Client assertion application identifier doesn't match 'client_id' parameter."));
    }
    if claims["aud"] != url {
        return Err(wrong(700023, "Client assertion audience claim does not match."));
    }
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let (from, until) = (claims["nbf"].as_i64().unwrap_or(now), claims["exp"].as_i64().unwrap_or_default());
    if until <= now || until - from > ASSERTION || from > now + 300 || claims["jti"].as_str().is_none() {
        return Err(wrong(700024, "Client assertion is not within its valid time range."));
    }
    Ok(())
}
