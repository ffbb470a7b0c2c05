//! What the server saw: every request with its time, and counts.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::simulator::{Recent, lock};

/// Requests and counters of one server since it started or was last [`reset`](Log::reset).
#[derive(Debug, Default)]
pub struct Log {
    requests: Recent<LoggedRequest, 20_000>,
    statuses: Mutex<BTreeMap<u16, u64>>,
    back_offs: Mutex<Vec<BackOff>>,
    violations: Mutex<Vec<Violation>>,
    numbers: AtomicU64,
    connections: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    sent: AtomicU64,
    faults: AtomicU64,
}

/// A request as it came, without its secrets.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// Counted from 1, over all connections.
    pub number: u64,
    /// The connection, counted from 1; 0 for a request inside of another one.
    pub connection: u64,
    /// When all of it had arrived: since the server's start, on the server's clock.
    pub at: Duration,
    /// Who had signed in.
    pub caller: Option<String>,
    /// The mailbox that is meant.
    pub mailbox: Option<String>,
    /// What the protocol calls the operation; empty when there was none to be read.
    pub operation: String,
    /// `GET`, `POST` …
    pub method: String,
    /// The path with what stands behind its question mark, as it was sent; secrets are `***`.
    pub path: String,
    /// The header fields of HTTP, names in small letters; Authorization and Cookie are `***`.
    pub headers: BTreeMap<String, String>,
    /// The body: its first 100,000 octets while rules look at it, the first 2,000 characters later on.
    pub body: String,
    /// Octets of the body.
    pub size: usize,
    /// The status of the answer; none while there is no answer, and when it was cut off.
    pub status: Option<u16>,
    /// Octets of the answer's body, before compression.
    pub answered: usize,
}

/// The counts at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Connections accepted.
    pub connections: u64,
    /// Requests by operation; those inside of batches are counted beside the batch.
    pub operations: BTreeMap<String, u64>,
    /// Answers by HTTP status; what was cut off is not among them.
    pub statuses: BTreeMap<u16, u64>,
    /// Octets of bodies received.
    pub bytes_in: u64,
    /// Octets of bodies answered, before compression.
    pub bytes_out: u64,
    /// Messages and invitations that left the server: one for every recipient. A migration sends none.
    pub sent: u64,
    /// Requests to which a fault happened.
    pub faults: u64,
}

impl Counters {
    /// How often this operation was asked for.
    pub fn operation(&self, name: &str) -> u64 {
        self.operations.get(name).copied().unwrap_or_default()
    }

    /// All requests.
    pub fn requests(&self) -> u64 {
        self.operations.values().sum()
    }

    /// How often this status was answered.
    pub fn status(&self, code: u16) -> u64 {
        self.statuses.get(&code).copied().unwrap_or_default()
    }
}

/// A request that came although the server had asked for patience.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Violation {
    /// The mailbox that had to wait.
    pub mailbox: String,
    /// The operation that came all the same.
    pub operation: String,
    /// How long before the request the client had been told to wait, on the server's clock.
    pub after: Duration,
    /// How much of the wait was left, on the server's clock.
    pub left: Duration,
}

#[derive(Debug, Clone)]
struct BackOff {
    mailbox: String,
    told: Duration,
    until: Duration,
}

impl Log {
    /// The requests in the order in which they came, of very many the last 20,000. What must not have happened is
    /// better asked of [`counters`](Self::counters), which forget nothing.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.requests.tell(LoggedRequest::clone)
    }

    /// The operations in the order in which they came.
    pub fn operations(&self) -> Vec<String> {
        self.requests.tell(|request| request.operation.clone())
    }

    /// Requests for a mailbox that came while its back-off lasted. Those that came within `grace` after the answer that
    /// asked for patience are not counted: they were under way. A mailbox's back-off ends a hundredth early, as clocks
    /// are not equally fast.
    pub fn sent_during_back_off(&self, grace: Duration) -> Vec<Violation> {
        lock(&self.violations).iter().filter(|violation| violation.after > grace).cloned().collect()
    }

    /// The counts now.
    pub fn counters(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            connections: read(&self.connections),
            operations: self.requests.counts(),
            statuses: lock(&self.statuses).clone(),
            bytes_in: read(&self.bytes_in),
            bytes_out: read(&self.bytes_out),
            sent: read(&self.sent),
            faults: read(&self.faults),
        }
    }

    /// Forgets everything but back-offs that still last.
    pub fn reset(&self) {
        self.requests.clear();
        lock(&self.statuses).clear();
        lock(&self.violations).clear();
        for counter in [&self.connections, &self.bytes_in, &self.bytes_out, &self.sent, &self.faults] {
            counter.store(0, Ordering::Relaxed);
        }
    }

    /// A new connection's number, from 1.
    pub(super) fn connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A new request's number, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn request(&self, request: LoggedRequest) {
        tracing::trace!(operation = request.operation, mailbox = request.mailbox, "request");
        if request.connection > 0 {
            self.bytes_in.fetch_add(request.size as u64, Ordering::Relaxed);
        }
        if let Some(mailbox) = &request.mailbox {
            let mut back_offs = lock(&self.back_offs);
            back_offs.retain(|back_off| back_off.until > request.at);
            let broken = back_offs.iter().filter(|back_off| back_off.mailbox == *mailbox && back_off.told < request.at);
            lock(&self.violations).extend(broken.map(|back_off| Violation {
                mailbox: mailbox.clone(),
                operation: request.operation.clone(),
                after: request.at - back_off.told,
                left: back_off.until - request.at,
            }));
        }
        let body = request.body.chars().take(2000).collect();
        let operation = request.operation.clone();
        self.requests.push(&operation, LoggedRequest { body, ..request });
    }

    /// The client of a mailbox is told to wait, both times on the server's clock.
    pub(crate) fn back_off(&self, mailbox: Option<&str>, told: Duration, wait: Duration) {
        let Some(mailbox) = mailbox else { return };
        let back_off = BackOff { mailbox: mailbox.to_owned(), told, until: told + wait - wait / 100 };
        lock(&self.back_offs).push(back_off);
    }

    pub(crate) fn answer(&self, number: u64, status: u16, size: usize) {
        *lock(&self.statuses).entry(status).or_default() += 1;
        self.bytes_out.fetch_add(size as u64, Ordering::Relaxed);
        self.answered(number, status, size);
    }

    /// The answer to a request inside of another one.
    #[cfg(feature = "graph")]
    pub(crate) fn inner_answer(&self, number: u64, status: u16, size: usize) {
        *lock(&self.statuses).entry(status).or_default() += 1;
        self.answered(number, status, size);
    }

    fn answered(&self, number: u64, status: u16, size: usize) {
        let answered = |request: &mut LoggedRequest| (request.status, request.answered) = (Some(status), size);
        self.requests.change(|request| request.number == number, answered);
    }

    /// So many messages left the server.
    pub(crate) fn sent(&self, messages: u64) {
        self.sent.fetch_add(messages, Ordering::Relaxed);
    }

    pub(super) fn fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }
}
