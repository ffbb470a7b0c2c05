//! Who may come in: applications with their secrets, and the tokens that were given out.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// An application that is registered in the tenant.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) secrets: Vec<String>,
    pub(crate) roles: Vec<String>,
    /// The certificates with which it may sign assertions.
    pub(crate) keys: Vec<Key>,
}

/// A certificate, as far as it takes to check an assertion.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// SHA-256 of its DER, in base64url.
    pub(crate) thumbprint: String,
    /// Its RSA key in DER (PKCS#1). Without it signatures are not checked.
    pub(crate) public: Option<Vec<u8>>,
}

/// Who a token belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The application's id; the name of the user for a delegated token.
    pub(crate) name: String,
    /// What an application may do; none for a user, who may do all to the own mailbox.
    pub(crate) roles: Option<Vec<String>>,
    /// The user, for a delegated token.
    pub(crate) user: Option<String>,
    /// On the server's clock.
    expires: Option<Duration>,
}

#[derive(Debug, Default)]
pub(crate) struct Users {
    pub(crate) apps: Vec<App>,
    tokens: HashMap<String, Caller>,
    issued: u64,
}

impl Users {
    /// Lets a user in with this token.
    pub(crate) fn add_user_token(&mut self, user: &str, token: &str) {
        let caller = Caller { name: user.to_owned(), roles: None, user: Some(user.to_owned()), expires: None };
        self.tokens.insert(token.to_owned(), caller);
    }

    /// Lets an application in with this token.
    pub(crate) fn add_app_token(&mut self, token: &str, app: &str, roles: &[String]) {
        let caller = Caller { name: app.to_owned(), roles: Some(roles.to_vec()), user: None, expires: None };
        self.tokens.insert(token.to_owned(), caller);
    }

    pub(crate) fn revoke_all(&mut self) {
        self.tokens.clear();
    }

    /// Who an Authorization header belongs to.
    pub(crate) fn caller(&self, header: Option<&str>, now: Duration) -> Result<Caller, &'static str> {
        let token =
            header.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, token)) = token else { return Err("Access token is empty.") };
        let caller = self.tokens.get(token.trim()).ok_or("Access token validation failure.")?;
        match caller.expires.is_some_and(|expires| expires <= now) {
            true => Err("Lifetime validation failed, the token is expired."),
            false => Ok(caller.clone()),
        }
    }

    /// A token for an application, as a JSON web token whose payload can be read.
    pub(crate) fn issue(&mut self, app: &App, tenant: &str, audience: &str, now: Duration, life: Duration) -> String {
        self.issued += 1;
        let issued = time::OffsetDateTime::now_utc().unix_timestamp();
        let payload = json!({
            "aud": audience, "iss": format!("https://sts.windows.net/{tenant}/"), "iat": issued, "nbf": issued,
            "exp": issued + life.as_secs() as i64, "appid": app.id, "idtyp": "app", "roles": app.roles, "tid": tenant,
            "uti": self.issued.to_string(), "ver": "1.0",
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(&json!({"typ": "JWT", "alg": "RS256", "kid": "simulator"}));
        let token = format!("{header}.{}.{}", part(&payload), URL_SAFE_NO_PAD.encode("not signed"));
        let expires = Some(now + life);
        let caller = Caller { name: app.id.clone(), roles: Some(app.roles.clone()), user: None, expires };
        self.tokens.insert(token.clone(), caller);
        token
    }
}

impl Caller {
    /// Whether one of these roles is there; a user has all.
    pub(crate) fn may(&self, roles: &[&str]) -> bool {
        let Some(own) = &self.roles else { return true };
        own.iter().any(|own| roles.iter().any(|role| role.eq_ignore_ascii_case(own)))
    }
}
