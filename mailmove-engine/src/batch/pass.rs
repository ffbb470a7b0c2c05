//! What is done with a mailbox in one go, and what came of it.

use std::collections::BTreeMap;
use std::fmt;

use mailmove_core::diagnosis::{Cause, Diagnosis, Evidence};
use mailmove_core::{Error, ErrorKind, MailboxFlags, Result, Side};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::State;
use crate::report::{Problem, Report, Tally};
use crate::rules::{Rules, Sample};

/// What is done with a mailbox in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Pass {
    /// Both mailboxes are tried; nothing is moved.
    Verify,
    /// A few items of each folder: at most ten, and at most 5 MB.
    Trial,
    /// Everything before a moment, so that little is left for the day of the move.
    PreStage {
        /// The moment.
        #[serde(with = "time::serde::rfc3339")]
        before: OffsetDateTime,
    },
    /// Everything that is not there yet.
    #[default]
    Full,
    /// Only what was tried and failed; folders are not read.
    RetryErrors,
    /// Mail that arrives at the source is sent on to the destination; nothing is moved.
    ForwardingOnly,
    /// Administrators' rights to open the two mailboxes are given up. Not before every mailbox is at its end.
    RevokeAccess,
}

/// What a trial moves of each folder.
const TRIAL: Sample = Sample { items: 10, bytes: 5_000_000 };

impl Pass {
    /// The pass's name, as reports print it.
    pub fn as_str(self) -> &'static str {
        match self {
            Pass::Verify => "verify",
            Pass::Trial => "trial",
            Pass::PreStage { .. } => "pre-stage",
            Pass::Full => "full",
            Pass::RetryErrors => "retry-errors",
            Pass::ForwardingOnly => "forwarding-only",
            Pass::RevokeAccess => "revoke-access",
        }
    }

    /// Whether items are moved.
    pub fn moves(self) -> bool {
        matches!(self, Pass::Trial | Pass::PreStage { .. } | Pass::Full | Pass::RetryErrors)
    }

    /// The rules by which a mailbox with these flags is moved.
    pub(crate) fn rules(self, project: &Rules, flags: MailboxFlags) -> Result<Rules> {
        let mut rules = project.clone();
        rules.flags |= flags;
        match self {
            Pass::Trial => rules.sample = Some(TRIAL),
            Pass::PreStage { before } => rules.before = Some(rules.before.map_or(before, |by| by.min(before))),
            Pass::RetryErrors => {
                if rules.flags.contains(MailboxFlags::NO_RETRIES) {
                    return Err(Error::new(ErrorKind::Config, "flag 4194304 forbids what this pass is for")
                        .remedy("take 4194304 off the mailbox's flags, or start another pass"));
                }
                rules.flags |= MailboxFlags::REMIGRATE_FAILED;
                rules.errors_only = true;
            }
            Pass::Verify | Pass::Full | Pass::ForwardingOnly | Pass::RevokeAccess => {}
        }
        let conflicts = rules.flags.conflicts();
        match conflicts.into_iter().find(|conflict| conflict.is_error()) {
            Some(conflict) => Err(conflict.into()),
            None => Ok(rules),
        }
    }
}

impl fmt::Display for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one pass did with one mailbox. Written once, never changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PassReport {
    /// Its number for this mailbox, from 1.
    pub number: u32,
    /// What was to be done.
    pub pass: Pass,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub started: OffsetDateTime,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339")]
    pub ended: OffsetDateTime,
    /// Where it left the mailbox.
    pub state: State,
    /// Why it did not come to its end.
    pub why: Option<Why>,
    /// Items written.
    pub copied: u64,
    /// Bytes of the items written.
    pub bytes: u64,
    /// Items changed at the destination.
    pub updated: u64,
    /// Items found at the destination.
    pub already_there: u64,
    /// Items that failed.
    pub failed: u64,
    /// Every item ever seen, by what became of it, over all passes so far.
    pub totals: BTreeMap<String, Tally>,
    /// What was not carried, over all passes so far.
    pub losses: BTreeMap<String, u64>,
    /// What was changed so that it would be taken, over all passes so far.
    pub altered: BTreeMap<String, u64>,
    /// Items that failed, were lost or kept, the first hundred.
    pub problems: Vec<ItemProblem>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// How far it was, now and then: at most 40 points, oldest first. Seconds count while it is at work.
    pub timeline: Vec<Point>,
}

/// How far a pass was at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Seconds of work.
    pub seconds: f64,
    /// Items written by then.
    pub items: u64,
    /// Bytes written by then.
    pub bytes: u64,
}

/// One item that is not simply moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ItemProblem {
    /// Its folder's path at the source.
    pub folder: Vec<String>,
    /// Its id there.
    pub item: String,
    /// What became of it.
    pub state: String,
    /// Why, in one line.
    pub why: String,
}

/// Why a mailbox stands where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Why {
    /// On which side.
    pub side: Option<Side>,
    /// What it is.
    pub kind: ErrorKind,
    /// The error's one line: it ends with what to do.
    pub text: String,
    /// The bare message, without facts: mailboxes with the same trouble have the same.
    #[serde(default)]
    pub message: String,
    /// What to do.
    #[serde(default)]
    pub remedy: String,
    /// The causes that fit, best first, each with how sure that is. Empty where nobody knows more than the message says.
    #[serde(default)]
    pub causes: Vec<String>,
}

impl Why {
    pub(crate) fn new(error: &Error) -> Self {
        Self {
            side: error.side(),
            kind: error.kind(),
            text: error.to_string(),
            message: error.message().to_owned(),
            remedy: error.what_to_do().to_owned(),
            causes: causes(error),
        }
    }
}

fn causes(error: &Error) -> Vec<String> {
    let diagnosis = Diagnosis::from(Evidence::of(error));
    let known = diagnosis.findings.iter().filter(|finding| finding.cause != Cause::Unknown);
    known.map(|finding| format!("{} ({})", finding.cause.title(), finding.confidence)).collect()
}

const PROBLEMS: usize = 100;
const POINTS: usize = 40;

impl PassReport {
    /// A pass that did nothing countable.
    pub(crate) fn new(number: u32, pass: Pass, started: OffsetDateTime, ended: OffsetDateTime, state: State) -> Self {
        Self {
            number,
            pass,
            started,
            ended,
            state,
            why: None,
            copied: 0,
            bytes: 0,
            updated: 0,
            already_there: 0,
            failed: 0,
            totals: BTreeMap::new(),
            losses: BTreeMap::new(),
            altered: BTreeMap::new(),
            problems: Vec::new(),
            notes: Vec::new(),
            timeline: Vec::new(),
        }
    }

    /// Adds what a run did: a pass that was interrupted has several.
    pub(crate) fn count(&mut self, report: &Report) {
        let run = &report.this_run;
        self.copied += run.copied;
        self.bytes += run.bytes;
        self.updated += run.updated;
        self.already_there += run.already_there;
        self.failed += run.failed;
        self.totals = report.totals.iter().map(|(state, tally)| (state.as_str().to_owned(), *tally)).collect();
        (self.losses, self.altered) = (report.losses.clone(), report.altered.clone());
        self.problems = report.problems.iter().take(PROBLEMS).map(ItemProblem::new).collect();
        let new = report.notes.iter().filter(|note| !self.notes.contains(note)).cloned().collect::<Vec<_>>();
        self.notes.extend(new);
    }

    /// Keeps as many points as a picture needs.
    pub(crate) fn draw(&mut self, run: Vec<Point>) {
        let mut points = std::mem::take(&mut self.timeline);
        let before = points.last().copied().unwrap_or(Point { seconds: 0.0, items: 0, bytes: 0 });
        points.extend(run.into_iter().map(|point| Point {
            seconds: before.seconds + point.seconds,
            items: before.items + point.items,
            bytes: before.bytes + point.bytes,
        }));
        let step = points.len().div_ceil(POINTS).max(1);
        let last = points.last().copied();
        self.timeline = points.into_iter().step_by(step).collect();
        if self.timeline.last() != last.as_ref() {
            self.timeline.pop();
            self.timeline.extend(last);
        }
    }

    /// The mean number of bytes written per second.
    pub fn rate(&self) -> f64 {
        let seconds = (self.ended - self.started).as_seconds_f64();
        if seconds > 0.0 { self.bytes as f64 / seconds } else { 0.0 }
    }
}

impl ItemProblem {
    fn new(problem: &Problem) -> Self {
        Self {
            folder: problem.folder.clone(),
            item: problem.item.clone(),
            state: problem.state.as_str().to_owned(),
            why: problem.why.clone(),
        }
    }
}
