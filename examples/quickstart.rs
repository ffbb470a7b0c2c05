//! Moves a demonstration mailbox between two mail servers that live inside this program.
//!
//! ```sh
//! cargo run --release --example quickstart
//! ```
//!
//! Nothing has to be installed, nothing outside a temporary folder is touched, and everything between the two servers is
//! the real thing: IMAP over TLS, a ledger on disk, a plan, a run, an audit, and a second run that finds nothing to do.

mod support;

use std::process::ExitCode;
use std::sync::Arc;

use mailmove::{
    AuditLevel, ConnectOptions, Connectors, EndpointUrl, Error, ErrorKind, Migration, Outcome, Result, Secret, Side,
    SqliteLedger,
};
use mailmove_testkit::imap::ImapServer;
use support::progress::Display;
use support::{Failure, Status, demo, exit, report, say};

fn main() -> ExitCode {
    exit::run(quickstart())
}

async fn quickstart() -> Result<(), Failure> {
    say!("1. Two mail servers start: the old one full, the new one empty.\n");
    let old = ImapServer::builder().user("alice", "old secret").tls().delimiter('.').prefix("INBOX.").start().await;
    let new = ImapServer::builder().user("alice", "new secret").tls().start().await;
    demo::fill(&old.mailbox("alice"), "INBOX.", '.');
    new.mailbox("alice").create_folder("Sent").set_special_use("Sent", "\\Sent");

    let folder = tempfile::tempdir().map_err(|error| Failure::new(Status::CouldNotRun, error.to_string()))?;
    let ledger = Arc::new(SqliteLedger::open(folder.path().join("alice.ledger"))?);
    let (source, from) = end(&old, Side::Source, "old secret")?;
    let (destination, to) = end(&new, Side::Destination, "new secret")?;
    let migration = Migration::new(source, from, destination, to).ledger(ledger);

    say!("2. The plan: what would happen. Nothing is written yet.\n");
    let plan = migration.plan().await?;
    report::plan(&plan);

    say!("\n3. The run.\n");
    let display = Display::start();
    let first = migration.clone().observer(display.observer()).run(Some(&plan)).await?;
    drop(display);
    report::run(&first);
    report::ended(&first)?;

    say!("\n4. The audit: the new server is read back and compared, byte by byte.\n");
    report::audit(&migration.audit(AuditLevel::Content { share: 1.0 }).await?)?;

    say!("\n5. A second run: nothing changed, so no folder is opened and no message is read.\n");
    old.log().reset();
    new.log().reset();
    let second = migration.run(None).await?;
    report::run(&second);
    report::ended(&second)?;
    let asked = |server: &ImapServer| {
        ["SELECT", "EXAMINE", "FETCH", "APPEND"].map(|name| server.log().counters().command(name))
    };
    if asked(&old).iter().chain(&asked(&new)).any(|times| *times > 0) || !matches!(second.outcome, Outcome::Completed) {
        return Err(Error::new(ErrorKind::Bug, "the second run found something to do").into());
    }
    let messages = |server: &ImapServer| server.mailbox("alice").snapshot().messages();
    say!("\nThe old server still holds {} messages, the new one {}.", messages(&old), messages(&new));

    say!(
        "
With servers of your own:

  export MAILMOVE_SOURCE_PASSWORD=… MAILMOVE_DESTINATION_PASSWORD=…    (or be asked at the terminal)
  cargo run --release --example verify  -- --from imaps://alice@old.example.org --to imaps://alice@new.example.org
  cargo run --release --example migrate -- --from imaps://alice@old.example.org --to imaps://alice@new.example.org --plan
  cargo run --release --example migrate -- --from imaps://alice@old.example.org --to imaps://alice@new.example.org

Run the last line again whenever you like: it moves what came since, and goes on where it was after any failure."
    );
    Ok(())
}

/// The connector and the mailbox of one side, as a URL names them.
fn end(server: &ImapServer, side: Side, password: &str) -> Result<(Arc<dyn mailmove::Connector>, mailmove::Mailbox)> {
    let url: EndpointUrl = format!("imaps://alice@localhost:{}", server.port()).parse()?;
    let credentials = Arc::new(url.credentials(Secret::password(password))?);
    let mut options = ConnectOptions::new();
    options.trust.extend(server.ca_pem().map(|pem| pem.as_bytes().to_vec()));
    Connectors::standard().open(&url, side, credentials, &options)
}
