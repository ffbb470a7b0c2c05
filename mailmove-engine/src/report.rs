//! What did happen: a grouping of the ledger's rows, and what this run added.

use std::collections::BTreeMap;
use std::time::Duration;

use mailmove_core::{Error, Result};
use serde::{Deserialize, Serialize, Serializer};
use time::OffsetDateTime;

use crate::event::Progress;
use crate::ledger::{Journal, RowState, Select};
use crate::plan::Plan;

/// How a run ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Outcome {
    /// Everything that the rules ask for is at the destination.
    Completed,
    /// Everything was tried; some items failed, or some folders were left.
    WithErrors,
    /// The caller stopped it. Run again to go on.
    Stopped,
    /// It cannot go on for now.
    Paused {
        /// When it may be tried again; `None`: when somebody did something about it.
        until: Option<OffsetDateTime>,
        /// Why.
        why: Error,
    },
    /// It could not go on.
    Failed {
        /// Why.
        why: Error,
    },
}

impl Outcome {
    /// The outcome's name, as reports print it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Outcome::Completed => "completed",
            Outcome::WithErrors => "completed with errors",
            Outcome::Stopped => "stopped",
            Outcome::Paused { .. } => "paused",
            Outcome::Failed { .. } => "failed",
        }
    }

    /// Why it did not come to its end.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Outcome::Paused { why, .. } | Outcome::Failed { why } => Some(why),
            _ => None,
        }
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What became of a mailbox.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// How the run ended.
    pub outcome: Outcome,
    /// Why it did not come to its end.
    #[serde(serialize_with = "error_text")]
    pub error: Option<Error>,
    /// The job's name.
    pub job: String,
    /// Which run of the job this was.
    pub run: u32,
    /// How long it took.
    #[serde(serialize_with = "seconds")]
    pub took: Duration,
    /// What this run did.
    pub this_run: Progress,
    /// Every item ever seen, by what became of it, over all runs.
    pub totals: BTreeMap<RowState, Tally>,
    /// The same by folder, in the plan's order; folders that vanished from the source come last.
    pub folders: Vec<FolderReport>,
    /// Items that failed, were lost or kept, the first thousand.
    pub problems: Vec<Problem>,
    /// What was not carried, by its stable name.
    pub losses: BTreeMap<String, u64>,
    /// What was changed so that it would be taken, by its stable name.
    pub altered: BTreeMap<String, u64>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// What was planned; `None` when it did not come so far.
    pub plan: Option<Plan>,
}

/// So many items of so many bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many.
    pub items: u64,
    /// Their sizes together.
    pub bytes: u64,
}

/// One source folder.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct FolderReport {
    /// Its path at the source.
    pub from: Vec<String>,
    /// Its path at the destination.
    pub to: Vec<String>,
    /// Whether it is still listed at the source.
    pub live: bool,
    /// Its items, by what became of them.
    pub items: BTreeMap<RowState, Tally>,
    /// Why it was left before its end in this run.
    #[serde(serialize_with = "error_text")]
    pub error: Option<Error>,
}

/// One item that is not simply moved.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// Its folder's path at the source.
    pub folder: Vec<String>,
    /// Its id there.
    pub item: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was received.
    pub received: Option<String>,
    /// What became of it.
    pub state: RowState,
    /// Why, in one line.
    pub why: String,
}

const PROBLEMS: usize = 1_000;

impl Report {
    /// A report of a run that did not come so far as to plan.
    pub(crate) fn failed(job: &str, why: Error, took: Duration) -> Self {
        let outcome = match why.recovery() {
            mailmove_core::Recovery::Pause { until } => Outcome::Paused { until, why: why.clone() },
            _ => Outcome::Failed { why: why.clone() },
        };
        Self {
            outcome,
            error: Some(why),
            job: job.to_owned(),
            run: 0,
            took,
            this_run: Progress::default(),
            totals: BTreeMap::new(),
            folders: Vec::new(),
            problems: Vec::new(),
            losses: BTreeMap::new(),
            altered: BTreeMap::new(),
            notes: Vec::new(),
            plan: None,
        }
    }

    /// How many items are in one of these states.
    pub fn count(&self, states: &[RowState]) -> u64 {
        states.iter().filter_map(|state| self.totals.get(state)).map(|tally| tally.items).sum()
    }

    /// Fills in what the rows say.
    pub(crate) async fn read_rows(&mut self, journal: &dyn Journal) -> Result<()> {
        let folders = journal.folders().await?;
        let mut reports: BTreeMap<_, FolderReport> = folders
            .iter()
            .map(|row| {
                let report = FolderReport {
                    from: row.path.clone(),
                    to: row.target_path.clone(),
                    live: row.live,
                    items: BTreeMap::new(),
                    error: None,
                };
                (row.key, report)
            })
            .collect();
        for group in journal.summary().await? {
            let total = self.totals.entry(group.state).or_default();
            total.items += group.items;
            total.bytes += group.bytes;
            if let Some(report) = reports.get_mut(&group.folder) {
                let tally = report.items.entry(group.state).or_default();
                tally.items += group.items;
                tally.bytes += group.bytes;
            }
        }
        let remarks = journal.remarks().await?;
        (self.losses, self.altered) = (remarks.losses, remarks.altered);
        let select = Select::all().in_states(&[RowState::Failed, RowState::Lost, RowState::Kept]);
        for row in journal.scan(&select, None, PROBLEMS).await? {
            let why = match (&row.failure, &row.reason) {
                (Some(failure), _) => failure.text.clone(),
                (None, Some(reason)) => reason.clone(),
                (None, None) => "the destination's version was kept".to_owned(),
            };
            self.problems.push(Problem {
                folder: reports.get(&row.place.folder).map(|report| report.from.clone()).unwrap_or_default(),
                item: row.place.item.to_string(),
                size: row.size,
                received: row.received.map(|date| date.to_string()),
                state: row.state,
                why,
            });
        }
        self.folders = reports.into_values().filter(|report| report.live || !report.items.is_empty()).collect();
        self.folders.sort_by_key(|report| !report.live);
        Ok(())
    }
}

fn error_text<S: Serializer>(error: &Option<Error>, serializer: S) -> Result<S::Ok, S::Error> {
    error.as_ref().map(ToString::to_string).serialize(serializer)
}

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((time.as_secs_f64() * 1000.0).round() / 1000.0)
}
