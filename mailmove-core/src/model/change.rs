use time::OffsetDateTime;

use super::{Cursor, Flags, FolderId, ItemFlags, ItemId, Kind, Revision};

/// An item as a listing names it: enough to decide what to do with it, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ItemRef {
    /// The item's id.
    pub id: ItemId,
    /// The folders (of the feed asked) in which it stands; one, unless the system knows labels.
    pub folders: Vec<FolderId>,
    /// What it is.
    pub kind: Kind,
    /// Changes only when the bytes may have changed. A changed exception is a change of its series.
    pub content: Revision,
    /// Its flags now.
    pub flags: Flags,
    /// Its size in bytes: an estimate, never a promise, always given.
    pub size: u64,
    /// When it was received (mail), or `None` where the system does not know.
    pub received: Option<OffsetDateTime>,
    /// When it begins (events) or was last modified (everything else that is not mail).
    pub dated: Option<OffsetDateTime>,
    /// An identity that survives a move within this mailbox and a new epoch (RFC 8474 EMAILID and the like).
    pub identity: Option<String>,
}

impl ItemRef {
    /// A mail in one folder, unread, with nothing more known about it.
    pub fn new(id: impl Into<ItemId>, folder: FolderId, size: u64) -> Self {
        Self {
            id: id.into(),
            folders: vec![folder],
            kind: Kind::Mail,
            content: Revision::new(""),
            flags: Flags::default(),
            size,
            received: None,
            dated: None,
            identity: None,
        }
    }
}

/// One thing that changed in a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The item is there, new or changed or merely listed again.
    Present(ItemRef),
    /// Only its flags changed, or only they are known.
    Flags {
        /// Which item.
        id: ItemId,
        /// The folder in which it stands; `None` where ids are unique within the feed.
        folder: Option<FolderId>,
        /// Which of them the source knows in this listing.
        known: FlagMask,
        /// Their value now.
        value: Flags,
    },
    /// The item is gone from this folder (from the whole feed when `folder` is `None`).
    Gone {
        /// Which item.
        id: ItemId,
        /// From where.
        folder: Option<FolderId>,
    },
}

/// Which flags a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlagMask {
    /// These states.
    pub state: ItemFlags,
    /// The categories as well.
    pub categories: bool,
}

impl FlagMask {
    /// A statement about everything.
    pub const ALL: FlagMask = FlagMask { state: ItemFlags::all(), categories: true };

    /// `value` where known, `before` where not.
    pub fn apply(self, before: &Flags, value: &Flags) -> Flags {
        let mut flags = if self.categories { value.clone() } else { before.clone() };
        flags.state = (before.state - self.state) | (value.state & self.state);
        flags
    }
}

/// How much a listing shall say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Ids, revisions, flags, dates, sizes.
    Listing,
    /// Also [`ItemRef::identity`], even where that costs more.
    Identity,
}

/// One page of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// What changed, in the order in which it shall be written.
    pub changes: Vec<Change>,
    /// Where to go on, now or at the next run.
    pub next: Cursor,
    /// Whether there is more right now. False only when the server said so.
    pub more: bool,
    /// What it means that an item was not named. Counts on the last page.
    pub gone: Gone,
}

impl Page {
    /// The last page, with nothing on it.
    pub fn last(next: Cursor) -> Self {
        Self { changes: Vec::new(), next, more: false, gone: Gone::Unknown }
    }
}

/// Whether absence from a listing means that an item is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// Everything that went is named as [`Change::Gone`]; absence means nothing.
    Told,
    /// This listing, read from `None` to its end, named all there is: what was not named is gone.
    ByAbsence,
    /// Nothing can be said.
    Unknown,
}
