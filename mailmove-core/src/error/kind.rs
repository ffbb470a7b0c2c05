//! On which side, what, and what may be done about it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// One of the two sides of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Where mail is read.
    Source,
    /// Where mail is written.
    Destination,
}

impl Side {
    /// The lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Source => "source",
            Side::Destination => "destination",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What went wrong, as far as a decision depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller asked for something that cannot be: a bad URL, a rule that contradicts another.
    Config,
    /// The host name has no address.
    Resolve,
    /// No connection, or one that broke.
    Network,
    /// The server was silent for too long.
    Timeout,
    /// No trustworthy encrypted connection.
    Tls,
    /// The server refused the credential.
    Credential,
    /// A token or session ran out; asking for a fresh one may help.
    CredentialExpired,
    /// The credential is not there yet: somebody has to give it.
    CredentialPending,
    /// Signed in, but without the right to do this.
    AccessDenied,
    /// The mailbox, folder, feed or item does not exist.
    NotFound,
    /// The mailbox does not exist yet, or not completely.
    NotProvisioned,
    /// The server asked to slow down.
    Throttled,
    /// The server cannot do it now.
    Unavailable,
    /// What is there is not what we left: somebody else changed it.
    Conflict,
    /// The server refused this item.
    Refused,
    /// The item is larger than the server takes.
    TooLarge,
    /// The mailbox is full.
    Quota,
    /// The server cannot do this at all.
    Unsupported,
    /// The cursor is too old: list again from the start.
    CursorExpired,
    /// The folder is not the one it was: its epoch changed.
    EpochChanged,
    /// The server said something that the protocol does not allow.
    Protocol,
    /// What the plan decided is no longer so.
    PlanStale,
    /// Somebody else works with this ledger, or on this destination mailbox.
    LedgerInUse,
    /// The ledger cannot be read or written: damaged, of a newer version, on a full disk.
    Ledger,
    /// Local storage failed: no room for spooled bodies.
    Storage,
    /// The caller stopped the work.
    Stopped,
    /// A mistake in this library.
    Bug,
}

impl ErrorKind {
    /// The kind's name, as reports print it.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Config => "config",
            ErrorKind::Resolve => "resolve",
            ErrorKind::Network => "network",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Tls => "tls",
            ErrorKind::Credential => "credential",
            ErrorKind::CredentialExpired => "credential-expired",
            ErrorKind::CredentialPending => "credential-pending",
            ErrorKind::AccessDenied => "access-denied",
            ErrorKind::NotFound => "not-found",
            ErrorKind::NotProvisioned => "not-provisioned",
            ErrorKind::Throttled => "throttled",
            ErrorKind::Unavailable => "unavailable",
            ErrorKind::Conflict => "conflict",
            ErrorKind::Refused => "refused",
            ErrorKind::TooLarge => "too-large",
            ErrorKind::Quota => "quota",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::CursorExpired => "cursor-expired",
            ErrorKind::EpochChanged => "epoch-changed",
            ErrorKind::Protocol => "protocol",
            ErrorKind::PlanStale => "plan-stale",
            ErrorKind::LedgerInUse => "ledger-in-use",
            ErrorKind::Ledger => "ledger",
            ErrorKind::Storage => "storage",
            ErrorKind::Stopped => "stopped",
            ErrorKind::Bug => "bug",
        }
    }

    /// What is done about an error of this kind unless its maker knew better: the one table.
    pub fn recovery(self) -> Recovery {
        match self {
            ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Unavailable | ErrorKind::CredentialExpired => {
                Recovery::Retry { after: None }
            }
            ErrorKind::Throttled => Recovery::Retry { after: Some(Duration::from_secs(10)) },
            ErrorKind::NotFound | ErrorKind::Refused => Recovery::SkipItem,
            ErrorKind::TooLarge | ErrorKind::Unsupported => Recovery::OtherRoute,
            ErrorKind::Conflict => Recovery::KeepTheirs,
            ErrorKind::CursorExpired => Recovery::Relist,
            ErrorKind::EpochChanged => Recovery::StopFolder,
            ErrorKind::Protocol => Recovery::StopFolder,
            ErrorKind::CredentialPending | ErrorKind::NotProvisioned => Recovery::Pause { until: None },
            ErrorKind::Config
            | ErrorKind::Resolve
            | ErrorKind::Tls
            | ErrorKind::Credential
            | ErrorKind::AccessDenied
            | ErrorKind::Quota
            | ErrorKind::PlanStale
            | ErrorKind::Bug => Recovery::StopMailbox,
            ErrorKind::LedgerInUse | ErrorKind::Ledger | ErrorKind::Storage | ErrorKind::Stopped => Recovery::StopAll,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What may be done about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// Nothing happened at the server; the same may be asked again, not before this long.
    Retry {
        /// How long to wait; `None`: the asker's own pace.
        after: Option<Duration>,
    },
    /// It may have happened: look before writing again.
    Locate,
    /// The server did not touch it: ask again, in a smaller batch.
    Requeue,
    /// The next route may take it.
    OtherRoute,
    /// This item cannot be moved; go on with the others.
    SkipItem,
    /// The destination's version stays.
    KeepTheirs,
    /// List the feed again from the start.
    Relist,
    /// Leave this folder, go on with the others.
    StopFolder,
    /// Leave this mailbox.
    StopMailbox,
    /// Nothing can go on for now: a credential, the provider, a mailbox that is not there yet.
    Pause {
        /// When it may be tried again; `None`: when somebody did something about it.
        until: Option<OffsetDateTime>,
    },
    /// Leave everything: no mailbox can go on.
    StopAll,
}

/// What to do about an error of this kind when nobody said anything better.
pub(super) fn default_remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Config => "correct the settings and start again",
        ErrorKind::Resolve => "check the host name and the name server",
        ErrorKind::Network => {
            "check that the server runs and can be reached, then run again: the work goes on where it was"
        }
        ErrorKind::Timeout => "check the server's load, then run again: the work goes on where it was",
        ErrorKind::Tls => "check the server's certificate, or give the authority that signed it",
        ErrorKind::Credential => "check the user name and the password or token before the next attempt",
        ErrorKind::CredentialExpired => "get a fresh token and run again",
        ErrorKind::CredentialPending => "wait until the credential was given, then run again",
        ErrorKind::AccessDenied => "grant the right that is missing, then run again",
        ErrorKind::NotFound => "check that it still exists",
        ErrorKind::NotProvisioned => "wait until the mailbox exists, up to 24 hours, then run again",
        ErrorKind::Throttled => "wait, then run again: the work goes on where it was",
        ErrorKind::Unavailable => "wait until the server is well, then run again: the work goes on where it was",
        ErrorKind::Conflict => "the destination's version was kept; look at both and decide",
        ErrorKind::Refused => "look at the item at the source; move it by hand if it is needed",
        ErrorKind::TooLarge => "raise the destination's size limit, then remigrate failed items",
        ErrorKind::Quota => "raise the destination's quota, then run again: the work goes on where it was",
        ErrorKind::Unsupported => "choose another route or another endpoint",
        ErrorKind::CursorExpired | ErrorKind::EpochChanged => "run again: the folder is listed from the start",
        ErrorKind::Protocol => "run again; if it stays, report it with the server's name and version",
        ErrorKind::PlanStale => "make a new plan and look at it before running",
        ErrorKind::LedgerInUse => "wait until the other run is over, or stop it",
        ErrorKind::Ledger => {
            "make room or restore the file, then run again; never delete it in the middle of a migration"
        }
        ErrorKind::Storage => "make room in the temporary folder, then run again: the work goes on where it was",
        ErrorKind::Stopped => "run again to go on",
        ErrorKind::Bug => "report it with this line",
    }
}
