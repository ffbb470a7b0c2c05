//! Looks at the doors of one or two mailboxes, one by one, and stops at the first that is shut. Writes nothing.
//!
//! ```sh
//! export MAILMOVE_SOURCE_PASSWORD=…
//! cargo run --release --example verify -- --from imaps://alice@old.example.org
//! ```
//!
//! Exit status: 0 all doors are open, 1 otherwise.

mod support;

use std::process::ExitCode;

use clap::Parser;
use mailmove::Side;
use mailmove::diagnosis::{Cause, Diagnosis, Evidence};
use support::args::{Log, Reach};
use support::ends::End;
use support::{Failure, Status, exit, say};

/// Looks at the doors of a mailbox, one by one, and says what it saw. Writes nothing.
///
/// Secrets come from MAILMOVE_SOURCE_PASSWORD or MAILMOVE_SOURCE_TOKEN, and the same with DESTINATION; at a terminal they
/// are asked for.
///
/// Exit status: 0 all doors are open; 1 otherwise.
#[derive(Debug, Parser)]
#[command(name = "verify", version)]
#[command(group = clap::ArgGroup::new("ends").required(true).multiple(true))]
struct Arguments {
    /// The source, like imaps://alice@old.example.org
    #[arg(long, value_name = "URL", group = "ends")]
    from: Option<String>,
    /// The destination, like imaps://alice@new.example.org
    #[arg(long, value_name = "URL", group = "ends")]
    to: Option<String>,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    log: Log,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    exit::run(verify(arguments))
}

async fn verify(arguments: Arguments) -> Result<(), Failure> {
    arguments.log.start()?;
    let mut shut = Vec::new();
    for (url, side) in [(&arguments.from, Side::Source), (&arguments.to, Side::Destination)] {
        let Some(url) = url else { continue };
        if let Err(error) = look(url, side, &arguments.reach).await {
            shut.push(exit::line(&error.on(side)));
        }
    }
    match shut.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(Status::SomeFailed, shut.join("\nerror: "))),
    }
}

/// Goes through the doors of one mailbox.
async fn look(url: &str, side: Side, reach: &Reach) -> mailmove::Result<()> {
    let end = End::open(url, side, reach)?;
    say!("{side}: {} at {}", end.mailbox, end.connector.name());
    let verification = end.connector.verify(&end.mailbox).await;
    for outcome in &verification.stages {
        match &outcome.error {
            None => say!("  {:<8} open   {}", outcome.stage.as_str(), outcome.seen),
            Some(error) => {
                say!("  {:<8} SHUT   {}", outcome.stage.as_str(), error.message());
                causes(&Diagnosis::from(Evidence::of(error).at(outcome.stage)));
            }
        }
    }
    verification.error().cloned().map_or(Ok(()), Err)
}

/// Tells what may be behind it, the likeliest first, and what to do, the safest first.
fn causes(diagnosis: &Diagnosis) {
    for finding in diagnosis.findings.iter().filter(|finding| finding.cause != Cause::Unknown) {
        let because =
            if finding.because.is_empty() { String::new() } else { format!(" ({})", finding.because.join("; ")) };
        say!("           {}: {}{because}", finding.confidence, finding.cause.title());
        finding.remedies.iter().for_each(|remedy| say!("             - {}", remedy.text));
    }
}
