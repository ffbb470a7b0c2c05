use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A pause that everyone waits out.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Option<Instant>>);

impl Pace {
    /// Extends the pause; it never gets shorter.
    pub(super) fn pause(&self, wait: Duration) {
        // A server may ask for centuries; the clock need not follow.
        let until = Instant::now() + wait.min(Duration::from_secs(365 * 24 * 3600));
        let mut pause = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *pause = (*pause).max(Some(until));
    }

    /// How long it still lasts.
    pub(super) fn remaining(&self) -> Option<Duration> {
        let until = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        until.checked_duration_since(Instant::now()).filter(|wait| !wait.is_zero())
    }
}
