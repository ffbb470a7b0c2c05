//! Signing in: one attempt, with one mechanism.

use async_imap::{Authenticator, Client, Session};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use mailmove_core::{Credential, Error, ErrorKind, Mailbox, Result, Secret};

use super::gate::{Gate, PLACEHOLDER};
use super::mechanism::{Mechanism, Place, master_answer, user};
use crate::error::{Asked, dismissed, network, refused};
use crate::wire::{Code, Status};

/// Signs in and gives the stream back. After a refusal nothing else is tried, and nothing weaker above all.
pub(super) async fn sign_in(
    mut client: Client<Gate>,
    place: Place<'_>,
    mailbox: &Mailbox,
    credential: &Credential,
) -> Result<Gate> {
    let with_means = |error: Error| error.with("mechanisms", place.means());
    let mechanism = place.choose(credential).map_err(with_means)?;
    let user = user(mailbox, credential)?;
    let response = place.response(mechanism, mailbox, credential)?;
    client.get_mut().forget_capabilities();
    let outcome = match mechanism {
        Mechanism::Login => {
            client.get_mut().hide(PLACEHOLDER, escaped(&response));
            client.login(&user, PLACEHOLDER).await
        }
        Mechanism::Sasl(name) => {
            let encoded = BASE64.encode(response);
            client.get_mut().hide(BASE64.encode(PLACEHOLDER), encoded.clone());
            client.get_mut().hide(PLACEHOLDER, encoded);
            let at_once = place.offered.sasl_ir;
            let command = if at_once { format!("{name} {PLACEHOLDER}") } else { name.to_owned() };
            let dismissal = if name == "OAUTHBEARER" { "\x01" } else { "" };
            client.authenticate(command, Answers { given: at_once, dismissal }).await
        }
        Mechanism::TrustedApplication => {
            // The mechanism's name goes before its answer, and outside of what is encoded.
            let answer = format!("{} {}", mechanism.name(), BASE64.encode(response));
            client.get_mut().hide(BASE64.encode(PLACEHOLDER), answer);
            client.authenticate(mechanism.name(), Answers { given: false, dismissal: "" }).await
        }
        Mechanism::MasterPassword => {
            // Not a mechanism of SASL, but it goes like one.
            let name = mechanism.name();
            client.get_mut().hide(format!("AUTHENTICATE {name}"), name);
            client.get_mut().answer(BASE64.encode(PLACEHOLDER), move |challenge| master_answer(challenge, &response));
            client.authenticate(name, Answers { given: false, dismissal: "" }).await
        }
    };
    match outcome {
        Ok(session) => match mechanism {
            Mechanism::TrustedApplication => choose(session, format!("LOGIN \"{}\" \"\"", escaped(&user))).await,
            Mechanism::MasterPassword => choose(session, format!("X-SETUSER \"{}\"", escaped(&user))).await,
            _ => Ok(taken(session)),
        },
        Err((error, client)) => Err(with_means(explain(error, client.get_ref(), credential, mechanism))),
    }
}

/// What async-imap sends when the server asks for more: the secret's placeholder once, then the word that ends a failed
/// exchange.
struct Answers {
    given: bool,
    dismissal: &'static str,
}

impl Authenticator for Answers {
    type Response = &'static str;

    fn process(&mut self, _challenge: &[u8]) -> Self::Response {
        if std::mem::replace(&mut self.given, true) { self.dismissal } else { PLACEHOLDER }
    }
}

/// An application is in; now whose mailbox it opens.
async fn choose(mut session: Session<Gate>, command: String) -> Result<Gate> {
    match session.run_command_and_check_ok(command).await {
        Ok(()) => Ok(taken(session)),
        Err(error) => Err(shut_out(error, session.get_ref())),
    }
}

fn taken(mut session: Session<Gate>) -> Gate {
    std::mem::replace(session.get_mut(), Gate::nowhere())
}

/// In a quoted string (RFC 3501 §4.3).
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Somebody is signed in, and may not open this mailbox.
fn shut_out(error: async_imap::error::Error, gate: &Gate) -> Error {
    let error = told(error, gate, Asked::Mailbox);
    match error.kind() {
        ErrorKind::Refused | ErrorKind::Protocol | ErrorKind::Credential => {
            let denied = Error::new(ErrorKind::AccessDenied, "signed in, and not let into this mailbox");
            error.context().fold(denied, |denied, (name, value)| denied.with(name, value))
        }
        _ => error,
    }
}

fn explain(error: async_imap::error::Error, gate: &Gate, credential: &Credential, how: Mechanism) -> Error {
    let refusal = told(error, gate, Asked::SignIn);
    let token = matches!(credential.secret, Secret::Token(_));
    let ran_out = credential.expires.is_some_and(|expires| expires <= time::OffsetDateTime::now_utc());
    let other_kind = match refusal.kind() {
        // What was known to be over says why.
        ErrorKind::Credential if ran_out => Some((ErrorKind::CredentialExpired, "the token has expired")),
        // A password that has expired is no better the second time.
        ErrorKind::CredentialExpired if !token => Some((ErrorKind::Credential, "the password has expired")),
        _ => None,
    };
    let refusal = match other_kind {
        Some((kind, message)) => {
            refusal.context().fold(Error::new(kind, message), |error, (name, value)| error.with(name, value))
        }
        None => refusal,
    };
    refusal.with("login", &credential.login).with("mechanism", how.name())
}

/// What the server said last, or how the connection ended.
fn told(error: async_imap::error::Error, gate: &Gate, asked: Asked) -> Error {
    match &gate.notes().status {
        Some(line) if line.status == Status::Bye => dismissed(line),
        Some(line) if !line.is_ok() => {
            let refusal = refused(line, asked, "sign in");
            match &line.code {
                Some(Code::Named(code)) => refusal.with("code", code),
                _ => refusal,
            }
        }
        _ => match error {
            async_imap::error::Error::Io(error) => network(error, "signing in"),
            other => Error::new(ErrorKind::Network, format!("signing in came to no end: {other}")),
        },
    }
}
