//! What is known about each folder.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mailmove_core::{Error, ErrorKind, FolderId, Result};

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::index::Index;
use crate::map::space::{Spelling, wire_of};
use crate::wire::{MailboxStatus, Selected};

const EVERYTHING: [&str; 6] = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft", "\\*"];

/// For how long what STATUS said is fresh.
const FRESH: Duration = Duration::from_secs(10);

/// The folders of one mailbox, by id.
#[derive(Debug)]
pub(super) struct KnownFolders {
    folders: Mutex<HashMap<FolderId, Arc<KnownFolder>>>,
    spelling: Spelling,
}

impl KnownFolders {
    /// None yet, on a server that spells names this way.
    pub(super) fn new(spelling: Spelling) -> Self {
        Self { folders: Mutex::default(), spelling }
    }

    /// A folder by its id, whether it was ever listed or not.
    pub(super) fn get(&self, id: &FolderId) -> Arc<KnownFolder> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(KnownFolder::new(self.spelling.said(wire_of(id.as_str()))));
        folders.entry(id.clone()).or_insert_with(new).clone()
    }

    /// Forgets what a listing did not name any more.
    pub(super) fn keep(&self, keep: impl Fn(&FolderId) -> bool) {
        let folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, folder) in folders.iter().filter(|(id, _)| !keep(id)) {
            *folder.facts() = Facts::default();
        }
    }
}

/// One folder.
#[derive(Debug)]
pub(super) struct KnownFolder {
    /// Its name on the wire.
    pub(super) wire: Arc<[u8]>,
    /// Calls queue here in the order in which they are first polled.
    pub(super) order: Arc<tokio::sync::Mutex<()>>,
    /// What is in it, as far as somebody wanted to know.
    pub(super) index: tokio::sync::Mutex<Index>,
    facts: Mutex<Facts>,
    /// The messages that were sent last.
    last: Mutex<Option<Last>>,
}

/// Messages on their way into a folder.
#[derive(Debug)]
pub(super) struct Last {
    /// The connection that has them.
    pub(super) lane: u64,
    /// Its other end is dropped when they are there, or will not be.
    pub(super) over: oneshot::Receiver<Infallible>,
}

/// What the server said about a folder, last time.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// It was listed, or created by us.
    pub(super) exists: bool,
    /// It can be opened.
    pub(super) selectable: bool,
    pub(super) subscribed: Option<bool>,
    /// UIDVALIDITY.
    pub(super) validity: Option<u32>,
    /// UIDNEXT.
    pub(super) next: Option<u32>,
    pub(super) messages: Option<u64>,
    /// PERMANENTFLAGS, once it was opened for writing.
    pub(super) permanent: Option<Vec<String>>,
    /// When these numbers were told.
    told: Option<Instant>,
}

impl KnownFolder {
    fn new(wire: Vec<u8>) -> Self {
        Self {
            wire: wire.into(),
            order: Arc::default(),
            index: tokio::sync::Mutex::default(),
            facts: Mutex::default(),
            last: Mutex::default(),
        }
    }

    /// Notes that messages go out on this connection, until what this returns is dropped. Gives back what has to be stored
    /// before them and is on another one.
    pub(super) fn send_behind(
        &self,
        lane: u64,
    ) -> (oneshot::Sender<Infallible>, Option<oneshot::Receiver<Infallible>>) {
        let (under_way, over) = oneshot::channel();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.replace(Last { lane, over }).filter(|last| last.lane != lane);
        (under_way, before.map(|last| last.over))
    }

    /// No folder: for commands that need none.
    pub(super) fn nowhere() -> Self {
        Self::new(Vec::new())
    }

    pub(super) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what STATUS said.
    pub(super) fn learn(&self, status: &MailboxStatus) {
        let mut facts = self.facts();
        if facts.validity != status.validity {
            facts.permanent = None;
        }
        (facts.exists, facts.selectable, facts.told) = (true, true, Some(Instant::now()));
        (facts.validity, facts.next, facts.messages) = (status.validity, status.next, status.messages);
    }

    /// Whether the server spoke of this folder so short a time ago that it will hardly be another one by now.
    pub(super) fn is_fresh(&self) -> bool {
        self.facts().told.is_some_and(|told| told.elapsed() < FRESH)
    }

    /// Whether this is still the folder that was listed: with another UIDVALIDITY, every UID is another message.
    pub(super) fn check(&self, selected: &Selected) -> Result<()> {
        let mut facts = self.facts();
        if facts.validity.is_none() {
            facts.validity = selected.validity;
        }
        if facts.validity != selected.validity {
            let number = |validity: Option<u32>| validity.map_or("none".to_owned(), |number| number.to_string());
            facts.told = None;
            return Err(Error::new(ErrorKind::EpochChanged, "the folder is not the one that was listed")
                .with("folder", self.display())
                .with("uidvalidity", format!("{} before, {} now", number(facts.validity), number(selected.validity))));
        }
        if selected.writable {
            // Who does not say what is kept keeps everything (RFC 3501 §6.3.1).
            facts.permanent = Some(selected.permanent.clone().unwrap_or_else(|| EVERYTHING.map(str::to_owned).into()));
        }
        Ok(())
    }

    /// The name for people, as it stands on the wire.
    pub(super) fn display(&self) -> String {
        String::from_utf8_lossy(&self.wire).into_owned()
    }
}
