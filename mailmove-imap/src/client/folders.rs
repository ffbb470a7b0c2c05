//! The folder tree, with the state of every folder, in one round trip where the server can.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use mailmove_core::{Epoch, Folder, FolderId, Kind, Position, Result, Role, Side, StateToken};
use tokio::time::Instant;

use super::known::KnownFolder;
use super::labels::LabelMap;
use super::{Client, burst};
use crate::error::{Asked, Fault};
use crate::map::folder::{role, role_by_name};
use crate::map::space::{Space, id_of};
use crate::pool::{Ticket, Use};
use crate::wire::{List, ListEntry, Listed, MailboxStatus, Namespace, NamespaceQuery, StatusQuery};

/// For how long what was said at the opening is good for the first who asks.
pub(super) const GOOD_FOR: Duration = Duration::from_secs(5);

/// A tree and when it was read.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) folders: Vec<Folder>,
    read: Instant,
}

impl Client {
    /// The whole tree.
    pub(crate) async fn folders(&self) -> Result<Vec<Folder>> {
        if let Some(listing) = self.take_fresh().filter(|listing| listing.read.elapsed() < GOOD_FOR) {
            return Ok(listing.folders);
        }
        let listing = self.reading("LIST", || self.list()).await?;
        Ok(listing.folders)
    }

    /// The tree from the opening, if nobody had it yet. Whoever changes something takes it away.
    pub(super) fn take_fresh(&self) -> Option<Listing> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Reads the tree.
    pub(super) async fn list(&self) -> Result<Listing> {
        let ticket = self.lane(&KnownFolder::nowhere(), 4096, Use::Write).await?;
        let read = Instant::now();
        let mut seen = self.look(&ticket).await?;
        self.respell(&mut seen);
        let delimiter = seen.listed.mailboxes.iter().find_map(|entry| entry.delimiter);
        let known = self.quirks.prefix.as_deref().filter(|_| seen.namespace.is_none());
        let prefix = self.prefix.as_deref().or(known);
        let mut space = Space::learn(seen.namespace.as_ref(), delimiter, prefix);
        // What is written is spelt once.
        space.twice = self.quirks.encodes_twice && self.side == Side::Source;
        *self.space() = space.clone();
        let statuses = self.statuses(&ticket, &space, &seen.listed).await?;
        let folders = self.tree(&space, seen.listed.mailboxes, &statuses, seen.subscribed.as_ref());
        Ok(Listing { folders, read })
    }

    /// Names as ids are made of them, however the server spells them.
    fn respell(&self, seen: &mut Seen) {
        let heard = |name: &mut Vec<u8>| *name = self.spelling.heard(std::mem::take(name));
        if let Some(namespace) = &mut seen.namespace {
            namespace.personal.iter_mut().for_each(|(prefix, _)| heard(prefix));
            namespace.foreign.iter_mut().for_each(heard);
        }
        seen.listed.mailboxes.iter_mut().for_each(|entry| heard(&mut entry.name));
        seen.listed.statuses.iter_mut().for_each(|status| heard(&mut status.name));
        let names = seen.subscribed.take();
        seen.subscribed = names.map(|names| names.into_iter().map(|name| self.spelling.heard(name)).collect());
    }

    /// Everything about names, in one write.
    async fn look(&self, ticket: &Ticket) -> Result<Seen> {
        let offered = &self.offered;
        let extended = offered.has("LIST-STATUS") && offered.has("LIST-EXTENDED");
        let special_use = offered.has("SPECIAL-USE");
        let (burst, (namespace, listed, subscribed)) = burst(|burst| {
            let namespace = offered.has("NAMESPACE").then(|| burst.add(NamespaceQuery::default()));
            if extended {
                return (namespace, burst.add(List::extended(special_use, offered.condstore)), None);
            }
            let listed = match (special_use, offered.has("XLIST")) {
                (true, _) => burst.add(List::plain(offered.has("LIST-EXTENDED"))),
                (false, true) => burst.add(List::xlist()),
                (false, false) => burst.add(List::plain(false)),
            };
            (namespace, listed, Some(burst.add(List::subscribed())))
        });
        ticket.connection().send(burst);
        let namespace = match namespace {
            // Without it, names are taken as they are listed.
            Some(answer) => match answer.await {
                Ok(namespace) => Some(namespace),
                Err(Fault::Refused(_)) => None,
                Err(fault) => return Err(mailbox_fault(&fault)),
            },
            None => None,
        };
        let listed = listed.await.map_err(|fault| mailbox_fault(&fault))?;
        let subscribed = match subscribed {
            Some(answer) => {
                let names = answer.await.map_err(|fault| mailbox_fault(&fault))?;
                Some(names.mailboxes.into_iter().map(|entry| entry.name).collect())
            }
            None => None,
        };
        Ok(Seen { namespace, listed, subscribed })
    }

    /// The state of every folder: what LIST told, and for the rest a STATUS each, all in one write.
    async fn statuses(
        &self,
        ticket: &Ticket,
        space: &Space,
        listed: &Listed,
    ) -> Result<HashMap<Vec<u8>, MailboxStatus>> {
        // Without a UIDVALIDITY nothing of it can be trusted: asked for by itself, the server puts the folder in order first.
        let told = listed.statuses.iter().filter(|status| status.validity.is_some());
        let mut known: HashMap<Vec<u8>, MailboxStatus> =
            told.map(|status| (status.name.clone(), status.clone())).collect();
        let missing = listed
            .mailboxes
            .iter()
            .filter(|entry| is_selectable(entry) && !known.contains_key(&entry.name) && !space.is_foreign(&entry.name));
        let missing: Vec<&[u8]> = missing.map(|entry| entry.name.as_slice()).collect();
        let (burst, answers) = burst(|burst| {
            let said = missing.iter().map(|name| self.spelling.said(name.to_vec()));
            said.map(|name| burst.add(StatusQuery::new(&name, self.offered.condstore))).collect::<Vec<_>>()
        });
        ticket.connection().send(burst);
        for (name, answer) in missing.into_iter().zip(answers) {
            match answer.await {
                Ok(Some(status)) => drop(known.insert(name.to_vec(), status)),
                // The folder stays in the tree; whoever opens it hears why it cannot be opened.
                Ok(None) | Err(Fault::Refused(_)) => {}
                Err(fault) => return Err(mailbox_fault(&fault)),
            }
        }
        Ok(known)
    }

    fn tree(
        &self,
        space: &Space,
        mailboxes: Vec<ListEntry>,
        statuses: &HashMap<Vec<u8>, MailboxStatus>,
        subscribed: Option<&HashSet<Vec<u8>>>,
    ) -> Vec<Folder> {
        let says_roles = self.offered.has("SPECIAL-USE") || self.offered.has("XLIST");
        // By path, so that parents come before children; the inbox comes first.
        let mut tree: BTreeMap<(bool, Vec<String>), Folder> = BTreeMap::new();
        // Names that are spelt as they should be come first: who comes late with the same name gets another one.
        let mut mailboxes = mailboxes;
        mailboxes.sort_by_cached_key(|entry| !space.is_well_spelt(&entry.name, entry.delimiter));
        for entry in mailboxes {
            if space.is_foreign(&entry.name) || (entry.has("\\NonExistent") && !entry.has("\\HasChildren")) {
                continue;
            }
            let Some(mut path) = space.path(&entry.name, entry.delimiter) else { continue };
            let id = FolderId::new(id_of(&entry.name));
            let taken = |path: &Vec<String>| {
                let others = [true, false].map(|other| tree.get(&(other, path.clone())));
                others.into_iter().flatten().any(|other| other.id != id)
            };
            if path != ["INBOX"] && taken(&path) {
                // Two names on the wire that people read alike (`a` and `&AGE-`) are two folders.
                path = space.spelt(&entry.name, entry.delimiter);
            }
            let mut folder = Folder::new(id, path.clone());
            folder.role = role(&entry, &path).or_else(|| role_by_name(&path).filter(|_| !says_roles));
            folder.subscribed = Some(match subscribed {
                Some(names) => names.contains(&entry.name),
                None => entry.has("\\Subscribed"),
            });
            let known = self.folder(&folder.id);
            (known.facts().exists, known.facts().selectable) = (true, is_selectable(&entry));
            known.facts().subscribed = folder.subscribed;
            if !is_selectable(&entry) {
                folder.kinds.clear();
            }
            if let Some(status) = statuses.get(&entry.name) {
                known.learn(status);
                describe(&mut folder, status);
            }
            tree.entry((folder.role != Some(Role::Inbox), path)).or_insert(folder);
        }
        self.add_missing_parents(space, &mut tree);
        if self.reads_labels() {
            let map = LabelMap::of(tree.values_mut(), self.manner).map(Arc::new);
            *self.labels.lock().unwrap_or_else(PoisonError::into_inner) = Some(map);
        }
        let ids: HashSet<&FolderId> = tree.values().map(|folder| &folder.id).collect();
        self.known.keep(|id| ids.contains(id));
        tree.into_values().collect()
    }

    /// Parents that the server does not list are folders that hold only folders.
    fn add_missing_parents(&self, space: &Space, tree: &mut BTreeMap<(bool, Vec<String>), Folder>) {
        let paths: Vec<Vec<String>> = tree.keys().map(|(_, path)| path.clone()).collect();
        for path in paths {
            for depth in 1..path.len() {
                let parent = path[..depth].to_vec();
                if tree.contains_key(&(true, parent.clone())) || tree.contains_key(&(false, parent.clone())) {
                    continue;
                }
                if let Some(wire) = space.wire(&parent) {
                    let mut folder = Folder::new(id_of(&wire), parent.clone());
                    folder.kinds.clear();
                    tree.insert((true, parent), folder);
                }
            }
        }
    }
}

struct Seen {
    namespace: Option<Namespace>,
    listed: Listed,
    /// From LSUB; `None` when LIST told it.
    subscribed: Option<HashSet<Vec<u8>>>,
}

fn is_selectable(entry: &ListEntry) -> bool {
    !entry.has("\\Noselect") && !entry.has("\\NonExistent")
}

/// The numbers of a folder. Only with mod-sequences do they show every change: without, flags change unseen.
fn describe(folder: &mut Folder, status: &MailboxStatus) {
    folder.items = status.messages;
    folder.position = status.next.map(|next| Position::new(next.to_string()));
    if let Some(validity) = status.validity {
        folder.epoch = Epoch::new(validity.to_string());
    }
    if let (Some(validity), Some(next), Some(messages), Some(modseq)) =
        (status.validity, status.next, status.messages, status.modseq)
    {
        folder.state = Some(StateToken::new(format!("{validity}.{next}.{messages}.{modseq}")));
    }
    debug_assert!(folder.kinds.is_empty() || folder.kinds == [Kind::Mail]);
}

fn mailbox_fault(fault: &Fault) -> mailmove_core::Error {
    fault.error(Asked::Mailbox, "list the folders")
}
