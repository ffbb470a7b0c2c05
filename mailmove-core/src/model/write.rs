use super::{Alteration, Flags, FolderId, Item, ItemId, Loss, Mark, Revision};
use crate::Via;

/// One write into a destination folder. Conditional where it touches what is there, relative where it changes flags.
#[derive(Debug, Clone)]
pub enum Write {
    /// Put in a new item.
    Create {
        /// The item.
        item: Item,
        /// The mark it shall carry, where the destination supports marks.
        mark: Mark,
    },
    /// Put a new version in the place of one that we wrote.
    Replace {
        /// The item at the destination.
        id: ItemId,
        /// What we left there; another revision is a conflict and the destination's version is kept.
        expect: Option<Revision>,
        /// The new version.
        item: Item,
        /// The mark it shall carry.
        mark: Mark,
    },
    /// Change flags by what changed at the source since the last pass, never by its whole state.
    Flags {
        /// The item at the destination.
        id: ItemId,
        /// Set these.
        add: Flags,
        /// Clear these.
        remove: Flags,
    },
    /// Move an item into another folder.
    Move {
        /// The item at the destination.
        id: ItemId,
        /// Where to.
        to: FolderId,
        /// What we left there.
        expect: Option<Revision>,
    },
    /// Remove an item that we wrote.
    Remove {
        /// The item at the destination.
        id: ItemId,
        /// What we left there.
        expect: Option<Revision>,
    },
}

/// A write that took place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The item's id at the destination; `None` where the system does not tell (bulk paths, IMAP without UIDPLUS).
    pub id: Option<ItemId>,
    /// Its revision there, when the system has one.
    pub revision: Option<Revision>,
    /// The write path it took.
    pub via: Via,
    /// What was not carried, found at this item.
    pub losses: Vec<Loss>,
    /// What was changed so that the destination would take it.
    pub altered: Vec<Alteration>,
}

impl Written {
    /// Written by this path, with nothing lost.
    pub fn new(via: Via) -> Self {
        Self { id: None, revision: None, via, losses: Vec::new(), altered: Vec::new() }
    }

    /// The same with the destination's id.
    pub fn with_id(mut self, id: ItemId) -> Self {
        self.id = Some(id);
        self
    }
}
