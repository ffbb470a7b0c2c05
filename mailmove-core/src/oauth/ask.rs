//! How an application asks for a token: it proves who it is in one way, and in no other.

use async_trait::async_trait;
use oauth2::basic::BasicClient;
use oauth2::{AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, TokenUrl};
use secrecy::{ExposeSecret, SecretString};
use tracing::debug;

use super::client::{Certificates, Client, Proof};
use super::wire::{Minted, Service, Wire};
use crate::{Call, Error, ErrorKind, Result};

/// What names the kind of assertion (RFC 7523 §2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The application as `oauth2` knows it.
pub(super) type Basic = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Names and values that go into the form besides what the grant says.
pub(super) type Parameters = Vec<(String, SecretString)>;

/// One way of asking for a token: what is in the form.
#[async_trait]
pub(super) trait Form: Send + Sync {
    /// What is asked.
    fn call(&self) -> Call;

    /// What in the form is secret, besides the proof.
    fn secrets(&self) -> Vec<SecretString> {
        Vec::new()
    }

    /// Sends the form once.
    async fn send(&self, client: &Client, wire: &Wire<'_>, parameters: &Parameters) -> Result<Minted>;
}

/// Asks once; once more when the service's clock turned out to be another than ours; and by the other certificate when
/// there is one and the service does not know the first.
pub(super) async fn ask(service: &Service, client: &Client, form: &dyn Form) -> Result<Minted> {
    let Proof::Certificates(certificates) = &client.proof else { return send(service, client, form, None).await };
    let mut last = None;
    for at in certificates.order(service.now())? {
        match by_certificate(service, client, certificates, form, at).await {
            Err(error) if is_unknown_client(&error) => {
                debug!(%error, "the service does not take this certificate");
                last = last.or(Some(error));
            }
            outcome => return outcome,
        }
    }
    Err(last.unwrap_or_else(|| Error::new(ErrorKind::Bug, "no certificate was tried")))
}

async fn by_certificate(
    service: &Service,
    client: &Client,
    certificates: &Certificates,
    form: &dyn Form,
    at: usize,
) -> Result<Minted> {
    let believed = service.skew();
    let mut outcome = send(service, client, form, Some(at)).await;
    let refused = matches!(&outcome, Err(error) if error.kind() == ErrorKind::Credential);
    if refused && service.skew() != believed {
        debug!(ahead = service.skew(), "the service's clock is another than ours");
        outcome = send(service, client, form, Some(at)).await;
    }
    if outcome.is_ok() {
        certificates.prefer(at);
    }
    outcome
}

async fn send(service: &Service, client: &Client, form: &dyn Form, certificate: Option<usize>) -> Result<Minted> {
    service
        .guard
        .run(form.call(), |attempt| async move {
            let parameters = parameters(service, client, certificate).await.inspect_err(|_| attempt.untouched())?;
            let mut secrets = form.secrets();
            secrets.extend(parameters.iter().map(|(_, value)| value.clone()));
            if let Proof::Secret(secret) = &client.proof {
                secrets.push(secret.clone());
            }
            let wire = Wire { service, attempt: Some(&attempt), secrets };
            form.send(client, &wire, &parameters).await
        })
        .await
}

/// Made anew for every attempt: an assertion is good once.
async fn parameters(service: &Service, client: &Client, certificate: Option<usize>) -> Result<Parameters> {
    let plain = |(name, value): &(String, String)| (name.clone(), SecretString::from(value.clone()));
    let mut parameters: Parameters = client.authority.parameters.iter().map(plain).collect();
    if let (Proof::Certificates(certificates), Some(at)) = (&client.proof, certificate) {
        let audience = client.authority.token.as_str();
        let assertion = certificates.assertion(at, &client.id, audience, service.now()).await?;
        parameters.push(("client_assertion_type".into(), SecretString::from(JWT_BEARER.to_owned())));
        parameters.push(("client_assertion".into(), assertion));
    }
    Ok(parameters)
}

/// Whether another certificate may be the one that the service knows.
fn is_unknown_client(error: &Error) -> bool {
    error.context().any(|fact| fact == ("error", "invalid_client"))
}

pub(super) fn basic(client: &Client) -> Basic {
    let style = if client.authority.secret_in_header { AuthType::BasicAuth } else { AuthType::RequestBody };
    let basic = BasicClient::new(ClientId::new(client.id.clone()))
        .set_token_uri(TokenUrl::from_url(client.authority.token.clone()))
        .set_auth_type(style);
    match &client.proof {
        Proof::Secret(secret) => basic.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned())),
        _ => basic,
    }
}
