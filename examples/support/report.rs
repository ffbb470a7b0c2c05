//! Plans, reports and audits: for people on standard output, for programs in a JSON file.

use std::io::Write;
use std::path::Path;

use mailmove::{Audit, Count, Outcome, Plan, PlannedFolder, Report, RowState, Storage};
use serde_json::{Map, Value};

use super::{Failure, Status, exit, say, words};

/// Tells what would happen.
pub(crate) fn plan(plan: &Plan) {
    say!("from {}{}", plan.source, storage(&plan.source_storage));
    say!("  to {}{}", plan.destination, storage(&plan.destination_storage));
    say!("folders:");
    plan.folders.iter().for_each(planned);
    if !plan.skipped.is_empty() {
        say!("left out:");
    }
    for folder in &plan.skipped {
        say!("  {}: {}", words::path(&folder.path), folder.reason);
    }
    say!("how:");
    for route in &plan.routes {
        let limit = route.max_bytes.map(|max| format!(", at most {} each", words::bytes(max))).unwrap_or_default();
        say!("  {} as {}, by {} and {}{limit}", route.kind, route.format, route.read, route.write);
        route.losses.iter().for_each(|loss| say!("    not carried: {loss}"));
    }
    if !plan.inventory.is_empty() {
        say!("stays behind:");
    }
    plan.inventory.iter().for_each(|loss| say!("  {loss}"));
    plan.forecast.iter().for_each(|forecast| say!("{}", words::forecast(forecast)));
    for warning in &plan.warnings {
        say!("note: {warning}");
    }
}

fn planned(folder: &PlannedFolder) {
    let (from, to) = (words::path(&folder.from), words::path(&folder.to));
    let target = if folder.from == folder.to { String::new() } else { format!(" -> {to}") };
    let mut remarks = Vec::new();
    if folder.create {
        remarks.push("new".to_owned());
    }
    if folder.unchanged {
        remarks.push("nothing changed".to_owned());
    }
    remarks.extend(folder.note.clone());
    let remarks = if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join("; ")) };
    let items = match folder.items {
        Count::Exact(items) => words::count(items, "item"),
        Count::AtMost(items) => format!("at most {}", words::count(items, "item")),
        Count::Unknown => "an unknown number of items".to_owned(),
    };
    let bytes = folder.bytes.value().map(|bytes| format!(", {}", words::bytes(bytes))).unwrap_or_default();
    say!("  {from}{target}: {items}{bytes}{remarks}");
}

fn storage(storage: &Storage) -> String {
    match (storage.used, storage.quota) {
        (Some(used), Some(quota)) => format!(" ({} of {} used)", words::bytes(used), words::bytes(quota)),
        (Some(used), None) => format!(" ({} used; its quota is not known)", words::bytes(used)),
        (None, Some(quota)) => format!(" (its size is not known, its quota is {})", words::bytes(quota)),
        (None, None) => " (its size and its quota are not known)".to_owned(),
    }
}

/// Tells what did happen.
pub(crate) fn run(report: &Report) {
    let done = &report.this_run;
    say!(
        "{} after {}: {} copied ({}), {} updated, {} found there, {} failed",
        report.outcome.as_str(),
        words::time(report.took),
        done.copied,
        words::bytes(done.bytes),
        done.updated,
        done.already_there,
        done.failed
    );
    let totals: Vec<String> = RowState::ALL
        .into_iter()
        .filter_map(|state| Some(format!("{} {}", report.totals.get(&state)?.items, state.as_str().replace('-', " "))))
        .collect();
    if !totals.is_empty() {
        say!("over all runs: {}", totals.join(", "));
    }
    for folder in &report.folders {
        if let Some(error) = &folder.error {
            say!("folder \"{}\" was left: {error}", words::path(&folder.from));
        }
    }
    for problem in report.problems.iter().take(SHOWN) {
        let (state, size) = (problem.state.as_str(), words::bytes(problem.size));
        say!("{state}: \"{}\", item {} ({size}): {}", words::path(&problem.folder), problem.item, problem.why);
    }
    if report.problems.len() > SHOWN {
        say!("and {} more; --report FILE has up to a thousand", report.problems.len() - SHOWN);
    }
    report.losses.iter().for_each(|(code, items)| say!("not carried: {code}, at {}", words::count(*items, "item")));
    report.altered.iter().for_each(|(code, items)| say!("altered: {code}, {}", words::count(*items, "item")));
    report.notes.iter().for_each(|note| say!("note: {note}"));
}

/// So many problems are told; the file has them all.
const SHOWN: usize = 20;

/// How a program ends after such a report.
pub(crate) fn ended(report: &Report) -> Result<(), Failure> {
    let failed = report.count(&[RowState::Failed, RowState::Lost]);
    let waiting = report.count(&[RowState::Pending, RowState::Intended]);
    match &report.outcome {
        Outcome::Completed => Ok(()),
        Outcome::Stopped => Err(Failure::new(Status::NotFinished, "stopped; run again to go on")),
        Outcome::Paused { why, .. } => Err(Failure::new(Status::NotFinished, exit::line(why))),
        // Without a plan nothing was begun.
        Outcome::Failed { why } if report.plan.is_none() => Err(why.clone().into()),
        Outcome::Failed { why } => Err(Failure::new(Status::NotFinished, exit::line(why))),
        _ => {
            let status = if failed > 0 { Status::SomeFailed } else { Status::NotFinished };
            let line = match (&report.error, report.problems.iter().find(|problem| problem.state != RowState::Kept)) {
                (Some(error), _) => exit::line(error),
                (None, Some(problem)) => {
                    let count = words::count(failed, "item");
                    format!("{count} not moved, the first in \"{}\": {}", words::path(&problem.folder), problem.why)
                }
                (None, None) => format!("{} not moved yet; run again to go on", words::count(waiting, "item")),
            };
            Err(Failure::new(status, line))
        }
    }
}

/// Tells what an audit found, and how a program ends after it.
///
/// What a server rewrote on storing is told and is no failure: nothing of it is missing.
pub(crate) fn audit(audit: &Audit) -> Result<(), Failure> {
    say!(
        "audit: {} of {} found, {} compared byte by byte; {} that are not of this migration",
        audit.found,
        words::count(audit.expected, "item"),
        audit.read,
        audit.others
    );
    audit.differences.iter().for_each(|(code, items)| say!("{code}: {}", words::count(*items, "item")));
    audit.examples.iter().for_each(|example| say!("  {example}"));
    let wrong: Vec<&str> =
        audit.differences.keys().map(String::as_str).filter(|code| !REWRITTEN.contains(code)).collect();
    match wrong.is_empty() {
        true => Ok(()),
        false => {
            let line =
                format!("the audit found differences: {}; look at them before the source is closed", wrong.join(", "));
            Err(Failure::new(Status::SomeFailed, line))
        }
    }
}

/// Differences that the destination makes on storing, named by the report as well.
const REWRITTEN: [&str; 2] = ["rewritten", "repaired"];

/// Writes it for programs. The old file stays until the new one is whole.
pub(crate) fn write(path: &Path, value: &impl serde::Serialize, more: &[(&str, Value)]) -> Result<(), Failure> {
    let told = |what: String| Failure::new(Status::CouldNotRun, format!("cannot write {}: {what}", path.display()));
    let value = serde_json::to_value(value).map_err(|error| told(error.to_string()))?;
    let mut fields = match value {
        Value::Object(fields) => fields,
        other => Map::from_iter([("value".to_owned(), other)]),
    };
    fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        serde_json::to_writer_pretty(&mut file, &fields)?;
        writeln!(file)?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(|error| told(error.to_string()))
}
