//! Moves one mailbox into another.
//!
//! ```sh
//! export MAILMOVE_SOURCE_PASSWORD=… MAILMOVE_DESTINATION_PASSWORD=…
//! cargo run --release --example migrate -- \
//!     --from imaps://alice@old.example.org --to imaps://alice@new.example.org --ledger alice.ledger
//! ```
//!
//! Run it again to move what came since; run it again after any failure to go on where it was. Exit status: 0 all moved,
//! 1 some items were not moved, 2 could not run, 3 not finished: run again.

mod support;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use mailmove::{AuditLevel, Migration, Side, SqliteLedger};
use serde_json::json;
use support::args::{Reach, Run};
use support::ends::{End, ledger_name};
use support::progress::Display;
use support::rules::RuleArguments;
use support::{Failure, exit, report, say, signals};

/// Moves one mailbox into another, whole and exactly once.
///
/// Secrets come from MAILMOVE_SOURCE_PASSWORD or MAILMOVE_SOURCE_TOKEN, and the same with DESTINATION; at a terminal they
/// are asked for. Nothing is ever changed at the source.
///
/// Exit status: 0 all moved; 1 some items were not moved; 2 could not run; 3 not finished, run again.
#[derive(Debug, Parser)]
#[command(name = "migrate", version)]
struct Arguments {
    /// The source, like imaps://alice@old.example.org
    #[arg(long, value_name = "URL")]
    from: String,
    /// The destination, like imaps://alice@new.example.org
    #[arg(long, value_name = "URL")]
    to: String,
    /// Where progress is kept; without it, a file in this folder named after both mailboxes
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Tell what would be done, write nothing to either mailbox
    #[arg(long, conflicts_with = "audit")]
    plan: bool,
    /// Move nothing; read the destination back and compare: counts, metadata, or content with every byte
    #[arg(long, value_name = "LEVEL", num_args = 0..=1, require_equals = true, default_missing_value = "content")]
    audit: Option<Level>,
    /// Write the plan, report or audit to this file, in JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    rules: RuleArguments,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Level {
    Counts,
    Metadata,
    Content,
}

impl From<Level> for AuditLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Counts => AuditLevel::Counts,
            Level::Metadata => AuditLevel::Metadata,
            Level::Content => AuditLevel::Content { share: 1.0 },
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    exit::run(migrate(arguments))
}

async fn migrate(arguments: Arguments) -> Result<(), Failure> {
    arguments.run.log.start()?;
    let source = End::open(&arguments.from, Side::Source, &arguments.reach)?;
    let destination = End::open(&arguments.to, Side::Destination, &arguments.reach)?;
    let ledger = arguments.ledger.clone().unwrap_or_else(|| ledger_name(&source, &destination).into());
    say!(
        "ledger: {} (keep it until the move is over: with it every run goes on where the last one was)",
        ledger.display()
    );
    let plain: Vec<Side> = [(&source, Side::Source), (&destination, Side::Destination)]
        .into_iter()
        .filter_map(|(end, side)| end.url.plain.then_some(side))
        .collect();
    for side in &plain {
        say!("note: the connection to the {side} is not encrypted, as allowed");
    }

    let display = Display::start();
    let migration = Migration::new(source.connector, source.mailbox, destination.connector, destination.mailbox)
        .ledger(Arc::new(SqliteLedger::open(&ledger)?))
        .rules(arguments.rules.rules())
        .spool(arguments.run.spool())
        .observer(display.observer())
        .stop(signals::stop_when_asked());

    let file = arguments.report.as_deref();
    let more = [("plaintext", json!(plain))];
    if arguments.plan {
        let plan = migration.plan().await?;
        drop(display);
        report::plan(&plan);
        say!("nothing was written to either mailbox; without --plan this is done");
        return file.map_or(Ok(()), |file| report::write(file, &plan, &more));
    }
    if let Some(level) = arguments.audit {
        let audit = migration.audit(level.into()).await?;
        drop(display);
        if let Some(file) = file {
            report::write(file, &audit, &more)?;
        }
        return report::audit(&audit);
    }
    let done = migration.run(None).await?;
    drop(display);
    report::run(&done);
    if let Some(file) = file {
        report::write(file, &done, &more)?;
    }
    report::ended(&done)
}
