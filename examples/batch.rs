//! Moves many mailboxes: one process, one ledger, one pool of memory.
//!
//! ```sh
//! cargo run --release --example batch -- \
//!     --csv mailboxes.csv --from imaps://old.example.org --to imaps://new.example.org --ledger move.ledger
//! ```
//!
//! The sheet has the columns `Source Email, Source Login Name, Source Password, Destination Email, Destination Login Name,
//! Destination Password, Flags`. Run it again to move what came since, or to go on. Exit status: 0 all moved, 1 some items
//! or mailboxes were not moved, 2 could not run, 3 not finished: run again.

mod support;

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use mailmove::batch::{Sheet, SheetOptions, SheetRow};
use mailmove::{
    Access, AdministratorWins, Connector, Connectors, CredentialProvider, EndpointUrl, Error, ErrorKind, Ledger,
    Migration, Report, Result, Side, Spool, SqliteLedger, Stop,
};
use serde_json::{Value, json};
use support::args::{Reach, Run};
use support::rules::RuleArguments;
use support::table::Table;
use support::{Failure, Status, exit, report, say, secrets, signals, words};
use tokio::task::JoinSet;

/// Moves many mailboxes at once, each whole and exactly once.
///
/// Passwords stand in the sheet. A login in a URL is that of an administrator who opens every mailbox (with
/// ?access=authzid or ?access=master); its secret comes from MAILMOVE_SOURCE_PASSWORD or MAILMOVE_SOURCE_TOKEN, and the
/// same with DESTINATION. A secret in the environment wins over the sheet.
///
/// Exit status: 0 all moved; 1 some items or mailboxes were not moved; 2 could not run; 3 not finished, run again.
#[derive(Debug, Parser)]
#[command(name = "batch", version)]
struct Arguments {
    /// The sheet
    #[arg(long, value_name = "FILE")]
    csv: PathBuf,
    /// The source server, like imaps://old.example.org
    #[arg(long, value_name = "URL")]
    from: String,
    /// The destination server, like imaps://new.example.org
    #[arg(long, value_name = "URL")]
    to: String,
    /// Where progress is kept
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// So many mailboxes at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000))]
    mailboxes: u16,
    /// Write all reports to this file, in JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    rules: RuleArguments,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    run: Run,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    exit::run(batch(arguments))
}

async fn batch(arguments: Arguments) -> Result<(), Failure> {
    arguments.run.log.start()?;
    let (from, to) = (url(&arguments, Side::Source)?, url(&arguments, Side::Destination)?);
    let mut sheet = sheet(&arguments.csv, [&from, &to])?;
    let batch = Arc::new(Batch {
        source: server(&from, Side::Source, &mut sheet, &arguments.reach)?,
        destination: server(&to, Side::Destination, &mut sheet, &arguments.reach)?,
        ledger: Arc::new(SqliteLedger::open(&arguments.ledger)?),
        spool: arguments.run.spool(),
        rules: arguments.rules,
        stop: signals::stop_when_asked(),
        table: Table::new(sheet.rows.len() as u64),
    });
    let mut waiting = by_destination(sheet.rows).into_iter();
    let mut running = JoinSet::new();
    let mut ends = Vec::new();
    loop {
        while running.len() < arguments.mailboxes.into()
            && let Some(pairs) = waiting.next()
        {
            running.spawn(batch.clone().move_in_turn(pairs));
        }
        match running.join_next().await {
            Some(Ok(done)) => ends.extend(done),
            Some(Err(panic)) => return Err(Failure::new(Status::NotFinished, format!("a mailbox broke off: {panic}"))),
            None => break,
        }
    }
    drop(batch);
    ends.sort_by_key(|end| end.line);
    if let Some(file) = &arguments.report {
        let reports: Vec<Value> = ends.iter().map(End::json).collect();
        report::write(file, &json!({ "mailboxes": reports }), &[])?;
    }
    summary(&ends)
}

/// What all mailboxes share.
struct Batch {
    source: Arc<dyn Connector>,
    destination: Arc<dyn Connector>,
    ledger: Arc<dyn Ledger>,
    spool: Spool,
    rules: RuleArguments,
    stop: Stop,
    table: Table,
}

/// How one mailbox ended.
struct End {
    line: u64,
    pair: String,
    report: Result<Report>,
    failure: Option<Failure>,
}

impl Batch {
    /// Moves mailboxes one after the other: they go into the same one.
    async fn move_in_turn(self: Arc<Self>, pairs: Vec<SheetRow>) -> Vec<End> {
        let mut ends = Vec::new();
        for pair in pairs {
            ends.push(self.move_one(pair).await);
        }
        ends
    }

    async fn move_one(&self, pair: SheetRow) -> End {
        let SheetRow { line, source, destination, flags, .. } = pair;
        let name = match source.address == destination.address {
            true => source.to_string(),
            false => format!("{source} -> {destination}"),
        };
        let row = self.table.begin(&name);
        let mut rules = self.rules.rules();
        rules.flags |= flags;
        let migration = Migration::new(self.source.clone(), source, self.destination.clone(), destination)
            .ledger(self.ledger.clone())
            .rules(rules)
            .spool(self.spool.clone())
            .observer(row.observer())
            .stop(self.stop.clone());
        let report = if self.stop.is_asked() {
            Err(Error::new(ErrorKind::Stopped, "not begun"))
        } else {
            migration.run(None).await
        };
        let failure = match &report {
            Ok(report) => report::ended(report).err(),
            Err(error) if error.kind() == ErrorKind::Stopped => {
                Some(Failure::new(Status::NotFinished, error.to_string()))
            }
            Err(error) => Some(error.clone().into()),
        };
        let end = End { line, pair: name, report, failure };
        self.table.done(&row, &end.text());
        end
    }
}

impl End {
    fn text(&self) -> String {
        let moved = match &self.report {
            Ok(report) if report.plan.is_some() => done(report),
            _ => "nothing done".to_owned(),
        };
        match &self.failure {
            None => format!("{}: {moved}", self.pair),
            Some(failure) => format!("{}: {moved}; {}", self.pair, failure.line),
        }
    }

    fn json(&self) -> Value {
        let report = self.report.as_ref().ok().and_then(|report| serde_json::to_value(report).ok());
        let error = self.failure.as_ref().map(|failure| failure.line.clone());
        json!({ "line": self.line, "mailbox": self.pair, "error": error, "report": report })
    }
}

fn done(report: &Report) -> String {
    let (run, took) = (&report.this_run, words::time(report.took));
    let mut done = Vec::new();
    if run.copied > 0 {
        done.push(format!("{} copied ({})", run.copied, words::bytes(run.bytes)));
    }
    for (count, what) in [(run.updated, "updated"), (run.already_there, "found there"), (run.failed, "failed")] {
        if count > 0 {
            done.push(format!("{count} {what}"));
        }
    }
    if done.is_empty() { format!("nothing to do, {took}") } else { format!("{} in {took}", done.join(", ")) }
}

/// The server of one side. The sheet names the mailboxes, not the URL.
fn url(arguments: &Arguments, side: Side) -> Result<EndpointUrl> {
    let text = if side == Side::Source { &arguments.from } else { &arguments.to };
    let url = arguments.reach.url(text, side)?;
    let refuse = |message: &str, remedy: &str| Err(Error::new(ErrorKind::Config, message).on(side).remedy(remedy));
    if url.mailbox.is_some() {
        return refuse("the URL of a batch names no mailbox", "take mailbox= off: the sheet names them");
    }
    if url.login.is_some() && url.access == Access::Owner {
        return refuse("the URL names an owner, and a batch has many", "take the login off, or say access=");
    }
    Ok(url)
}

fn sheet(path: &Path, [from, to]: [&EndpointUrl; 2]) -> Result<Sheet> {
    let file = File::open(path).map_err(|error| {
        let told = Error::new(ErrorKind::Config, format!("cannot read the sheet: {error}"));
        told.with("path", path.display()).remedy("give the path of a file in CSV")
    })?;
    warn_of_readers(&file, path);
    let mut options = SheetOptions::new().merge();
    for (url, side) in [(from, Side::Source), (to, Side::Destination)] {
        if url.login.is_some() {
            options = options.administrator(side);
        }
    }
    let sheet = options.read(file).map_err(|errors| Error::from(errors).with("path", path.display()))?;
    sheet.warnings.iter().for_each(|warning| say!("note: {warning}"));
    Ok(sheet)
}

/// The connector of one side: with an administrator's or everybody's credentials from the environment, or with the sheet's
/// passwords.
fn server(url: &EndpointUrl, side: Side, sheet: &mut Sheet, reach: &Reach) -> Result<Arc<dyn Connector>> {
    let options = reach.options()?;
    let common = match (&url.login, secrets::from_environment(url, side, &options)?) {
        (Some(_), None) => Some(secrets::credentials(url, side, &options)?),
        (_, given) => given,
    };
    let passwords = sheet.passwords(side);
    let credentials: Arc<dyn CredentialProvider> = match common {
        Some(common) => {
            let wins = AdministratorWins::new(common, passwords);
            if !wins.ignored().is_empty() {
                let ignored = words::count(wins.ignored().len() as u64, "password");
                say!(
                    "note: {side}: the credentials given for all are used; {ignored} in the sheet should not be there"
                );
            }
            Arc::new(wins)
        }
        None => Arc::new(passwords),
    };
    if url.plain {
        say!("note: the connections to the {side} are not encrypted, as allowed");
    }
    Connectors::standard().connect(url, credentials, &options).map_err(|error| error.on(side))
}

/// Pairs with one destination stay together: one job at a time writes into a mailbox.
fn by_destination(pairs: Vec<SheetRow>) -> Vec<Vec<SheetRow>> {
    let mut at = HashMap::new();
    let mut groups: Vec<Vec<SheetRow>> = Vec::new();
    for pair in pairs {
        let group = *at.entry(pair.destination.to_string()).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.push(pair),
            None => groups.push(vec![pair]),
        }
    }
    groups
}

fn summary(ends: &[End]) -> Result<(), Failure> {
    let with = |status| ends.iter().filter(|end| end.failure.as_ref().is_some_and(|why| why.status == status)).count();
    let (some, could_not, waiting) = (with(Status::SomeFailed), with(Status::CouldNotRun), with(Status::NotFinished));
    let whole = ends.len() - some - could_not - waiting;
    let done = ends.iter().filter_map(|end| end.report.as_ref().ok()).map(|report| report.this_run);
    let (items, bytes) = done.fold((0, 0), |(items, bytes), run| (items + run.copied, bytes + run.bytes));
    let copied = format!("{} copied ({})", words::count(items, "item"), words::bytes(bytes));
    say!("{whole} of {} whole, {copied}", words::count(ends.len() as u64, "mailbox"));
    let Some(first) = ends.iter().find(|end| end.failure.is_some()) else { return Ok(()) };
    let status = match (some, could_not, waiting) {
        (_, _, 1..) => Status::NotFinished,
        (0, all, 0) if all == ends.len() => Status::CouldNotRun,
        _ => Status::SomeFailed,
    };
    let why = first.failure.as_ref().map(|failure| failure.line.as_str()).unwrap_or_default();
    let counts = format!("{some} with items not moved, {could_not} that could not run, {waiting} not finished");
    Err(Failure::new(status, format!("mailboxes: {counts}; the first, {} in line {}: {why}", first.pair, first.line)))
}

/// The sheet holds passwords.
#[cfg(unix)]
fn warn_of_readers(sheet: &File, path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if sheet.metadata().is_ok_and(|found| found.permissions().mode() & 0o077 != 0) {
        say!("note: others can read {}, and it holds passwords; chmod 600 helps", path.display());
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_: &File, _: &Path) {}
