//! What goes wrong in the ways of Exchange, beside what goes wrong with HTTP.

use std::time::Duration;

use super::mistake::Mistake;
use super::refusal::Refusal;
use crate::http::{self, LoggedRequest};
use crate::simulator::{Rule, Rules};

/// What happens to a request that a [`Fault`] matches.
pub type Action = http::Action<Mishap>;

/// A rule: a matcher and what happens then. Operations are called as in their envelopes: `GetItem`; what cannot be read
/// has the operation `""`.
///
/// ```
/// use std::time::Duration;
/// use mailmove_testkit::ews::{Action, Fault, Mishap};
///
/// // The second UploadItems is stored, but its answer never comes.
/// let lost = Fault::on("UploadItems").nth(2).then(Action::LoseAnswer);
/// // Three in a hundred requests are told to wait, the same ones in every run.
/// let busy = Fault::any().chance(0.03, 7).then(Mishap::Busy { back_off: Duration::from_secs(5) });
/// # let _ = (lost, busy);
/// ```
pub type Fault = Rule<LoggedRequest, Action>;

/// The rules of one server.
pub type Faults = Rules<LoggedRequest, Action>;

/// What goes wrong in Exchange.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Mishap {
    /// Not executed; a SOAP fault with this response code and HTTP status 500.
    SoapFault(String),
    /// Not executed; ErrorServerBusy as a SOAP fault with HTTP status 500.
    Busy {
        /// BackOffMilliseconds.
        back_off: Duration,
    },
    /// Not executed; ErrorServerBusy inside every response message, with HTTP status 200.
    BusyInside {
        /// BackOffMilliseconds.
        back_off: Duration,
    },
    /// Every thing in the batch is refused with this response code: `ErrorMailboxStoreUnavailable`.
    Refuse(String),
    /// One thing in the batch is refused with this response code, the others are done.
    RefuseNth {
        /// Counted from 1.
        nth: usize,
        /// The response code.
        code: String,
    },
    /// So many things of the batch are done, the rest is ErrorBatchProcessingStopped.
    StopBatch {
        /// Things that are done.
        after: usize,
    },
    /// The answer is wrong in one of the ways in which servers and imitations of them were.
    Spoil(Mistake),
    /// Sync states that are already known to clients become invalid, before the request is executed.
    ForgetSyncStates,
}

/// What an action leaves to be done while a request is executed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Effect {
    pub(crate) refuse_all: Option<Refusal>,
    pub(crate) refuse_nth: Option<(usize, String)>,
    pub(crate) stop_after: Option<usize>,
}

impl Effect {
    /// Why the nth thing of a batch is not done.
    pub(crate) fn refuse(&self, nth: usize) -> Option<Refusal> {
        if let Some(refusal) = &self.refuse_all {
            return Some(refusal.clone());
        }
        if self.stop_after.is_some_and(|after| nth > after) {
            let words = "The batch processing was stopped because of an error.";
            return Some(Refusal::new("ErrorBatchProcessingStopped", words));
        }
        let (_, code) = self.refuse_nth.as_ref().filter(|(refused, _)| *refused == nth)?;
        Some(Refusal::new(code, "An error was planted here."))
    }
}

/// ErrorServerBusy with the time to wait.
pub(crate) fn busy(back_off: Duration) -> Refusal {
    let words = "The server cannot service this request right now. Try again later.";
    Refusal::new("ErrorServerBusy", words).value("BackOffMilliseconds", back_off.as_millis())
}
