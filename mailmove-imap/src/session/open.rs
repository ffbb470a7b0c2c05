//! The way in, door by door.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_imap::Client;
use bytes::BytesMut;
use mailmove_core::{Credential, Error, ErrorKind, Mailbox, Result, Stage};
use tokio::time::timeout;

use super::compress::{Agreed, compress};
use super::dial;
use super::gate::Gate;
use super::identity::Identity;
use super::mechanism::Place;
use super::sign_in::sign_in;
use super::stream::Stream;
use super::tls::Trust;
use crate::capabilities::Offered;
use crate::config::{ImapConfig, Security};
use crate::engine::Connection;
use crate::error::{dismissed, network, protocol};
use crate::quirks::{Quirks, Seen};
use crate::thrift::Thrift;
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

/// What every connection to a server is opened with.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) config: Arc<ImapConfig>,
    pub(crate) trust: Arc<Trust>,
    pub(crate) thrift: Arc<Thrift>,
}

/// Connects and signs in for one connection more. A refusal means here that it is one too many, whatever the server says:
/// the credential is good on another connection at this moment.
pub(crate) async fn open_spare(server: &Server, who: &Identity) -> Result<Ready> {
    open_any(server, who, &mut Trail::default(), true).await
}

/// Connects and signs in, when no other connection is signed in. A credential is tried as [`SignIn`] says.
///
/// [`SignIn`]: mailmove_core::SignIn
pub(crate) async fn open(server: &Server, who: &Identity, trail: &mut Trail) -> Result<Ready> {
    open_any(server, who, trail, false).await
}

async fn open_any(server: &Server, who: &Identity, trail: &mut Trail, spare: bool) -> Result<Ready> {
    // Without a credential nobody knocks at any door.
    let walked = Mutex::new(Trail { at: Stage::SignIn, ..Trail::default() });
    let attempt = |credential: Credential| {
        let walked = &walked;
        async move {
            let (opened, trail) = loop {
                let mut trail = Trail::default();
                match open_once(server, &who.mailbox, &credential, &mut trail).await {
                    Ok(Some(ready)) => break (Ok(ready), trail),
                    // Without compression from now on.
                    Ok(None) => {}
                    Err(error) => break (Err(error), trail),
                }
            };
            *walked.lock().unwrap_or_else(PoisonError::into_inner) = trail;
            match opened {
                Err(error) if spare && error.kind() == ErrorKind::Credential => Err(one_too_many(error)),
                other => other,
            }
        }
    };
    let opened = who.sign_in.with(&who.mailbox, attempt).await;
    *trail = walked.into_inner().unwrap_or_else(PoisonError::into_inner);
    let again = who.has_been_in();
    if opened.is_ok() {
        who.enters();
    }
    opened.map_err(|error| {
        let gone = matches!(error.kind(), ErrorKind::Network | ErrorKind::Resolve | ErrorKind::Timeout);
        let error = if again && gone { error.remedy(COME_BACK) } else { error };
        error.on(who.mailbox.side).with("server", server.config.url()).with("mailbox", &who.mailbox)
    })
}

/// What to do about a server that was there a moment ago.
const COME_BACK: &str =
    "check that the server still runs and can be reached, then run again: the work goes on where it was";

fn one_too_many(error: Error) -> Error {
    let limit = Error::new(ErrorKind::Unavailable, "the server lets no further connection in");
    error.context().fold(limit, |limit, (name, value)| limit.with(name, value))
}

/// `None`: the server broke off when it was asked to compress. It is not asked again.
async fn open_once(
    server: &Server,
    mailbox: &Mailbox,
    credential: &Credential,
    trail: &mut Trail,
) -> Result<Option<Ready>> {
    let Server { config, trust, thrift } = server;
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
    let seen = Seen { host: &config.host, greeting: &greeting, offered: &offered, id: &[] };
    let place = Place {
        host: &config.host,
        port: config.port,
        protected: config.security != Security::Plain,
        offered: &offered,
        impersonation: Quirks::find(&config.quirks, &seen).and_then(|row| row.impersonation),
    };
    let gate = within(limit, "signing in", sign_in(client, place, mailbox, credential)).await?;
    trail.pass(format!("as {}", credential.login), Stage::Open);
    hand_over(gate, greeting, config, thrift).await
}

/// Takes the stream from async-imap to our own engine.
async fn hand_over(gate: Gate, greeting: String, config: &ImapConfig, thrift: &Thrift) -> Result<Option<Ready>> {
    let limit = config.connect_timeout;
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
    let mut input = BytesMut::with_capacity(received.len().max(4096));
    input.extend_from_slice(&received);
    let agreed = if thrift.wants(offered.has("COMPRESS=DEFLATE")) {
        match within(limit, "COMPRESS", compress(stream, input, thrift)).await {
            Err(error) if thrift.give_up() => {
                tracing::debug!(target: "mailmove::imap", %error, "no compression: the server broke off");
                return Ok(None);
            }
            agreed => agreed?,
        }
    } else {
        let (read, write) = stream.into_halves();
        Agreed { deflated: false, read, write, received: input }
    };
    let (read, write) = thrift.payload(agreed.read, agreed.write);
    let mut connection = Connection::start(read, write, agreed.received, config.idle_timeout);
    connection.deflated = agreed.deflated;
    Ok(Some(Ready { connection, greeting, offered }))
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
