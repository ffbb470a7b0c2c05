use std::time::Duration;

use oauth2::{DeviceAuthorizationUrl, Scope, StandardDeviceAuthorizationResponse};
use secrecy::SecretString;

use super::ask::basic;
use super::client::{Client, Proof};
use super::delegated::Delegated;
use super::wire::{self, Service, Wire};
use crate::http::Http;
use crate::{Error, ErrorKind, Result};

/// A user signs in with any browser, while this program waits (RFC 8628).
#[derive(Debug)]
pub struct DeviceSignIn {
    service: Service,
    client: Client,
    details: StandardDeviceAuthorizationResponse,
}

impl DeviceSignIn {
    /// Begins. The scopes should hold `offline_access`, or whatever else the service wants to hear before it gives a
    /// refresh token.
    pub async fn begin(http: Http, client: Client, scopes: &[&str]) -> Result<Self> {
        if matches!(client.proof, Proof::Certificates(_)) {
            return Err(Error::new(ErrorKind::Config, "device codes are for applications without a certificate")
                .remedy("register a public application for it, or let the application sign in by itself"));
        }
        let Some(device) = client.authority.device.clone() else {
            return Err(Error::new(ErrorKind::Config, "this sign-in service knows no device codes")
                .remedy("sign in with a browser on this computer"));
        };
        let service = Service::new(http);
        let details = {
            let wire = Wire { service: &service, attempt: None, secrets: Vec::new() };
            let basic = basic(&client).set_device_authorization_url(DeviceAuthorizationUrl::from_url(device));
            let mut request = basic.exchange_device_code();
            request = request.add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())));
            request.request_async(&wire).await.map_err(wire::failed)?
        };
        Ok(Self { service, client, details })
    }

    /// Where the user goes.
    pub fn address(&self) -> &str {
        self.details.verification_uri()
    }

    /// What the user enters there.
    pub fn code(&self) -> &str {
        self.details.user_code().secret()
    }

    /// How long the user may take.
    pub fn patience(&self) -> Duration {
        self.details.expires_in()
    }

    /// Waits for the user. [`ErrorKind::Credential`] when they said no, or took too long.
    pub async fn finish(self) -> Result<Delegated> {
        let mut secrets = vec![SecretString::from(self.details.device_code().secret().clone())];
        if let Proof::Secret(secret) = &self.client.proof {
            secrets.push(secret.clone());
        }
        let wire = Wire { service: &self.service, attempt: None, secrets };
        let basic = basic(&self.client);
        let request = basic.exchange_device_access_token(&self.details);
        let outcome = request.request_async(&wire, tokio::time::sleep, None).await;
        Delegated::of(outcome.map(wire::minted).map_err(wire::failed)?)
    }
}
