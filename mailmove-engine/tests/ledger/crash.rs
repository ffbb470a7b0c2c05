//! Two processes, and the sudden death of one of them. The second process is this test binary once more.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use futures_util::{StreamExt, stream};
use mailmove_core::ErrorKind;
use mailmove_engine::ledger::{Entry, FeedRow, Group, Journal, RowState, Select, SqliteLedger};

use crate::sample::*;

const ROLE: &str = "LEDGER_TEST_ROLE";
const PATH: &str = "LEDGER_TEST_PATH";

/// Rows of one batch.
const BATCH: usize = 20;

#[tokio::test]
async fn another_process_is_told_that_the_ledger_is_in_use() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    let ledger = SqliteLedger::open(&path).unwrap();
    let answer = second("open", &path).wait_with_output().unwrap().stdout;
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.contains("another process works with this ledger (path: "), "{answer}");
    assert!(answer.contains("; wait until the other run is over, or stop it"), "{answer}");
    claim(&ledger, "a", "x").await;
}

#[tokio::test]
async fn the_death_of_a_process_releases_the_ledger() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    let mut child = second("record", &path);
    let mut said = lines(&mut child);
    said.find(|line| line.starts_with("acknowledged")).unwrap();
    assert_eq!(SqliteLedger::open(&path).unwrap_err().kind(), ErrorKind::LedgerInUse);
    kill(child);
    assert_eq!(claim(&SqliteLedger::open(&path).unwrap(), "a", "x").await.run(), 2);
}

#[tokio::test]
async fn what_was_acknowledged_survives_sigkill_whole_and_in_order() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    for (round, batches) in [1, 7, 23, 60].into_iter().enumerate() {
        let mut child = second("record", &path);
        let mut said = lines(&mut child);
        let acknowledged = said
            .by_ref()
            .filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<usize>().ok())
            .take(batches)
            .max()
            .unwrap();
        kill(child);
        check(&path, acknowledged, round as u32 + 1).await;
    }
    let conn = rusqlite::Connection::open(&path).unwrap();
    let verdict: String = conn.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
}

/// Batches are there whole or not at all, without a gap, up to the cursor that each brought along.
async fn check(path: &Path, acknowledged: usize, died: u32) {
    let ledger = SqliteLedger::open(path).unwrap();
    let journal = claim(&ledger, "a", "x").await;
    assert_eq!(journal.run(), died + 1, "every run that recorded something has its number");
    let rows = journal.scan(&Select::all(), None, usize::MAX).await.unwrap();
    let mut batches = BTreeMap::<usize, usize>::new();
    for row in &rows {
        let batch = row.place.item.as_str().split('-').next().unwrap().parse().unwrap();
        *batches.entry(batch).or_default() += 1;
    }
    let last = *batches.keys().last().unwrap();
    assert!(last >= acknowledged, "batch {acknowledged} was acknowledged, {last} is the last there");
    assert!(batches.keys().copied().eq(1..=last) && batches.values().all(|&rows| rows == BATCH), "{batches:?}");
    let cursor = journal.feeds().await.unwrap()[0].cursor.clone().unwrap();
    assert_eq!(cursor.as_str(), last.to_string());
    let mut counted = BTreeMap::<RowState, (u64, u64)>::new();
    for row in &rows {
        let (items, bytes) = counted.entry(row.state).or_default();
        *items += 1;
        *bytes += row.size;
    }
    let summary = journal.summary().await.unwrap();
    let told = summary.iter().map(|Group { state, items, bytes, .. }| (*state, (*items, *bytes)));
    assert_eq!(told.collect::<BTreeMap<_, _>>(), counted);
}

/// What the second process does. In the first one nobody says where, and there is nothing to do.
#[tokio::test]
#[allow(clippy::print_stdout)]
async fn second_process() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let ledger = match SqliteLedger::open(path) {
        Ok(ledger) => ledger,
        Err(error) => return println!("{error}"),
    };
    println!("opened the ledger");
    if std::env::var(ROLE).unwrap() == "record" {
        record_for_ever(&*claim(&ledger, "a", "x").await).await;
    }
}

#[allow(clippy::print_stdout)]
async fn record_for_ever(journal: &dyn Journal) {
    let key = open(journal, "INBOX").await;
    let cursor = journal.feeds().await.unwrap().pop().and_then(|feed| feed.cursor);
    let first = cursor.map_or(1, |cursor| cursor.as_str().parse::<usize>().unwrap() + 1);
    let batch = async |batch: usize| {
        let row = |at, state| with_bytes(row(key, &format!("{batch:05}-{at}"), state), &format!("{batch} {at}"));
        let intended = (0..BATCH).map(|at| entry(&row(at, RowState::Intended)));
        let copied = (0..BATCH / 2).map(|at| entry(&standing(row(at, RowState::Copied), "T", Some(&at.to_string()))));
        let mut feed = FeedRow::new("INBOX".into());
        feed.cursor = Some(batch.to_string().into());
        journal.record(intended.chain(copied).chain([Entry::Feed(feed)]).collect()).await.unwrap();
        batch
    };
    let mut acknowledged = stream::iter(first..).map(batch).buffered(5);
    while let Some(batch) = acknowledged.next().await {
        println!("acknowledged {batch}");
    }
}

fn second(role: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::second_process", "--nocapture"])
        .env(ROLE, role)
        .env(PATH, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok)
}

/// SIGKILL.
fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
