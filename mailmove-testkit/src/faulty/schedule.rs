use std::collections::HashMap;
use std::fmt;
use std::future::{self, Future};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Counts every call that a run makes to the outside, and kills the run at a chosen one.
///
/// A dead process gets no more answers: from the crash on, every call that passes this schedule stands still for ever,
/// and the test drops the run. What was sent before may still be executed, see [`When::Late`]. Source, destination and
/// ledger share one schedule; clones are the same.
///
/// ```
/// use mailmove_testkit::{Schedule, When};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let schedule = Schedule::new();
/// schedule.crash_at(2, When::Before);
/// let run = async {
///     schedule.call("first", async {}).await;
///     schedule.call("second", async { unreachable!("never sent") }).await;
/// };
/// assert_eq!(schedule.drive(run).await, None);
/// assert_eq!(schedule.names(), ["first", "second"]);
/// # });
/// ```
#[derive(Clone, Default)]
pub struct Schedule(Arc<Inner>);

/// The moment of a crash within a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Nothing was sent.
    Before,
    /// The first half of a batch of writes or new folders (the smaller one) was executed, the rest never reached the
    /// server. For every other call: the same as [`Before`](When::Before).
    Half,
    /// It was executed, the answer never came.
    After,
    /// A batch of writes was sent, and is executed this long after the death; wait for [`Schedule::quiet`] before
    /// looking at the end. For every other call: the same as [`Before`](When::Before).
    Late(Duration),
}

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    crashed: Notify,
    late: Mutex<Vec<JoinHandle<()>>>,
}

type Act = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct State {
    names: Vec<&'static str>,
    counts: HashMap<&'static str, usize>,
    acts: HashMap<(&'static str, usize), Act>,
    crash: Option<(usize, When)>,
    crashed: bool,
}

impl Schedule {
    /// A schedule without a crash: it counts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Kills the run at this step; the first is 1.
    pub fn crash_at(&self, step: usize, when: When) {
        self.state().crash = Some((step, when));
    }

    /// Does this right before the n-th step of this name: the way to let a user act in the middle of a run. Names are
    /// those of [`Method::as_str`](super::Method::as_str), and whatever [`call`](Self::call) is given; the first is 1.
    ///
    /// ```
    /// # use mailmove_testkit::{MemoryMailbox, NewItem, Schedule};
    /// let (mailbox, schedule) = (MemoryMailbox::new(), Schedule::new());
    /// let user = mailbox.clone();
    /// schedule.before("write", 2, move || _ = user.add(&user.inbox(), NewItem::numbered_mail(1)));
    /// ```
    pub fn before(&self, name: &'static str, nth: usize, act: impl FnOnce() + Send + 'static) {
        self.state().acts.insert((name, nth), Box::new(act));
    }

    /// A new run: counts from 1 again, with no crash ahead. What was sent late is still executed.
    ///
    /// What still hangs from the run before stays dead only when it was dropped: drop it first.
    pub fn restart(&self) {
        *self.state() = State::default();
    }

    /// How many steps were begun.
    pub fn steps(&self) -> usize {
        self.state().names.len()
    }

    /// The steps that were begun, by name.
    pub fn names(&self) -> Vec<&'static str> {
        self.state().names.clone()
    }

    /// Whether the run is dead.
    pub fn is_crashed(&self) -> bool {
        self.state().crashed
    }

    /// Waits for the crash.
    pub async fn crashed(&self) {
        loop {
            let notified = self.0.crashed.notified();
            if self.is_crashed() {
                return;
            }
            notified.await;
        }
    }

    /// Runs until it is over, or until the crash: then the run is dropped and there is no output.
    pub async fn drive<T>(&self, run: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.crashed() => None,
            output = run => Some(output),
        }
    }

    /// Waits until everything that was sent was executed, late or not.
    pub async fn quiet(&self) {
        loop {
            let late = self.late().pop();
            match late {
                // A write that panicked has been reported by its panic.
                Some(late) => _ = late.await,
                None => return,
            }
        }
    }

    /// One step that is a call: the way to put anything else, such as a ledger, on the schedule.
    pub async fn call<T>(&self, name: &'static str, call: impl Future<Output = T>) -> T {
        let step = self.begin(name).await;
        match step.when() {
            Some(When::Half | When::Late(_)) => self.die().await,
            _ => {
                let answer = call.await;
                step.end().await;
                answer
            }
        }
    }

    /// One step that is only a moment: a place where a run can die.
    pub async fn pass(&self, name: &'static str) {
        self.call(name, future::ready(())).await;
    }

    /// Counts a step. Never returns when the run is dead or dies here before sending anything.
    pub(super) async fn begin(&self, name: &'static str) -> Step<'_> {
        let Some((when, act)) = self.count(name) else { return future::pending().await };
        if let Some(act) = act {
            act();
        }
        if when == Some(When::Before) {
            self.die::<()>().await;
        }
        Step { schedule: self, when }
    }

    /// The end of the run.
    pub(super) async fn die<T>(&self) -> T {
        self.state().crashed = true;
        self.0.crashed.notify_waiters();
        future::pending().await
    }

    /// Does this after a while, whatever becomes of the run.
    pub(super) fn later(&self, delay: Duration, act: impl Future<Output = ()> + Send + 'static) {
        let late = tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            act.await;
        });
        self.late().push(late);
    }

    fn late(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.0.late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a step and says how the run dies in it, and what happens before; nothing, when the run is dead already.
    fn count(&self, name: &'static str) -> Option<(Option<When>, Option<Act>)> {
        let mut state = self.state();
        if state.crashed {
            return None;
        }
        state.names.push(name);
        let step = state.names.len();
        let nth = state.counts.entry(name).or_default();
        *nth += 1;
        let nth = *nth;
        let act = state.acts.remove(&(name, nth));
        Some((state.crash.filter(|(at, _)| *at == step).map(|(_, when)| when), act))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        let mut out = f.debug_struct("Schedule");
        out.field("steps", &state.names.len()).field("crash", &state.crash).field("crashed", &state.crashed).finish()
    }
}

/// A step under way.
pub(super) struct Step<'a> {
    schedule: &'a Schedule,
    when: Option<When>,
}

impl Step<'_> {
    /// How the run dies in this step, if it does.
    pub(super) fn when(&self) -> Option<When> {
        self.when
    }

    /// The answer is there. Never returns when the run died meanwhile, or dies here.
    pub(super) async fn end(self) {
        if self.when == Some(When::After) {
            self.schedule.die().await
        }
        if self.schedule.is_crashed() {
            future::pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_run_dies_where_it_was_told_and_nothing_happens_afterwards() {
        for (when, expected) in [(When::Before, vec![1]), (When::Half, vec![1]), (When::After, vec![1, 2])] {
            let (schedule, done) = (Schedule::new(), Mutex::new(Vec::new()));
            schedule.crash_at(2, when);
            let run = async {
                for n in 1..=3 {
                    schedule.call("step", async { done.lock().unwrap().push(n) }).await;
                }
            };
            assert_eq!(schedule.drive(run).await, None);
            assert_eq!((*done.lock().unwrap()).clone(), expected, "{when:?}");
            assert_eq!(schedule.steps(), 2);
        }
    }

    #[tokio::test]
    async fn the_user_acts_before_the_step_that_was_named() {
        let (schedule, log) = (Schedule::new(), Arc::new(Mutex::new(Vec::new())));
        let user = log.clone();
        schedule.before("write", 2, move || user.lock().unwrap().push("user"));
        for name in ["write", "read", "write", "write"] {
            schedule.call(name, async { log.lock().unwrap().push(name) }).await;
        }
        assert_eq!(*log.lock().unwrap(), ["write", "read", "user", "write", "write"]);
    }

    #[tokio::test]
    async fn a_call_in_flight_gets_no_answer_after_the_crash() {
        let schedule = Schedule::new();
        schedule.crash_at(2, When::Before);
        let slow = schedule.call("slow", tokio::task::yield_now());
        let run = async { tokio::join!(slow, schedule.pass("dies")) };
        assert_eq!(schedule.drive(run).await, None);
    }

    #[tokio::test]
    async fn without_a_crash_a_run_comes_to_its_end_and_is_counted() {
        let schedule = Schedule::new();
        assert_eq!(schedule.drive(schedule.call("one", async { 7 })).await, Some(7));
        schedule.restart();
        assert_eq!(schedule.steps(), 0);
    }
}
