use std::collections::BTreeMap;
use std::sync::Arc;

use mailmove_core::{Epoch, FeedId, Folder, FolderId, Kind, Position, Role, StateToken};

use super::index::Index;
use super::log::Log;
use super::{Feeds, Options};

/// The feed of the whole mailbox.
pub(super) const MAILBOX_FEED: &str = "mailbox";

/// A folder and what stands in it.
#[derive(Debug)]
pub(super) struct StoredFolder {
    pub(super) id: FolderId,
    pub(super) path: Vec<String>,
    pub(super) role: Option<Role>,
    pub(super) kinds: Vec<Kind>,
    pub(super) epoch: u64,
    pub(super) subscribed: bool,
    /// When anything in it changed last: a reading of the mailbox's clock.
    pub(super) changed: u64,
    /// The number that the next item gets, where numbers are the folder's.
    pub(super) next: u64,
    /// Items by their numbers, unfinished ones included.
    pub(super) placed: BTreeMap<u64, u64>,
    /// How many of them are finished, and their bytes.
    pub(super) items: u64,
    pub(super) bytes: u64,
    /// Where feeds are the folders'.
    pub(super) log: Log,
    /// Made by the first look for an item.
    pub(super) index: Option<Index>,
    /// Keeps the writes of a folder in the order in which they were first polled.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
    pub(super) in_flight: Arc<()>,
}

impl StoredFolder {
    pub(super) fn describe(&self, options: &Options, position: u64) -> Folder {
        let mut folder = Folder::new(self.id.clone(), self.path.clone());
        folder.role = self.role;
        folder.kinds = self.kinds.clone();
        if options.feeds == Feeds::Mailbox {
            folder.feed = FeedId::new(MAILBOX_FEED);
        }
        folder.epoch = self.epoch();
        folder.state = options.states.then(|| StateToken::new(format!("{}.{}", self.epoch, self.changed)));
        folder.position = options.positions.then(|| Position::new(position.to_string()));
        folder.items = Some(self.items);
        folder.bytes = Some(self.bytes);
        folder.subscribed = Some(self.subscribed);
        folder
    }

    pub(super) fn epoch(&self) -> Epoch {
        Epoch::new(self.epoch.to_string())
    }
}
