use std::time::Duration;

use mailmove_core::{Capabilities, Format, ItemFlags, Kind, Route, Via};

/// Which folders are read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feeds {
    /// Each folder on its own, with item ids of its own (IMAP, EWS, Graph).
    PerFolder,
    /// The whole mailbox at once. Item ids are the mailbox's, and an item may stand in several folders (JMAP, Gmail).
    Mailbox,
}

/// What the endpoint says about items that went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removals {
    /// There is a change log: deltas name what went. A listing from the start names all there is.
    Told,
    /// There is no change log: a used-up cursor has expired, and a listing from the start names all there is.
    ByAbsence,
    /// Deltas name what is new or changed; nothing is ever said about what went.
    Unknown,
}

/// What a [`MemoryMailbox`](super::MemoryMailbox) can do. By default: everything.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// What the opened endpoint says about itself. Batch sizes, folder names, size limits, `moves` and `removes` are
    /// enforced; a batch larger than allowed is answered with [`Bug`](mailmove_core::ErrorKind::Bug).
    pub capabilities: Capabilities,
    /// Which folders are read together.
    pub feeds: Feeds,
    /// What is said about items that went.
    pub removals: Removals,
    /// How many changes a page holds at most; at least 1.
    pub page: usize,
    /// Whether folders have a [`state`](mailmove_core::Folder::state).
    pub states: bool,
    /// Whether folders have a [`position`](mailmove_core::Folder::position).
    pub positions: bool,
    /// Whether items have an [`identity`](mailmove_core::ItemRef::identity), on request.
    pub identities: bool,
    /// Whether verdicts tell the id of what was written.
    pub ids: bool,
    /// Whether verdicts and matches tell a revision.
    pub revisions: bool,
    /// Whether items keep our mark.
    pub marks: bool,
    /// Whether item ids are made to break whoever looks into them: they differ in case only and hold blanks, quotes,
    /// slashes, line breaks and emoji.
    pub nasty_ids: bool,
    /// Whether a folder keeps its id when it is renamed. Otherwise the id is made of its path, as in plain IMAP.
    pub stable_folder_ids: bool,
    /// Whether a replaced item keeps its id. Otherwise the new version is a new item in the old one's place.
    pub replaces_in_place: bool,
    /// Whether a create takes two steps, between which the item exists unfinished and unseen.
    pub two_steps: bool,
    /// Whether 8-bit octets in header fields become `X`, as Cyrus does it. The verdict names it as a loss.
    pub rewrites_headers: bool,
    /// The states that are kept; others are named as a loss.
    pub states_kept: ItemFlags,
    /// Whether categories are kept; otherwise they are named as a loss.
    pub categories_kept: bool,
    /// Whether the endpoint says how full it is.
    pub tells_storage: bool,
    /// The bytes allowed in the mailbox.
    pub quota: Option<u64>,
    /// The items allowed in the mailbox.
    pub items_quota: Option<u64>,
}

impl Options {
    /// Everything, one feed per folder, 100 items or 1 MiB a call, no limits.
    pub fn new() -> Self {
        Self {
            capabilities: all_capabilities(),
            feeds: Feeds::PerFolder,
            removals: Removals::Told,
            page: 1000,
            states: true,
            positions: true,
            identities: true,
            ids: true,
            revisions: true,
            marks: true,
            nasty_ids: false,
            stable_folder_ids: true,
            replaces_in_place: false,
            two_steps: false,
            rewrites_headers: false,
            states_kept: ItemFlags::all(),
            categories_kept: true,
            tells_storage: true,
            quota: None,
            items_quota: None,
        }
    }

    /// What plain IMAP4rev1 without any extension can do: no ids in answers, no change log, no marks, no identities,
    /// folders known by their names.
    pub fn plain() -> Self {
        let mut options = Self::new();
        options.capabilities.moves = false;
        options.capabilities.removes = false;
        options.removals = Removals::ByAbsence;
        options.identities = false;
        options.ids = false;
        options.revisions = false;
        options.marks = false;
        options.stable_folder_ids = false;
        options.tells_storage = false;
        options
    }

    /// The same, changed by this function: `Options::new().with(|options| options.ids = false)`.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The same, also offering and accepting every kind as an Exchange FastTransfer stream, by the path `transfer`,
    /// before the standard formats.
    ///
    /// The stream is a stand-in: only this endpoint reads it.
    pub fn with_fast_transfer(mut self) -> Self {
        let route = |kind| Route::new(kind, Format::FASTTRANSFER, Via::fixed("transfer"));
        self.capabilities.offers.splice(0..0, Kind::ALL.map(route));
        self.capabilities.accepts.splice(0..0, Kind::ALL.map(route));
        self
    }

    /// The same with this limit for a body, in bytes, on every accepted route.
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        for route in &mut self.capabilities.accepts {
            route.max_bytes = Some(max_bytes);
        }
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// The standard format of a kind, in which every endpoint that offers or accepts the kind can do so.
pub fn standard_format(kind: Kind) -> Format {
    match kind {
        Kind::Mail | Kind::Note => Format::RFC5322,
        Kind::Event | Kind::Task | Kind::Journal => Format::ICALENDAR,
        Kind::Contact => Format::VCARD,
    }
}

fn all_capabilities() -> Capabilities {
    let route = |kind| Route::new(kind, standard_format(kind), Via::fixed("memory"));
    let mut capabilities = Capabilities::new();
    capabilities.offers = Kind::ALL.map(route).to_vec();
    capabilities.accepts = Kind::ALL.map(route).to_vec();
    capabilities.in_flight = 4;
    capabilities.large_folders = 2;
    capabilities.folders = 4;
    capabilities.settle = Duration::ZERO;
    capabilities.moves = true;
    capabilities.removes = true;
    capabilities
}
