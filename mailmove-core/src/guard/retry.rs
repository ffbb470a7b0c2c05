//! What to do after a failed attempt, and how much extra load that may make.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Call, Limits};
use crate::{Error, ErrorKind, Recovery};

/// What follows a failed attempt.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Nothing, with this error.
    Final(Error),
    /// Another attempt after a back-off of our own.
    Repeat,
    /// Another attempt after the time that the server asked for, which is everybody's.
    Wait(Duration),
}

pub(super) fn judge(call: &Call, error: &Error, untouched: bool) -> Verdict {
    let unanswered = matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout);
    match error.recovery() {
        Recovery::Retry { .. } if error.kind() == ErrorKind::CredentialExpired => Verdict::Final(error.clone()),
        Recovery::Retry { .. } if unanswered && call.once && !untouched => {
            Verdict::Final(error.clone().with_recovery(Recovery::Locate))
        }
        Recovery::Retry { after: Some(after) } => Verdict::Wait(after),
        Recovery::Retry { after: None } => Verdict::Repeat,
        Recovery::Locate if !call.once => Verdict::Repeat,
        _ => Verdict::Final(error.clone()),
    }
}

/// How long to back off after this many tries. Half of it is chance, so that those who failed together do not come back
/// together.
pub(super) fn backoff(limits: &Limits, tries: u32) -> Duration {
    let doubled = limits.first_backoff.saturating_mul(1 << tries.saturating_sub(1).min(20));
    doubled.min(limits.longest_backoff).mul_f64(0.5 + 0.5 * fastrand::f64())
}

/// Repeats that were earned by successes and may be spent on failures. A bound on attempts alone would let a sick
/// server have five times its load.
#[derive(Debug)]
pub(super) struct Budget {
    balance: Mutex<f64>,
    per_success: f64,
    most: f64,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        let most = f64::from(limits.saved_repeats);
        Self { balance: Mutex::new(most), per_success: limits.repeats_per_success, most }
    }

    pub(super) fn deposit(&self) {
        let mut balance = self.balance.lock().unwrap_or_else(PoisonError::into_inner);
        *balance = (*balance + self.per_success).min(self.most);
    }

    pub(super) fn withdraw(&self) -> bool {
        let mut balance = self.balance.lock().unwrap_or_else(PoisonError::into_inner);
        let granted = *balance >= 1.0;
        if granted {
            *balance -= 1.0;
        }
        granted
    }
}
