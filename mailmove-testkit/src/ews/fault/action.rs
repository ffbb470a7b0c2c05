//! What goes wrong.

use std::time::Duration;

use super::Mutation;
use crate::ews::refusal::Refusal;

/// What happens to a request that a [`Fault`](super::Fault) matches.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Action {
    /// Not executed; this HTTP status with this text.
    Status {
        /// 503, 413, 403 …
        code: u16,
        /// The Retry-After header.
        retry_after: Option<Duration>,
        /// The body, as HTML when it begins with `<`.
        body: String,
    },
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
    /// The connection ends; the request is not executed.
    CutBefore,
    /// The request is executed, then the connection ends without a word.
    LoseAnswer,
    /// The connection ends after so many octets of the answer's body. The request is executed.
    CutOutput {
        /// Octets that still arrive.
        after: usize,
    },
    /// The connection ends at once, and the request is executed so much later.
    CommitLate(Duration),
    /// Nothing is executed nor answered, and the connection stays open.
    Stall,
    /// Waits so long, then goes on as if nothing had been.
    Wait(Duration),
    /// The body of the answer is sent so many octets at a time.
    Slow {
        /// Octets in one piece.
        chunk: usize,
        /// The wait before each piece.
        delay: Duration,
    },
    /// The answer is wrong in one of the ways in which servers and imitations of them were.
    Mutate(Mutation),
    /// In the answer's text, every occurrence of the first is replaced by the second; neither needs to be XML.
    Replace(String, String),
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
