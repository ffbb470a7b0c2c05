use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tracing::trace;

use super::{Http, Request, Response, failure};
use crate::guard::Attempt;
use crate::{Body, Call, Credential, Error, ErrorKind, Guard, Mailbox, Result, Secret, SignIn, Spool};

/// A client, a guard, and, where the server wants one, the credential of a mailbox. Clones share everything.
#[derive(Debug, Clone)]
pub struct Session {
    http: Http,
    guard: Guard,
    door: Option<(SignIn, Mailbox)>,
}

impl Session {
    /// Without a credential.
    pub fn new(http: Http, guard: Guard) -> Self {
        Self { http, guard, door: None }
    }

    /// The same, with the credential of this mailbox in every request: a token as bearer (RFC 6750), a password as basic
    /// authentication (RFC 7617).
    pub fn signed_in(mut self, sign_in: SignIn, mailbox: Mailbox) -> Self {
        self.door = Some((sign_in, mailbox));
        self
    }

    /// The guard.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Sends a request and gives the answer, when its status is one of success.
    pub async fn send(&self, call: Call, request: &Request) -> Result<Response> {
        self.send_and(call, request, succeeded).await
    }

    /// Sends a request and gives what `read` makes of the answer.
    ///
    /// `read` sees every answer, whatever its status, as a part of the attempt: the guard judges what it returns, and a
    /// refusal of the credential is one. For what it does not know it returns the answer's [`error`](Response::error).
    pub async fn send_and<T>(&self, call: Call, request: &Request, read: impl Fn(Response) -> Result<T>) -> Result<T> {
        self.run(call, request, None, &read).await
    }

    /// As [`send`](Self::send), with the content of the answer in the spool: [`Response::body`].
    pub async fn download(&self, call: Call, request: &Request, spool: &Spool) -> Result<Response> {
        self.download_and(call, request, spool, succeeded).await
    }

    /// As [`send_and`](Self::send_and), with the content of answers of success in the spool. Others come in memory.
    pub async fn download_and<T>(
        &self,
        call: Call,
        request: &Request,
        spool: &Spool,
        read: impl Fn(Response) -> Result<T>,
    ) -> Result<T> {
        self.run(call, request, Some(spool), &read).await
    }

    async fn run<T, R>(&self, call: Call, request: &Request, spool: Option<&Spool>, read: &R) -> Result<T>
    where
        R: Fn(Response) -> Result<T>,
    {
        let Some((sign_in, mailbox)) = &self.door else {
            return self.guard.run(call, |attempt| self.attempt(attempt, request, None, spool, read)).await;
        };
        let with_credential = |credential| {
            let call = call.clone();
            async move {
                let credential = Some(&credential);
                self.guard.run(call, |attempt| self.attempt(attempt, request, credential, spool, read)).await
            }
        };
        sign_in.with(mailbox, with_credential).await
    }

    async fn attempt<T, R>(
        &self,
        attempt: Attempt,
        request: &Request,
        credential: Option<&Credential>,
        spool: Option<&Spool>,
        read: &R,
    ) -> Result<T>
    where
        R: Fn(Response) -> Result<T>,
    {
        let response = self.exchange(&attempt, request, credential, spool).await;
        trace!(guard = %self.guard, number = attempt.number(), ?request, ?response, "exchanged");
        read(response?)
    }

    async fn exchange(
        &self,
        attempt: &Attempt,
        request: &Request,
        credential: Option<&Credential>,
        spool: Option<&Spool>,
    ) -> Result<Response> {
        self.http.check(&request.url)?;
        let mut wire = request.build(attempt);
        if let Some(credential) = credential {
            wire.headers_mut().insert(AUTHORIZATION, authorization(credential)?);
        }
        let sent = self.http.client().execute(wire).await;
        let mut answer = sent.map_err(|error| failure::classify(error, attempt))?;
        attempt.touch();
        // From here on the server has seen the request: no failure is one before it.
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
            _ => response.bytes = read_all(&mut answer, attempt, self.http.settings().largest_answer).await?,
        }
        Ok(response)
    }
}

fn succeeded(response: Response) -> Result<Response> {
    response.error().map_or(Ok(response), Err)
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
    if let Some(credential) = credential {
        match &credential.secret {
            Secret::Token(token) => secrets.push(token.clone()),
            Secret::Password(password) => {
                secrets.extend([password.clone(), SecretString::from(user_pass(credential, password))]);
            }
        }
    }
    secrets
}
