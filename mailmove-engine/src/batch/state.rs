//! Where a mailbox of a batch stands, and what may come next: one table.

use std::fmt;

use mailmove_core::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

/// Where a mailbox of a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Known, and nobody has started it.
    NotSubmitted,
    /// Its turn will come.
    Queued,
    /// Its user was asked for a user name and a password.
    WaitingForUser,
    /// What its user answered, or whatever else opens it, is being tried.
    Verifying,
    /// It is being moved.
    Running,
    /// A server asked for patience; it goes on by itself.
    WaitingForProvider,
    /// A mailbox is not there yet; it is tried again by itself, for at most a day.
    Deferred,
    /// A credential that was good is good no more; what was moved stays moved.
    NeedsCredential,
    /// Everything that was asked for was done.
    Completed,
    /// Everything was tried; something was not moved.
    CompletedWithErrors,
    /// It could not be done.
    Failed,
    /// Somebody stopped it.
    Stopped,
}

use State::*;

impl State {
    /// Every state, in the order of the way through them.
    pub const ALL: [State; 12] = [
        NotSubmitted,
        Queued,
        WaitingForUser,
        Verifying,
        Running,
        WaitingForProvider,
        Deferred,
        NeedsCredential,
        Completed,
        CompletedWithErrors,
        Failed,
        Stopped,
    ];

    /// The states that may follow this one. A process that dies takes what it was doing back into the queue.
    pub fn next(self) -> &'static [State] {
        match self {
            NotSubmitted => &[Queued, WaitingForUser],
            Queued => &[Verifying, Running, Stopped],
            WaitingForUser => &[Verifying, Queued, Stopped],
            Verifying => {
                &[Queued, WaitingForUser, WaitingForProvider, Deferred, NeedsCredential, Completed, Failed, Stopped]
            }
            Running => &[
                Queued,
                WaitingForProvider,
                Deferred,
                NeedsCredential,
                Completed,
                CompletedWithErrors,
                Failed,
                Stopped,
            ],
            WaitingForProvider | Deferred => &[Queued, Stopped],
            NeedsCredential => &[Queued, WaitingForUser, Stopped],
            Completed | CompletedWithErrors | Failed | Stopped => &[Queued, WaitingForUser],
        }
    }

    /// Whether this one may follow.
    pub fn may_become(self, next: State) -> bool {
        self.next().contains(&next)
    }

    /// Nothing more happens to the mailbox until somebody starts it again.
    pub fn is_terminal(self) -> bool {
        matches!(self, Completed | CompletedWithErrors | Failed | Stopped)
    }

    /// Whether a mailbox in this state may be deleted. One that waits, or is at work, has to be stopped first.
    pub fn may_be_deleted(self) -> bool {
        self == NotSubmitted || self.is_terminal()
    }

    /// Whether somebody may start a pass.
    pub fn may_be_started(self) -> bool {
        self == NotSubmitted || self == NeedsCredential || self.is_terminal()
    }

    /// The state's name, as reports print it.
    pub fn as_str(self) -> &'static str {
        match self {
            NotSubmitted => "not submitted",
            Queued => "queued",
            WaitingForUser => "waiting for user",
            Verifying => "verifying",
            Running => "running",
            WaitingForProvider => "waiting for provider",
            Deferred => "deferred",
            NeedsCredential => "needs credential",
            Completed => "completed",
            CompletedWithErrors => "completed with errors",
            Failed => "failed",
            Stopped => "stopped",
        }
    }

    /// Why this one may not follow.
    pub(crate) fn refuse(self, next: State) -> Error {
        let ways: Vec<&str> = self.next().iter().map(|state| state.as_str()).collect();
        Error::new(ErrorKind::Config, format!("a mailbox that is {self} cannot become {next}"))
            .with("from", self)
            .with("to", next)
            .remedy(format!("from here it can become: {}", ways.join(", ")))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_terminal_can_only_be_started_again() {
        for state in State::ALL.into_iter().filter(|state| state.is_terminal()) {
            assert_eq!(state.next(), [Queued, WaitingForUser], "{state}");
            assert!(state.may_be_started() && state.may_be_deleted());
        }
        assert_eq!(State::ALL.into_iter().filter(|state| state.may_be_deleted()).count(), 5);
    }

    #[test]
    fn nothing_follows_itself_and_everything_can_be_reached_and_stopped() {
        for state in State::ALL {
            assert!(!state.may_become(state), "{state}");
            assert!(state == NotSubmitted || State::ALL.iter().any(|from| from.may_become(state)), "{state}");
            assert!(state.may_be_deleted() || state.may_become(Stopped), "{state}");
        }
    }

    #[test]
    fn a_refusal_names_both_states() {
        let told = Completed.refuse(Running).to_string();
        assert!(told.contains("from: completed") && told.contains("to: running") && told.contains("queued"), "{told}");
    }
}
