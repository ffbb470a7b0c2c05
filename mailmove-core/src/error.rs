//! One error type for the whole library: opaque, one pointer wide, cheap to clone.
//!
//! An error says on which [`Side`] it arose, what it is ([`ErrorKind`]: what the engine decides by), what may be done
//! about it ([`Recovery`]), and, for people, one line that ends with what to do.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

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

/// What went wrong. See the [module](self).
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    recovery: Recovery,
    side: Option<Side>,
    message: String,
    context: Vec<(&'static str, String)>,
    remedy: Option<String>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind. The message is half a sentence in lower case, without a full stop and without secrets.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            recovery: kind.recovery(),
            side: None,
            message: message.into(),
            context: Vec::new(),
            remedy: None,
            source: None,
        }))
    }

    /// The same with another recovery than its kind's.
    pub fn with_recovery(mut self, recovery: Recovery) -> Self {
        self.inner().recovery = recovery;
        self
    }

    /// The same on this side. A side once set stays: the first to know is right.
    pub fn on(mut self, side: Side) -> Self {
        self.inner().side.get_or_insert(side);
        self
    }

    /// The same with one more fact. A name that is there already keeps its first value.
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        if !self.0.context.iter().any(|(known, _)| *known == name) {
            let value = value.to_string();
            self.inner().context.push((name, value));
        }
        self
    }

    /// The same with what to do: a sentence without a full stop, in the imperative.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.inner().remedy = Some(remedy.into());
        self
    }

    /// The same with its cause, which [`Display`](fmt::Display) does not repeat.
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.inner().source = Some(Arc::new(source));
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What may be done about it.
    pub fn recovery(&self) -> Recovery {
        self.0.recovery
    }

    /// On which side, where that is known.
    pub fn side(&self) -> Option<Side> {
        self.0.side
    }

    /// The bare message, without side, facts and remedy.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The facts, in the order in which they were added.
    pub fn context(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.context.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// What to do, when more is known than the kind says.
    pub fn what_to_do(&self) -> &str {
        self.0.remedy.as_deref().unwrap_or_else(|| default_remedy(self.0.kind))
    }

    fn inner(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }
}

/// One line for people: side, message, facts, and what to do.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(side) = self.0.side {
            write!(f, "{side}: ")?;
        }
        write_line(f, &self.0.message)?;
        let mut open = false;
        for (name, value) in &self.0.context {
            f.write_str(if open { ", " } else { " (" })?;
            open = true;
            write!(f, "{name}: ")?;
            write_line(f, value)?;
        }
        if open {
            f.write_str(")")?;
        }
        f.write_str("; ")?;
        write_line(f, self.what_to_do())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let mut out = f.debug_struct("Error");
        out.field("kind", &inner.kind).field("recovery", &inner.recovery).field("side", &inner.side);
        out.field("message", &inner.message).field("context", &inner.context);
        if let Some(source) = &inner.source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Text from servers may hold anything; a line stays one line.
fn write_line(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    text.split(|c: char| c.is_control()).enumerate().try_for_each(|(at, part)| {
        if at > 0 {
            f.write_str(" ")?;
        }
        f.write_str(part)
    })
}

fn default_remedy(kind: ErrorKind) -> &'static str {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn display_is_one_line_with_side_facts_and_what_to_do() {
        let error = Error::new(ErrorKind::Refused, "the server refused the message")
            .on(Side::Destination)
            .on(Side::Source)
            .with("answer", "NO\r\n [CANNOT]")
            .with("folder", "Sent");
        let line = error.to_string();
        assert_eq!(
            line,
            "destination: the server refused the message (answer: NO   [CANNOT], folder: Sent); \
             look at the item at the source; move it by hand if it is needed"
        );
    }

    #[test]
    fn the_cause_is_reachable_and_not_repeated() {
        let cause = std::io::Error::other("connection reset");
        let error = Error::new(ErrorKind::Network, "cannot read").because(cause);
        assert!(!error.to_string().contains("reset"));
        assert!(StdError::source(&error).is_some_and(|source| source.to_string().contains("reset")));
    }
}
