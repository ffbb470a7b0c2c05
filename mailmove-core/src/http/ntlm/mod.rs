//! Passwords by NTLM (\[MS-NLMP\], \[MS-NTHT\]): NTLMv2 with a message integrity code and, over TLS, bound to the server's
//! certificate (RFC 5929, `tls-server-end-point`), which Exchange calls Extended Protection.
//!
//! NTLM signs in a connection, not a request. So the connections here are our own: each belongs to one session, carries
//! one request at a time, and is signed in once.

mod binding;
mod crypto;
mod fields;
mod lane;
mod message;
mod wire;

use std::fmt;
use std::sync::{Mutex, PoisonError};

use secrecy::SecretString;

use super::{Http, Request, Response};
use crate::guard::Attempt;
use crate::{Credential, Error, ErrorKind, Result, Secret, Spool};
use lane::Lane;

/// How many connections wait for more to do at most.
const IDLE: usize = 32;

/// The connections of one session that are signed in and have nothing to do.
#[derive(Default)]
pub(super) struct Lanes(Mutex<Vec<Signed>>);

/// A connection, and as whom it signed in.
struct Signed {
    lane: Lane,
    origin: String,
    login: String,
    generation: u64,
}

impl fmt::Debug for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes").finish_non_exhaustive()
    }
}

impl Lanes {
    /// Sends a request on a connection that is signed in, or signs one in for it.
    pub(super) async fn exchange(
        &self,
        http: &Http,
        attempt: &Attempt,
        request: &Request,
        credential: &Credential,
        spool: Option<&Spool>,
    ) -> Result<Response> {
        http.check(&request.url)?;
        let Secret::Password(password) = &credential.secret else {
            return Err(Error::new(ErrorKind::Bug, "NTLM signs in with passwords only"));
        };
        let origin = request.url.origin().ascii_serialization();
        let secrets = || {
            let mut secrets = request.secrets.clone();
            secrets.push(password.clone());
            secrets
        };
        while let Some(mut signed) = self.take(&origin, credential) {
            // A connection that ended meanwhile took nothing with it.
            if !signed.lane.is_ready().await {
                continue;
            }
            let response = signed.lane.send(attempt, request, None, true, spool, secrets()).await?;
            // The server forgot who is there: it did nothing, and somebody new may ask.
            if response.status.as_u16() == 401 {
                break;
            }
            self.put(signed);
            return Ok(response);
        }
        let (lane, response) = sign_in(http, attempt, request, credential, password, spool, secrets()).await?;
        if response.status.as_u16() != 401
            && let Some(lane) = lane
        {
            let (login, generation) = (credential.login.clone(), credential.generation);
            self.put(Signed { lane, origin, login, generation });
        }
        Ok(response)
    }

    fn take(&self, origin: &str, credential: &Credential) -> Option<Signed> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|signed| signed.login == credential.login && signed.generation == credential.generation);
        let at = idle.iter().rposition(|signed| signed.origin == origin)?;
        Some(idle.remove(at))
    }

    fn put(&self, signed: Signed) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(signed);
        if idle.len() > IDLE {
            idle.remove(0);
        }
    }
}

/// Opens a connection and signs it in; the request travels with the last of the three messages.
async fn sign_in(
    http: &Http,
    attempt: &Attempt,
    request: &Request,
    credential: &Credential,
    password: &SecretString,
    spool: Option<&Spool>,
    secrets: Vec<SecretString>,
) -> Result<(Option<Lane>, Response)> {
    let mut lane = Lane::open(http, &request.url, attempt).await?;
    let mut asked = None;
    for scheme in ["NTLM", "Negotiate"] {
        let hello = message::Negotiate::new();
        let header = wire::authorization(scheme, hello.bytes())?;
        let first = lane.send(attempt, request, Some(header), false, None, secrets.clone()).await?;
        match first.status.as_u16() {
            401 => {}
            // Nobody asked who we are, and what was sent was empty.
            200..=299 => {
                attempt.untouched();
                let error = Error::new(ErrorKind::Protocol, "the server takes requests without a sign-in");
                return Err(error.remedy("check the address: this is no place that NTLM protects"));
            }
            // Busy, broken or elsewhere: the status says so.
            _ => return Ok((None, first)),
        }
        let Some(challenge) = wire::challenge(&first, scheme) else {
            asked = Some(first);
            continue;
        };
        let challenge = message::Challenge::read(&challenge)?;
        let binding = lane.certificate().map(binding::of);
        let answer = message::authenticate(&hello, &challenge, credential, password, &lane.target(), binding);
        let header = wire::authorization(scheme, &answer)?;
        let response = lane.send(attempt, request, Some(header), true, spool, secrets).await?;
        return Ok((Some(lane), response));
    }
    let offered: Vec<&str> = asked.iter().flat_map(|first| first.headers("www-authenticate")).collect();
    Err(Error::new(ErrorKind::Unsupported, "the server offers no NTLM")
        .with("challenges", offered.join(", "))
        .remedy("use a password by basic authentication, or a token, whichever the server offers"))
}

#[cfg(test)]
mod tests;
