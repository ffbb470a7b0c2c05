//! How a mail server is reached.

use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use mailmove_core::{Error, ErrorKind, Result};
use mailmove_engine::batch::Words;
use secrecy::{ExposeSecret, SecretString};

/// How the connection to a mail server is protected. Never less than what is said here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Security {
    /// TLS from the first octet (RFC 8314), port 465.
    #[default]
    Tls,
    /// TLS after STARTTLS (RFC 3207), required, port 587.
    StartTls,
    /// None at all, port 25: for a server on the same machine. Links and passwords can be read on the way.
    DangerPlaintext,
}

/// How mails are sent.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    pub(super) host: String,
    pub(super) from: String,
    pub(super) words: Words,
    port: Option<u16>,
    security: Security,
    login: Option<(String, SecretString)>,
    trust: Vec<Vec<u8>>,
    timeout: Duration,
}

impl SmtpSettings {
    /// By this server, with TLS, from this sender: `name@domain` or `Name <name@domain>`.
    pub fn new(host: impl Into<String>, from: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            from: from.into(),
            words: Words::default(),
            port: None,
            security: Security::default(),
            login: None,
            trust: Vec::new(),
            timeout: Duration::from_secs(30),
        }
    }

    /// At this port instead of the usual one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// With this protection.
    pub fn security(mut self, security: Security) -> Self {
        self.security = security;
        self
    }

    /// Signs in (RFC 4954).
    pub fn login(mut self, name: impl Into<String>, password: impl Into<SecretString>) -> Self {
        self.login = Some((name.into(), password.into()));
        self
    }

    /// Trusts the authorities of this PEM file as well.
    pub fn trust(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.trust.push(pem.into());
        self
    }

    /// In these words.
    pub fn words(mut self, words: Words) -> Self {
        self.words = words;
        self
    }

    /// Waits at most so long for each answer.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub(super) fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>> {
        let (port, tls) = match self.security {
            Security::Tls => (465, Tls::Wrapper(self.tls()?)),
            Security::StartTls => (587, Tls::Required(self.tls()?)),
            Security::DangerPlaintext => (25, Tls::None),
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host)
            .port(self.port.unwrap_or(port))
            .tls(tls)
            .timeout(Some(self.timeout));
        Ok(match &self.login {
            Some((name, password)) => {
                transport.credentials(Credentials::new(name.clone(), password.expose_secret().to_owned())).build()
            }
            None => transport.build(),
        })
    }

    fn tls(&self) -> Result<TlsParameters> {
        let refuse = |_| {
            Error::new(ErrorKind::Config, "a certificate for the mail server cannot be used")
                .with("host", &self.host)
                .remedy("give a PEM file with certificates of authorities, and a host name")
        };
        let mut tls = TlsParameters::builder(self.host.clone());
        for pem in &self.trust {
            tls = tls.add_root_certificate(Certificate::from_pem(pem).map_err(refuse)?);
        }
        tls.build_rustls().map_err(refuse)
    }
}
