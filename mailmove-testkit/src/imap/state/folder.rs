//! One folder: messages by UID, and the history that CONDSTORE and QRESYNC ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::{Content, Message};
use crate::imap::flags::Flags;

/// A selectable folder. No operation but a removal of many looks at more messages than it names.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    /// Survives a rename, not a deletion (MAILBOXID).
    pub(crate) object: u64,
    pub(crate) uid_validity: u32,
    pub(crate) uid_next: u32,
    pub(crate) highest_modseq: u64,
    /// `\Sent` and the like.
    pub(crate) special_use: Option<String>,
    /// Every keyword ever used here.
    pub(crate) keywords: BTreeSet<String>,
    /// Messages from this UID on were not shown to any session yet.
    pub(crate) recent_from: u32,
    messages: BTreeMap<u32, Message>,
    by_modseq: BTreeSet<(u64, u32)>,
    vanished: Vec<(u64, u32)>,
    bytes: u64,
    unseen: usize,
}

impl Folder {
    pub(super) fn new(object: u64, uid_validity: u32) -> Self {
        Self {
            object,
            uid_validity,
            uid_next: 1,
            highest_modseq: 1,
            special_use: None,
            keywords: BTreeSet::new(),
            recent_from: 1,
            messages: BTreeMap::new(),
            by_modseq: BTreeSet::new(),
            vanished: Vec::new(),
            bytes: 0,
            unseen: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn unseen(&self) -> usize {
        self.unseen
    }

    pub(crate) fn recent(&self) -> usize {
        self.messages.range(self.recent_from..).count()
    }

    pub(crate) fn uids(&self) -> Vec<u32> {
        self.messages.keys().copied().collect()
    }

    /// UIDs from this one on.
    pub(crate) fn uids_from(&self, uid: u32) -> impl Iterator<Item = u32> {
        self.messages.range(uid..).map(|(uid, _)| *uid)
    }

    pub(crate) fn message(&self, uid: u32) -> Option<&Message> {
        self.messages.get(&uid)
    }

    pub(crate) fn messages(&self) -> impl Iterator<Item = (u32, &Message)> {
        self.messages.iter().map(|(uid, message)| (*uid, message))
    }

    /// Changed or arrived after `modseq`, in ascending order of UID.
    pub(crate) fn changed_since(&self, modseq: u64) -> Vec<u32> {
        let after = (Bound::Excluded((modseq, u32::MAX)), Bound::Unbounded);
        let mut uids: Vec<u32> = self.by_modseq.range(after).map(|&(_, uid)| uid).collect();
        uids.sort_unstable();
        uids
    }

    /// Removed after `modseq`, in ascending order of UID.
    pub(crate) fn vanished_since(&self, modseq: u64) -> Vec<u32> {
        let from = self.vanished.partition_point(|&(at, _)| at <= modseq);
        let mut uids: Vec<u32> = self.vanished[from..].iter().map(|&(_, uid)| uid).collect();
        uids.sort_unstable();
        uids
    }

    pub(super) fn insert(&mut self, content: Content, email_id: u64) -> u32 {
        let uid = self.uid_next;
        self.uid_next += 1;
        self.highest_modseq += 1;
        let modseq = self.highest_modseq;
        self.keywords.extend(content.flags.keywords().map(str::to_owned));
        self.bytes += content.bytes.len() as u64;
        self.unseen += usize::from(!content.flags.contains(Flags::SEEN));
        self.by_modseq.insert((modseq, uid));
        let Content { bytes, flags, received, .. } = content;
        self.messages.insert(uid, Message { bytes, flags, received, modseq, email_id });
        uid
    }

    /// Removes what is there of these, in one mod-sequence.
    pub(super) fn remove(&mut self, uids: &[u32]) -> Vec<(u32, Message)> {
        let removed: Vec<_> = uids.iter().filter_map(|uid| Some((*uid, self.messages.remove(uid)?))).collect();
        if !removed.is_empty() {
            self.highest_modseq += 1;
        }
        for (uid, message) in &removed {
            self.by_modseq.remove(&(message.modseq, *uid));
            self.vanished.push((self.highest_modseq, *uid));
            self.bytes -= message.bytes.len() as u64;
            self.unseen -= usize::from(!message.flags.contains(Flags::SEEN));
        }
        removed
    }

    /// Gives a message these flags; its mod-sequence grows only when they differ. False when there is no such message.
    pub(crate) fn set_flags(&mut self, uid: u32, flags: Flags) -> bool {
        let Some(message) = self.messages.get_mut(&uid) else { return false };
        if !message.flags.same_as(&flags) {
            self.highest_modseq += 1;
            self.by_modseq.remove(&(message.modseq, uid));
            self.by_modseq.insert((self.highest_modseq, uid));
            self.unseen -= usize::from(!message.flags.contains(Flags::SEEN));
            self.unseen += usize::from(!flags.contains(Flags::SEEN));
            self.keywords.extend(flags.keywords().map(str::to_owned));
            message.modseq = self.highest_modseq;
            message.flags = flags;
        }
        true
    }

    /// Something about a message changed that is not in it: its mod-sequence grows.
    pub(super) fn touch(&mut self, uid: u32) {
        let Some(message) = self.messages.get_mut(&uid) else { return };
        self.highest_modseq += 1;
        self.by_modseq.remove(&(message.modseq, uid));
        self.by_modseq.insert((self.highest_modseq, uid));
        message.modseq = self.highest_modseq;
    }

    /// A folder of the same messages, numbered anew: what a restored back-up looks like.
    pub(super) fn renumber(&mut self, uid_validity: u32) {
        let messages = std::mem::take(&mut self.messages);
        let (object, special_use) = (self.object, self.special_use.take());
        *self = Self { special_use, ..Self::new(object, uid_validity) };
        for message in messages.into_values() {
            let email_id = message.email_id;
            self.insert(Content::from(&message), email_id);
        }
    }
}
