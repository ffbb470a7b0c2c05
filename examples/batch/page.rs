//! The page behind the links, and where the answers are kept.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use mailmove::batch::{Batch, BatchBuilder, MemorySecrets, SealedSecrets, SealingKey, SecretStore};
use mailmove::portal::Portal;
use mailmove::{Error, ErrorKind, Result, Stop};
use tokio::net::TcpListener;
use url::Url;

use crate::support::{args::Reach, say};

const KEY: &str = "MAILMOVE_SECRETS_KEY";

/// Where users answer.
#[derive(Debug, Args)]
#[command(next_help_heading = "Asking users (flags 192 and 768)")]
pub(crate) struct PageArguments {
    /// Serve the page behind the links here, like 127.0.0.1:8080: plain HTTP, for a proxy that adds TLS. The program then
    /// works until every mailbox is at its end, or Ctrl-C
    #[arg(long, value_name = "ADDR:PORT", requires = "public_url", requires = "smtp")]
    pub(crate) portal: Option<SocketAddr>,
    /// How users reach that page: https://move.example.org/answer/
    #[arg(long, value_name = "URL", requires = "portal")]
    public_url: Option<Url>,
    /// How long a link can be used
    #[arg(long, value_name = "HOURS", default_value_t = 168, value_parser = clap::value_parser!(u64).range(1..=8760))]
    link_hours: u64,
    /// Ask those who have not answered yet again: a new mail with a new link, the old one is void
    #[arg(long)]
    pub(crate) ask_again: bool,
    /// Keep what users answer in this file, sealed with the key in MAILMOVE_SECRETS_KEY (64 hexadecimal digits); otherwise
    /// it is forgotten when the program ends, and users are asked again
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
}

impl PageArguments {
    /// Where answers are kept.
    pub(crate) fn store(&self) -> Result<Arc<dyn SecretStore>> {
        Ok(match &self.secrets {
            Some(file) => Arc::new(SealedSecrets::open(file, key(file)?)?),
            None => Arc::new(MemorySecrets::new()),
        })
    }

    /// Tells the batch where users answer.
    pub(crate) fn equip(&self, batch: BatchBuilder, reach: &Reach) -> Result<BatchBuilder> {
        let Some(url) = &self.public_url else { return Ok(batch) };
        let at_home = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.scheme() != "https" && !at_home && !reach.allow_plaintext {
            let told = Error::new(ErrorKind::Config, "users would send passwords without encryption").with("url", url);
            return Err(told.remedy("give an https URL, or add --allow-plaintext if that is all right"));
        }
        let link = format!("{}/", url.as_str().trim_end_matches('/'));
        Ok(batch.requests(link, Duration::from_secs(self.link_hours * 3600)))
    }

    /// Opens the door behind which the page is, if it shall be served.
    pub(crate) async fn listen(&self) -> Result<Option<TcpListener>> {
        let Some(address) = self.portal else { return Ok(None) };
        let told = |error| {
            let told = Error::new(ErrorKind::Config, "nothing can be served at this address").with("address", address);
            told.because(error).remedy("give --portal another address or port")
        };
        let listener = TcpListener::bind(address).await.map_err(told)?;
        say!("the page for users is served at {address}");
        Ok(Some(listener))
    }

    /// Serves the page while the batch works.
    pub(crate) async fn serve(&self, batch: &Batch, listener: TcpListener) -> Result<()> {
        let path = self.public_url.as_ref().map_or("/", Url::path);
        // All users come by the proxy: it limits each of them.
        Portal::new(batch.clone()).per_minute(600).serve(listener, path).await
    }
}

/// Ends when something in the batch changed, when a mailbox goes on by itself, or when somebody stops the program.
pub(crate) async fn something_happens(batch: &Batch, changed: &tokio::sync::Notify, stop: &Stop) {
    let next = batch.summary().await.next.map(|at| at - time::OffsetDateTime::now_utc());
    let next = next.map(|wait| Duration::try_from(wait).unwrap_or_default());
    tokio::select! {
        () = changed.notified() => {}
        () = tokio::time::sleep(next.unwrap_or_default()), if next.is_some() => {}
        () = stop.asked() => {}
    }
}

fn key(file: &Path) -> Result<SealingKey> {
    let told = |what: &str| {
        let told = Error::new(ErrorKind::Config, format!("the key of the secrets {what}")).with("variable", KEY);
        told.with("file", file.display())
            .remedy("set it to 64 hexadecimal digits, like those of `openssl rand -hex 32`")
    };
    let text = std::env::var(KEY).map_err(|_| told("is not there"))?;
    let digits: Option<Vec<u32>> = text.trim().chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() == 64).ok_or_else(|| told("is none"))?;
    let mut key = [0; 32];
    digits.chunks(2).zip(&mut key).for_each(|(pair, byte)| *byte = (pair[0] << 4 | pair[1]) as u8);
    Ok(SealingKey::new(key))
}
