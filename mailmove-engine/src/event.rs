//! What a run tells while it works.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mailmove_core::{Error, Forecast, Side};
use serde::Serialize;
use time::OffsetDateTime;

/// Something that happened during a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// Both mailboxes are open and the plan stands.
    Planned {
        /// Folders that will be looked at.
        folders: usize,
        /// Items in them, as far as the source says.
        items: u64,
        /// Bytes in them, as far as the source says.
        bytes: u64,
        /// How long it will take, by the providers' limits alone.
        forecast: Option<Forecast>,
    },
    /// A folder is being worked on.
    FolderStarted {
        /// Its path at the source.
        folder: String,
    },
    /// A folder is done with, for this run.
    FolderFinished {
        /// Its path at the source.
        folder: String,
        /// Why it was left before its end, if it was.
        error: Option<Error>,
    },
    /// Writes without an answer are being looked for; their folder waits so long, others go on.
    Settling {
        /// The folder at the destination.
        folder: String,
        /// How many writes.
        items: u64,
        /// How long the wait is at most before the next look.
        wait: Duration,
    },
    /// The server of this side is waited for: it asked for patience, or would if it were asked more. Told when such a wait
    /// of a second or more is seen, and again when it becomes longer.
    Waiting {
        /// The side.
        side: Side,
        /// Until when nothing is asked of it.
        until: OffsetDateTime,
    },
    /// Work went on by this much.
    Progress(Progress),
    /// An item could not be moved.
    ItemFailed {
        /// Its folder's path at the source.
        folder: String,
        /// Its id there.
        item: String,
        /// Why.
        error: Error,
    },
    /// Something that a person should know and that stops nothing.
    Warning {
        /// One sentence.
        text: String,
    },
}

/// How far a run is. Counts of this run only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Progress {
    /// Items looked at: listed or due.
    pub seen: u64,
    /// Items written.
    pub copied: u64,
    /// Bytes of the items written.
    pub bytes: u64,
    /// Items changed at the destination: flags, content, folder.
    pub updated: u64,
    /// Items found at the destination.
    pub already_there: u64,
    /// Items that failed.
    pub failed: u64,
    /// Folders done with.
    pub folders: u64,
}

/// Where events go. Called from many tasks: it must be quick and must not block.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(&Event) + Send + Sync>);

impl Observer {
    /// Calls this for each event.
    pub fn new(call: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(call))
    }

    pub(crate) fn tell(&self, event: Event) {
        (self.0)(&event);
    }
}

impl Default for Observer {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
