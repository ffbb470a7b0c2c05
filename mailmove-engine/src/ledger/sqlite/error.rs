//! What can go wrong with a ledger file, said in words that help.

use std::io;
use std::path::Path;

use mailmove_core::{Error, ErrorKind};
use rusqlite::ErrorCode;

/// Why the store could not do what it was asked.
#[derive(Debug)]
pub(super) enum Fault {
    /// The database said no.
    Sql(rusqlite::Error),
    /// The database holds what no ledger writes there.
    Damaged(&'static str),
    /// The request itself cannot be; nothing was tried.
    Refused(Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sql(error)
    }
}

impl Fault {
    /// The error for people.
    pub(super) fn told(self, path: &Path) -> Error {
        match self {
            Fault::Sql(error) => from_sql(error, path),
            Fault::Damaged(what) => damaged(path).with("unreadable", what),
            Fault::Refused(error) => error,
        }
    }

    /// Whether the store can be trusted after it: a full disk may have room again, a failed sync may have lost anything.
    pub(super) fn leaves_store_sound(&self) -> bool {
        match self {
            Fault::Sql(error) => error.sqlite_error_code() == Some(ErrorCode::DiskFull),
            Fault::Damaged(_) => false,
            Fault::Refused(_) => true,
        }
    }
}

fn from_sql(error: rusqlite::Error, path: &Path) -> Error {
    let told = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => in_use(path),
        Some(ErrorCode::DiskFull) => {
            let told = Error::new(ErrorKind::Ledger, "there is no room to write the ledger: its disk is full");
            at(told, path).remedy("make room on the ledger's disk, then run again: the work goes on where it was")
        }
        Some(ErrorCode::NotADatabase) => {
            let told = Error::new(ErrorKind::Ledger, "this file is not a ledger, or its beginning was overwritten");
            at(told, path).remedy("give the path of a ledger, or a new path; if it was one, restore it from a backup")
        }
        Some(ErrorCode::DatabaseCorrupt) => damaged(path),
        Some(ErrorCode::ReadOnly) => read_only(path),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            let told = Error::new(ErrorKind::Ledger, "the ledger cannot be opened");
            at(told, path).remedy("check the rights on the file and on its folder, then run again")
        }
        Some(ErrorCode::SystemIoFailure) => {
            let told = Error::new(ErrorKind::Ledger, "the ledger's disk failed to read or write");
            at(told, path).remedy("check the disk and the system's log, then run again: the work goes on where it was")
        }
        Some(_) => at(Error::new(ErrorKind::Ledger, "the ledger failed"), path),
        None => damaged(path),
    };
    told.with("said", &error).because(error)
}

/// A file that was a ledger and cannot be read as one.
pub(super) fn damaged(path: &Path) -> Error {
    at(Error::new(ErrorKind::Ledger, "the ledger is damaged"), path)
        .remedy("restore it from a backup, then run again; do not delete it: a new one cannot tell what was moved")
}

/// Another process holds the file.
pub(super) fn in_use(path: &Path) -> Error {
    at(Error::new(ErrorKind::LedgerInUse, "another process works with this ledger"), path)
}

/// The file, its folder or its disk cannot be written to.
pub(super) fn read_only(path: &Path) -> Error {
    at(Error::new(ErrorKind::Ledger, "the ledger cannot be written: it is read-only"), path)
        .remedy("give this user the right to write to the file and its folder, then run again")
}

/// The file system said no before there was a database.
pub(super) fn from_io(error: io::Error, path: &Path) -> Error {
    let (message, remedy) = match error.kind() {
        io::ErrorKind::NotFound => ("the ledger's folder does not exist", "make the folder, or give another path"),
        io::ErrorKind::NotADirectory => ("the ledger's path leads through a file", "give another path"),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ("there is no room to make the ledger: its disk is full", "make room on the disk, or give another path")
        }
        io::ErrorKind::ReadOnlyFilesystem => ("the ledger's disk is read-only", "give a path on another disk"),
        _ => ("the ledger cannot be opened", "check the rights on the file and on its folder, then run again"),
    };
    at(Error::new(ErrorKind::Ledger, message), path).remedy(remedy).with("said", &error).because(error)
}

/// The same with the path.
pub(super) fn at(error: Error, path: &Path) -> Error {
    error.with("path", path.display())
}
