//! Many runs at once: a live table on a terminal, a line for each mailbox that is done elsewhere.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use mailmove::batch::{BatchEvent, State, Why};
use mailmove::{Event, JobId, Progress};

use super::{say, words};

/// Shows a batch.
pub(crate) struct Table {
    rows: MultiProgress,
    total: ProgressBar,
    all: usize,
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    rows: HashMap<JobId, Row>,
    done: usize,
}

/// One mailbox of the table.
struct Row {
    bar: ProgressBar,
    began: Instant,
    progress: Progress,
    /// What was said last of a wait.
    waiting: String,
}

impl Table {
    /// A table for so many mailboxes.
    pub(crate) fn new(all: usize) -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        let rows = MultiProgress::with_draw_target(target);
        let total = ProgressBar::new(all as u64).with_style(style("{elapsed:>5} [{bar:30}] {pos} of {len} mailboxes"));
        Self { total: rows.add(total), rows, all, shown: Mutex::default() }
    }

    /// Shows what happened.
    pub(crate) fn tell(&self, event: &BatchEvent) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            BatchEvent::State { id, to: State::Running | State::Verifying, .. } => {
                let bar = ProgressBar::new(1).with_style(style("      [{bar:30}] {prefix}: {msg}"));
                let bar = bar.with_prefix(name(id)).with_message("signing in");
                let bar = self.rows.insert_before(&self.total, bar);
                shown.rows.insert(
                    id.clone(),
                    Row { bar, began: Instant::now(), progress: Progress::default(), waiting: String::new() },
                );
            }
            BatchEvent::State { id, from: State::Running | State::Verifying, to, why } => {
                let Some(row) = shown.rows.remove(id) else { return };
                row.bar.finish_and_clear();
                self.rows.remove(&row.bar);
                // One that made room for others is not done.
                if *to != State::Queued {
                    shown.done += 1;
                    self.total.set_position(shown.done as u64);
                    let text = row.text(id, *to, why.as_ref());
                    self.rows.suspend(|| say!("[{}/{}] {text}", shown.done, self.all));
                }
            }
            BatchEvent::Run { id, event } => {
                if let Some(row) = shown.rows.get_mut(id) {
                    row.tell(event);
                    if let Some(line) = row.waits(event) {
                        self.rows.suspend(|| say!("{}: {line}", name(id)));
                    }
                }
            }
            BatchEvent::NoticeFailed { id, error } => {
                self.rows.suspend(|| say!("note: {}: a notice could not be sent: {error}", name(id)));
            }
            _ => {}
        }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        self.total.finish_and_clear();
    }
}

impl Row {
    fn tell(&mut self, event: &Event) {
        match event {
            Event::Planned { items, .. } => self.bar.set_length((*items).max(1)),
            Event::Progress(done) => {
                self.progress = *done;
                self.bar.set_position(done.seen);
                let seconds = self.began.elapsed().as_secs_f64().max(0.1);
                let rate = words::bytes((done.bytes as f64 / seconds) as u64);
                let left = self.bar.eta();
                let text = format!("{} copied, {rate}/s, {} left", done.copied, words::time(left));
                self.bar.set_message(text);
            }
            _ => {}
        }
    }

    /// One line for each minute that is waited for.
    fn waits(&mut self, event: &Event) -> Option<String> {
        let Event::Waiting { side, until } = event else { return None };
        let line = words::waiting(*side, *until);
        let new = self.waiting != line;
        self.waiting.clone_from(&line);
        new.then_some(line)
    }

    fn text(&self, id: &JobId, state: State, why: Option<&Why>) -> String {
        let (run, took) = (&self.progress, words::time(self.began.elapsed()));
        let mut done = Vec::new();
        if run.copied > 0 {
            done.push(format!("{} copied ({})", run.copied, words::bytes(run.bytes)));
        }
        for (count, what) in [(run.updated, "updated"), (run.already_there, "found there"), (run.failed, "failed")] {
            if count > 0 {
                done.push(format!("{count} {what}"));
            }
        }
        let done = if done.is_empty() { "nothing to do".to_owned() } else { done.join(", ") };
        match why {
            Some(why) => format!("{}: {state}: {}", name(id), why.text),
            None => format!("{}: {state}: {done}, {took}", name(id)),
        }
    }
}

/// A mailbox that keeps its address is named once.
fn name(id: &JobId) -> String {
    match id.as_str().split_once(" -> ") {
        Some((from, to)) if from == to => from.to_owned(),
        _ => id.to_string(),
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}
