//! Limit, pace, timeout and retry at the wire: one object, one fixed order.
//!
//! Each attempt of a [`Call`]
//!
//! 1. waits until the shared pause is over,
//! 2. takes a slot, of its own guard and of every guard above it,
//! 3. runs under the idle timeout: it fails when *nothing* moved for a while, never for being large or slow,
//! 4. is judged by the [`Recovery`] of its error,
//! 5. gives its slots back,
//! 6. backs off, holding nothing, before the next attempt.
//!
//! A server that asks to wait ([`Recovery::Retry`] with a time) makes everyone wait who shares
//! the guard. The number of slots follows the server: one more for every round of good answers, half as many when it is
//! overloaded. Repeats are bounded by attempts and by a budget of extra load that all calls share.
//!
//! Nothing else in a connector sleeps or sends again.
//!
//! ```
//! use mailmove_core::{Call, Error, ErrorKind, Guard, guard::Limits};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
//! let guard = Guard::new("mail.example.org", Limits::new().slots(1, 8));
//! let answer = guard.run(Call::repeatable("NOOP"), |attempt| async move {
//!     match attempt.number() {
//!         1 => Err(Error::new(ErrorKind::Unavailable, "the server is restarting")),
//!         _ => Ok("fine"),
//!     }
//! });
//! assert_eq!(answer.await.unwrap(), "fine");
//! # });
//! ```

mod attempt;
mod call;
mod health;
mod limits;
mod pace;
mod retry;
mod slots;

use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;
use tokio::time::Instant;
use tracing::debug;

pub use attempt::Attempt;
pub use call::Call;
pub use health::{Health, Latency};
pub use limits::Limits;

use crate::{Error, ErrorKind, Recovery, Result};
use health::Counters;
use pace::Pace;
use retry::{Budget, Verdict};
use slots::{Slot, Slots};

/// Limit, pace, timeout and retry for everything that shares a budget at a server. See the [module](self).
///
/// Clones share everything.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

struct Inner {
    name: String,
    limits: Limits,
    slots: Arc<Slots>,
    pace: Pace,
    budget: Budget,
    counters: Counters,
    parent: Option<Guard>,
}

impl Guard {
    /// A guard with this name, which is for traces.
    pub fn new(name: impl Into<String>, limits: Limits) -> Self {
        Self::build(name.into(), limits, None)
    }

    /// A guard below this one: a mailbox below its tenant. Its calls need a slot of both, wait for the pauses of both,
    /// and repeat within the budgets of both. A pause of the child does not hold up its siblings.
    pub fn child(&self, name: impl Into<String>, limits: Limits) -> Self {
        Self::build(name.into(), limits, Some(self.clone()))
    }

    /// The guard above.
    pub fn parent(&self) -> Option<&Guard> {
        self.0.parent.as_ref()
    }

    /// Runs a call until it succeeds, fails for good, or may not be repeated any more.
    ///
    /// - [`Recovery::Retry`]: repeated. With a time, everyone waits for so long.
    /// - No answer ([`ErrorKind::Network`], [`ErrorKind::Timeout`]) to a [`Call::once`] becomes [`Recovery::Locate`],
    ///   unless the attempt said that it was [`untouched`](Attempt::untouched).
    /// - [`Recovery::Locate`] from a [`Call::repeatable`]: repeated.
    /// - [`ErrorKind::CredentialExpired`]: not repeated, since it would take another credential.
    /// - Everything else is returned as it is.
    ///
    /// A wait that takes longer than [`Limits::patience`] is not waited for: the error says until when
    /// ([`Recovery::Pause`]). Dropping the future is safe and gives its slots back.
    pub async fn run<T, F, Fut>(&self, call: Call, mut attempt: F) -> Result<T>
    where
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let mut patience = self.0.limits.patience;
        let idle = call.idle.unwrap_or(self.0.limits.idle);
        let attempts = call.attempts.unwrap_or(self.0.limits.attempts);
        let mut told_to_wait = 0;
        self.each(|guard| guard.0.counters.called());
        for number in 1.. {
            let slots = self.enter(&mut patience).await?;
            let started = Instant::now();
            let handle = Attempt::new(number);
            let outcome = match attempt::watch(attempt(handle.clone()), &handle, idle).await {
                Some(outcome) => outcome,
                None => Err(Error::new(ErrorKind::Timeout, format!("{}: no byte for {} s", call.name, idle.as_secs()))),
            };
            let error = match outcome {
                Ok(value) => {
                    self.succeeded(&slots, started.elapsed());
                    return Ok(value);
                }
                Err(error) => error,
            };
            self.failed(&slots, &error);
            drop(slots);

            let tries = number - told_to_wait;
            match retry::judge(&call, &error, handle.is_untouched()) {
                Verdict::Final(error) => return Err(with_attempts(error, number)),
                Verdict::Wait(after) => {
                    debug!(guard = %self, call = call.name, number, ?after, %error, "asked to wait");
                    told_to_wait += 1;
                    self.pause(after);
                    if after > patience {
                        return Err(with_attempts(too_long(error, after), number));
                    }
                }
                Verdict::Repeat if tries >= attempts || !self.may_repeat() => {
                    return Err(with_attempts(error, number));
                }
                Verdict::Repeat => {
                    let after = retry::backoff(&self.0.limits, tries);
                    debug!(guard = %self, call = call.name, number, ?after, %error, "repeating");
                    tokio::time::sleep(after).await;
                }
            }
            self.each(|guard| guard.0.counters.repeated());
        }
        unreachable!("the loop ends by returning")
    }

    /// Makes everyone who shares this guard wait for this long from now, unless they wait longer already.
    pub fn pause(&self, wait: std::time::Duration) {
        self.0.pace.pause(wait);
    }

    /// How long everyone still waits who shares this guard, for its own sake or for that of one above it.
    pub fn paused(&self) -> Option<std::time::Duration> {
        self.ancestry().filter_map(|guard| guard.0.pace.remaining()).max()
    }

    /// How things go.
    pub fn health(&self) -> Health {
        self.0.counters.snapshot(&self.0.slots, &self.0.pace)
    }

    fn build(name: String, limits: Limits, parent: Option<Guard>) -> Self {
        Self(Arc::new(Inner {
            name,
            slots: Arc::new(Slots::new(&limits)),
            pace: Pace::default(),
            budget: Budget::new(&limits),
            counters: Counters::default(),
            limits,
            parent,
        }))
    }

    /// Waits out every pause and takes a slot everywhere, own guard first: whoever waits for the mailbox must not hold
    /// a slot of the tenant. A pause that begins while waiting for a slot is waited out without one.
    async fn enter(&self, patience: &mut std::time::Duration) -> Result<Vec<Slot>> {
        let mut slots = Vec::new();
        loop {
            if let Some(wait) = self.paused() {
                slots.clear();
                if wait > *patience {
                    let error = Error::new(ErrorKind::Throttled, "the server asked to wait");
                    return Err(too_long(error, wait));
                }
                tokio::time::sleep(wait).await;
                *patience = patience.saturating_sub(wait);
            } else if let Some(guard) = self.ancestry().nth(slots.len()) {
                slots.push(Slots::take(&guard.0.slots).await);
            } else {
                return Ok(slots);
            }
        }
    }

    fn succeeded(&self, slots: &[Slot], took: std::time::Duration) {
        slots.iter().for_each(Slot::succeeded);
        self.each(|guard| {
            guard.0.budget.deposit();
            guard.0.counters.answered(took);
        });
    }

    /// A throttle is about whoever was throttled; a server that cannot is everybody's business.
    fn failed(&self, slots: &[Slot], error: &Error) {
        self.each(|guard| guard.0.counters.failed(error.kind()));
        match error.kind() {
            ErrorKind::Throttled => slots.iter().take(1).for_each(Slot::overloaded),
            ErrorKind::Unavailable | ErrorKind::Timeout => slots.iter().for_each(Slot::overloaded),
            _ => {}
        }
    }

    fn may_repeat(&self) -> bool {
        self.ancestry().all(|guard| guard.0.budget.withdraw())
    }

    fn each(&self, act: impl Fn(&Guard)) {
        self.ancestry().for_each(act);
    }

    fn ancestry(&self) -> impl Iterator<Item = &Guard> {
        std::iter::successors(Some(self), |guard| guard.parent())
    }
}

/// The names from the outermost guard to this one.
impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent() {
            write!(f, "{parent}/")?;
        }
        f.write_str(&self.0.name)
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("name", &self.to_string()).field("health", &self.health()).finish()
    }
}

fn with_attempts(error: Error, number: u32) -> Error {
    if number > 1 { error.with("attempts", number) } else { error }
}

fn too_long(error: Error, wait: std::time::Duration) -> Error {
    let until = OffsetDateTime::now_utc() + wait;
    error.with_recovery(Recovery::Pause { until: Some(until) }).with("wait", format!("{} s", wait.as_secs()))
}

#[cfg(test)]
mod tests;
