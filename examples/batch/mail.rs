//! Mails that the flags ask for, by a mail server.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use mailmove::batch::{BatchBuilder, Notifier};
use mailmove::notify::{Security, SmtpNotifier, SmtpSettings};
use mailmove::{Error, ErrorKind, Result};

use crate::support::args::Reach;

const PASSWORD: &str = "MAILMOVE_SMTP_PASSWORD";

/// How mails are sent.
#[derive(Debug, Args)]
#[command(next_help_heading = "Mails that the flags ask for")]
pub(crate) struct MailArguments {
    /// Send mails by this server, like smtp.example.org or 127.0.0.1:2525
    #[arg(long, value_name = "HOST[:PORT]", requires = "smtp_from")]
    pub(crate) smtp: Option<String>,
    /// The sender: name@example.org, or "Name <name@example.org>"
    #[arg(long, value_name = "ADDRESS", requires = "smtp")]
    smtp_from: Option<String>,
    /// How the connection is protected
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Protection::Tls)]
    smtp_security: Protection,
    /// Sign in under this name; the password comes from MAILMOVE_SMTP_PASSWORD
    #[arg(long, value_name = "NAME", requires = "smtp")]
    smtp_login: Option<String>,
    /// The administrator's address: whom flags 1 and 2 mean
    #[arg(long, value_name = "ADDRESS", requires = "smtp")]
    admin: Option<String>,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Protection {
    /// TLS from the start, usually port 465
    Tls,
    /// TLS after STARTTLS, usually port 587; never without
    Starttls,
    /// None, usually port 25: needs --allow-plaintext, since links can be read on the way
    None,
}

impl MailArguments {
    /// Gives the batch what it needs to send mails, if it shall.
    pub(crate) fn equip(&self, batch: BatchBuilder, reach: &Reach) -> Result<BatchBuilder> {
        let (Some(server), Some(from)) = (&self.smtp, &self.smtp_from) else { return Ok(batch) };
        let batch = batch.notifier(self.notifier(server, from, reach)?);
        Ok(match &self.admin {
            Some(address) => batch.administrator(address),
            None => batch,
        })
    }

    fn notifier(&self, server: &str, from: &str, reach: &Reach) -> Result<Arc<dyn Notifier>> {
        let (host, port) = host_and_port(server)?;
        let security = match self.smtp_security {
            Protection::Tls => Security::Tls,
            Protection::Starttls => Security::StartTls,
            Protection::None if reach.allow_plaintext => Security::DangerPlaintext,
            Protection::None => {
                let told = Error::new(ErrorKind::Config, "mails would be sent without encryption").with("host", host);
                return Err(told.remedy("take --smtp-security none off, or add --allow-plaintext if that is all right"));
            }
        };
        let mut settings = SmtpSettings::new(host, from).security(security);
        if let Some(port) = port {
            settings = settings.port(port);
        }
        for pem in reach.options()?.trust {
            settings = settings.trust(pem);
        }
        if let Some(name) = &self.smtp_login {
            let password = std::env::var(PASSWORD).map_err(|_| {
                Error::new(ErrorKind::Config, "there is no password for the mail server")
                    .with("variable", PASSWORD)
                    .remedy("set the variable, or take --smtp-login off")
            })?;
            settings = settings.login(name, password);
        }
        Ok(Arc::new(SmtpNotifier::new(settings)?))
    }
}

/// `host`, `host:port`, `[::1]:port`.
fn host_and_port(server: &str) -> Result<(&str, Option<u16>)> {
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (server, None),
    };
    let port = port.map(str::parse).transpose().map_err(|_| {
        let told = Error::new(ErrorKind::Config, "the port of the mail server is none").with("server", server);
        told.remedy("write it as HOST:PORT, like smtp.example.org:587")
    })?;
    Ok((host.trim_start_matches('[').trim_end_matches(']'), port))
}
