//! What the ledger knows about a folder, a feed, an item.

use mailmove_core::{
    Alteration, Cursor, Digest, Epoch, ErrorKind, Evidence, FeedId, Fingerprint, Flags, FolderId, ItemId, Kind, Loss,
    Mark, Position, Revision, StateToken, Via,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The ledger's own number for one (source folder, epoch).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FolderKey(pub i64);

/// One item in one source folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The folder, within its epoch.
    pub folder: FolderKey,
    /// The item.
    pub item: ItemId,
}

/// A source folder within one epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FolderRow {
    /// The ledger's number for it.
    pub key: FolderKey,
    /// The folder at the source.
    pub id: FolderId,
    /// Its epoch.
    pub epoch: Epoch,
    /// Its path when it was last listed.
    pub path: Vec<String>,
    /// Listed with this epoch at the last look. A folder that is not makes all its rows orphans.
    pub live: bool,
    /// The folder at the destination into which its items go: sticky.
    pub target: Option<FolderId>,
    /// The path of that folder.
    pub target_path: Vec<String>,
    /// The epoch of that folder when we last wrote there.
    pub target_epoch: Option<Epoch>,
    /// The state up to which everything has a row; equal to the listed one: nothing to read.
    pub state: Option<StateToken>,
    /// How many of its rows are `Pending` or `Failed`. Counted when read.
    pub due: u64,
    /// How many of its rows are `Intended`. Counted when read.
    pub intended: u64,
}

impl FolderRow {
    /// A live folder of which nothing was read yet.
    pub fn new(key: FolderKey, id: FolderId, epoch: Epoch, path: Vec<String>) -> Self {
        Self {
            key,
            id,
            epoch,
            path,
            live: true,
            target: None,
            target_path: Vec::new(),
            target_epoch: None,
            state: None,
            due: 0,
            intended: 0,
        }
    }
}

/// How far a feed was read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedRow {
    /// The feed.
    pub feed: FeedId,
    /// Every change before it has a row.
    pub cursor: Option<Cursor>,
    /// The selection (kinds, dates, sizes, folders) under which it was read.
    pub selection: Option<Digest>,
    /// Whether a listing that began at the start came to its end.
    pub complete: bool,
}

impl FeedRow {
    /// A feed of which nothing was read yet.
    pub fn new(feed: FeedId) -> Self {
        Self { feed, cursor: None, selection: None, complete: false }
    }
}

/// An item ever seen, in one of its places.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// Where it stands at the source.
    pub place: Place,
    /// What it is.
    pub kind: Kind,
    /// What became of it.
    pub state: RowState,
    /// Why, for `Filtered`, `Lost`, and weak evidence: a short stable name.
    pub reason: Option<String>,
    /// The error, for `Failed`.
    pub failure: Option<Failure>,
    /// How often a write was tried.
    pub attempt: u32,
    /// The content revision that was carried.
    pub content: Revision,
    /// The source's flags as they were carried.
    pub flags: Flags,
    /// Its size in bytes: exact once fetched, the listing's estimate before.
    pub size: u64,
    /// When it was received.
    pub received: Option<OffsetDateTime>,
    /// An identity that survives moves and epochs, where the source gives one.
    pub identity: Option<String>,
    /// The digest of the bytes that were carried.
    pub digest: Option<Digest>,
    /// The identifier the format carries.
    pub uid: Option<String>,
    /// The weak key.
    pub key: Option<Digest>,
    /// Our mark.
    pub mark: Option<Mark>,
    /// Where it stands, or shall stand, at the destination.
    pub target: Option<Target>,
    /// While `Intended`: the item, if it was written, lies behind this position.
    pub floor: Option<Position>,
    /// The write path it took.
    pub via: Option<Via>,
    /// By what evidence it was found rather than written.
    pub evidence: Option<Evidence>,
    /// What was not carried.
    pub losses: Vec<Loss>,
    /// What was changed so that it would be taken.
    pub altered: Vec<Alteration>,
    /// The run that last saw it.
    pub run: u32,
    /// When this version of the row was made.
    pub at: OffsetDateTime,
}

impl Row {
    /// A row about an item of which nothing but its place and kind is known.
    pub fn new(place: Place, kind: Kind, state: RowState) -> Self {
        Self {
            place,
            kind,
            state,
            reason: None,
            failure: None,
            attempt: 0,
            content: Revision::new(""),
            flags: Flags::default(),
            size: 0,
            received: None,
            identity: None,
            digest: None,
            uid: None,
            key: None,
            mark: None,
            target: None,
            floor: None,
            via: None,
            evidence: None,
            losses: Vec::new(),
            altered: Vec::new(),
            run: 0,
            at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    /// How to recognise the item at the destination.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut fingerprint = Fingerprint::default();
        fingerprint.mark = self.mark.clone();
        fingerprint.digest = self.digest;
        fingerprint.size = self.size;
        fingerprint.uid = self.uid.clone();
        fingerprint.key = self.key;
        fingerprint
    }
}

/// Where an item stands at the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// The folder.
    pub folder: FolderId,
    /// The folder's epoch; the item id is valid within it.
    pub epoch: Epoch,
    /// The item; `None`: the destination never told.
    pub item: Option<ItemId>,
    /// Its revision as we left it, when the system has one.
    pub revision: Option<Revision>,
}

impl Target {
    /// A folder, with the item in it not known yet.
    pub fn new(folder: FolderId, epoch: Epoch) -> Self {
        Self { folder, epoch, item: None, revision: None }
    }
}

/// What became of an item: the closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowState {
    /// Seen and wanted, not written yet.
    Pending,
    /// About to be written: it may have happened.
    Intended,
    /// Written by us.
    Copied,
    /// Written by us, and changed since because the source changed.
    Updated,
    /// Found at the destination.
    AlreadyThere,
    /// Left out by the rules.
    Filtered,
    /// Cannot be carried at all.
    Lost,
    /// Tried and not moved.
    Failed,
    /// The destination's user edited it; the destination's version stays.
    Kept,
    /// No longer at the source.
    GoneAtSource,
    /// No longer at the destination, where its user removed it.
    GoneAtDestination,
}

impl RowState {
    /// Every state, in report order.
    pub const ALL: [RowState; 11] = [
        RowState::Copied,
        RowState::Updated,
        RowState::AlreadyThere,
        RowState::Filtered,
        RowState::Lost,
        RowState::Failed,
        RowState::Pending,
        RowState::Intended,
        RowState::Kept,
        RowState::GoneAtSource,
        RowState::GoneAtDestination,
    ];

    /// The lower-case name, as used in reports and in the ledger file.
    pub fn as_str(self) -> &'static str {
        match self {
            RowState::Pending => "pending",
            RowState::Intended => "intended",
            RowState::Copied => "copied",
            RowState::Updated => "updated",
            RowState::AlreadyThere => "already-there",
            RowState::Filtered => "filtered",
            RowState::Lost => "lost",
            RowState::Failed => "failed",
            RowState::Kept => "kept",
            RowState::GoneAtSource => "gone-at-source",
            RowState::GoneAtDestination => "gone-at-destination",
        }
    }

    /// Whether the item is at the destination, as far as we know: a row with a target owns an item there. What went at the
    /// source stays at the destination until it is removed there too, which takes its target away.
    pub fn is_there(self) -> bool {
        matches!(
            self,
            RowState::Copied | RowState::Updated | RowState::AlreadyThere | RowState::Kept | RowState::GoneAtSource
        )
    }
}

/// Why an item was not moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// The kind of error.
    pub kind: ErrorKind,
    /// The error's one line.
    pub text: String,
}

impl Failure {
    /// A failure from an error.
    pub fn new(error: &mailmove_core::Error) -> Self {
        Self { kind: error.kind(), text: error.to_string() }
    }
}
