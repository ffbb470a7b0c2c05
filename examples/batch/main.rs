//! Moves many mailboxes: one process, one ledger, one pool of memory.
//!
//! ```sh
//! cargo run --release --features notify,portal --example batch -- \
//!     --csv mailboxes.csv --from imaps://old.example.org --to imaps://new.example.org --ledger move.ledger
//! ```
//!
//! The sheet has the columns `Source Email, Source Login Name, Source Password, Destination Email, Destination Login Name,
//! Destination Password, Flags`. Run it again to move what came since, or to go on. Exit status: 0 all moved, 1 some items
//! or mailboxes were not moved, 2 could not run, 3 not finished: run again.
//!
//! With `--smtp` it sends the mails that the flags ask for; with `--portal` it asks users for their passwords on a page.

mod look;
mod mail;
mod page;
#[path = "../support/mod.rs"]
mod support;

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use mailmove::batch::{
    Batch, BatchEvent, BatchItem, BatchJob, BatchObserver, BatchReport, Pass, SecretStore, Selection, Server, Sheet,
    SheetOptions, State, StoredCredentials,
};
use mailmove::{
    Access, AdministratorWins, Connector, Connectors, CredentialProvider, EndpointUrl, Error, ErrorKind, JobId, Result,
    Rules, Side, SqliteLedger, Stop,
};
use support::args::{Reach, Run};
use support::rules::RuleArguments;
use support::table::Table;
use support::{Failure, Status, exit, say, secrets, signals, words};
use tokio::sync::Notify;

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
    /// What is done with each mailbox
    #[arg(long, value_name = "PASS", value_enum, default_value_t = PassName::Full)]
    pass: PassName,
    /// Look at every mailbox first and move nothing: whether it opens and fits, what will be lost, who forwards mail
    #[arg(long)]
    preflight: bool,
    /// Wait up to so many minutes for servers that ask for patience and for mailboxes that are being made
    #[arg(long, value_name = "MINUTES", default_value_t = 5)]
    wait: u64,
    /// Write a report to this file: as a page (.html), for a spreadsheet (.csv), or in JSON (anything else)
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    rules: RuleArguments,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    run: Run,
    #[command(flatten)]
    mail: mail::MailArguments,
    #[command(flatten)]
    page: page::PageArguments,
}

/// What is done with each mailbox.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum PassName {
    /// Try both mailboxes, move nothing
    Verify,
    /// Move at most ten items and 5 MB of each folder
    Trial,
    /// Move what is older than --before
    PreStage,
    /// Move everything that is not there yet
    Full,
    /// Try again what failed, read nothing new
    RetryErrors,
    /// Send mail that arrives at the source on to the destination, where the server lets a program do that
    ForwardingOnly,
    /// Give up administrators' access to both mailboxes, where the server lets a program do that
    RevokeAccess,
}

impl PassName {
    fn pass(self, rules: &Rules) -> Result<Pass> {
        Ok(match self {
            PassName::Verify => Pass::Verify,
            PassName::Trial => Pass::Trial,
            PassName::Full => Pass::Full,
            PassName::RetryErrors => Pass::RetryErrors,
            PassName::ForwardingOnly => Pass::ForwardingOnly,
            PassName::RevokeAccess => Pass::RevokeAccess,
            PassName::PreStage => Pass::PreStage {
                before: rules.before.ok_or_else(|| {
                    Error::new(ErrorKind::Config, "it is not said until when is pre-staged").remedy("add --before DATE")
                })?,
            },
        })
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    exit::run(batch(arguments))
}

async fn batch(arguments: Arguments) -> Result<(), Failure> {
    arguments.run.log.start()?;
    let rules = arguments.rules.rules();
    let pass = arguments.pass.pass(&rules)?;
    let (from, to) = (url(&arguments, Side::Source)?, url(&arguments, Side::Destination)?);
    let mut sheet = sheet(&arguments.csv, [&from, &to])?;
    let answers = arguments.page.store()?;
    let source = server(&from, Side::Source, &mut sheet, &answers, &arguments.reach)?;
    let destination = server(&to, Side::Destination, &mut sheet, &answers, &arguments.reach)?;
    let jobs: Vec<BatchJob> = sheet.rows.into_iter().map(|row| job(row.into(), &rules)).collect();
    let changed = Arc::new(Notify::new());
    let stop = signals::stop_when_asked();
    let mut batch = Batch::on(Arc::new(SqliteLedger::open(&arguments.ledger)?))
        .source(Server::new(source))
        .destination(Server::new(destination))
        .rules(rules)
        .spool(arguments.run.spool())
        .mailboxes(arguments.mailboxes.into())
        .patience(Duration::from_secs(arguments.wait * 60))
        .observer(observer(Table::new(jobs.len()), changed.clone()))
        .secrets(answers)
        .stop(stop.clone());
    for (url, side) in [(&from, Side::Source), (&to, Side::Destination)] {
        if url.plain {
            batch = batch.note(format!("The connections to the {side} were not encrypted, as allowed."));
        }
    }
    let batch = arguments.mail.equip(batch, &arguments.reach)?;
    let batch = arguments.page.equip(batch, &arguments.reach)?.open().await?;
    let ids: HashSet<JobId> = jobs.iter().map(|job| job.id.clone()).collect();
    if arguments.preflight {
        let all: Vec<JobId> = jobs.iter().map(|job| job.id.clone()).collect();
        batch.add(jobs).await?;
        return match look::at_all(&batch, &all).await? {
            0 => Ok(()),
            shut => Err(Failure::new(Status::SomeFailed, format!("{shut} cannot be moved as they are"))),
        };
    }
    let waiting = start(&batch, jobs, &ids, pass, arguments.page.ask_again).await?;
    if waiting > 0 && arguments.page.portal.is_none() {
        let waiting = words::count(waiting as u64, "mailbox");
        say!("note: {waiting}: the flags say that users are asked; add --smtp, --portal and --public-url");
    }
    let ended = work(&arguments, &batch, &ids, &changed, &stop).await;
    let mut report = batch.report().await?;
    report.mailboxes.retain(|mailbox| ids.contains(&mailbox.item.id));
    if let Some(file) = &arguments.report {
        write(file, &report)?;
    }
    ended.map_err(|error| Failure::new(Status::NotFinished, exit::line(&error)))?;
    summary(&report, pass)
}

/// Shows what happens, and lets go on what waits for something to happen.
fn observer(table: Table, changed: Arc<Notify>) -> BatchObserver {
    BatchObserver::new(move |event| {
        table.tell(event);
        if matches!(event, BatchEvent::State { .. }) {
            changed.notify_one();
        }
    })
}

/// Works until nothing can go on; with a page, until no user is waited for any more.
async fn work(arguments: &Arguments, batch: &Batch, ids: &HashSet<JobId>, changed: &Notify, stop: &Stop) -> Result<()> {
    let Some(listener) = arguments.page.listen().await? else { return batch.run().await.map(drop) };
    let waits = |item: &BatchItem| matches!(item.state, State::WaitingForUser | State::Verifying | State::Queued);
    let until_answered = async {
        loop {
            batch.run().await?;
            let waiting = batch.items().await.iter().any(|item| ids.contains(&item.id) && waits(item));
            if stop.is_asked() || !waiting {
                return Ok(());
            }
            page::something_happens(batch, changed, stop).await;
        }
    };
    tokio::select! {
        ended = until_answered => ended,
        broken = arguments.page.serve(batch, listener) => broken,
    }
}

/// A row of the sheet, with the flags of the command line.
fn job(mut job: BatchJob, rules: &Rules) -> BatchJob {
    job.flags |= rules.flags;
    job
}

/// Starts what the sheet names. What waits from a former run goes on, unless it waits for users who are asked again; what
/// is no longer in the sheet does not. Returns for how many mailboxes users have to answer.
async fn start(batch: &Batch, jobs: Vec<BatchJob>, ids: &HashSet<JobId>, pass: Pass, ask_again: bool) -> Result<usize> {
    batch.add(jobs).await?;
    let asked_again = |item: &BatchItem| ask_again && item.state == State::WaitingForUser;
    let goes_on = |item: &BatchItem| ids.contains(&item.id) && item.pass == pass && !asked_again(item);
    let waits = |item: &&BatchItem| !item.state.may_be_started() && !goes_on(item);
    let others = batch.items().await.iter().filter(waits).map(|item| item.id.clone()).collect();
    batch.stop(&Selection::Only(others)).await?;
    let ours = |item: &&BatchItem| ids.contains(&item.id) && item.state.may_be_started();
    let ours = batch.items().await.iter().filter(ours).map(|item| item.id.clone()).collect();
    batch.start(&Selection::Only(ours), pass).await?;
    Ok(batch.summary().await.count(&[State::WaitingForUser]))
}

/// Writes the report in the form that the file's name asks for.
fn write(path: &Path, report: &BatchReport) -> Result<(), Failure> {
    let text = match path.extension().and_then(|extension| extension.to_str()) {
        Some("html" | "htm") => report.html("Migration of mailboxes"),
        Some("csv") => report.csv(),
        _ => report.json(),
    };
    let told = |error| Failure::new(Status::CouldNotRun, format!("cannot write {}: {error}", path.display()));
    std::fs::write(path, text).map_err(told)
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
    let mut options = SheetOptions::new().merge().names();
    for (url, side) in [(from, Side::Source), (to, Side::Destination)] {
        if url.login.is_some() {
            options = options.administrator(side);
        }
    }
    let sheet = options.read(file).map_err(|errors| Error::from(errors).with("path", path.display()))?;
    sheet.warnings.iter().for_each(|warning| say!("note: {warning}"));
    Ok(sheet)
}

/// The connector of one side: with an administrator's or everybody's credentials from the environment, with what users
/// answered, or with the sheet's passwords.
fn server(
    url: &EndpointUrl,
    side: Side,
    sheet: &mut Sheet,
    answers: &Arc<dyn SecretStore>,
    reach: &Reach,
) -> Result<Arc<dyn Connector>> {
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
    let credentials = Arc::new(StoredCredentials::new(answers.clone()).or(credentials));
    if url.plain {
        say!("note: the connections to the {side} are not encrypted, as allowed");
    }
    Connectors::standard().connect(url, credentials, &options).map_err(|error| error.on(side))
}

/// How the program ends: by the mailbox that needs most.
fn summary(report: &BatchReport, pass: Pass) -> Result<(), Failure> {
    let all = report.mailboxes.len();
    let in_state = |states: &[State]| report.mailboxes.iter().filter(|one| states.contains(&one.item.state)).count();
    let (whole, some) = (in_state(&[State::Completed]), in_state(&[State::CompletedWithErrors]));
    let could_not = in_state(&[State::Failed]);
    let waiting = all - whole - some - could_not;
    let last = report.mailboxes.iter().filter_map(|one| one.passes.last().or(one.item.so_far.as_deref()));
    let (items, bytes) = last.fold((0, 0), |(items, bytes), pass| (items + pass.copied, bytes + pass.bytes));
    let copied = format!("{} copied ({})", words::count(items, "item"), words::bytes(bytes));
    say!("{pass}: {whole} of {} whole, {copied}", words::count(all as u64, "mailbox"));
    let status = match (some, could_not, waiting) {
        (0, 0, 0) => return Ok(()),
        (_, _, 1..) => Status::NotFinished,
        (0, failed, 0) if failed == all => Status::CouldNotRun,
        _ => Status::SomeFailed,
    };
    let mut counts = Vec::new();
    for (count, what) in [(some, "with items not moved"), (could_not, "that could not run"), (waiting, "not finished")]
    {
        if count > 0 {
            counts.push(format!("{count} {what}"));
        }
    }
    let first = report.mailboxes.iter().map(|one| &one.item).find(|item| item.state != State::Completed);
    let first = first.map(|item| {
        let line = item.line.map(|line| format!(" in line {line}")).unwrap_or_default();
        let why = item.why.as_ref().map_or_else(|| item.state.to_string(), |why| why.text.clone());
        format!("; the first, {}{line}: {why}", item.source)
    });
    Err(Failure::new(status, format!("mailboxes: {}{}", counts.join(", "), first.unwrap_or_default())))
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
