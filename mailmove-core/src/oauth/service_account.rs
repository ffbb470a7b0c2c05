//! A service account of Google that acts for the users of a domain (RFC 7523 §2.1, domain-wide delegation).

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use oauth2::AsyncHttpClient;
use oauth2::basic::{BasicErrorResponse, BasicTokenResponse};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use url::Url;
use url::form_urlencoded::Serializer;

use super::token::Mint;
use super::wire::{self, Minted, Service, Wire};
use super::{Algorithm, KeySigner, Signer, assertion};
use crate::{Call, Error, ErrorKind, Result};

/// The right to open every mailbox of the domain by IMAP, with every label and without folder limits.
pub const GMAIL_IMAP_ADMIN: &str = "https://www.googleapis.com/auth/gmail.imap_admin";

/// The right to do everything with a mailbox.
pub const GMAIL: &str = "https://mail.google.com/";

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A service account: who it is, and who holds its key.
#[derive(Clone)]
pub struct ServiceAccount {
    email: String,
    key_id: Option<String>,
    token: Url,
    signer: Arc<dyn Signer>,
}

impl ServiceAccount {
    /// One whose key somebody else holds. `token` is where tokens are asked for.
    pub fn new(email: impl Into<String>, key_id: Option<String>, token: Url, signer: Arc<dyn Signer>) -> Self {
        Self { email: email.into(), key_id, token, signer }
    }

    /// From the JSON text of a key file.
    pub fn from_json(text: &SecretString) -> Result<Self> {
        #[derive(Deserialize)]
        struct KeyFile {
            client_email: String,
            private_key: String,
            private_key_id: Option<String>,
            token_uri: Url,
        }
        // What the reader says may quote the file, so it is not passed on.
        let file: KeyFile = serde_json::from_str(text.expose_secret()).map_err(|_| {
            Error::new(ErrorKind::Config, "not the key file of a service account")
                .remedy("give the JSON file that was made for the service account")
        })?;
        let signer = KeySigner::from_pem(SecretString::from(file.private_key).expose_secret())?;
        Ok(Self::new(file.client_email, file.private_key_id, file.token_uri, Arc::new(signer)))
    }

    /// Its address.
    pub fn email(&self) -> &str {
        &self.email
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("email", &self.email).field("token", &self.token.as_str()).finish()
    }
}

/// What all mailboxes of a service account have in common.
#[derive(Debug)]
pub(super) struct Domain {
    pub(super) service: Service,
    pub(super) account: ServiceAccount,
    pub(super) scope: String,
    /// A first token was given: the account and its key are good.
    proven: AtomicBool,
    /// Why none is asked for any more, for anybody.
    refused: Mutex<Option<Error>>,
    turn: tokio::sync::Mutex<()>,
}

impl Domain {
    pub(super) fn new(service: Service, account: ServiceAccount, scope: String) -> Self {
        let (proven, refused) = (AtomicBool::new(false), Mutex::default());
        Self { service, account, scope, proven, refused, turn: tokio::sync::Mutex::default() }
    }

    fn refused(&self) -> Result<()> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }

    async fn ask(&self, user: &str) -> Result<Minted> {
        let believed = self.service.skew();
        let outcome = self.ask_once(user).await;
        if outcome.is_err() && self.service.skew() != believed { self.ask_once(user).await } else { outcome }
    }

    async fn ask_once(&self, user: &str) -> Result<Minted> {
        let call = Call::repeatable("service account");
        self.service
            .guard
            .run(call, |attempt| async move {
                let assertion = self.assertion(user).await?;
                let form = Serializer::new(String::new())
                    .append_pair("grant_type", GRANT_TYPE)
                    .append_pair("assertion", assertion.expose_secret())
                    .finish();
                let request = oauth2::http::Request::post(self.account.token.as_str())
                    .header("content-type", "application/x-www-form-urlencoded")
                    .header("accept", "application/json")
                    .body(form.into_bytes())
                    .map_err(|error| Error::new(ErrorKind::Bug, "cannot make a request").because(error))?;
                let wire = Wire { service: &self.service, attempt: Some(&attempt), secrets: vec![assertion] };
                read(&wire.call(request).await?)
            })
            .await
    }

    async fn assertion(&self, user: &str) -> Result<SecretString> {
        let now = self.service.now().unix_timestamp();
        let mut header = json!({ "alg": "RS256", "typ": "JWT" });
        if let Some(key) = &self.account.key_id {
            header["kid"] = key.as_str().into();
        }
        let claims = json!({
            "iss": self.account.email,
            "sub": user,
            "scope": self.scope,
            "aud": self.account.token.as_str(),
            "iat": now,
            "exp": now + assertion::SERVICE_ACCOUNT_LIFETIME,
        });
        assertion::sign(&header, &claims, self.account.signer.as_ref(), Algorithm::Rs256).await
    }
}

/// Tokens for one user of the domain.
#[derive(Debug)]
pub(super) struct UserGrant {
    pub(super) domain: Arc<Domain>,
    pub(super) user: String,
}

#[async_trait]
impl Mint for UserGrant {
    async fn mint(&self) -> Result<Minted> {
        let domain = &self.domain;
        domain.refused()?;
        // Until the account is known to be good, one asks and the others wait for what comes of it.
        let _turn = match domain.proven.load(Ordering::Relaxed) {
            true => None,
            false => Some(domain.turn.lock().await),
        };
        domain.refused()?;
        let outcome = domain.ask(&self.user).await;
        match &outcome {
            Ok(_) => domain.proven.store(true, Ordering::Relaxed),
            Err(error) if error.kind() == ErrorKind::Credential && !is_about_the_user(error) => {
                *domain.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
            }
            Err(_) => {}
        }
        outcome
    }
}

fn read(answer: &oauth2::HttpResponse) -> Result<Minted> {
    if answer.status().is_success() {
        let token: Result<BasicTokenResponse, _> = serde_json::from_slice(answer.body());
        return token.map(wire::minted).map_err(|_| wire::not_oauth("no token".into()));
    }
    let refusal: BasicErrorResponse =
        serde_json::from_slice(answer.body()).map_err(|_| wire::not_oauth("no refusal".into()))?;
    Err(wire::refused(refusal.error().as_ref(), refusal.error_description().map_or("", String::as_str)))
}

/// Whether others may fare better: the user is unknown or closed, and the account is not.
fn is_about_the_user(error: &Error) -> bool {
    let answer = error.context().find(|(name, _)| *name == "answer").map_or("", |(_, value)| value).to_lowercase();
    ["email", "user id", "account has been", "account is", "disabled"].iter().any(|words| answer.contains(words))
}
