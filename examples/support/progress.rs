//! How far a run is: bars on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use mailmove::{Event, Observer, Progress, Side};
use time::OffsetDateTime;

use super::{say, words};

/// How often a terminal is drawn anew.
const FRAME: Duration = Duration::from_millis(100);
/// How often a line is written elsewhere.
const LINE: Duration = Duration::from_secs(10);
/// So many failed items are told while it runs; the report has them all.
const FAILURES: u64 = 10;

/// Shows a run until it is dropped.
pub(crate) struct Display {
    seen: Arc<Mutex<Seen>>,
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What was told so far.
#[derive(Default)]
pub(crate) struct Seen {
    folders: u64,
    items: u64,
    bytes: u64,
    progress: Progress,
    folder: String,
    failures: u64,
    /// What was said last of a wait.
    waiting: String,
    /// To be told, oldest first.
    pub(crate) lines: Vec<String>,
}

impl Display {
    /// Begins to show.
    pub(crate) fn start() -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (end, ended) = channel();
        let shown = seen.clone();
        let terminal = std::io::stderr().is_terminal();
        let draw = move || if terminal { bars(&shown, &ended) } else { lines(&shown, &ended) };
        let thread = std::thread::Builder::new().name("display".into()).spawn(draw).ok();
        Self { seen, end: Some(end), thread }
    }

    /// What to give to the migration.
    pub(crate) fn observer(&self) -> Observer {
        let seen = self.seen.clone();
        Observer::new(move |event| lock(&seen).take(event))
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Seen {
    /// Takes in what happened.
    pub(crate) fn take(&mut self, event: &Event) {
        match event {
            Event::Planned { folders, items, bytes, forecast } => {
                (self.folders, self.items, self.bytes) = (*folders as u64, *items, *bytes);
                // Where it is not known that a limit holds it up there is nothing to say.
                let slow = forecast.filter(|forecast| forecast.at_most.unwrap_or(forecast.at_least) > Duration::ZERO);
                self.lines.extend(slow.as_ref().map(words::forecast));
            }
            Event::FolderStarted { folder } => self.folder.clone_from(folder),
            Event::FolderFinished { folder, error: Some(error) } => {
                self.lines.push(format!("folder \"{folder}\" was left: {error}"));
            }
            Event::Settling { folder, items, wait } if *wait >= Duration::from_secs(1) => {
                let writes = words::count(*items, "write");
                let wait = words::time(*wait);
                self.lines.push(format!("\"{folder}\": looking for {writes} without an answer, at most {wait}"));
            }
            Event::Waiting { side, until } => self.wait(*side, *until),
            Event::Progress(progress) => self.progress = *progress,
            Event::ItemFailed { folder, item, error } => {
                self.failures += 1;
                match self.failures {
                    ..=FAILURES => self.lines.push(format!("not moved: \"{folder}\", item {item}: {error}")),
                    _ if self.failures == FAILURES + 1 => {
                        self.lines.push("further failures are in the report".to_owned());
                    }
                    _ => {}
                }
            }
            Event::Warning { text } => self.lines.push(text.clone()),
            _ => {}
        }
    }

    /// One line for each minute that is waited for, however often the wait becomes longer within it.
    fn wait(&mut self, side: Side, until: OffsetDateTime) {
        let line = words::waiting(side, until);
        if self.waiting != line {
            self.waiting.clone_from(&line);
            self.lines.push(line);
        }
    }

    /// How many items are done with: looked at and found unchanged, or due from an earlier run and moved.
    fn done(&self) -> u64 {
        let done = &self.progress;
        done.seen.max(done.copied + done.updated + done.already_there + done.failed)
    }

    fn summary(&self) -> String {
        let done = &self.progress;
        let failed = if done.failed > 0 { format!(", {} failed", done.failed) } else { String::new() };
        format!(
            "{} of {}, {} copied ({}), {} of {}{failed}",
            self.done(),
            words::count(self.items, "item"),
            done.copied,
            words::bytes(done.bytes),
            done.folders,
            words::count(self.folders, "folder"),
        )
    }
}

fn bars(seen: &Mutex<Seen>, ended: &Receiver<()>) {
    let style = ProgressStyle::with_template("{elapsed:>5} [{bar:30}] {msg}");
    let bar =
        ProgressBar::new(1).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
    loop {
        let over = pause(ended, FRAME);
        let lines = {
            let mut seen = lock(seen);
            bar.set_length(seen.items.max(seen.done()).max(1));
            bar.set_position(seen.done());
            bar.set_message(format!("{} {}", seen.summary(), seen.folder));
            std::mem::take(&mut seen.lines)
        };
        if !lines.is_empty() {
            bar.suspend(|| lines.iter().for_each(|line| say!("{line}")));
        }
        if over {
            return bar.finish_and_clear();
        }
    }
}

fn lines(seen: &Mutex<Seen>, ended: &Receiver<()>) {
    let mut last = Instant::now();
    loop {
        let over = pause(ended, FRAME);
        let (lines, summary) = {
            let mut seen = lock(seen);
            let due = !over && last.elapsed() >= LINE && seen.folders > 0;
            (std::mem::take(&mut seen.lines), due.then(|| seen.summary()))
        };
        lines.iter().for_each(|line| say!("{line}"));
        if let Some(summary) = summary {
            last = Instant::now();
            say!("{summary}");
        }
        if over {
            return;
        }
    }
}

/// Waits; true when it is over.
fn pause(ended: &Receiver<()>, time: Duration) -> bool {
    ended.recv_timeout(time) == Err(RecvTimeoutError::Disconnected)
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
