//! Arguments that several examples take.

use std::path::PathBuf;

use clap::Args;
use mailmove::{ConnectOptions, EndpointUrl, Error, ErrorKind, Result, Side, Spool};

/// How servers are reached.
#[derive(Debug, Args)]
pub(crate) struct Reach {
    /// Trust the authorities in this PEM file too
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Vec<PathBuf>,
    /// Let a URL ask for a connection without encryption: passwords and mail can be read on the way
    #[arg(long)]
    pub(crate) allow_plaintext: bool,
    /// At most so many connections for one mailbox
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) connections: Option<u16>,
}

impl Reach {
    /// The options for connectors.
    pub(crate) fn options(&self) -> Result<ConnectOptions> {
        let mut options = ConnectOptions::new();
        for file in &self.ca {
            options = options.trust_file(file)?;
        }
        if self.allow_plaintext {
            options = options.allow_plaintext();
        }
        if let Some(connections) = self.connections {
            options = options.connections(connections.into());
        }
        Ok(options)
    }

    /// Reads a URL, and refuses one without encryption that nobody agreed to.
    pub(crate) fn url(&self, text: &str, side: Side) -> Result<EndpointUrl> {
        let url: EndpointUrl = text.parse().map_err(|error: Error| error.on(side))?;
        if url.plain && !self.allow_plaintext {
            let told = Error::new(ErrorKind::Config, "the URL asks for a connection without encryption").on(side);
            let told = told.with("host", &url.host);
            return Err(
                told.remedy("take tls=none or +http off the URL, or add --allow-plaintext if that is all right")
            );
        }
        Ok(url)
    }
}

/// What is told, and how much memory is taken.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Memory for messages on their way, in MiB; what does not fit goes through temporary files
    #[arg(long, value_name = "MIB", default_value_t = 32, value_parser = clap::value_parser!(u64).range(1..=65536))]
    pub(crate) pool: u64,
    #[command(flatten)]
    pub(crate) log: Log,
}

impl Run {
    /// The spool for bodies.
    pub(crate) fn spool(&self) -> Spool {
        Spool::new(self.pool << 20)
    }
}

/// What is told.
#[derive(Debug, Args)]
pub(crate) struct Log {
    /// Log to standard error; more letters say more (-vvv: everything, but no secrets)
    #[arg(short, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Log to standard error by a filter like "info" or "mailmove_imap=trace"
    #[arg(long = "log", value_name = "FILTER")]
    pub(crate) filter: Option<String>,
}

impl Log {
    /// Begins to log.
    pub(crate) fn start(&self) -> Result<(), super::Failure> {
        super::output::log(self.filter.as_deref(), self.verbose)
    }
}
