//! What only a file does: it comes back, and it is never mistaken for something else.

use std::fs;
use std::path::Path;

use mailmove_core::{Error, ErrorKind};
use mailmove_engine::ledger::{Journal, Row, RowState, Select, SqliteLedger};
use rusqlite::Connection;

use crate::sample::*;

#[tokio::test]
async fn a_closed_ledger_is_one_file_and_comes_back() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    let rows = filled(&path, 500).await;
    assert_eq!(names(home.path()), ["ledger"]);
    let ledger = SqliteLedger::open(&path).unwrap();
    assert_eq!(ledger.path(), path);
    let journal = claim(&ledger, "a", "x").await;
    assert_eq!(journal.run(), 2);
    assert_eq!(journal.scan(&Select::all(), None, usize::MAX).await.unwrap(), rows);
}

#[tokio::test]
async fn a_run_with_nothing_to_do_writes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    filled(&path, 500).await;
    let before = fs::read(&path).unwrap();
    for _ in 0..2 {
        let ledger = SqliteLedger::open(&path).unwrap();
        let journal = claim(&ledger, "a", "x").await;
        assert_eq!(journal.run(), 2);
        open(&*journal, "INBOX").await;
        journal.record(vec![]).await.unwrap();
        journal.summary().await.unwrap();
        drop((ledger, journal));
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[tokio::test]
async fn a_journal_keeps_the_ledger_open() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    let journal = claim(&SqliteLedger::open(&path).unwrap(), "a", "x").await;
    assert_eq!(refused(&path).kind(), ErrorKind::LedgerInUse);
    open(&*journal, "INBOX").await;
    drop(journal);
    SqliteLedger::open(&path).unwrap();
}

#[tokio::test]
async fn an_open_ledger_cannot_be_opened_twice() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    let ledger = SqliteLedger::open(&path).unwrap();
    for _ in 0..2 {
        let error = refused(&path);
        assert_eq!(error.kind(), ErrorKind::LedgerInUse);
        assert!(error.to_string().starts_with("another process works with this ledger (path: "), "{error}");
    }
    drop(ledger);
    SqliteLedger::open(&path).unwrap();
}

#[test]
fn of_many_that_open_a_new_ledger_at_once_one_has_it() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    let start = std::sync::Barrier::new(6);
    let open = || {
        start.wait();
        SqliteLedger::open(&path)
    };
    let opened: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (won, lost): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for error in lost {
        assert_eq!(error.unwrap_err().kind(), ErrorKind::LedgerInUse);
    }
    drop(won);
    assert_eq!(names(home.path()), ["ledger"], "no draft is left");
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(home.path().join("ledger")).unwrap();
    let _journal = claim(&ledger, "a", "x").await;
    assert_eq!(names(home.path()), ["ledger", "ledger-wal"]);
    for name in names(home.path()) {
        let mode = fs::metadata(home.path().join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    for content in ["a,b,c\n".repeat(1_000), "short".to_owned()] {
        fs::write(&path, &content).unwrap();
        says(&refused(&path), ErrorKind::Ledger, "not a ledger");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE item (folder); PRAGMA user_version = 1").unwrap();
    let before = fs::read(&path).unwrap();
    says(&refused(&path), ErrorKind::Ledger, "not a ledger");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(names(home.path()), ["ledger"]);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    filled(&path, 1).await;
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 3").unwrap();
    let before = fs::read(&path).unwrap();
    says(&refused(&path), ErrorKind::Ledger, "newer version");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn an_emptied_or_shortened_ledger_is_damaged_and_not_begun_anew() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    filled(&path, 2_000).await;
    let whole = fs::read(&path).unwrap();
    for length in [0, 1, 600, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = refused(&path);
        assert_eq!(error.kind(), ErrorKind::Ledger, "{length} bytes: {error}");
        assert_eq!(fs::read(&path).unwrap(), whole[..length]);
    }
    fs::write(&path, &whole).unwrap();
    SqliteLedger::open(&path).unwrap();
}

#[tokio::test]
async fn overwritten_pages_are_told_as_damage() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    filled(&path, 2_000).await;
    let whole = fs::read(&path).unwrap();
    let mut torn = whole.clone();
    torn[200..4_096].fill(0xff);
    fs::write(&path, &torn).unwrap();
    says(&refused(&path), ErrorKind::Ledger, "damaged");
    let mut torn = whole.clone();
    let (quarter, page) = (whole.len() / 4 / 4_096 * 4_096, 4_096);
    torn[quarter..quarter + 20 * page].fill(0xff);
    fs::write(&path, &torn).unwrap();
    let ledger = SqliteLedger::open(&path).unwrap();
    let journal = claim(&ledger, "a", "x").await;
    says(&journal.scan(&Select::all(), None, usize::MAX).await.unwrap_err(), ErrorKind::Ledger, "damaged");
}

#[tokio::test]
async fn values_no_ledger_writes_are_told_as_damage() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    for damage in ["state = 99", "kind = -1", "rare = '{'", "target = 77", "via = 77", "received_zone = 999999999"] {
        let _ = fs::remove_file(&path);
        filled(&path, 3).await;
        let update = format!("PRAGMA foreign_keys = OFF; UPDATE item SET {damage} WHERE item = '2'");
        Connection::open(&path).unwrap().execute_batch(&update).unwrap();
        let journal = claim(&SqliteLedger::open(&path).unwrap(), "a", "x").await;
        says(&journal.scan(&Select::all(), None, 10).await.unwrap_err(), ErrorKind::Ledger, "damaged");
    }
}

#[test]
fn a_path_that_cannot_be_is_told() {
    let home = tempfile::tempdir().unwrap();
    says(&refused(&home.path().join("none/ledger")), ErrorKind::Ledger, "folder does not exist");
    says(&refused(home.path()), ErrorKind::Ledger, "path is a folder");
    fs::write(home.path().join("file"), "").unwrap();
    says(&refused(&home.path().join("file/ledger")), ErrorKind::Ledger, "leads through a file");
}

#[cfg(unix)]
#[tokio::test]
async fn a_ledger_that_cannot_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    filled(&path, 1).await;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    match SqliteLedger::open(&path) {
        Err(error) => says(&error, ErrorKind::Ledger, "read-only"),
        // The rights of a file do not bind the superuser.
        Ok(_) => assert!(fs::OpenOptions::new().write(true).open(&path).is_ok()),
    }
}

#[tokio::test]
async fn a_log_without_its_ledger_is_not_begun_anew() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    let ledger = SqliteLedger::open(&path).unwrap();
    let journal = claim(&ledger, "a", "x").await;
    let log = fs::read(home.path().join("ledger-wal")).unwrap();
    drop((ledger, journal));
    fs::remove_file(&path).unwrap();
    fs::write(home.path().join("ledger-wal"), &log).unwrap();
    says(&refused(&path), ErrorKind::Ledger, "its log is still there");
    assert_eq!(names(home.path()), ["ledger-wal"]);
}

#[test]
fn there_is_no_place_for_a_secret() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger");
    drop(SqliteLedger::open(&path).unwrap());
    let conn = Connection::open(&path).unwrap();
    let mut columns = conn
        .prepare("SELECT t.name || '.' || c.name FROM pragma_table_list t, pragma_table_info(t.name) c WHERE t.schema = 'main'")
        .unwrap();
    let columns: Vec<String> = columns.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(columns.contains(&"item.digest".to_owned()), "{columns:?}");
    for word in ["secret", "password", "token", "credential", "login", "grant"] {
        assert!(!columns.iter().any(|column| column.contains(word)), "{word} in {columns:?}");
    }
}

/// A ledger with this many rows, closed again.
async fn filled(path: &Path, rows: usize) -> Vec<Row> {
    let ledger = SqliteLedger::open(path).unwrap();
    let journal = claim(&ledger, "a", "x").await;
    let key = open(&*journal, "INBOX").await;
    let mut rows: Vec<Row> = (0..rows)
        .map(|at| {
            let mut row = with_bytes(row(key, &at.to_string(), RowState::Copied), &format!("body {at}"));
            row.received = Some(time::macros::datetime!(2024-01-01 12:00 +1));
            row.uid = Some(format!("<{at}@example.org>"));
            standing(row, "T", Some(&at.to_string()))
        })
        .collect();
    put(&*journal as &dyn Journal, &rows).await;
    rows.sort_by(|a, b| a.place.cmp(&b.place));
    rows
}

fn refused(path: &Path) -> Error {
    SqliteLedger::open(path).unwrap_err()
}

#[track_caller]
fn says(error: &Error, kind: ErrorKind, words: &str) {
    assert_eq!(error.kind(), kind, "{error}");
    let line = error.to_string();
    assert!(line.contains(words) && line.contains("path: ") && line.contains("; "), "{line}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
