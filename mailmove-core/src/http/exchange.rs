//! One request and its answer, once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::{Http, Request, Response, failure};
use crate::guard::Attempt;
use crate::{Body, Credential, Error, ErrorKind, Result, Secret, Spool};

impl Http {
    /// Sends a request and reads its answer to the end: successes into the spool, when there is one, everything else
    /// into memory.
    pub(crate) async fn exchange(
        &self,
        attempt: &Attempt,
        request: &Request,
        credential: Option<&Credential>,
        spool: Option<&Spool>,
    ) -> Result<Response> {
        self.check(&request.url)?;
        let mut wire = request.build(attempt);
        if let Some(credential) = credential {
            wire.headers_mut().insert(AUTHORIZATION, authorization(credential)?);
        }
        let sent = self.client().execute(wire).await;
        let mut answer = sent.map_err(|error| failure::classify(error, attempt))?;
        attempt.touch();
        let mut response = Response {
            status: answer.status(),
            headers: std::mem::take(answer.headers_mut()),
            bytes: Bytes::new(),
            body: None,
            secrets: secrets(request, credential),
        };
        match spool {
            Some(spool) if response.status.is_success() => {
                response.body = Some(spooled(&mut answer, attempt, spool).await?);
            }
            _ => response.bytes = read_all(&mut answer, attempt, self.settings().largest_answer).await?,
        }
        Ok(response)
    }
}

async fn read_all(answer: &mut reqwest::Response, attempt: &Attempt, largest: u64) -> Result<Bytes> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = next(answer, attempt).await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > largest {
            return Err(Error::new(ErrorKind::Protocol, "the answer is larger than anything that was asked for")
                .with("largest", largest));
        }
    }
    Ok(bytes.freeze())
}

async fn spooled(answer: &mut reqwest::Response, attempt: &Attempt, spool: &Spool) -> Result<Body> {
    let mut writer = spool.writer();
    while let Some(chunk) = next(answer, attempt).await? {
        writer.push(chunk)?;
    }
    writer.finish()
}

async fn next(answer: &mut reqwest::Response, attempt: &Attempt) -> Result<Option<Bytes>> {
    let chunk = answer.chunk().await.map_err(|error| failure::classify(error, attempt))?;
    attempt.touch();
    Ok(chunk)
}

fn authorization(credential: &Credential) -> Result<HeaderValue> {
    let text = match &credential.secret {
        Secret::Token(token) => format!("Bearer {}", token.expose_secret()),
        Secret::Password(_) if credential.login.contains(':') => return Err(cannot_be_sent(credential)),
        Secret::Password(password) => format!("Basic {}", user_pass(credential, password)),
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| cannot_be_sent(credential))?;
    value.set_sensitive(true);
    Ok(value)
}

fn user_pass(credential: &Credential, password: &SecretString) -> String {
    STANDARD.encode(format!("{}:{}", credential.login, password.expose_secret()))
}

fn cannot_be_sent(credential: &Credential) -> Error {
    Error::new(ErrorKind::Config, "the credential holds characters that HTTP cannot carry")
        .with("login", &credential.login)
}

/// Everything that an answer must not be allowed to repeat to people.
fn secrets(request: &Request, credential: Option<&Credential>) -> Vec<SecretString> {
    let mut secrets = request.secrets.clone();
    match credential.map(|credential| (credential, &credential.secret)) {
        Some((_, Secret::Token(token))) => secrets.push(token.clone()),
        Some((credential, Secret::Password(password))) => {
            secrets.extend([password.clone(), SecretString::from(user_pass(credential, password))]);
        }
        None => {}
    }
    secrets
}
