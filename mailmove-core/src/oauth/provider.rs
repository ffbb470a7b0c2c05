use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::application::ApplicationGrant;
use super::client::Client;
use super::delegated::{Delegated, DelegatedGrant};
use super::service_account::{Domain, ServiceAccount, UserGrant};
use super::token::TokenCache;
use super::wire::Service;
use crate::http::Http;
use crate::{Access, Credential, CredentialProvider, Mailbox, Result, Secret};
use secrecy::SecretString;

/// Gives tokens that are good now: asked for once per grant, renewed early, replaced when revoked.
///
/// When a sign-in service refuses, that is the end: no mailbox asks again, and nothing else is tried.
pub struct OauthCredentials {
    grant: String,
    login: Option<String>,
    access: Access,
    tokens: Tokens,
}

enum Tokens {
    /// One token opens every mailbox.
    One(Arc<TokenCache>),
    /// One that a user passed on.
    Delegated(Arc<TokenCache>, Arc<DelegatedGrant>),
    /// Each mailbox has its own.
    Each(Arc<Domain>, Mutex<HashMap<String, Arc<TokenCache>>>),
}

impl OauthCredentials {
    /// An application that signs in by itself and opens mailboxes as their owners ([`Access::Impersonate`]).
    pub fn application(http: Http, client: Client, scopes: &[&str]) -> Self {
        let grant = format!("{} at {}", client.id, client.authority);
        let mint = ApplicationGrant { service: Service::new(http), client, scopes: owned(scopes) };
        let tokens = Tokens::One(Arc::new(TokenCache::new(Arc::new(mint))));
        Self { grant, login: None, access: Access::Impersonate, tokens }
    }

    /// A user who signed in with a browser, and opens their own mailbox ([`Access::Owner`]). The login is the mailbox's,
    /// unless [another](Self::signing_in_as) is given.
    pub fn delegated(http: Http, client: Client, delegated: Delegated, scopes: &[&str]) -> Self {
        let grant = format!("a user of {} at {}", client.id, client.authority);
        let refresh = Mutex::new(delegated.refresh_token);
        let mint = Arc::new(DelegatedGrant { service: Service::new(http), client, scopes: owned(scopes), refresh });
        let tokens = Tokens::Delegated(Arc::new(TokenCache::new(mint.clone())), mint);
        Self { grant, login: None, access: Access::Owner, tokens }
    }

    /// A service account of Google that opens mailboxes as their owners ([`Access::Impersonate`]), each with a token of
    /// its own.
    pub fn service_account(http: Http, account: ServiceAccount, scopes: &[&str]) -> Self {
        let grant = account.email().to_owned();
        let domain = Domain::new(Service::new(http), account, scopes.join(" "));
        let tokens = Tokens::Each(Arc::new(domain), Mutex::default());
        Self { grant, login: None, access: Access::Impersonate, tokens }
    }

    /// The same with another access mode.
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// The same for a user who is not the owner of the mailboxes.
    pub fn signing_in_as(mut self, login: impl Into<String>) -> Self {
        self.login = Some(login.into());
        self
    }

    /// The refresh token as it is now, for a host that keeps it: services replace it.
    pub fn refresh_token(&self) -> Option<SecretString> {
        match &self.tokens {
            Tokens::Delegated(_, grant) => Some(grant.refresh_token()),
            _ => None,
        }
    }

    fn cache(&self, mailbox: &Mailbox) -> Arc<TokenCache> {
        match &self.tokens {
            Tokens::One(cache) | Tokens::Delegated(cache, _) => cache.clone(),
            Tokens::Each(domain, caches) => {
                let mut caches = caches.lock().unwrap_or_else(PoisonError::into_inner);
                let user = mailbox.address.clone();
                let make = || {
                    let mint = UserGrant { domain: domain.clone(), user: user.clone() };
                    Arc::new(TokenCache::new(Arc::new(mint)))
                };
                caches.entry(user.clone()).or_insert_with(make).clone()
            }
        }
    }

    fn grant_of(&self, mailbox: &Mailbox) -> String {
        match &self.tokens {
            Tokens::Each(..) => format!("{} for {}", self.grant, mailbox.address),
            _ => self.grant.clone(),
        }
    }
}

#[async_trait]
impl CredentialProvider for OauthCredentials {
    async fn credential(&self, mailbox: &Mailbox) -> Result<Credential> {
        let token = self.cache(mailbox).token().await;
        let token =
            token.map_err(|error| error.on(mailbox.side).with("mailbox", mailbox).with("grant", &self.grant))?;
        let login = match (&self.login, &self.access) {
            (Some(login), _) => login,
            (None, Access::Owner) => mailbox.login_name(),
            (None, _) => &mailbox.address,
        };
        let mut credential = Credential::new(login, Secret::Token(token.secret.clone()));
        credential.grant = self.grant_of(mailbox);
        credential.generation = token.generation;
        credential.expires = token.expires;
        Ok(credential.with_access(self.access.clone()))
    }

    async fn rejected(&self, mailbox: &Mailbox, credential: &Credential) -> Result<()> {
        self.cache(mailbox).rejected(credential.generation);
        Ok(())
    }

    async fn accepted(&self, mailbox: &Mailbox, credential: &Credential) {
        self.cache(mailbox).accepted(credential.generation);
    }
}

impl fmt::Debug for OauthCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OauthCredentials")
            .field("grant", &self.grant)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

fn owned(scopes: &[&str]) -> Vec<String> {
    scopes.iter().map(|scope| (*scope).to_owned()).collect()
}
