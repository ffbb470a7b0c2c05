//! Opening the file: whose is it, can we read it, are we alone with it?

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mailmove_core::{Error, ErrorKind, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::error::{self, Fault};
use super::schema;

/// How long two processes that open the same file at the same moment step aside for each other.
const RIVALS: Duration = Duration::from_millis(250);

/// Pages of the write-ahead log after which it is folded into the file.
const LOG_PAGES: u32 = 4_000;

const PAGE_BYTES: u32 = 4_096;

/// Kibibytes of the file kept in memory.
const CACHE_KIB: u32 = 4_096;

/// Opens the ledger at this path for this process alone; makes it where there is nothing.
pub(super) fn open(path: &Path) -> Result<Connection> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            let told = Error::new(ErrorKind::Ledger, "the ledger's path is a folder");
            return Err(error::at(told, path).remedy("give the path of a file"));
        }
        Ok(found) if found.len() == 0 => return Err(error::damaged(path).with("length", "0 bytes")),
        Ok(_) => {}
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => create(path)?,
        Err(failed) => return Err(error::from_io(failed, path)),
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(|failed| Fault::from(failed).told(path))?;
    if conn.is_readonly(MAIN_DB).map_err(|failed| Fault::from(failed).told(path))? {
        return Err(error::read_only(path));
    }
    take_hold(&conn)
        .and_then(|()| check(&conn, path))
        .and_then(|()| check_length(&conn, path))
        .and_then(|()| settle(&conn))
        .map_err(|fault| fault.told(path))?;
    Ok(conn)
}

/// The first read after this takes the file's exclusive lock, which lasts until the connection or the process ends.
fn take_hold(conn: &Connection) -> Result<(), Fault> {
    conn.busy_timeout(RIVALS)?;
    conn.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    Ok(())
}

fn check(conn: &Connection, path: &Path) -> Result<(), Fault> {
    let refuse = |message: &str, remedy: &str| {
        let told = Error::new(ErrorKind::Ledger, message);
        Err(Fault::Refused(error::at(told, path).remedy(remedy)))
    };
    let id: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if id != schema::APPLICATION_ID {
        return refuse("this file is a database, but not a ledger", "give the path of a ledger, or a new path");
    }
    let version: i32 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > schema::VERSION {
        return refuse(
            "the ledger was written by a newer version of this program",
            "use the newer version; this one would not understand what it recorded",
        );
    }
    if version < 1 {
        return Err(Fault::Damaged("schema version"));
    }
    Ok(())
}

/// A file that lost its end. The database itself notices whole pages only.
fn check_length(conn: &Connection, path: &Path) -> Result<(), Fault> {
    let pages: i64 = conn.pragma_query_value(None, "page_count", |row| row.get(0))?;
    let page_bytes: i64 = conn.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let Ok((path, file)) = fs::canonicalize(path).and_then(|path| fs::metadata(&path).map(|file| (path, file))) else {
        return Ok(());
    };
    // With a log beside it the file may be of any length: the log puts it right.
    if file.len() < (pages * page_bytes).cast_unsigned() && !has_log(&path) {
        return Err(Fault::Damaged("the end of the file"));
    }
    Ok(())
}

fn settle(conn: &Connection) -> Result<(), Fault> {
    let mode: String = conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Fault::Damaged("journal mode"));
    }
    conn.execute_batch(&format!(
        "PRAGMA foreign_keys = OFF;
         PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA wal_autocheckpoint = {LOG_PAGES};
         PRAGMA cache_size = -{CACHE_KIB};
         PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;"
    ))?;
    // Plans must not depend on the values bound: they would be made anew at every execution.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(64);
    let version: i32 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if !schema::upgrade(conn, version)? {
        return Err(Fault::Damaged("schema version"));
    }
    // Reads and compiles the schema, so that a file without it fails here and not in the middle of a run.
    conn.prepare_cached("SELECT 1 FROM job, folder, feed, item, tally, remark, target, word, destination, project, mailbox, pass LIMIT 0")?;
    Ok(())
}

/// Makes the file under another name and gives it its own when it is whole: what stands at the path is never half a
/// ledger, and an empty file is never one of ours.
fn create(path: &Path) -> Result<()> {
    if has_log(path) {
        let told = Error::new(ErrorKind::Ledger, "the ledger is gone, but its log is still there");
        let told = error::at(told, path).with("log", beside(path, "-wal").display());
        return Err(told.remedy("put the ledger back beside its log; a new one cannot tell what was moved"));
    }
    let stamp = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos());
    let draft = beside(path, &format!(".{}-{stamp}.new", std::process::id()));
    let made = fill(&draft, path).and_then(|()| publish(&draft, path).map_err(|failed| error::from_io(failed, path)));
    for left in [draft.clone(), beside(&draft, "-wal"), beside(&draft, "-journal")] {
        let _ = fs::remove_file(left);
    }
    made
}

fn fill(draft: &Path, path: &Path) -> Result<()> {
    private(draft).map_err(|failed| error::from_io(failed, path))?;
    let told = |failed| Fault::from(failed).told(path);
    let conn = Connection::open_with_flags(draft, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(told)?;
    conn.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(told)?;
    conn.pragma_update(None, "page_size", PAGE_BYTES).map_err(told)?;
    // Nobody reads a draft that a power loss left behind: one sync at its end is enough.
    conn.pragma_update(None, "synchronous", "OFF").map_err(told)?;
    schema::create(&conn).map_err(told)?;
    conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).map_err(told)?;
    conn.close().map_err(|(_, failed)| told(failed))?;
    OpenOptions::new()
        .write(true)
        .open(draft)
        .and_then(|file| file.sync_all())
        .map_err(|failed| error::from_io(failed, path))
}

/// An empty file that only its owner may read: subjects and addresses pass through a ledger.
fn private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Whoever comes first wins; the loser opens the winner's file.
fn publish(draft: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(draft, path) {
        Ok(()) => {}
        Err(failed) if failed.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        // A file system without hard links.
        Err(_) if !path.exists() => fs::rename(draft, path)?,
        Err(failed) => return Err(failed),
    }
    sync_folder(path)
}

/// The name must survive a power loss as well as the content.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn has_log(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
