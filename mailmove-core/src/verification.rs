//! What a look at the doors of a mailbox showed.

use std::fmt;

use serde::Serialize;

use crate::diagnosis::Evidence;
use crate::{Error, Mailbox};

/// A door on the way into a mailbox, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stage {
    /// The host name has an address.
    Resolve,
    /// The port answers.
    Connect,
    /// The connection is encrypted and the server is who it says.
    Tls,
    /// The credential is taken.
    SignIn,
    /// The mailbox opens.
    Open,
    /// Its items may be read.
    Read,
    /// Its folders may be written.
    Write,
}

impl Stage {
    /// The name, as reports print it.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Resolve => "resolve",
            Stage::Connect => "connect",
            Stage::Tls => "tls",
            Stage::SignIn => "sign-in",
            Stage::Open => "open",
            Stage::Read => "read",
            Stage::Write => "write",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one door showed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StageOutcome {
    /// The door.
    pub stage: Stage,
    /// What was seen there: an address, a protocol version, a count of folders.
    pub seen: String,
    /// Why it stayed shut.
    pub error: Option<Error>,
}

/// Every door that was tried, in order. The last one is the one that stayed shut, if any did.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Verification {
    /// Whose doors.
    pub mailbox: Mailbox,
    /// What each showed.
    pub stages: Vec<StageOutcome>,
}

impl Verification {
    /// Nothing tried yet.
    pub fn new(mailbox: Mailbox) -> Self {
        Self { mailbox, stages: Vec::new() }
    }

    /// A door that opened.
    pub fn passed(&mut self, stage: Stage, seen: impl Into<String>) {
        self.stages.push(StageOutcome { stage, seen: seen.into(), error: None });
    }

    /// The door that stayed shut.
    pub fn failed(mut self, stage: Stage, error: Error) -> Self {
        self.stages.push(StageOutcome { stage, seen: String::new(), error: Some(error) });
        self
    }

    /// Whether every door that was tried opened.
    pub fn is_ok(&self) -> bool {
        self.stages.iter().all(|outcome| outcome.error.is_none())
    }

    /// Why it stayed shut, if it did.
    pub fn error(&self) -> Option<&Error> {
        self.stages.iter().find_map(|outcome| outcome.error.as_ref())
    }

    /// What the door that stayed shut showed, for a [`Diagnosis`](crate::diagnosis::Diagnosis). Whoever knows more adds
    /// it: how the server did lately, and whether the credential worked before.
    pub fn evidence(&self) -> Option<Evidence> {
        let shut = self.stages.iter().find(|outcome| outcome.error.is_some())?;
        shut.error.as_ref().map(|error| Evidence::of(&error.clone().on(self.mailbox.side)).at(shut.stage))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{Cause, Diagnosis};
    use crate::{ErrorKind, Side};

    #[test]
    fn the_door_that_stayed_shut_leads_to_a_diagnosis_with_side_and_stage() {
        let mut verification = Verification::new(Mailbox::new(Side::Destination, "alice"));
        verification.passed(Stage::Connect, "192.0.2.1:993");
        assert!(verification.is_ok() && verification.evidence().is_none());
        let refused = Error::new(ErrorKind::Credential, "refused").with("answer", "NO [EXPIRED] Password expired");
        let verification = verification.failed(Stage::SignIn, refused);
        assert!(!verification.is_ok());
        let diagnosis = Diagnosis::from(verification.evidence().unwrap());
        assert_eq!((diagnosis.side, diagnosis.stage), (Some(Side::Destination), Some(Stage::SignIn)));
        assert_eq!(diagnosis.cause(), Cause::PasswordExpired);
    }
}
