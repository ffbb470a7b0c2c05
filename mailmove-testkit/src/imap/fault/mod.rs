//! Misbehaviour on purpose: which command goes wrong, and how.

mod action;
mod rule;

pub use action::Action;
pub(crate) use action::{BrokenLiteral, Effect, StopAfter};

use super::log::LoggedCommand;
use crate::simulator::{Rule, Rules};

/// A rule: a matcher and what happens then.
///
/// ```
/// use mailmove_testkit::imap::{Action, Fault};
///
/// // The second APPEND is stored, but its answer never comes.
/// let lost = Fault::on("APPEND").nth(2).then(Action::LoseAnswer);
/// // Three in a hundred FETCHes end the connection, the same ones in every run.
/// let cut = Fault::on("FETCH").chance(0.03, 7).then(Action::CutOutput { after: 1000 });
/// # let _ = (lost, cut);
/// ```
pub type Fault = Rule<LoggedCommand, Action>;

/// The rules of one server.
pub type Faults = Rules<LoggedCommand, Action>;
