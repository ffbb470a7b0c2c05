use std::time::Duration;

/// The bounds within which a [`Guard`](super::Guard) works.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// How many attempts are in flight at least, however overloaded the server is.
    pub min_slots: usize,
    /// How many are in flight at most, however well it does. Every guard starts with this many: they were chosen by
    /// somebody who knows the server, and the first sign of overload halves them.
    pub max_slots: usize,
    /// How often one call is tried. Attempts that the server answered with a time to wait do not count.
    pub attempts: u32,
    /// About how long the first back-off lasts; each further one lasts twice as long.
    pub first_backoff: Duration,
    /// How long a back-off lasts at most.
    pub longest_backoff: Duration,
    /// After how long without a byte an attempt has failed.
    pub idle: Duration,
    /// How long one call waits in all because the server asked for it.
    pub patience: Duration,
    /// How many repeats each success earns: the extra load that a sick server gets.
    pub repeats_per_success: f64,
    /// How many repeats can be saved up; a guard starts with them.
    pub saved_repeats: u32,
}

impl Limits {
    /// One to four attempts in flight; five tries over about ten seconds; a minute of silence; a quarter of an hour of
    /// waiting; one repeat for five successes.
    pub fn new() -> Self {
        Self {
            min_slots: 1,
            max_slots: 4,
            attempts: 5,
            first_backoff: Duration::from_millis(500),
            longest_backoff: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            patience: Duration::from_secs(15 * 60),
            repeats_per_success: 0.2,
            saved_repeats: 20,
        }
    }

    /// The same with these bounds for what is in flight. At least one is.
    pub fn slots(mut self, min: usize, max: usize) -> Self {
        self.min_slots = min.max(1);
        self.max_slots = max.max(self.min_slots);
        self
    }

    /// The same with another number of tries, at least one.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The same with another idle timeout.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// The same with another patience.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
