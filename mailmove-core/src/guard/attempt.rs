use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// One attempt of a call, as the code that makes it sees it. Clones share everything.
#[derive(Debug, Clone)]
pub struct Attempt(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    number: u32,
    started: Instant,
    /// Nanoseconds from `started` to the last sign of life.
    last: AtomicU64,
    untouched: AtomicBool,
}

impl Attempt {
    pub(super) fn new(number: u32) -> Self {
        let (last, untouched) = (AtomicU64::new(0), AtomicBool::new(false));
        Self(Arc::new(Inner { number, started: Instant::now(), last, untouched }))
    }

    /// 1 for the first.
    pub fn number(&self) -> u32 {
        self.0.number
    }

    /// Something moved: bytes went out or came in. Starts the idle timeout anew.
    pub fn touch(&self) {
        let nanos = u64::try_from(self.0.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.last.fetch_max(nanos, Ordering::Relaxed);
    }

    /// The server certainly did not touch what this attempt asked: no connection came about, or nothing was sent yet.
    /// A [`Call::once`](super::Call::once) that fails then may be repeated.
    pub fn untouched(&self) {
        self.0.untouched.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_untouched(&self) -> bool {
        self.0.untouched.load(Ordering::Relaxed)
    }

    fn quiet_until(&self, idle: Duration) -> Instant {
        self.0.started + Duration::from_nanos(self.0.last.load(Ordering::Relaxed)) + idle
    }
}

/// The outcome, or `None` when nothing moved for as long as `idle`.
pub(super) async fn watch<F: Future>(future: F, attempt: &Attempt, idle: Duration) -> Option<F::Output> {
    tokio::pin!(future);
    loop {
        let until = attempt.quiet_until(idle);
        tokio::select! {
            biased;
            outcome = &mut future => return Some(outcome),
            () = sleep_until(until) => if attempt.quiet_until(idle) <= until { return None },
        }
    }
}
