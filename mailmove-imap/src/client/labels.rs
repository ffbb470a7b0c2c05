//! Folders that are labels of one and the same message, as in Gmail.
//!
//! *Read*: every message stands in All Mail, where it is listed and read once; its labels say in which folders it is. What
//! is in All Mail without a label is nowhere else: All Mail then is the folder of these. Spam and Trash stand beside.
//!
//! *Written*: a message that was put in under one label gets the next one by a copy, which costs no upload.

use std::collections::HashMap;
use std::sync::Arc;

use mailmove_core::{Folder, FolderId, Item, ItemId, ItemRef, Result, Role, Via, Written};

use super::Client;
use super::known::KnownFolder;
use super::uploads::Place;
use super::write::{Turn, of_folder};
use crate::config::Labels;
use crate::error::{Asked, Fault};
use crate::map::space::id_of;
use crate::wire::{Relocate, UidSet, mailbox_name};

/// A label was added to a message that is there.
const LABEL: Via = Via::fixed("label");

/// Which folders are labels, and what they are called.
#[derive(Debug)]
pub(super) struct LabelMap {
    /// All Mail.
    all: FolderId,
    /// Every folder that is read by its label, All Mail too.
    folders: Vec<FolderId>,
    /// The folder of a label, by its name on the wire in lower case.
    by_label: HashMap<String, FolderId>,
    manner: Labels,
}

impl LabelMap {
    /// Makes label folders of a listed tree: they share the feed, the epoch and the state of All Mail. `None` when the
    /// server shows no All Mail; then every folder is read by itself.
    pub(super) fn of<'a>(tree: impl Iterator<Item = &'a mut Folder>, manner: Labels) -> Option<Self> {
        let mut folders: Vec<&mut Folder> = tree.filter(|folder| folder.holds_items()).collect();
        let all = folders.iter().find(|folder| folder.role == Some(Role::All))?;
        let (id, feed, epoch, state) = (all.id.clone(), all.feed.clone(), all.epoch.clone(), all.state.clone());
        let mut map = Self { all: id, folders: Vec::new(), by_label: HashMap::new(), manner };
        for folder in &mut folders {
            let label = match folder.role {
                Some(Role::Junk | Role::Trash | Role::Flagged | Role::Important) => continue,
                Some(Role::All) => {
                    // Nobody counted those that have no label.
                    (folder.role, folder.items, folder.bytes) = (Some(Role::Archive), None, None);
                    None
                }
                Some(Role::Inbox) => Some("\\inbox".to_owned()),
                Some(Role::Sent) => Some("\\sent".to_owned()),
                Some(Role::Drafts) => Some("\\draft".to_owned()),
                _ => Some(folder.id.as_str().to_lowercase()),
            };
            (folder.feed, folder.epoch, folder.state) = (feed.clone(), epoch.clone(), state.clone());
            map.folders.push(folder.id.clone());
            map.by_label.extend(label.map(|label| (label, folder.id.clone())));
        }
        Some(map)
    }

    /// Where a folder's messages are read.
    pub(super) fn home(&self, folder: &FolderId) -> FolderId {
        if self.folders.contains(folder) { self.all.clone() } else { folder.clone() }
    }

    pub(super) fn is_all(&self, folder: &FolderId) -> bool {
        self.all == *folder
    }

    /// Whether only one of a message's places counts.
    pub(super) fn is_first_only(&self) -> bool {
        self.manner == Labels::First
    }

    /// Puts a message into the folders of its labels.
    pub(super) fn place(&self, item: &mut ItemRef, labels: &[Vec<u8>]) {
        // What its user has hidden from IMAP, and what is no folder at all, is no place.
        let mut places: Vec<FolderId> = labels.iter().filter_map(|label| self.folder(label)).collect();
        places.sort_by_key(|place| self.rank(place));
        places.dedup();
        if places.is_empty() {
            places.push(self.all.clone());
        }
        if self.manner == Labels::First {
            for other in places.split_off(1) {
                item.flags.add_category(mailbox_name::decode(other.as_str()).unwrap_or_default());
            }
        }
        item.folders = places;
    }

    fn folder(&self, label: &[u8]) -> Option<FolderId> {
        let name = id_of(label).to_lowercase();
        let name = if name == "\\drafts" { "\\draft" } else { name.as_str() };
        self.by_label.get(name).cloned()
    }

    /// The inbox first, then what its user made, then the provider's own.
    fn rank(&self, folder: &FolderId) -> (u8, FolderId) {
        let own = |label: &str| self.by_label.get(label) == Some(folder);
        let rank = match () {
            () if own("\\inbox") => 0,
            () if own("\\sent") || own("\\draft") => 2,
            () => 1,
        };
        (rank, folder.clone())
    }
}

impl Client {
    /// New messages where folders are labels. In their order; only who is not there yet is uploaded.
    pub(super) async fn put(&self, folder: &Arc<KnownFolder>, items: &[&Item], turn: Turn) -> Vec<Result<Written>> {
        if !self.offered.has("X-GM-EXT-1") || !self.offered.uidplus {
            return self.append(folder, items, turn).await;
        }
        let here = FolderId::new(id_of(&folder.wire));
        let claim = self.uploads.claim(items).await;
        let known: Vec<Option<Place>> =
            items.iter().map(|item| self.uploads.find(item).filter(|place| place.folder != here)).collect();
        let mut verdicts = Vec::with_capacity(items.len());
        let mut at = 0;
        while at < items.len() {
            let from = known[at].as_ref().map(|place| place.folder.clone());
            let alike = |next: &Option<Place>| next.as_ref().map(|place| &place.folder) == from.as_ref();
            let end = at + known[at..].iter().take_while(|next| alike(next)).count();
            let run = &items[at..end];
            let added = match &from {
                Some(from) => self.add_label(from, &known[at..end], folder).await,
                None => None,
            };
            let written = match added {
                Some(added) => added,
                None => self.append(folder, run, None).await,
            };
            for (item, verdict) in run.iter().zip(&written) {
                if let Ok(Written { id: Some(id), .. }) = verdict
                    && let Some(uid) = crate::map::message::uid_of(id)
                {
                    let validity = folder.facts().validity;
                    self.uploads.remember(item, Place { folder: here.clone(), validity, uid });
                }
            }
            verdicts.extend(written);
            at = end;
        }
        drop((claim, turn));
        verdicts
    }

    /// Adds a folder's label to messages in another. `None` when one of them cannot be had that way: nothing happened then
    /// that an upload would double, since the provider knows its own messages again.
    async fn add_label(
        &self,
        from: &FolderId,
        places: &[Option<Place>],
        to: &Arc<KnownFolder>,
    ) -> Option<Vec<Result<Written>>> {
        let source = self.folder(from);
        let uids: Vec<u32> = places.iter().flatten().map(|place| place.uid).collect();
        let same = places.iter().flatten().all(|place| place.validity == source.facts().validity);
        let mut ascending = uids.clone();
        ascending.sort_unstable();
        ascending.dedup();
        if !same || ascending.len() != uids.len() {
            return None;
        }
        let (commands, answer) =
            super::burst(|burst| burst.add(Relocate::new(false, UidSet::ascending(ascending), &to.wire)));
        let _ticket = self.modify(&source, None, commands).await.ok()?;
        let relocated = match answer.await {
            Ok(relocated) => relocated,
            Err(Fault::Refused(_)) => return None,
            Err(fault) => {
                let error = of_folder(fault.write_error(Asked::Item, "add a label"));
                return Some(places.iter().map(|_| Err(error.clone())).collect());
            }
        };
        let new: HashMap<u32, u32> = relocated.pairs.into_iter().collect();
        if uids.iter().any(|uid| !new.contains_key(uid)) {
            return None;
        }
        let written = |uid: &u32| Ok(Written::new(LABEL).with_id(ItemId::new(new[uid].to_string())));
        Some(uids.iter().map(written).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(id: &str, role: Option<Role>) -> Folder {
        let mut folder = Folder::new(id, vec![id.to_owned()]);
        folder.role = role;
        folder
    }

    fn tree() -> Vec<Folder> {
        vec![
            folder("INBOX", Some(Role::Inbox)),
            folder("Work", None),
            folder("Gr&APYA3w-e", None),
            folder("[Gmail]/All Mail", Some(Role::All)),
            folder("[Gmail]/Sent Mail", Some(Role::Sent)),
            folder("[Gmail]/Spam", Some(Role::Junk)),
            folder("[Gmail]/Starred", Some(Role::Flagged)),
        ]
    }

    fn placed(manner: Labels, labels: &[&str]) -> (Vec<String>, Vec<String>) {
        let map = LabelMap::of(tree().iter_mut(), manner).unwrap();
        let mut item = ItemRef::new("1", map.all.clone(), 1);
        let labels: Vec<Vec<u8>> = labels.iter().map(|label| label.as_bytes().to_vec()).collect();
        map.place(&mut item, &labels);
        let folders = item.folders.iter().map(|folder| folder.as_str().to_owned()).collect();
        (folders, item.flags.categories().map(str::to_owned).collect())
    }

    #[test]
    fn a_message_stands_in_the_folders_of_its_labels() {
        let copies = |labels| placed(Labels::Copies, labels).0;
        assert_eq!(copies(&["work", "\\Inbox", "\\Sent"]), ["INBOX", "Work", "[Gmail]/Sent Mail"]);
        assert_eq!(copies(&["\\Starred", "\\Important"]), ["[Gmail]/All Mail"], "views are no places");
        assert_eq!(copies(&["hidden from IMAP"]), ["[Gmail]/All Mail"], "and nothing is lost for it");
        assert_eq!(copies(&[]), ["[Gmail]/All Mail"]);
        let first = placed(Labels::First, &["\\Sent", "Gr&APYA3w-e", "Work"]);
        let others = vec!["[Gmail]/Sent Mail".to_owned(), "Work".to_owned()];
        assert_eq!(first, (vec!["Gr&APYA3w-e".to_owned()], others));
    }

    #[test]
    fn label_folders_are_read_together_and_the_others_alone() {
        let mut folders = tree();
        let map = LabelMap::of(folders.iter_mut(), Labels::Copies).unwrap();
        let all: Vec<&str> =
            folders.iter().filter(|f| f.feed.as_str() == "[Gmail]/All Mail").map(|f| f.id.as_str()).collect();
        assert_eq!(all, ["INBOX", "Work", "Gr&APYA3w-e", "[Gmail]/All Mail", "[Gmail]/Sent Mail"]);
        assert_eq!(map.home(&"Work".into()), "[Gmail]/All Mail".into());
        assert_eq!(map.home(&"[Gmail]/Spam".into()), "[Gmail]/Spam".into());
        assert!(LabelMap::of(tree().iter_mut().filter(|f| f.role != Some(Role::All)), Labels::Copies).is_none());
    }
}
