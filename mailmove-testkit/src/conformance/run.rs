use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use super::{Harness, Outcome, Unmet};

type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + 'a>>;

/// What became of all cases.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The cases that ran to their end.
    pub kept: Vec<&'static str>,
    /// The cases that did not run, with the reason.
    pub skipped: Vec<(&'static str, String)>,
    /// The cases that the endpoint broke, with what was seen.
    pub broken: Vec<(&'static str, String)>,
}

impl Report {
    /// Whether nothing is broken; skipped cases are allowed.
    pub fn is_ok(&self) -> bool {
        self.broken.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kept, skipped, broken) = (self.kept.len(), self.skipped.len(), self.broken.len());
        writeln!(f, "{kept} kept, {skipped} skipped, {broken} broken")?;
        self.skipped.iter().try_for_each(|(case, why)| writeln!(f, "skipped  {case}: {why}"))?;
        self.broken.iter().try_for_each(|(case, why)| writeln!(f, "BROKEN   {case}: {why}"))
    }
}

/// Runs all cases, one after the other.
pub async fn run_all(harness: &dyn Harness) -> Report {
    let mut report = Report::default();
    for (name, case) in all(harness) {
        match uncaught(case).await {
            Ok(()) => report.kept.push(name),
            Err(Unmet::Skipped(why)) => report.skipped.push((name, why)),
            Err(Unmet::Broken(why)) => report.broken.push((name, why)),
        }
    }
    report
}

/// The outcome of a case; a panic, the endpoint's most likely, breaks the contract.
async fn uncaught(mut case: Running<'_>) -> Outcome {
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| case.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(Unmet::Broken("it panicked".into()))))
    })
    .await
}

/// Runs one case on a runtime of its own. Returns why it was skipped, if it was.
///
/// # Panics
///
/// When the endpoint does not keep the contract.
#[track_caller]
pub fn assert_kept(name: &str, case: impl Future<Output = Outcome>) -> Option<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map(|runtime| runtime.block_on(case)) {
        Ok(Ok(())) => None,
        Ok(Err(Unmet::Skipped(why))) => Some(why),
        Ok(Err(Unmet::Broken(why))) => panic!("{name}: {why}"),
        Err(error) => panic!("{name}: there is no runtime: {error}"),
    }
}

/// The names of all cases, in the order in which they run.
pub fn case_names() -> Vec<&'static str> {
    macro_rules! names {
        (() $($group:ident { $($case:ident,)* })*) => { vec![$($(stringify!($case),)*)*] };
    }
    crate::__conformance_cases!([names])
}

fn all(harness: &dyn Harness) -> Vec<(&'static str, Running<'_>)> {
    macro_rules! running {
        (($harness:expr) $($group:ident { $($case:ident,)* })*) => {
            vec![$($((stringify!($case), Box::pin(super::$group::$case($harness)) as Running<'_>),)*)*]
        };
    }
    crate::__conformance_cases!([running], harness)
}
