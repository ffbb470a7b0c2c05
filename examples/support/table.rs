//! Many runs at once: a live table on a terminal, a line for each mailbox that is done elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use mailmove::{Event, Observer};

use super::{say, words};

/// Shows a batch.
pub(crate) struct Table {
    rows: MultiProgress,
    total: ProgressBar,
    all: u64,
    done: AtomicU64,
    /// Lines of two mailboxes do not run into each other.
    lines: Mutex<()>,
}

impl Table {
    /// A table for so many mailboxes.
    pub(crate) fn new(all: u64) -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        let rows = MultiProgress::with_draw_target(target);
        let total =
            rows.add(ProgressBar::new(all).with_style(style("{elapsed:>5} [{bar:30}] {pos} of {len} mailboxes")));
        Self { rows, total, all, done: AtomicU64::new(0), lines: Mutex::new(()) }
    }

    /// A mailbox begins.
    pub(crate) fn begin(&self, name: &str) -> Row {
        let bar = ProgressBar::new(1).with_style(style("      [{bar:30}] {prefix}: {msg}"));
        let bar = self.rows.insert_before(&self.total, bar.with_prefix(name.to_owned()).with_message("signing in"));
        Row { bar }
    }

    /// A mailbox is done; this is to be said about it.
    pub(crate) fn done(&self, row: &Row, text: &str) {
        row.bar.finish_and_clear();
        self.rows.remove(&row.bar);
        let _one = self.lines.lock();
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.total.set_position(done);
        self.rows.suspend(|| say!("[{done}/{}] {text}", self.all));
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        self.total.finish_and_clear();
    }
}

/// One mailbox of the table.
pub(crate) struct Row {
    bar: ProgressBar,
}

impl Row {
    /// What to give to the migration.
    pub(crate) fn observer(&self) -> Observer {
        let bar = self.bar.clone();
        Observer::new(move |event| match event {
            Event::Planned { items, .. } => bar.set_length((*items).max(1)),
            Event::Progress(done) => {
                bar.set_position(done.seen);
                bar.set_message(format!("{} copied, {}", done.copied, words::bytes(done.bytes)));
            }
            _ => {}
        })
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}
