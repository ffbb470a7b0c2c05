use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Epoch, FeedId, FolderId, Kind, Position, StateToken};

/// A folder of an endpoint, as [`Endpoint::folders`](crate::Endpoint::folders) lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Folder {
    /// The folder's id.
    pub id: FolderId,
    /// The names from the top of the mailbox down to this folder, decoded, without namespace prefix or delimiter.
    /// The inbox of a mail account is `["INBOX"]`.
    pub path: Vec<String>,
    /// What the folder is for, where the server says so.
    pub role: Option<Role>,
    /// The kinds the folder may hold. Empty: it holds no items at all, only folders (`\Noselect`).
    pub kinds: Vec<Kind>,
    /// With which other folders it is read.
    pub feed: FeedId,
    /// Within what its item ids are valid.
    pub epoch: Epoch,
    /// The state of the folder's items; equal to an earlier one means that nothing changed. `None`: the server cannot say.
    pub state: Option<StateToken>,
    /// The high-water mark for later writes; only destinations use it.
    pub position: Option<Position>,
    /// How many items it holds, when the server says so.
    pub items: Option<u64>,
    /// How many bytes they have together, when the server says so.
    pub bytes: Option<u64>,
    /// Whether its user subscribed to it. `None`: the system knows no subscriptions.
    pub subscribed: Option<bool>,
}

impl Folder {
    /// A folder that may hold mail, read on its own feed, with nothing more known about it.
    pub fn new(id: impl Into<FolderId>, path: Vec<String>) -> Self {
        let id = id.into();
        Self {
            feed: FeedId::new(id.as_str()),
            id,
            path,
            role: None,
            kinds: vec![Kind::Mail],
            epoch: Epoch::new(""),
            state: None,
            position: None,
            items: None,
            bytes: None,
            subscribed: None,
        }
    }

    /// The path for people: names joined by `/`. Not an identifier: a name may contain a `/` itself.
    pub fn display_path(&self) -> String {
        self.path.join("/")
    }

    /// Whether it can hold items.
    pub fn holds_items(&self) -> bool {
        !self.kinds.is_empty()
    }
}

/// What a folder is for (RFC 6154 and its kin).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// The inbox.
    Inbox,
    /// Every message of the mailbox (`\All`).
    All,
    /// `\Archive`.
    Archive,
    /// `\Drafts`.
    Drafts,
    /// A view of flagged messages (`\Flagged`).
    Flagged,
    /// `\Important` (RFC 8457).
    Important,
    /// `\Junk`.
    Junk,
    /// `\Sent`.
    Sent,
    /// `\Trash`.
    Trash,
    /// The default calendar.
    Calendar,
    /// The default address book.
    Contacts,
    /// The default task list.
    Tasks,
    /// The default notes folder.
    Notes,
    /// The default journal.
    Journal,
}

impl Role {
    /// The lower-case name, as used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Inbox => "inbox",
            Role::All => "all",
            Role::Archive => "archive",
            Role::Drafts => "drafts",
            Role::Flagged => "flagged",
            Role::Important => "important",
            Role::Junk => "junk",
            Role::Sent => "sent",
            Role::Trash => "trash",
            Role::Calendar => "calendar",
            Role::Contacts => "contacts",
            Role::Tasks => "tasks",
            Role::Notes => "notes",
            Role::Journal => "journal",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A folder that a destination is asked to have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewFolder {
    /// The path, in the destination's own allowed names.
    pub path: Vec<String>,
    /// What the folder is for. A destination that has a folder of this role under another name uses that one only if the
    /// engine asked for its path: roles are mapped before, here they only mark what is created.
    pub role: Option<Role>,
    /// The kinds it shall hold. Empty: only folders.
    pub kinds: Vec<Kind>,
    /// Whether its user shall be subscribed to it. `None`: as the server likes.
    pub subscribed: Option<bool>,
}

impl NewFolder {
    /// A mail folder at this path.
    pub fn new(path: Vec<String>) -> Self {
        Self { path, role: None, kinds: vec![Kind::Mail], subscribed: None }
    }
}

/// A folder as [`Destination::ensure_folders`](crate::Destination::ensure_folders) left it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnsuredFolder {
    /// The folder's id.
    pub id: FolderId,
    /// Whether this call created it.
    pub created: bool,
    /// How many items it holds; `None` when the server does not say.
    pub items: Option<u64>,
    /// Within what its item ids are valid.
    pub epoch: Epoch,
    /// The high-water mark: what is written from now on lies behind it. `None`: the system has none.
    pub position: Option<Position>,
}

impl EnsuredFolder {
    /// A folder with this id and epoch.
    pub fn new(id: FolderId, epoch: Epoch) -> Self {
        Self { id, created: false, items: None, epoch, position: None }
    }
}

/// How full a mailbox is. What the server does not say is `None`, never zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Storage {
    /// Bytes in use.
    pub used: Option<u64>,
    /// Bytes allowed.
    pub quota: Option<u64>,
    /// Items in use.
    pub items: Option<u64>,
    /// Items allowed.
    pub items_quota: Option<u64>,
}
