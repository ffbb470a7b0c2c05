//! A user who signed in once (RFC 6749 §6): what came of it is renewed without them.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use oauth2::{RefreshToken, Scope};
use secrecy::{ExposeSecret, SecretString};

use super::ask::{Form, Parameters, ask, basic};
use super::client::Client;
use super::token::Mint;
use super::wire::{self, Minted, Service, Wire};
use crate::{Call, Error, ErrorKind, Result};

/// What a user's sign-in gave: the right to ask for tokens until it is revoked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Delegated {
    /// What tokens are asked for with. A service may replace it each time.
    pub refresh_token: SecretString,
}

impl Delegated {
    /// A refresh token that was kept.
    pub fn new(refresh_token: SecretString) -> Self {
        Self { refresh_token }
    }

    pub(super) fn of(minted: Minted) -> Result<Self> {
        minted.refresh.map(Self::new).ok_or_else(|| {
            Error::new(ErrorKind::Config, "the sign-in service gave no refresh token, so the sign-in would not last")
                .remedy("ask for the scope offline_access as well")
        })
    }
}

#[derive(Debug)]
pub(super) struct DelegatedGrant {
    pub(super) service: Service,
    pub(super) client: Client,
    pub(super) scopes: Vec<String>,
    pub(super) refresh: Mutex<SecretString>,
}

impl DelegatedGrant {
    pub(super) fn refresh_token(&self) -> SecretString {
        self.refresh.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Mint for DelegatedGrant {
    async fn mint(&self) -> Result<Minted> {
        let minted = ask(&self.service, &self.client, self).await?;
        if let Some(next) = &minted.refresh {
            *self.refresh.lock().unwrap_or_else(PoisonError::into_inner) = next.clone();
        }
        Ok(minted)
    }
}

#[async_trait]
impl Form for DelegatedGrant {
    fn call(&self) -> Call {
        Call::repeatable("refresh token")
    }

    fn secrets(&self) -> Vec<SecretString> {
        vec![self.refresh_token()]
    }

    async fn send(&self, client: &Client, wire: &Wire<'_>, parameters: &Parameters) -> Result<Minted> {
        let (basic, token) = (basic(client), RefreshToken::new(self.refresh_token().expose_secret().to_owned()));
        let mut request = basic.exchange_refresh_token(&token);
        request = request.add_scopes(self.scopes.iter().cloned().map(Scope::new));
        for (name, value) in parameters {
            request = request.add_extra_param(name.clone(), value.expose_secret());
        }
        request.request_async(wire).await.map(wire::minted).map_err(wire::failed)
    }
}
