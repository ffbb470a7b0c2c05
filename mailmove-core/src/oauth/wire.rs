//! The way to a sign-in service: the `oauth2` crate speaks, our client carries.

use std::fmt::Display;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use oauth2::basic::BasicTokenResponse;
use oauth2::{
    AsyncHttpClient, ErrorResponseType, HttpRequest, HttpResponse, RequestTokenError, StandardErrorResponse,
    TokenResponse,
};
use reqwest::StatusCode;
use secrecy::SecretString;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::diagnosis::aadsts;
use crate::guard::{Attempt, Limits};
use crate::http::{Http, Request, Response};
use crate::{Call, Error, ErrorKind, Guard, Recovery, Result};

/// Clocks that are apart by less than this are taken as equal, in seconds.
const TOLERATED_SKEW: i64 = 30;

/// A sign-in service as seen from here.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) http: Http,
    pub(super) guard: Guard,
    /// By how many seconds its clock is ahead of ours.
    skew: AtomicI64,
}

impl Service {
    pub(super) fn new(http: Http) -> Self {
        let guard = Guard::new("sign-in service", Limits::new().attempts(4));
        Self { http, guard, skew: AtomicI64::new(0) }
    }

    /// What time it is there.
    pub(super) fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + time::Duration::seconds(self.skew.load(Ordering::Relaxed))
    }

    /// How far its clock is from ours, in seconds.
    pub(super) fn skew(&self) -> i64 {
        self.skew.load(Ordering::Relaxed)
    }

    /// One exchange, as a part of an attempt.
    async fn exchange(&self, attempt: &Attempt, request: &Request) -> Result<Response> {
        let response = self.http.exchange(attempt, request, None, None).await?;
        let date = response.header("date").and_then(|text| OffsetDateTime::parse(text, &Rfc2822).ok());
        if let Some(date) = date {
            let skew = (date - OffsetDateTime::now_utc()).whole_seconds();
            self.skew.store(if skew.abs() > TOLERATED_SKEW { skew } else { 0 }, Ordering::Relaxed);
        }
        Ok(response)
    }
}

/// The client that `oauth2` is given.
pub(super) struct Wire<'a> {
    pub(super) service: &'a Service,
    /// The attempt of which the exchange is a part. Without one, each exchange is a call of its own.
    pub(super) attempt: Option<&'a Attempt>,
    /// What must not be shown of the answer.
    pub(super) secrets: Vec<SecretString>,
}

impl<'c> AsyncHttpClient<'c> for Wire<'_> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.carry(request))
    }
}

impl Wire<'_> {
    async fn carry(&self, request: HttpRequest) -> Result<HttpResponse> {
        let request = Request::from_http(request)?;
        let request = self.secrets.iter().cloned().fold(request, Request::hiding);
        let response = match self.attempt {
            Some(attempt) => self.service.exchange(attempt, &request).await?,
            None => {
                let call = Call::repeatable("sign-in service");
                self.service.guard.run(call, |attempt| self.once(attempt, &request)).await?
            }
        };
        speaks_oauth(&response)?;
        let bytes = if response.status().is_success() { response.bytes().to_vec() } else { response.blotted().into() };
        let mut answer = HttpResponse::new(bytes);
        *answer.status_mut() = response.status();
        if let Some(value) = response.header("content-type").and_then(|value| value.parse().ok()) {
            answer.headers_mut().insert("content-type", value);
        }
        Ok(answer)
    }

    async fn once(&self, attempt: Attempt, request: &Request) -> Result<Response> {
        let response = self.service.exchange(&attempt, request).await?;
        speaks_oauth(&response).map(|()| response)
    }
}

/// Busy and broken services do not speak OAuth: they answer as any web server does. A refusal is JSON.
fn speaks_oauth(response: &Response) -> Result<()> {
    let json = response.header("content-type").is_some_and(|kind| kind.contains("json"));
    let status = response.status();
    let busy = status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::REQUEST_TIMEOUT;
    if status.is_client_error() && json && !busy {
        return Ok(());
    }
    match response.error() {
        // Its status says that it refused something; without JSON nobody knows what.
        Some(error) if status.is_client_error() && !busy => Err(error.with_recovery(Recovery::StopMailbox)),
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// A token as it was handed out.
pub(super) struct Minted {
    pub(super) token: SecretString,
    pub(super) lifetime: Option<Duration>,
    pub(super) refresh: Option<SecretString>,
}

pub(super) fn minted(response: BasicTokenResponse) -> Minted {
    Minted {
        token: SecretString::from(response.access_token().secret().clone()),
        lifetime: response.expires_in(),
        refresh: response.refresh_token().map(|token| SecretString::from(token.secret().clone())),
    }
}

pub(super) fn failed<E>(error: RequestTokenError<Error, StandardErrorResponse<E>>) -> Error
where
    E: ErrorResponseType + AsRef<str> + Display + 'static,
{
    match error {
        RequestTokenError::Request(error) => error,
        RequestTokenError::ServerResponse(refusal) => {
            refused(refusal.error().as_ref(), refusal.error_description().map_or("", String::as_str))
        }
        // The answer itself may hold a token, so it is not shown.
        // What is wrong with JSON names no value; what is wrong with a value may.
        RequestTokenError::Parse(reason, _) if reason.inner().is_syntax() || reason.inner().is_eof() => {
            not_oauth(format!("no JSON: {}", reason.inner()))
        }
        RequestTokenError::Parse(reason, _) => not_oauth(reason.path().to_string()),
        RequestTokenError::Other(reason) => not_oauth(reason),
    }
}

/// A refusal by its code (RFC 6749 §5.2) and text.
pub(super) fn refused(code: &str, description: &str) -> Error {
    let kind = match code {
        "temporarily_unavailable" | "server_error" => ErrorKind::Unavailable,
        "slow_down" => ErrorKind::Throttled,
        "authorization_pending" => ErrorKind::CredentialPending,
        _ => ErrorKind::Credential,
    };
    let mut error = Error::new(kind, "the sign-in service refused").with("error", code);
    if let Some(number) = aadsts::number(description) {
        error = error.with("aadsts", number);
        if let Some(known) = aadsts::lookup(number) {
            error = error.remedy(known.cause.remedies()[0].text);
        }
    }
    // The first line says what happened; the others are ids and times.
    let line = description.lines().next().unwrap_or_default();
    if line.is_empty() { error } else { error.with("answer", line) }
}

pub(super) fn not_oauth(reason: String) -> Error {
    Error::new(ErrorKind::Protocol, "the sign-in service did not answer as one")
        .with("reason", reason)
        .with_recovery(Recovery::StopMailbox)
        .remedy("check the address of the sign-in service")
}
