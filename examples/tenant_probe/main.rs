//! Asks a live tenant what no documentation answers, and prints the answers. It writes a few small things into folders of
//! its own, which it takes away behind it.
//!
//! ```sh
//! export MAILMOVE_DESTINATION_TENANT=… MAILMOVE_DESTINATION_CLIENT_ID=… MAILMOVE_DESTINATION_CERTIFICATE=…
//! cargo run --release --features graph --example tenant_probe -- graph://contoso.com?mailbox=test@contoso.com
//! ```

mod probe;
#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;

use clap::Parser;
use mailmove::graph::GraphConnector;
use mailmove::http::HttpSettings;
use mailmove::{Side, graph_config};
use probe::Probe;
use support::args::{Log, Reach};
use support::rest::Rest;
use support::{Failure, exit, say, secrets};

/// Asks a live tenant what no documentation answers.
#[derive(Debug, Parser)]
#[command(name = "tenant_probe", version)]
struct Arguments {
    /// A mailbox for tests, like graph://contoso.com?mailbox=test@contoso.com
    url: String,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    log: Log,
}

fn main() -> ExitCode {
    exit::run(probe(Arguments::parse()))
}

async fn probe(arguments: Arguments) -> Result<(), Failure> {
    arguments.log.start()?;
    let url = arguments.reach.url(&arguments.url, Side::Destination)?;
    let options = arguments.reach.options()?;
    let mailbox = url.mailbox(Side::Destination)?;
    let credentials = secrets::credentials(&url, Side::Destination, &options)?;
    let mut config = graph_config(&url)?;
    config.allow_plaintext = options.allow_plaintext;
    let trusting = |settings: HttpSettings, pem: &Vec<u8>| settings.trusting(String::from_utf8_lossy(pem));
    let mut settings = options.trust.iter().fold(HttpSettings::new(), trusting);
    settings.allow_plaintext = options.allow_plaintext;
    config.extra_roots.clone_from(&settings.extra_roots);
    let rest = Rest::new(config.base()?.as_str(), settings, credentials.clone(), mailbox.clone())?;
    let plain = GraphConnector::new(config.clone(), credentials.clone())?;
    let foreign = GraphConnector::new(config.with_foreign_streams(), credentials)?;
    let tell = |line: String| say!("{line}");
    Probe::open([&plain, &foreign], &mailbox, rest, &tell).await?.run().await;
    Ok(())
}
