//! What the example programs have in common, tested as a library.
#![allow(clippy::unwrap_used)]

#[path = "../examples/support/mod.rs"]
mod support;

use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Command, FromArgMatches};
use mailmove::{Event, Forecast, Mailbox, MailboxFlags, Migration, Removals, Report, Role, Rules, Side, Stop};
use mailmove_testkit::{MemoryMailbox, NewItem};
use support::rules::RuleArguments;
use support::{Status, report, words};
use time::macros::datetime;

fn rules(arguments: &str) -> Result<Rules, clap::Error> {
    let command = RuleArguments::augment_args(Command::new("test").no_binary_name(true));
    let matches = command.try_get_matches_from(arguments.split_whitespace())?;
    Ok(RuleArguments::from_arg_matches(&matches)?.rules())
}

#[test]
fn arguments_become_rules() {
    let rules = rules(
        "--flags 2097155 --since 2024-02-29 --before 2024-12-31T12:00:00+01:00 --include A --exclude B/C --max-size 2 \
         --map A/B=C --map x\\/y\\=z=w --below Old/Mail --skip-role Trash --mirror --force --keep-names",
    )
    .unwrap();
    assert_eq!(rules.flags.bits(), 2_097_155);
    assert_eq!(rules.since, Some(datetime!(2024-02-29 0:00 UTC)));
    assert_eq!(rules.before, Some(datetime!(2024-12-31 11:00 UTC)));
    assert_eq!(rules.max_bytes, Some(2 << 20));
    assert_eq!((rules.include.len(), rules.exclude.len()), (1, 1));
    assert_eq!((rules.map[0].from.join("|"), rules.map[0].to.join("|")), ("A|B".to_owned(), "C".to_owned()));
    assert_eq!((rules.map[1].from.join("|"), rules.map[1].to.join("|")), ("x/y=z".to_owned(), "w".to_owned()));
    assert_eq!(rules.below, ["Old", "Mail"]);
    assert!(rules.skip_roles.contains(&Role::Trash) && rules.skip_roles.contains(&Role::All));
    assert_eq!(rules.removals, Removals::Mirror { force: true });
    assert!(!rules.map_roles);
}

#[test]
fn arguments_that_mean_nothing_are_refused() {
    for arguments in [
        "--flags 64",
        "--flags many",
        "--since yesterday",
        "--since 2023-02-29",
        "--map A",
        "--map A=",
        "--map A//B=C",
        "--skip-role cellar",
        "--force",
    ] {
        assert!(rules(arguments).is_err(), "{arguments}");
    }
}

async fn run(change: impl FnOnce(&MemoryMailbox, &MemoryMailbox, Migration) -> Migration) -> Report {
    let (old, new) = (MemoryMailbox::new(), MemoryMailbox::new());
    old.add(&old.inbox(), NewItem::mail("Subject: hello\r\n\r\nworld\r\n"));
    old.add(&old.inbox(), NewItem::mail("Subject: large\r\n\r\nThis one is rather a little larger.\r\n"));
    let (from, to) = (Mailbox::new(Side::Source, "alice"), Mailbox::new(Side::Destination, "alice"));
    let migration = Migration::new(Arc::new(old.clone()), from, Arc::new(new.clone()), to);
    change(&old, &new, migration).run(None).await.unwrap()
}

fn status(report: &Report) -> Option<Status> {
    report::ended(report).err().map(|failure| {
        assert!(!failure.line.contains('\n') && failure.line.len() > 10, "{}", failure.line);
        failure.status
    })
}

#[tokio::test]
async fn exit_statuses_say_what_to_do() {
    assert_eq!(status(&run(|_, _, migration| migration).await), None);

    let stop = Stop::new();
    stop.stop();
    assert_eq!(status(&run(|_, _, migration| migration.stop(stop)).await), Some(Status::NotFinished));

    let full = run(|_, new, migration| {
        new.change_options(|options| options.quota = Some(10));
        migration
    });
    assert_eq!(status(&full.await), Some(Status::NotFinished));

    let small = run(|_, new, migration| {
        new.change_options(|options| {
            options.capabilities.accepts.iter_mut().for_each(|route| route.max_bytes = Some(40));
        });
        migration
    });
    let small = small.await;
    assert_eq!((status(&small), small.this_run.copied), (Some(Status::SomeFailed), 1));

    let mut rules = Rules::default();
    rules.flags = MailboxFlags::SKIP_MAIL;
    rules.kinds = vec![mailmove::Kind::Mail];
    assert_eq!(status(&run(|_, _, migration| migration.rules(rules)).await), Some(Status::CouldNotRun));
}

#[test]
fn a_wait_is_said_once_for_each_minute_and_a_forecast_where_it_matters() {
    let mut seen = support::progress::Seen::default();
    let mut wait = |until| seen.take(&Event::Waiting { side: Side::Destination, until });
    wait(datetime!(2024-02-29 14:05:01 UTC));
    wait(datetime!(2024-02-29 14:05:59 UTC));
    wait(datetime!(2024-02-29 14:06:01 UTC));
    let line = |minute| format!("waiting for the provider of the destination until 14:{minute} UTC");
    assert_eq!(seen.lines, [line("05"), line("06")]);

    let said = |forecast| {
        let mut seen = support::progress::Seen::default();
        seen.take(&Event::Planned { folders: 1, items: 1, bytes: 1, forecast });
        seen.lines.pop()
    };
    let minutes = |number: u64| Duration::from_secs(60 * number);
    let told = said(Some(Forecast::between(minutes(10), minutes(90))));
    assert_eq!(told.as_deref(), Some("will take between 10 min 00 s and 1 h 30 min at the provider's limit"));
    assert_eq!(said(Some(Forecast::between(minutes(0), minutes(0)))), None);
    assert_eq!(said(None), None);
    let open = Forecast { at_least: minutes(10), at_most: None };
    assert_eq!(words::forecast(&open), "will take at least 10 min 00 s at the provider's limit");
}

#[test]
fn numbers_are_written_as_people_read_them() {
    assert_eq!(words::bytes(0), "0 bytes");
    assert_eq!(words::bytes(999), "999 bytes");
    assert_eq!(words::bytes(999_999), "1.0 MB");
    assert_eq!(words::bytes(12_345_678), "12 MB");
    assert_eq!(words::time(std::time::Duration::from_millis(1_234)), "1.2 s");
    assert_eq!(words::time(std::time::Duration::from_secs(3_725)), "1 h 02 min");
    assert_eq!((words::count(1, "mailbox"), words::count(2, "mailbox")), ("1 mailbox".into(), "2 mailboxes".into()));
}
