//! The way in, door by door.

use std::future::Future;
use std::time::Duration;

use async_imap::Client;
use bytes::BytesMut;
use mailmove_core::{Error, ErrorKind, Result, Stage};
use tokio::time::timeout;

use super::dial;
use super::gate::Gate;
use super::identity::{Attempt, Identity};
use super::sign_in::sign_in;
use super::stream::Stream;
use super::tls::Trust;
use crate::capabilities::Offered;
use crate::config::{ImapConfig, Security};
use crate::engine::Connection;
use crate::error::{dismissed, network, protocol};
use crate::wire::Status;

/// A connection that is signed in.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) connection: Connection,
    pub(crate) greeting: String,
    pub(crate) offered: Offered,
}

/// Which doors opened on the way, and which one is next.
#[derive(Debug)]
pub(crate) struct Trail {
    pub(crate) passed: Vec<(Stage, String)>,
    pub(crate) at: Stage,
}

impl Default for Trail {
    fn default() -> Self {
        Self { passed: Vec::new(), at: Stage::Resolve }
    }
}

impl Trail {
    /// A door opened; `next` is the one behind it.
    pub(crate) fn pass(&mut self, seen: impl Into<String>, next: Stage) {
        self.passed.push((self.at, seen.into()));
        self.at = next;
    }
}

/// Connects and signs in. A credential that has expired is asked for once more; one that is refused is named to its
/// provider and not tried again, unless it is good on another connection at this moment: then it is the connection that
/// is one too many, whatever the server says.
pub(crate) async fn open_spare(config: &ImapConfig, trust: &Trust, who: &Identity) -> Result<Ready> {
    open_any(config, trust, who, &mut Trail::default(), true).await
}

/// Connects and signs in, as [`open_spare`], when no other connection is signed in.
pub(crate) async fn open(config: &ImapConfig, trust: &Trust, who: &Identity, trail: &mut Trail) -> Result<Ready> {
    open_any(config, trust, who, trail, false).await
}

async fn open_any(config: &ImapConfig, trust: &Trust, who: &Identity, trail: &mut Trail, spare: bool) -> Result<Ready> {
    let side = who.mailbox.side;
    let attempt = who.attempt().await.inspect_err(|_| trail.at = Stage::SignIn)?;
    let generation = (attempt.credential.grant.clone(), attempt.credential.generation);
    let opened = open_once(config, trust, who, attempt, trail, spare).await;
    let opened = match opened {
        Err(error) if error.kind() == ErrorKind::CredentialExpired => {
            let attempt = who.attempt().await?;
            let fresh = (attempt.credential.grant.clone(), attempt.credential.generation) != generation;
            if fresh {
                *trail = Trail::default();
                open_once(config, trust, who, attempt, trail, spare).await
            } else {
                Err(error)
            }
        }
        other => other,
    };
    opened.map_err(|error| error.on(side).with("server", config.url()).with("mailbox", &who.mailbox))
}

async fn open_once(
    config: &ImapConfig,
    trust: &Trust,
    who: &Identity,
    attempt: Attempt,
    trail: &mut Trail,
    spare: bool,
) -> Result<Ready> {
    if config.security == Security::Plain && !config.allow_plaintext {
        return Err(Error::new(ErrorKind::Config, "the connection would be unprotected")
            .remedy("use imaps:// or imap:// with STARTTLS, or allow plain text explicitly"));
    }
    let limit = config.connect_timeout;
    let addresses = dial::resolve(&config.host, config.port, limit).await?;
    trail.pass(addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", "), Stage::Connect);
    let (stream, address) = dial::connect(&addresses, limit).await?;
    let (mut client, greeting) = match config.security {
        Security::Tls => {
            trail.pass(address.to_string(), Stage::Tls);
            let (stream, version) = within(limit, "the TLS handshake", trust.handshake(&config.host, stream)).await?;
            let greeted = greet(Stream::Tls(Box::new(stream)), limit).await?;
            trail.pass(version, Stage::SignIn);
            greeted
        }
        Security::StartTls => {
            let (client, greeting) = greet(Stream::Plain(stream), limit).await?;
            trail.pass(address.to_string(), Stage::Tls);
            let (client, version) = start_tls(client, config, trust).await?;
            trail.pass(version, Stage::SignIn);
            (client, greeting)
        }
        Security::Plain => {
            let greeted = greet(Stream::Plain(stream), limit).await?;
            trail.pass(address.to_string(), Stage::Tls);
            trail.pass("none: plain text was allowed", Stage::SignIn);
            greeted
        }
    };
    let offered = capabilities(&mut client, limit).await?;
    let place = (config.host.as_str(), config.port);
    let protected = config.security != Security::Plain;
    let signing = sign_in(client, &offered, place, &who.mailbox, &attempt.credential, protected);
    let gate = match within(limit, "signing in", signing).await {
        Ok(gate) => gate,
        Err(error) => {
            if error.kind() == ErrorKind::Credential && !spare {
                who.rejected(&attempt.credential).await?;
            }
            return Err(error);
        }
    };
    trail.pass(format!("as {}", attempt.credential.login), Stage::Open);
    attempt.proven();
    hand_over(gate, greeting, config, limit).await
}

/// Takes the stream from async-imap to our own engine.
async fn hand_over(gate: Gate, greeting: String, config: &ImapConfig, limit: Duration) -> Result<Ready> {
    let known = gate.notes().capabilities.clone();
    let (gate, offered) = match known {
        Some(names) => (gate, Offered::new(names)),
        None => {
            let mut client = Client::new(gate);
            let offered = capabilities(&mut client, limit).await?;
            (client.into_inner(), offered)
        }
    };
    let Some((stream, received)) = gate.into_parts() else {
        return Err(Error::new(ErrorKind::Bug, "the stream got lost while signing in"));
    };
    let (read, write) = stream.into_halves();
    let mut input = BytesMut::with_capacity(received.len().max(4096));
    input.extend_from_slice(&received);
    let connection = Connection::start(read, write, input, config.idle_timeout);
    Ok(Ready { connection, greeting, offered })
}

/// Reads the greeting.
async fn greet(stream: Stream, limit: Duration) -> Result<(Client<Gate>, String)> {
    let mut client = Client::new(Gate::new(stream));
    let read = within(limit, "the greeting", async { Ok(client.read_response().await) }).await?;
    match client.get_ref().notes().status.clone() {
        Some(line) if line.status == Status::Ok => Ok((client, line.text)),
        Some(line) if line.status == Status::Preauth => {
            Err(protocol("the server let somebody in without asking who (PREAUTH)")
                .remedy("use a port where the server asks for a user name"))
        }
        Some(line) => Err(dismissed(&line)),
        None => Err(match read {
            Err(error) => network(error, "waiting for the greeting"),
            Ok(_) => Error::new(ErrorKind::Network, "the server hung up without a greeting")
                .remedy("check host and port: 993 is TLS, 143 is STARTTLS"),
        }),
    }
}

async fn start_tls(mut client: Client<Gate>, config: &ImapConfig, trust: &Trust) -> Result<(Client<Gate>, String)> {
    let limit = config.connect_timeout;
    let asked =
        within(limit, "STARTTLS", async { Ok(client.run_command_and_check_ok("STARTTLS", None).await) }).await?;
    if let Err(error) = asked {
        return Err(Error::new(ErrorKind::Tls, "the server refused STARTTLS; nothing was sent unprotected")
            .remedy("use imaps://, or allow plain text explicitly")
            .because(error));
    }
    match client.into_inner().into_parts() {
        Some((Stream::Plain(stream), rest)) if rest.is_empty() => {
            let (stream, version) = within(limit, "the TLS handshake", trust.handshake(&config.host, stream)).await?;
            Ok((Client::new(Gate::new(Stream::Tls(Box::new(stream)))), version))
        }
        // Whoever put bytes behind the OK hopes that they will be taken for protected ones.
        _ => Err(Error::new(ErrorKind::Tls, "somebody added bytes before the encryption began")
            .remedy("use imaps://; the connection may be tampered with")),
    }
}

/// What the server offers, asked only when it did not say so by itself.
async fn capabilities(client: &mut Client<Gate>, limit: Duration) -> Result<Offered> {
    if let Some(names) = &client.get_ref().notes().capabilities {
        return Ok(Offered::new(names.clone()));
    }
    let asked = async { Ok(client.run_command_and_check_ok("CAPABILITY", None).await) };
    let asked = within(limit, "CAPABILITY", asked).await?;
    match (&client.get_ref().notes().capabilities, asked) {
        (Some(names), _) => Ok(Offered::new(names.clone())),
        (None, Err(async_imap::error::Error::Io(error))) => Err(network(error, "asking for capabilities")),
        (None, _) => Err(protocol("the server does not say what it can do")),
    }
}

async fn within<T>(limit: Duration, what: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(limit, work).await.unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::Timeout, format!("{what} took longer than {} seconds", limit.as_secs())))
    })
}
