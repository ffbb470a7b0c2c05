//! How a run ended, and where that leaves the mailbox: one table.

use std::time::Duration;

use mailmove_core::{Error, ErrorKind, Recovery, Side};
use time::OffsetDateTime;

use super::State;
use super::item::BatchItem;
use crate::ledger::RowState;
use crate::report::{Outcome, Report};

/// A mailbox that is not there yet is waited for so long, and no longer.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long until a mailbox that is not there yet is looked for again, at first.
const LOOK_AGAIN: Duration = Duration::from_secs(15 * 60);
/// How long a server that asked for patience gets, at first.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often in a row a server may ask for patience.
const WAITS: u32 = 6;

/// Where a mailbox stands after a run.
#[derive(Debug, Clone)]
pub(super) struct Next {
    pub(super) state: State,
    pub(super) until: Option<OffsetDateTime>,
    pub(super) why: Option<Error>,
}

impl Next {
    fn new(state: State, why: Option<Error>) -> Self {
        Self { state, until: None, why }
    }

    /// Which server asked for patience, if one did.
    pub(super) fn throttled(&self) -> Option<Option<Side>> {
        let why = self.why.as_ref().filter(|why| why.kind() == ErrorKind::Throttled)?;
        (self.state == State::WaitingForProvider).then(|| why.side())
    }
}

/// A run that left something although nothing was wrong with it has not tried everything yet: because a server was away,
/// or because it had to look first what a run that died had written.
pub(super) fn of(item: &mut BatchItem, outcome: Outcome, report: Option<&Report>) -> Outcome {
    let (Outcome::WithErrors, Some(report), true) = (&outcome, report, item.memory.waits < WAITS) else {
        return outcome;
    };
    match &report.error {
        Some(why) if is_passing(why.kind()) => Outcome::Failed { why: why.clone() },
        // The folder was made anew, or put in order, while it was read: it is listed from the start.
        Some(why) if matches!(why.kind(), ErrorKind::EpochChanged | ErrorKind::CursorExpired) => {
            item.memory.waits += 1;
            Outcome::Stopped
        }
        None if report.count(&[RowState::Pending, RowState::Intended]) > 0 => {
            // Something moves each time, or the number of times is bounded.
            item.memory.waits += 1;
            Outcome::Stopped
        }
        _ => outcome,
    }
}

/// Whether trouble of this kind passes by itself.
fn is_passing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Throttled | ErrorKind::Unavailable | ErrorKind::Network | ErrorKind::Timeout)
}

/// What the outcome of a run means for its mailbox. `stopped` is where it goes when it was stopped.
pub(super) fn after(item: &mut BatchItem, outcome: &Outcome, stopped: State, now: OffsetDateTime) -> Next {
    match outcome {
        Outcome::Completed => Next::new(State::Completed, None),
        Outcome::WithErrors => Next::new(State::CompletedWithErrors, None),
        Outcome::Stopped => Next::new(stopped, None),
        Outcome::Paused { why, .. } | Outcome::Failed { why } => after_error(item, why, stopped, now),
    }
}

/// What an error means for its mailbox.
pub(super) fn after_error(item: &mut BatchItem, why: &Error, stopped: State, now: OffsetDateTime) -> Next {
    let asked = match why.recovery() {
        Recovery::Pause { until } => until,
        Recovery::Retry { after: Some(after) } => Some(now + after),
        _ => None,
    };
    let why = why.clone();
    match why.kind() {
        ErrorKind::Stopped => Next::new(stopped, None),
        ErrorKind::CredentialPending => Next::new(State::NeedsCredential, Some(why)),
        // Good before, refused now: changed. Never good: wrong, and trying again only locks somebody out.
        ErrorKind::Credential | ErrorKind::CredentialExpired if item.memory.opened => {
            Next::new(State::NeedsCredential, Some(why))
        }
        ErrorKind::NotProvisioned => {
            let since = *item.memory.deferred.get_or_insert(now);
            let last = since + DAY;
            if now >= last {
                let why = why.with("waited", "24 hours");
                return Next::new(State::Failed, Some(why));
            }
            let pause = doubled(LOOK_AGAIN, item.memory.waits);
            item.memory.waits += 1;
            let until = asked.unwrap_or(now + pause).min(last);
            Next { state: State::Deferred, until: Some(until), why: Some(why) }
        }
        kind if (is_passing(kind) || kind == ErrorKind::LedgerInUse) && item.memory.waits < WAITS => {
            let pause = now + doubled(PATIENCE, item.memory.waits);
            item.memory.waits += 1;
            let until = asked.map_or(pause, |asked| asked.max(pause)).min(now + DAY);
            Next { state: State::WaitingForProvider, until: Some(until), why: Some(why) }
        }
        _ => match asked.filter(|_| matches!(why.recovery(), Recovery::Pause { .. })) {
            Some(until) => Next { state: State::WaitingForProvider, until: Some(until.min(now + DAY)), why: Some(why) },
            None => Next::new(State::Failed, Some(why)),
        },
    }
}

fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(1 << times.min(4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::BatchJob;
    use crate::report::Tally;
    use mailmove_core::Mailbox;

    fn report(left: RowState) -> Report {
        let mut report = Report::failed("job", Error::new(ErrorKind::Bug, "none"), Duration::ZERO);
        (report.outcome, report.error) = (Outcome::WithErrors, None);
        report.totals.insert(left, Tally { items: 3, bytes: 3 });
        report
    }

    #[test]
    fn what_is_left_without_a_reason_is_tried_again_a_few_times() {
        let mailbox = |side| Mailbox::new(side, "a@x");
        let mut item = BatchItem::new(BatchJob::new(mailbox(Side::Source), mailbox(Side::Destination)));
        for _ in 0..WAITS {
            let again = of(&mut item, Outcome::WithErrors, Some(&report(RowState::Pending)));
            assert_eq!(again.as_str(), "stopped");
        }
        let enough = of(&mut item, Outcome::WithErrors, Some(&report(RowState::Pending)));
        assert_eq!(enough.as_str(), "completed with errors");
        item.memory.waits = 0;
        let mut renewed = report(RowState::Copied);
        renewed.error = Some(Error::new(ErrorKind::EpochChanged, "the folder is not the one that was listed"));
        assert_eq!(of(&mut item, Outcome::WithErrors, Some(&renewed)).as_str(), "stopped", "it is listed anew");
        item.memory.waits = 0;
        let failed = of(&mut item, Outcome::WithErrors, Some(&report(RowState::Failed)));
        assert_eq!((failed.as_str(), item.memory.waits), ("completed with errors", 0));
    }
}
