//! What a mailbox looked like at one moment, for comparisons.

use std::collections::BTreeMap;

use bytes::Bytes;
use time::OffsetDateTime;

use super::{Account, Folder};
use crate::imap::utf7;

/// A whole mailbox. The bytes are shared with the server, not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailboxSnapshot {
    /// In the order of their names on the wire.
    pub folders: Vec<FolderSnapshot>,
    /// Subscribed names without a folder.
    pub orphaned_subscriptions: Vec<String>,
}

/// One folder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FolderSnapshot {
    /// The name as clients see it, decoded: prefix and delimiter of this server included.
    pub name: String,
    /// The levels of the name below the personal namespace: comparable between servers.
    pub path: Vec<String>,
    /// `\Sent` and the like.
    pub special_use: Option<String>,
    /// Whether the user is subscribed to it.
    pub subscribed: bool,
    /// UIDVALIDITY.
    pub uid_validity: u32,
    /// UIDNEXT.
    pub uid_next: u32,
    /// HIGHESTMODSEQ.
    pub highest_modseq: u64,
    /// In ascending order of UID.
    pub messages: Vec<MessageSnapshot>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageSnapshot {
    /// UID.
    pub uid: u32,
    /// System flags and keywords, sorted.
    pub flags: Vec<String>,
    /// INTERNALDATE.
    pub received: OffsetDateTime,
    /// The octets.
    pub bytes: Bytes,
    /// MODSEQ.
    pub modseq: u64,
}

impl MailboxSnapshot {
    pub(super) fn of(account: &Account) -> Self {
        let folders = account.folders().map(|(wire, folder)| FolderSnapshot::of(account, wire, folder)).collect();
        let orphaned = account.subscriptions.iter().filter(|name| account.folder(name).is_none());
        Self { folders, orphaned_subscriptions: orphaned.map(|name| readable(name)).collect() }
    }

    /// The folder with this name, as this server spells it.
    pub fn folder(&self, name: &str) -> Option<&FolderSnapshot> {
        self.folders.iter().find(|folder| folder.name == name)
    }

    /// How many messages there are.
    pub fn messages(&self) -> usize {
        self.folders.iter().map(|folder| folder.messages.len()).sum()
    }

    /// What is not the same in `other`: folders by path, subscriptions, and the messages of each folder as a multiset
    /// of flags, instant and octets. UIDs, order and delimiters may differ. Empty when nothing was lost, doubled or
    /// changed on the way.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let (ours, theirs) = (self.by_path(), other.by_path());
        for (path, folder) in &ours {
            match theirs.get(path) {
                Some(twin) => folder.differences(twin, &mut found),
                None => found.push(format!("{path:?}: missing in the second mailbox")),
            }
        }
        let added = theirs.keys().filter(|path| !ours.contains_key(*path));
        found.extend(added.map(|path| format!("{path:?}: only in the second mailbox")));
        found
    }

    fn by_path(&self) -> BTreeMap<&[String], &FolderSnapshot> {
        self.folders.iter().map(|folder| (folder.path.as_slice(), folder)).collect()
    }
}

impl FolderSnapshot {
    fn of(account: &Account, wire: &str, folder: &Folder) -> Self {
        let layout = &account.layout;
        let below = wire.strip_prefix(layout.prefix.as_str()).unwrap_or(wire);
        Self {
            name: readable(wire),
            path: below.split(layout.delimiter).map(readable).collect(),
            special_use: folder.special_use.clone(),
            subscribed: account.subscriptions.contains(wire),
            uid_validity: folder.uid_validity,
            uid_next: folder.uid_next,
            highest_modseq: folder.highest_modseq,
            messages: MessageSnapshot::all(folder),
        }
    }

    fn differences(&self, other: &Self, found: &mut Vec<String>) {
        let path = &self.path;
        if self.subscribed != other.subscribed {
            found.push(format!("{path:?}: subscribed {} became {}", self.subscribed, other.subscribed));
        }
        let mut counts: BTreeMap<_, i64> = BTreeMap::new();
        for message in &self.messages {
            *counts.entry(message.content()).or_default() += 1;
        }
        for message in &other.messages {
            *counts.entry(message.content()).or_default() -= 1;
        }
        for ((bytes, received, flags), surplus) in counts {
            let what = match surplus {
                0 => continue,
                lost @ 1.. => format!("{lost} lost"),
                added => format!("{} added", -added),
            };
            let start = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]);
            let size = bytes.len();
            found.push(format!("{path:?}: {what}: {size} bytes at {received} with {flags:?}, starting {start:?}"));
        }
    }
}

impl MessageSnapshot {
    pub(super) fn all(folder: &Folder) -> Vec<Self> {
        let messages = folder.messages().map(|(uid, message)| {
            let mut flags: Vec<String> = message.flags.names().map(str::to_owned).collect();
            flags.sort_unstable();
            let (received, bytes, modseq) = (message.received, message.bytes.clone(), message.modseq);
            Self { uid, flags, received, bytes, modseq }
        });
        messages.collect()
    }

    fn content(&self) -> (&Bytes, OffsetDateTime, &[String]) {
        (&self.bytes, self.received, &self.flags)
    }
}

/// The name people read; a spelling that is none stays as it is.
pub(super) fn readable(wire: &str) -> String {
    utf7::decode(wire).unwrap_or_else(|| wire.to_owned())
}
