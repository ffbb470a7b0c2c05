//! The shape of the file.
//!
//! Names that repeat in many rows (target folders, reasons, write paths) are numbers there. `item` is the large table; the
//! rest is small. Each index serves one question of a journal, and the partial ones stay small by leaving out what nobody
//! asks about. States are numbered so that those conditions are plain comparisons: they are evaluated at every write, and
//! a list in them would be built anew each time.

use rusqlite::Connection;

/// Says "a ledger of ours" in the header of the file: `mmvL`.
pub(super) const APPLICATION_ID: i32 = 0x6d6d_764c;

/// The version of this schema. A file with a higher one is refused.
pub(super) const VERSION: i32 = 2;

const TABLES: &str = "
CREATE TABLE destination (
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE job (
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    destination INTEGER NOT NULL REFERENCES destination,
    run INTEGER NOT NULL
) STRICT;

-- A source folder within one epoch.
CREATE TABLE folder (
    key INTEGER PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES job,
    id TEXT NOT NULL,
    epoch TEXT NOT NULL,
    path TEXT NOT NULL,             -- JSON: names from the root
    live INTEGER NOT NULL,
    target TEXT,
    target_path TEXT NOT NULL,      -- JSON
    target_epoch TEXT,
    state TEXT,
    UNIQUE (job, id, epoch)
) STRICT;

CREATE TABLE feed (
    job INTEGER NOT NULL REFERENCES job,
    id TEXT NOT NULL,
    cursor TEXT,
    selection BLOB,
    complete INTEGER NOT NULL,
    PRIMARY KEY (job, id)
) STRICT, WITHOUT ROWID;

-- A destination folder within one epoch.
CREATE TABLE target (
    key INTEGER PRIMARY KEY,
    destination INTEGER NOT NULL REFERENCES destination,
    folder TEXT NOT NULL,
    epoch TEXT NOT NULL,
    UNIQUE (destination, folder, epoch)
) STRICT;

-- Short names that repeat: reasons and write paths.
CREATE TABLE word (
    key INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE item (
    folder INTEGER NOT NULL REFERENCES folder,
    item TEXT NOT NULL,
    kind INTEGER NOT NULL,          -- 0 mail, 1 event, 2 contact, 3 task, 4 note, 5 journal
    state INTEGER NOT NULL,         -- to be done: 0 pending, 1 failed, 2 intended;
                                    -- there: 3 copied, 4 updated, 5 already-there, 6 kept, 7 gone-at-source;
                                    -- neither: 8 gone-at-destination, 9 filtered, 10 lost
    reason INTEGER REFERENCES word,
    attempt INTEGER NOT NULL,
    content TEXT NOT NULL,
    flags INTEGER NOT NULL,
    size INTEGER NOT NULL,
    received INTEGER,               -- seconds since 1970
    received_zone INTEGER,          -- seconds east of UTC
    received_nanos INTEGER,
    digest_key INTEGER,             -- the job and the first bytes of the digest
    digest BLOB,
    identity_key INTEGER,           -- the job and the first bytes of the identity's digest
    identity TEXT,
    uid TEXT,
    weak_key BLOB,
    mark TEXT,
    target INTEGER REFERENCES target,
    target_item TEXT,
    target_revision TEXT,
    floor TEXT,
    via INTEGER REFERENCES word,
    evidence INTEGER,               -- 0 id, 1 mark, 2 digest, 3 uid, 4 key
    run INTEGER NOT NULL,
    at INTEGER NOT NULL,            -- nanoseconds since 1970
    rare TEXT,                      -- JSON: failure, losses, altered, categories
    PRIMARY KEY (folder, item)
) STRICT, WITHOUT ROWID;

CREATE INDEX item_due ON item (folder, item, state) WHERE state < 3;
CREATE INDEX item_identity ON item (identity_key) WHERE identity_key IS NOT NULL;
CREATE INDEX item_owner ON item (target, target_item, state) WHERE target_item IS NOT NULL;
CREATE INDEX item_anonymous ON item (target, digest) WHERE target_item IS NULL AND state > 2 AND state < 8;

-- The rows of item, counted; kept by the same transactions.
CREATE TABLE tally (
    folder INTEGER NOT NULL REFERENCES folder,
    kind INTEGER NOT NULL,
    state INTEGER NOT NULL,
    reason INTEGER NOT NULL,        -- 0: none
    items INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (folder, kind, state, reason)
) STRICT, WITHOUT ROWID;

-- How many rows of a job say that something was lost or altered; kept in the same way.
CREATE TABLE remark (
    job INTEGER NOT NULL REFERENCES job,
    list INTEGER NOT NULL,          -- 0 losses, 1 alterations
    code INTEGER NOT NULL REFERENCES word,
    items INTEGER NOT NULL,
    PRIMARY KEY (job, list, code)
) STRICT, WITHOUT ROWID;
";

/// What came with version 2: the mailboxes of a batch.
const PROJECT_TABLES: &str = "
CREATE TABLE project (
    key INTEGER PRIMARY KEY CHECK (key = 1),
    salt BLOB NOT NULL
) STRICT;

CREATE TABLE mailbox (
    id TEXT PRIMARY KEY,
    position INTEGER NOT NULL UNIQUE,
    record TEXT NOT NULL            -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE pass (
    mailbox TEXT NOT NULL REFERENCES mailbox,
    number INTEGER NOT NULL,
    record TEXT NOT NULL,           -- JSON
    PRIMARY KEY (mailbox, number)
) STRICT, WITHOUT ROWID;
";

/// The index that serves the question for equal bytes. Its keys lie anywhere, so keeping it costs a page a row; a first
/// run never asks, and whoever asks first has it made, in a fraction of a second.
pub(super) const DIGEST_INDEX: &str =
    "CREATE INDEX IF NOT EXISTS item_digest ON item (digest_key) WHERE digest_key IS NOT NULL";

/// Brings a file of an older version to this one, in one transaction. `false`: no such version was ever written.
pub(super) fn upgrade(conn: &Connection, version: i32) -> rusqlite::Result<bool> {
    let missing = match version {
        1 => PROJECT_TABLES,
        VERSION => return Ok(true),
        _ => return Ok(false),
    };
    conn.execute_batch(&format!("BEGIN IMMEDIATE; {missing} PRAGMA user_version = {VERSION}; COMMIT;"))?;
    Ok(true)
}

/// Makes an empty database a ledger, in one transaction.
pub(super) fn create(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(&format!(
        "BEGIN IMMEDIATE; {TABLES} {PROJECT_TABLES} PRAGMA application_id = {APPLICATION_ID};
         PRAGMA user_version = {VERSION}; COMMIT;"
    ))
}
