//! Why a door stays shut: from evidence to ranked causes, each with what speaks for it and what to do, safest first.
//!
//! One answer has many causes: a 401 is a wrong password, an overloaded server, a policy that changed last night, or a
//! mailbox that does not exist yet. So a diagnosis names every cause that fits, says how sure it is and why, and when
//! nothing fits it says that, with the answer as it came.
//!
//! Causes, remedies, codes and rules are data. Connectors put what they saw into [`Evidence`]: most of it is in the facts
//! of an [`Error`](crate::Error) already, and what only they can know they [point to](Evidence::pointing_to).
//!
//! ```
//! use mailmove_core::diagnosis::{Cause, Diagnosis, Evidence};
//! use mailmove_core::{Error, ErrorKind, Side};
//!
//! let error = Error::new(ErrorKind::Credential, "the sign-in service refused")
//!     .on(Side::Source)
//!     .with("answer", "AADSTS50055: The password is expired.");
//! let diagnosis = Diagnosis::from(Evidence::of(&error));
//! assert_eq!(diagnosis.findings[0].cause, Cause::PasswordExpired);
//! ```

pub mod aadsts;
mod catalogue;
mod cause;
mod codes;
mod evidence;
mod remedies;
mod rules;

use std::fmt;

use serde::Serialize;

pub use catalogue::catalogue;
pub use cause::Cause;
pub use evidence::{Evidence, Platform};
pub use remedies::Remedy;

use crate::{Side, Stage};

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// It fits, among others.
    Possible,
    /// It fits better than others.
    Likely,
    /// The server said so.
    Certain,
}

impl Confidence {
    /// The lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Possible => "possible",
            Confidence::Likely => "likely",
            Confidence::Certain => "certain",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A cause that fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The cause.
    pub cause: Cause,
    /// How sure that is.
    pub confidence: Confidence,
    /// What speaks for it.
    pub because: Vec<String>,
    /// What to do, safest first.
    pub remedies: &'static [Remedy],
}

/// Every cause that fits, best first. Never empty: what nobody knows is [`Cause::Unknown`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Diagnosis {
    /// On which side.
    pub side: Option<Side>,
    /// At which door.
    pub stage: Option<Stage>,
    /// The causes.
    pub findings: Vec<Finding>,
    /// What the server said, without secrets.
    pub answer: Option<String>,
}

impl Diagnosis {
    /// The cause that fits best.
    pub fn cause(&self) -> Cause {
        self.findings.first().map_or(Cause::Unknown, |finding| finding.cause)
    }

    /// Every cause that fits, best first.
    pub fn causes(&self) -> impl Iterator<Item = Cause> {
        self.findings.iter().map(|finding| finding.cause)
    }
}

impl From<Evidence> for Diagnosis {
    fn from(evidence: Evidence) -> Self {
        let findings = rules::weigh(&evidence);
        Self { side: evidence.side, stage: evidence.stage, findings, answer: evidence.answer }
    }
}

/// One line for people: side, door, the best cause with what speaks for it, the others, and what to do first.
impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (side, stage) = (self.side.map(Side::as_str), self.stage.map(Stage::as_str));
        let place: Vec<_> = [side, stage].into_iter().flatten().collect();
        if !place.is_empty() {
            write!(f, "{}: ", place.join(", "))?;
        }
        let Some((best, others)) = self.findings.split_first() else { return Ok(()) };
        write!(f, "{} ({}", best.cause.title(), best.confidence)?;
        if !best.because.is_empty() {
            write!(f, ": {}", best.because.join("; "))?;
        }
        f.write_str(")")?;
        for other in others {
            write!(f, ", or {} ({})", other.cause.title(), other.confidence)?;
        }
        if let Some(answer) = self.answer.as_ref().filter(|_| best.cause == Cause::Unknown) {
            write!(f, ", the answer was {answer:?}")?;
        }
        best.remedies.first().map_or(Ok(()), |remedy| write!(f, "; {}", remedy.text))
    }
}

#[cfg(test)]
mod tests;
