//! An application that signs in by itself (RFC 6749 §4.4), by a secret or by an assertion (RFC 7523 §2.2).

use async_trait::async_trait;
use oauth2::Scope;
use secrecy::ExposeSecret;

use super::ask::{Form, Parameters, ask, basic};
use super::client::{Client, Proof};
use super::token::Mint;
use super::wire::{self, Minted, Service, Wire};
use crate::{Call, Error, ErrorKind, Result};

#[derive(Debug)]
pub(super) struct ApplicationGrant {
    pub(super) service: Service,
    pub(super) client: Client,
    pub(super) scopes: Vec<String>,
}

#[async_trait]
impl Mint for ApplicationGrant {
    async fn mint(&self) -> Result<Minted> {
        if matches!(self.client.proof, Proof::Public) {
            return Err(Error::new(ErrorKind::Config, "an application without a secret cannot sign in by itself")
                .remedy("give the application a certificate, or let a user sign in"));
        }
        ask(&self.service, &self.client, self).await
    }
}

#[async_trait]
impl Form for ApplicationGrant {
    fn call(&self) -> Call {
        Call::repeatable("client credentials")
    }

    async fn send(&self, client: &Client, wire: &Wire<'_>, parameters: &Parameters) -> Result<Minted> {
        let basic = basic(client);
        let mut request = basic.exchange_client_credentials();
        request = request.add_scopes(self.scopes.iter().cloned().map(Scope::new));
        for (name, value) in parameters {
            request = request.add_extra_param(name.clone(), value.expose_secret());
        }
        request.request_async(wire).await.map(wire::minted).map_err(wire::failed)
    }
}
