//! A server of a batch: how its mailboxes are opened, and how many at once.

use std::sync::{Arc, Mutex, PoisonError};

use mailmove_core::{AccessRevocation, Connector, ForwardingControl};

/// A server of a batch.
#[derive(Debug, Clone)]
pub struct Server {
    pub(super) connector: Arc<dyn Connector>,
    forwarding: Option<Arc<dyn ForwardingControl>>,
    revocation: Option<Arc<dyn AccessRevocation>>,
    gate: Arc<Mutex<Gate>>,
}

/// How many mailboxes of a server are open, and may be. After a throttled mailbox it is half of those that were, and one
/// more after each that was not.
#[derive(Debug)]
struct Gate {
    most: usize,
    room: usize,
    open: usize,
}

impl Server {
    /// A server without a limit of its own.
    pub fn new(connector: Arc<dyn Connector>) -> Self {
        let gate = Gate { most: usize::MAX, room: usize::MAX, open: 0 };
        Self { connector, forwarding: None, revocation: None, gate: Arc::new(Mutex::new(gate)) }
    }

    /// At most so many mailboxes of it at once, at least one.
    pub fn at_most(self, mailboxes: usize) -> Self {
        self.with_gate(|gate| (gate.most, gate.room) = (mailboxes.max(1), mailboxes.max(1)));
        self
    }

    /// Forwards by this, instead of by the connector's own control.
    pub fn forwarding(mut self, control: Arc<dyn ForwardingControl>) -> Self {
        self.forwarding = Some(control);
        self
    }

    /// Gives up administrators' access by this, instead of by the connector's own control.
    pub fn revocation(mut self, control: Arc<dyn AccessRevocation>) -> Self {
        self.revocation = Some(control);
        self
    }

    /// The control that was given for this server beside its connector's.
    pub(super) fn own_forwarding_control(&self) -> Option<&dyn ForwardingControl> {
        self.forwarding.as_deref()
    }

    pub(super) fn forwarding_control(&self) -> Option<&dyn ForwardingControl> {
        self.forwarding.as_deref().or_else(|| self.connector.forwarding())
    }

    pub(super) fn revocation_control(&self) -> Option<&dyn AccessRevocation> {
        self.revocation.as_deref().or_else(|| self.connector.revocation())
    }

    pub(super) fn has_room(&self) -> bool {
        self.with_gate(|gate| gate.open < gate.room)
    }

    pub(super) fn enter(&self) {
        self.with_gate(|gate| gate.open += 1);
    }

    pub(super) fn leave(&self, throttled: bool) {
        self.with_gate(|gate| {
            gate.room = if throttled { (gate.open / 2).max(1) } else { gate.room.saturating_add(1).min(gate.most) };
            gate.open = gate.open.saturating_sub(1);
        });
    }

    fn with_gate<T>(&self, act: impl FnOnce(&mut Gate) -> T) -> T {
        act(&mut self.gate.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailmove_testkit::MemoryMailbox;

    #[test]
    fn a_throttled_server_gets_half_and_one_more_after_each_success() {
        let server = Server::new(Arc::new(MemoryMailbox::new())).at_most(8);
        (0..8).for_each(|_| server.enter());
        assert!(!server.has_room());
        server.leave(true);
        (0..4).for_each(|_| assert!(!server.has_room()));
        (0..3).for_each(|_| server.leave(false));
        // Four are open, and four, five, six, seven were allowed.
        assert!(server.has_room());
        (0..3).for_each(|_| server.enter());
        assert!(!server.has_room());
    }
}
