//! The commands in flight, between the two halves of a connection.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use mailmove_core::{Error, ErrorKind};
use tokio::sync::{mpsc, watch};

use super::folder::{Opened, Opening};
use super::inflight::{Entry, Waiting};
use crate::error::{Fault, dismissed, protocol};
use crate::wire::{Command, Incoming, Part, Select, Sink, Status, StatusLine, Untagged, body_literal};

/// A command on its way to the writer.
pub(super) struct Submitted {
    pub(super) tag: u64,
    pub(super) parts: Vec<Part>,
    pub(super) begun: Arc<AtomicBool>,
}

/// What the reader tells the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// The server invites a literal.
    Continue,
    /// The command with this tag is over; what is left of it shall not be sent.
    Over(u64),
}

/// How far the connection is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// In use.
    Open,
    /// The handle was dropped: what was sent is answered, then it ends.
    Closing,
    /// Over; every command was told.
    Ended,
}

/// What both tasks and the handle share.
pub(super) struct Shared {
    table: Mutex<Table>,
    queue: mpsc::UnboundedSender<Submitted>,
    signals: mpsc::UnboundedSender<Signal>,
    phase: watch::Sender<Phase>,
    started: Instant,
    progress: AtomicU64,
    /// The shortest time that a command took, in microseconds.
    shortest: AtomicU64,
}

#[derive(Default)]
struct Table {
    in_flight: VecDeque<InFlight>,
    next_tag: u64,
    /// The last opening that was submitted, and how many were.
    selection: Option<Selection>,
    openings: u64,
    /// How many openings the server has answered: FETCH data belongs to that one.
    answered: u64,
    /// What the server said when it hung up.
    farewell: Option<Error>,
    ended: Option<Error>,
    closing: bool,
}

struct InFlight {
    tag: u64,
    since: Instant,
    entry: Box<dyn Entry>,
    begun: Arc<AtomicBool>,
    opening: u64,
    is_opening: bool,
    waits: bool,
}

struct Selection {
    folder: Arc<[u8]>,
    writable: bool,
    opened: Opened,
}

impl Shared {
    pub(super) fn new(queue: mpsc::UnboundedSender<Submitted>, signals: mpsc::UnboundedSender<Signal>) -> Self {
        Self {
            table: Mutex::default(),
            queue,
            signals,
            phase: watch::Sender::new(Phase::Open),
            started: Instant::now(),
            progress: AtomicU64::new(0),
            shortest: AtomicU64::new(u64::MAX),
        }
    }

    pub(super) fn submit(&self, entries: Vec<Box<dyn Entry>>) {
        let mut table = self.table();
        for entry in entries {
            self.enqueue(&mut table, entry, false);
        }
    }

    pub(super) fn submit_in(&self, open: Opening, entries: Vec<Box<dyn Entry>>) -> Opened {
        let mut table = self.table();
        let opened = match table.selection.as_ref().filter(|selection| selection.serves(&open)) {
            Some(selection) => selection.opened.clone(),
            None => self.enqueue_opening(&mut table, open),
        };
        for entry in entries {
            self.enqueue(&mut table, entry, false);
        }
        opened
    }

    pub(super) fn submit_while(
        &self,
        opened: &Opened,
        entries: Vec<Box<dyn Entry>>,
    ) -> Result<(), Vec<Box<dyn Entry>>> {
        let mut table = self.table();
        if table.selection.as_ref().is_none_or(|selection| selection.opened.number != opened.number) {
            return Err(entries);
        }
        for entry in entries {
            self.enqueue(&mut table, entry, false);
        }
        Ok(())
    }

    pub(super) fn selects(&self, folder: &[u8]) -> bool {
        self.table().selection.as_ref().is_some_and(|selection| *selection.folder == *folder)
    }

    pub(super) fn is_alive(&self) -> bool {
        let table = self.table();
        table.ended.is_none() && table.farewell.is_none()
    }

    fn ended(&self) -> Option<Error> {
        let table = self.table();
        table.ended.clone().or_else(|| table.farewell.clone())
    }

    pub(super) fn in_flight(&self) -> usize {
        self.table().in_flight.len()
    }

    /// Says goodbye: the last thing that is sent.
    pub(super) fn close(&self) {
        let mut table = self.table();
        table.closing = true;
        if table.ended.is_none() {
            let goodbye = Waiting::telling(Command::logout(), |_| {});
            self.enqueue(&mut table, goodbye, false);
        }
        drop(table);
        self.enter(Phase::Closing);
    }

    /// Ends the connection and tells every command in flight. The first cause counts; what the server said before it hung
    /// up says more than the hang-up.
    pub(super) fn fail(&self, cause: Error) {
        let lost = {
            let mut table = self.table();
            if table.ended.is_none() {
                tracing::debug!(target: "mailmove::imap", error = %cause, "connection ended");
                let cause = table.farewell.clone().unwrap_or(cause);
                table.ended = Some(cause);
            }
            table.selection = None;
            std::mem::take(&mut table.in_flight)
        };
        let cause = self.ended().unwrap_or_else(|| protocol("the connection ended"));
        for lost in lost {
            let begun = lost.begun.load(Ordering::Acquire);
            lost.entry.lose(Fault::Lost { cause: cause.clone(), begun });
        }
        self.enter(Phase::Ended);
    }

    /// Follows the connection's life.
    pub(super) fn phases(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    fn enter(&self, phase: Phase) {
        self.phase.send_if_modified(|present| {
            let later = phase > *present;
            *present = (*present).max(phase);
            later
        });
    }

    /// Whether nobody waits for this command any more, so that it need not be sent. It is over with that.
    pub(super) fn withdraw(&self, tag: u64) -> bool {
        let mut table = self.table();
        let Some(place) = table.in_flight.iter().position(|command| command.tag == tag) else { return false };
        let abandoned = table.in_flight[place].entry.is_abandoned();
        if abandoned {
            table.in_flight.remove(place);
        }
        abandoned
    }

    /// Both halves note here that something moved.
    pub(super) fn note_progress(&self) {
        self.progress.store(self.started.elapsed().as_millis() as u64, Ordering::Relaxed);
    }

    /// When something moved last.
    pub(super) fn last_progress(&self) -> Instant {
        self.started + Duration::from_millis(self.progress.load(Ordering::Relaxed))
    }

    /// The shortest time that a command took so far: no less than a round trip, and soon little more.
    pub(super) fn round_trip(&self) -> Duration {
        Duration::from_micros(self.shortest.load(Ordering::Relaxed))
    }

    /// Where the literal at the end of this text goes.
    pub(super) fn sink(&self, text: &[u8]) -> Sink {
        let Some(uid) = body_literal(text) else { return Sink::Memory };
        let mut table = self.table();
        let answered = table.answered;
        let mut open = table.in_flight.iter_mut().filter(|command| command.opening == answered);
        open.find_map(|command| command.entry.sink(uid)).unwrap_or(Sink::Skip)
    }

    /// Brings a response to whom it is for.
    pub(super) fn dispatch(&self, incoming: Incoming) -> Result<(), Error> {
        match incoming {
            Incoming::Continue => {
                // The writer looks for it only while it waits for an invitation.
                let _ = self.signals.send(Signal::Continue);
                Ok(())
            }
            Incoming::Untagged(data) => {
                self.offer(data);
                Ok(())
            }
            Incoming::Tagged(tag, line) => self.complete(tag, line),
            Incoming::Unreadable => Err(protocol("the server sent a line that is no IMAP")),
        }
    }

    fn offer(&self, data: Untagged) {
        let mut table = self.table();
        if let Untagged::Line(line) = &data
            && line.status == Status::Bye
        {
            if !table.closing {
                table.farewell = Some(dismissed(line));
            }
            return;
        }
        let answered = table.answered;
        let about_messages = matches!(data, Untagged::Fetch(_));
        let mut data = data;
        for command in &mut table.in_flight {
            // What a folder's messages are like is nobody's business who asked before or behind another opening.
            if about_messages && command.opening != answered {
                continue;
            }
            match command.entry.absorb(data) {
                Some(rest) => data = rest,
                None => return,
            }
        }
        if let Untagged::Line(line) = &data
            && line.is_named("ALERT")
        {
            tracing::warn!(target: "mailmove::imap", text = %line.text, "the server alerts");
        }
    }

    fn complete(&self, tag: u64, line: StatusLine) -> Result<(), Error> {
        let done = {
            let mut table = self.table();
            let place = table.in_flight.iter().position(|command| command.tag == tag);
            let Some(done) = place.and_then(|place| table.in_flight.remove(place)) else {
                return Err(protocol("the server answered a command that was not sent").with("answer", line.quote()));
            };
            self.shortest.fetch_min(done.since.elapsed().as_micros() as u64, Ordering::Relaxed);
            if done.is_opening {
                table.answered = done.opening;
            }
            done
        };
        if done.waits {
            // As with invitations: read only while the writer waits.
            let _ = self.signals.send(Signal::Over(tag));
        }
        done.entry.finish(line);
        Ok(())
    }

    fn enqueue_opening(&self, table: &mut Table, open: Opening) -> Opened {
        table.openings += 1;
        let (tell, outcome) = watch::channel(None);
        let opened = Opened { number: table.openings, outcome };
        let select = if open.writable {
            Select::for_writing(&open.folder)
        } else {
            Select::examine(&open.folder, open.condstore)
        };
        let entry = Waiting::telling(select, move |result| {
            tell.send_replace(Some(result));
        });
        table.selection = Some(Selection { folder: open.folder, writable: open.writable, opened: opened.clone() });
        self.enqueue(table, entry, true);
        opened
    }

    fn enqueue(&self, table: &mut Table, mut entry: Box<dyn Entry>, is_opening: bool) {
        if let Some(cause) = table.ended.clone().or_else(|| table.farewell.clone()) {
            entry.lose(Fault::Lost { cause, begun: false });
            return;
        }
        table.next_tag += 1;
        let tag = table.next_tag;
        let request = entry.request();
        let begun = Arc::new(AtomicBool::new(false));
        let waits = request.waits();
        let submitted = Submitted { tag, parts: request.into_parts(), begun: begun.clone() };
        if table.in_flight.is_empty() {
            // The time of silence before this command does not count.
            self.note_progress();
        }
        table.in_flight.push_back(InFlight {
            tag,
            since: Instant::now(),
            entry,
            begun,
            opening: table.openings,
            is_opening,
            waits,
        });
        if self.queue.send(submitted).is_err()
            && let Some(command) = table.in_flight.pop_back()
        {
            let cause = Error::new(ErrorKind::Network, "the connection ended");
            command.entry.lose(Fault::Lost { cause, begun: false });
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Selection {
    fn serves(&self, open: &Opening) -> bool {
        let failed = matches!(&*self.opened.outcome.borrow(), Some(Err(_)));
        !open.fresh && !failed && self.folder == open.folder && (self.writable || !open.writable)
    }
}
