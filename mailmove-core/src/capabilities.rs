//! What an endpoint can hold, by which path, and how much of it at once.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Format, Kind, Loss};

/// The name of a write path: `append`, `upload-items`, `import-session`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Via(Cow<'static, str>);

impl Via {
    /// A path known when the program is built.
    pub const fn fixed(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// A path by its name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(Cow::Owned(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One way in which a kind can be read or written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The kind.
    pub kind: Kind,
    /// The format in which it travels.
    pub format: Format,
    /// The path it takes at this endpoint.
    pub via: Via,
    /// What this way is known not to carry.
    pub losses: Vec<Loss>,
    /// The largest body it takes, in bytes. `None`: not known.
    pub max_bytes: Option<u64>,
}

impl Route {
    /// A lossless, unlimited route.
    pub fn new(kind: Kind, format: Format, via: Via) -> Self {
        Self { kind, format, via, losses: Vec::new(), max_bytes: None }
    }
}

/// What one opened mailbox can do. Fixed once it is open.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// How items can be read, best first. Every kind is offered at least in its standard format.
    pub offers: Vec<Route>,
    /// How items can be written, best first.
    pub accepts: Vec<Route>,
    /// How many references or writes one call takes at most.
    pub batch_items: usize,
    /// How many bytes one call shall carry at most; a single larger item goes alone.
    pub batch_bytes: u64,
    /// How many calls for one folder it pays to have in flight.
    pub in_flight: usize,
    /// How many folders it pays to work on side by side when each needs more than one batch.
    pub large_folders: usize,
    /// How many folders in all it pays to work on side by side.
    pub folders: usize,
    /// How long after a lost answer a write can still appear.
    pub settle: Duration,
    /// What folders may be called here.
    pub names: FolderNames,
    /// Whether [`Write::Move`](crate::Write::Move) works.
    pub moves: bool,
    /// Whether [`Write::Remove`](crate::Write::Remove) works on one item without touching others.
    pub removes: bool,
}

impl Capabilities {
    /// An endpoint that moves one batch at a time: 100 items or 1 MiB, one folder, answers settled within ten seconds.
    pub fn new() -> Self {
        Self {
            offers: Vec::new(),
            accepts: Vec::new(),
            batch_items: 100,
            batch_bytes: 1 << 20,
            in_flight: 1,
            large_folders: 1,
            folders: 1,
            settle: Duration::from_secs(10),
            names: FolderNames::default(),
            moves: false,
            removes: false,
        }
    }
}

impl Default for Capabilities {
    fn default() -> Self {
        Self::new()
    }
}

/// What folders may be called at a destination. The engine maps names that do not fit, tells so in the plan, and keeps
/// the mapping in the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FolderNames {
    /// Characters that cannot stand in a name.
    pub forbidden: Vec<char>,
    /// Control characters (U+0000 to U+001F, U+007F) cannot stand in a name.
    pub no_controls: bool,
    /// Blanks at the ends of a name are lost or refused.
    pub trims: bool,
    /// Two names that differ in case only are the same folder.
    pub ignores_case: bool,
    /// The longest name, in characters. `None`: not known.
    pub max_chars: Option<usize>,
}
