//! What a batch tells while it works.

use std::fmt;
use std::sync::Arc;

use mailmove_core::Error;

use super::{State, Why};
use crate::event::Event;
use crate::ledger::JobId;

/// Something that happened in a batch.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum BatchEvent {
    /// A mailbox stands elsewhere than before. Durable when it is told, unless its turn begins.
    State {
        /// The mailbox.
        id: JobId,
        /// Where it stood.
        from: State,
        /// Where it stands.
        to: State,
        /// Why, where there is a reason.
        why: Option<Why>,
    },
    /// Something happened in the run of one mailbox.
    Run {
        /// The mailbox.
        id: JobId,
        /// What happened.
        event: Event,
    },
    /// A mail could not be sent. The migration goes on.
    NoticeFailed {
        /// The mailbox it was about.
        id: JobId,
        /// Why.
        error: Error,
    },
}

/// Where the events of a batch go. Called from many tasks: it must be quick and must not block.
#[derive(Clone)]
pub struct BatchObserver(Arc<dyn Fn(&BatchEvent) + Send + Sync>);

impl BatchObserver {
    /// Calls this for each event.
    pub fn new(call: impl Fn(&BatchEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(call))
    }

    pub(super) fn tell(&self, event: &BatchEvent) {
        (self.0)(event);
    }
}

impl Default for BatchObserver {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for BatchObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BatchObserver")
    }
}
