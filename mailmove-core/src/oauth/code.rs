use std::fmt;

use async_trait::async_trait;
use oauth2::{AuthUrl, AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::ask::{Form, Parameters, ask, basic};
use super::client::Client;
use super::delegated::Delegated;
use super::wire::{self, Minted, Service, Wire};
use crate::http::Http;
use crate::{Call, Error, ErrorKind, Result};

/// A user signs in with a browser that comes back to an address of the host (RFC 6749 §4.1, with PKCE, RFC 7636).
///
/// The host sends the browser to [`address`](Self::address) and calls [`finish`](Self::finish) with what comes back.
pub struct BrowserSignIn {
    service: Service,
    client: Client,
    redirect: RedirectUrl,
    address: Url,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
}

impl BrowserSignIn {
    /// Begins. `redirect` is the address to which the browser comes back, as the application is registered with it. The
    /// scopes should hold `offline_access`, or whatever else the service wants to hear before it gives a refresh token.
    pub fn begin(http: Http, client: Client, redirect: Url, scopes: &[&str]) -> Result<Self> {
        let Some(authorization) = client.authority.authorization.clone() else {
            return Err(Error::new(ErrorKind::Config, "this sign-in service has no page for browsers")
                .remedy("sign in with a device code"));
        };
        let redirect = RedirectUrl::from_url(redirect);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let basic = basic(&client).set_auth_uri(AuthUrl::from_url(authorization)).set_redirect_uri(redirect.clone());
        let (address, state) = basic
            .authorize_url(CsrfToken::new_random)
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        Ok(Self { service: Service::new(http), client, redirect, address, state, verifier })
    }

    /// Where the browser goes.
    pub fn address(&self) -> &Url {
        &self.address
    }

    /// Takes the address with which the browser came back. It is good once.
    pub async fn finish(self, came_back: &Url) -> Result<Delegated> {
        let value =
            |name: &str| came_back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        if value("state").as_deref() != Some(self.state.secret()) {
            return Err(Error::new(ErrorKind::Credential, "this answer is not to the question that was asked")
                .remedy("sign in again, from the beginning"));
        }
        if let Some(code) = value("error") {
            return Err(wire::refused(&code, &value("error_description").unwrap_or_default()));
        }
        let code =
            value("code").ok_or_else(|| Error::new(ErrorKind::Protocol, "the browser came back without a code"))?;
        let form = CodeForm { code, verifier: self.verifier.into_secret(), redirect: self.redirect };
        Delegated::of(ask(&self.service, &self.client, &form).await?)
    }
}

/// Nothing that is good for anything.
impl fmt::Debug for BrowserSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserSignIn").field("client", &self.client).finish_non_exhaustive()
    }
}

struct CodeForm {
    code: String,
    verifier: String,
    redirect: RedirectUrl,
}

#[async_trait]
impl Form for CodeForm {
    fn call(&self) -> Call {
        Call::once("authorization code")
    }

    fn secrets(&self) -> Vec<SecretString> {
        vec![SecretString::from(self.code.clone()), SecretString::from(self.verifier.clone())]
    }

    async fn send(&self, client: &Client, wire: &Wire<'_>, parameters: &Parameters) -> Result<Minted> {
        let basic = basic(client).set_redirect_uri(self.redirect.clone());
        let mut request = basic.exchange_code(AuthorizationCode::new(self.code.clone()));
        request = request.set_pkce_verifier(PkceCodeVerifier::new(self.verifier.clone()));
        for (name, value) in parameters {
            request = request.add_extra_param(name.clone(), value.expose_secret());
        }
        request.request_async(wire).await.map(wire::minted).map_err(wire::failed)
    }
}
