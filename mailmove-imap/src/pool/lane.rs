//! What each connection is busy with.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Pool;
use super::choose::{NEAR, Use};
use super::together::{Place, Together};
use crate::engine::Connection;
use crate::thrift::{Busy, Thrift};

/// How long no further connection is tried after one that could not be opened. Twice as long after each that the server
/// says is one too many: it is asked again, since others come and go, and rarely.
const REST: Duration = Duration::from_secs(10);
/// The longest such rest.
const LONG_REST: Duration = Duration::from_secs(600);

/// Why a further connection could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Something that may pass.
    Passing,
    /// The server says that it is one too many. Later it may not be.
    TooMany,
    /// The server refused the credential, though others are signed in with it: some say so when there are too many. It is
    /// never offered again for one more, because some lock the account for that.
    Credential,
}

/// The connections and their work.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) lanes: Vec<Lane>,
    next: u64,
    opening: usize,
    /// How many are wanted at most.
    most: usize,
    /// How many the server bears, as far as we know.
    limit: usize,
    /// After one that could not be opened: no other is tried before.
    not_before: Option<Instant>,
    rest: Duration,
    closed: bool,
    together: Arc<Together>,
    thrift: Arc<Thrift>,
    /// The one that is being opened replaces another. None is opened beside it, so that a refusal is known to be its.
    renewing: bool,
    /// A replacement is being opened, or is open, and what it replaces was not put away yet.
    beside: bool,
    /// No replacement was refused so far.
    renews: bool,
}

/// One connection and its work.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) number: u64,
    place: Place,
    pub(super) connection: Arc<Connection>,
    /// About how many bytes are on their way.
    pub(super) weight: u64,
    /// How many calls are under way, by folder.
    pub(super) calls: HashMap<Arc<[u8]>, usize>,
    /// The folders that were written here.
    pub(super) written: HashMap<Arc<[u8]>, Written>,
    /// The large folder that has it to itself, and when it was used last.
    pub(super) owner: Option<(Arc<[u8]>, Instant)>,
    /// To be replaced as soon as it is idle; it takes no calls that keep it from that.
    pub(super) outdated: bool,
}

/// That a folder was written.
#[derive(Debug)]
pub(super) struct Written {
    /// When last.
    pub(super) at: Instant,
    /// With so much that more was to come.
    pub(super) large: bool,
}

impl Lanes {
    pub(super) fn new(limit: usize, together: Arc<Together>, thrift: Arc<Thrift>) -> Self {
        let most = limit.max(1);
        Self {
            lanes: Vec::new(),
            next: 0,
            opening: 0,
            most,
            limit: most,
            not_before: None,
            rest: REST,
            closed: false,
            together,
            thrift,
            renewing: false,
            beside: false,
            renews: true,
        }
    }

    #[cfg(test)]
    pub(super) fn together(&self) -> &Arc<Together> {
        &self.together
    }

    /// The first one.
    pub(super) fn add(&mut self, connection: Connection) {
        let place = self.together.first();
        self.put(connection, place);
    }

    fn put(&mut self, connection: Connection, place: Place) {
        if self.closed {
            return;
        }
        self.next += 1;
        let connection = Arc::new(connection);
        let (calls, written) = (HashMap::new(), HashMap::new());
        let (owner, outdated) = (None, false);
        self.lanes.push(Lane { number: self.next, place, connection, weight: 0, calls, written, owner, outdated });
    }

    /// Forgets connections that ended, and sees which ones are outdated: none while no other could be opened instead.
    pub(super) fn sweep(&mut self) {
        let ended = self.lanes.extract_if(.., |lane| !lane.connection.is_alive());
        ended.for_each(|lane| self.thrift.lost(lane.connection.deflated));
        // The only one is worth more than compression, if there can be none beside it.
        let only = self.lanes.len() == 1 && (self.limit < 2 || !self.together.has_room());
        let renews = self.renews && !self.is_resting() && !only;
        let outdated = |lane: &Lane| renews && self.thrift.is_outdated(lane.connection.deflated);
        self.lanes.iter_mut().for_each(|lane| lane.outdated = outdated(lane));
    }

    /// Replaces an outdated connection that is idle, one at a time: the place of the one that is to be opened instead, which
    /// counts as under way. The last one stays until then, if there may be one more.
    pub(super) fn retire(&mut self) -> Option<Place> {
        self.sweep();
        if self.opening > 0 {
            return None;
        }
        let mut idle = self.lanes.iter().position(|lane| lane.outdated && lane.calls.is_empty())?;
        if self.beside && self.lanes.len() > 1 {
            self.lanes.remove(idle);
            self.beside = false;
            idle = self.lanes.iter().position(|lane| lane.outdated && lane.calls.is_empty())?;
        }
        let further = match self.lanes.len() {
            1 => Some(self.together.further()?),
            _ => None,
        };
        self.beside = further.is_some();
        self.opening += 1;
        self.renewing = true;
        Some(further.unwrap_or_else(|| self.lanes.remove(idle).place))
    }

    /// Whether a connection is being replaced.
    pub(super) fn is_renewing(&self) -> bool {
        self.renewing
    }

    pub(super) fn count(&mut self) -> usize {
        self.sweep();
        self.lanes.len()
    }

    pub(super) fn weight(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.weight).sum()
    }

    /// Whether the way to the server is short.
    pub(super) fn is_near(&self) -> bool {
        self.lanes.iter().any(|lane| lane.connection.round_trip() <= NEAR)
    }

    pub(super) fn may_grow(&self) -> bool {
        !self.is_resting()
            && !self.renewing
            && self.lanes.len() + self.opening < self.bears()
            && self.together.has_room()
    }

    pub(super) fn is_growing(&self) -> bool {
        self.opening > 0
    }

    /// The places for those that are to be opened so that there are this many. They count as under way.
    pub(super) fn book(&mut self, wanted: usize) -> Vec<Place> {
        if self.is_resting() || self.renewing {
            return Vec::new();
        }
        let more = wanted.min(self.bears()).saturating_sub(self.lanes.len() + self.opening);
        let places: Vec<Place> = std::iter::from_fn(|| self.together.further()).take(more).collect();
        self.opening += places.len();
        places
    }

    pub(super) fn opened(&mut self, connection: Connection, place: Place) {
        let renewed = self.opened_one();
        self.put(connection, place);
        if self.is_resting() {
            // It was on its way when the server asked for less.
            self.shrink();
            return;
        }
        self.limit = self.limit.max(self.lanes.len());
        if self.limit < self.most && !renewed {
            // The server bore less a while ago: the next one waits as long as this one did.
            self.not_before = Some(Instant::now() + self.rest);
        }
    }

    /// One less is being opened. Whether it was to replace another.
    fn opened_one(&mut self) -> bool {
        self.opening -= 1;
        std::mem::take(&mut self.renewing)
    }

    /// The server wants to be left alone: half as many from now on. One by one they are tried again after a while.
    pub(super) fn halve(&mut self) {
        if self.is_resting() {
            // Many calls are told of one pause.
            return;
        }
        self.limit = (self.lanes.len() / 2).max(1);
        self.not_before = Some(Instant::now() + self.rest);
        self.shrink();
    }

    /// Puts those away that are too many and idle.
    fn shrink(&mut self) {
        while self.lanes.len() > self.limit
            && let Some(idle) = self.lanes.iter().rposition(|lane| lane.calls.is_empty())
        {
            self.lanes.remove(idle);
        }
    }

    /// One could not be opened.
    pub(super) fn refused(&mut self, why: Refusal) {
        let renewing = self.opened_one();
        self.not_before = Some(Instant::now() + self.rest);
        if renewing {
            // What compression gains is not worth the connections that are left.
            tracing::debug!(target: "mailmove::imap", "connections stay as they are: a replacement was refused");
            self.thrift.give_up();
            (self.renews, self.beside) = (false, false);
        }
        match why {
            Refusal::Passing => {}
            // The server may still count the one that was put away.
            Refusal::TooMany if renewing => {}
            Refusal::TooMany => {
                self.limit = self.lanes.len().max(1);
                self.rest = (self.rest * 2).min(LONG_REST);
            }
            Refusal::Credential => {
                self.limit = self.lanes.len().max(1);
                self.most = self.limit;
            }
        }
    }

    /// One more than the server bore, once it had its rest: it may bear more by now.
    fn bears(&self) -> usize {
        (self.limit + 1).min(self.most)
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
            Use::Write | Use::WriteLarge { .. } => {
                let large = what != Use::Write;
                lane.written.insert(folder.clone(), Written { at: Instant::now(), large });
            }
            Use::ReadSmall => {}
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
        if let Some(written) = lane.written.get_mut(folder) {
            written.at = Instant::now();
        }
        if let Some((owner, used)) = &mut lane.owner
            && **owner == *folder
        {
            *used = Instant::now();
        }
        self.shrink();
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
    _busy: Option<Busy>,
}

impl Ticket {
    pub(super) fn new(
        pool: Arc<Pool>,
        connection: Arc<Connection>,
        number: u64,
        folder: Arc<[u8]>,
        weight: u64,
        busy: Option<Busy>,
    ) -> Self {
        Self { pool, connection, number, folder, weight, _busy: busy }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Which of the connections it is.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.pool.leave(self.number, &self.folder, self.weight);
    }
}
