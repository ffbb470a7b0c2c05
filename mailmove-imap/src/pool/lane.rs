//! What each connection is busy with.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Pool;
use super::choose::Use;
use crate::engine::Connection;

/// How long no further connection is tried after one that could not be opened.
const REST: Duration = Duration::from_secs(10);

/// The connections and their work.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) lanes: Vec<Lane>,
    next: u64,
    opening: usize,
    /// How many the server bears, as far as we know.
    limit: usize,
    /// After one that could not be opened: no other is tried before.
    not_before: Option<Instant>,
    closed: bool,
}

/// One connection and its work.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) number: u64,
    pub(super) connection: Arc<Connection>,
    /// About how many bytes are on their way.
    pub(super) weight: u64,
    /// How many calls are under way, by folder.
    pub(super) calls: HashMap<Arc<[u8]>, usize>,
    /// The large folder that has it to itself, and when it was used last.
    pub(super) owner: Option<(Arc<[u8]>, Instant)>,
}

impl Lanes {
    pub(super) fn new(limit: usize) -> Self {
        Self { lanes: Vec::new(), next: 0, opening: 0, limit: limit.max(1), not_before: None, closed: false }
    }

    pub(super) fn add(&mut self, connection: Connection) {
        if self.closed {
            return;
        }
        self.next += 1;
        let connection = Arc::new(connection);
        self.lanes.push(Lane { number: self.next, connection, weight: 0, calls: HashMap::new(), owner: None });
    }

    /// Forgets connections that ended.
    pub(super) fn sweep(&mut self) {
        self.lanes.retain(|lane| lane.connection.is_alive());
    }

    pub(super) fn count(&mut self) -> usize {
        self.sweep();
        self.lanes.len()
    }

    pub(super) fn weight(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.weight).sum()
    }

    pub(super) fn may_grow(&self) -> bool {
        !self.is_resting() && self.lanes.len() + self.opening < self.limit
    }

    pub(super) fn is_growing(&self) -> bool {
        self.opening > 0
    }

    /// Says how many are to be opened so that there are this many, and counts them as under way.
    pub(super) fn book(&mut self, wanted: usize) -> usize {
        if self.is_resting() {
            return 0;
        }
        let more = wanted.min(self.limit).saturating_sub(self.lanes.len() + self.opening);
        self.opening += more;
        more
    }

    pub(super) fn opened(&mut self, connection: Connection) {
        self.opening -= 1;
        self.add(connection);
    }

    /// One could not be opened; `for_good` when the server does not bear more.
    pub(super) fn refused(&mut self, for_good: bool) {
        self.opening -= 1;
        if for_good {
            self.limit = self.lanes.len().max(1);
        }
        self.not_before = Some(Instant::now() + REST);
    }

    fn is_resting(&self) -> bool {
        self.closed || self.not_before.is_some_and(|until| Instant::now() < until)
    }

    pub(super) fn enter(&mut self, number: u64, folder: &Arc<[u8]>, weight: u64, what: Use) -> Option<Arc<Connection>> {
        let lane = self.lanes.iter_mut().find(|lane| lane.number == number)?;
        lane.weight += weight;
        *lane.calls.entry(folder.clone()).or_default() += 1;
        match what {
            Use::ReadLarge => lane.owner = Some((folder.clone(), Instant::now())),
            Use::ReadSmall | Use::Write => {}
        }
        Some(lane.connection.clone())
    }

    pub(super) fn leave(&mut self, number: u64, folder: &[u8], weight: u64) {
        let Some(lane) = self.lanes.iter_mut().find(|lane| lane.number == number) else { return };
        lane.weight = lane.weight.saturating_sub(weight);
        if let Some(calls) = lane.calls.get_mut(folder) {
            *calls -= 1;
            if *calls == 0 {
                lane.calls.remove(folder);
            }
        }
        if let Some((owner, used)) = &mut lane.owner
            && **owner == *folder
        {
            *used = Instant::now();
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
        self.lanes.clear();
    }
}

/// A part of the work of one connection. Dropping it gives the room back.
#[derive(Debug)]
pub(crate) struct Ticket {
    pool: Arc<Pool>,
    connection: Arc<Connection>,
    number: u64,
    folder: Arc<[u8]>,
    weight: u64,
}

impl Ticket {
    pub(super) fn new(
        pool: Arc<Pool>,
        connection: Arc<Connection>,
        number: u64,
        folder: Arc<[u8]>,
        weight: u64,
    ) -> Self {
        Self { pool, connection, number, folder, weight }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.pool.leave(self.number, &self.folder, self.weight);
    }
}
