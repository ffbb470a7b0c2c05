//! Mails what a batch has to say: a [`Notifier`] over SMTP (RFC 5321), with TLS and a password.
//!
//! ```no_run
//! # fn main() -> Result<(), mailmove_core::Error> {
//! use mailmove_notify::{SmtpNotifier, SmtpSettings};
//!
//! let settings = SmtpSettings::new("smtp.example.org", "Migration <move@example.org>")
//!     .login("move@example.org", std::env::var("SMTP_PASSWORD").unwrap_or_default());
//! let notifier = SmtpNotifier::new(settings)?;
//! # Ok(()) }
//! ```
//!
//! A mail that cannot be sent is an error, which the batch notes and which fails no migration. Nothing is tried twice:
//! whoever is not told finds everything in the report.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod settings;

use std::fmt;

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use mailmove_core::{Error, ErrorKind, Result};
use mailmove_engine::batch::{About, Notice, Notifier, Words};
use secrecy::ExposeSecret;

pub use settings::{Security, SmtpSettings};

/// Sends notices by one mail server.
pub struct SmtpNotifier {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    words: Words,
    host: String,
}

impl SmtpNotifier {
    /// Sends by these settings. Connects with the first mail.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config): the sender is no address, or a certificate is none.
    pub fn new(settings: SmtpSettings) -> Result<Self> {
        let from = address(&settings.from).map_err(|error| error.with("sender", &settings.from))?;
        Ok(Self { transport: settings.transport()?, from, host: settings.host.clone(), words: settings.words })
    }

    fn message(&self, notice: &Notice) -> Result<Message> {
        let (subject, text) = self.words.of(notice);
        // Answers of machines to machines go round in circles (RFC 3834).
        let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        let message = Message::builder()
            .from(self.from.clone())
            .to(address(&notice.address)?)
            .subject(subject)
            .raw_header(automatic)
            .header(ContentType::TEXT_PLAIN);
        message.body(text.expose_secret().to_owned()).map_err(|_| {
            Error::new(ErrorKind::Config, "the mail cannot be written").remedy("check the words of the notices")
        })
    }
}

#[async_trait]
impl Notifier for SmtpNotifier {
    async fn notify(&self, notice: &Notice) -> Result<()> {
        if matches!(&notice.about, About::Asked { link, .. } if link.is_empty()) {
            return Err(Error::new(ErrorKind::Config, "the batch does not know where users answer")
                .remedy("give it the beginning of the links, then ask again"));
        }
        let message = self.message(notice)?;
        let Err(failed) = self.transport.send(message).await else { return Ok(()) };
        let (kind, remedy) = match &failed {
            failed if failed.is_permanent() => (ErrorKind::Refused, "check the sender, the recipient and the login"),
            failed if failed.is_transient() => (ErrorKind::Unavailable, "the mail server is busy: tell them later"),
            failed if failed.is_timeout() => (ErrorKind::Timeout, "check host, port and security of the mail server"),
            failed if failed.is_tls() => (ErrorKind::Tls, "check the certificate and the security of the mail server"),
            _ => (ErrorKind::Network, "check host, port and security of the mail server"),
        };
        let told = Error::new(kind, "the mail could not be sent").with("host", &self.host);
        Err(match failed.status() {
            Some(status) => told.with("answer", status),
            None => told,
        }
        .remedy(remedy)
        .because(failed))
    }
}

impl fmt::Debug for SmtpNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpNotifier").field("host", &self.host).finish_non_exhaustive()
    }
}

fn address(text: &str) -> Result<Mailbox> {
    text.parse().map_err(|_| {
        Error::new(ErrorKind::Config, "this is not an address that mail can go to")
            .remedy("write it as name@domain, or as Name <name@domain>")
    })
}
