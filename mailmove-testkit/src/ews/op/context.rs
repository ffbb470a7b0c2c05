//! What an operation works with.

use crate::ews::mishap::Effect;
use crate::ews::refusal::Refusal;
use crate::ews::settings::Rewrite;
use crate::ews::show::Style;
use crate::ews::state::{Id, Item, Kind, Store};
use crate::ews::version::Version;
use crate::ews::xml::Node;

/// Who asks, and for whose mailbox.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// The mailbox that is opened when a request names none.
    pub(crate) mailbox: Option<usize>,
    /// Mailboxes that may be opened.
    pub(crate) allowed: Vec<usize>,
}

/// Mail that left the server, and invitations.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Outbox {
    pub(crate) messages: u64,
}

pub(crate) struct Context<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) session: Session,
    pub(crate) style: Style,
    pub(crate) effect: Effect,
    /// The most items and folders in one answer.
    pub(crate) page: usize,
    pub(crate) outbox: Outbox,
    /// Messages in the answer so far.
    pub(crate) done: usize,
    pub(crate) rewrite: Option<Rewrite>,
    /// X-PublicFolderMailbox.
    pub(crate) public: Option<String>,
}

impl Context<'_> {
    /// Whether a public folder's contents are asked for where they are. Before 2013 the server finds them itself.
    pub(crate) fn routed(&self, folder: u64) -> Result<(), Refusal> {
        let content = self.store.folder(folder).and_then(|folder| self.store.content_of(folder));
        let Some(content) = content.filter(|_| self.style.version >= Version::Exchange2013) else { return Ok(()) };
        if self.public.as_deref().is_some_and(|named| named.eq_ignore_ascii_case(&content.address)) {
            return Ok(());
        }
        let words = "The public folder's contents are in another public folder mailbox.";
        Err(Refusal::new("ErrorPublicFolderMailboxDiscoveryFailed", words))
    }

    /// Refuses what cannot be done with public folders.
    pub(crate) fn not_public(&self, folder: u64, what: &str) -> Result<(), Refusal> {
        match self.store.folder(folder).and_then(|folder| self.store.content_of(folder)) {
            Some(_) => Err(Refusal::new("ErrorInvalidOperation", format!("Public folders know no {what}."))),
            None => Ok(()),
        }
    }

    /// The response messages of a batch: every element for itself, whatever became of the others.
    pub(crate) fn each(
        &mut self,
        operation: &str,
        batch: &[Node],
        mut act: impl FnMut(&mut Self, &Node) -> Result<Vec<Node>, Refusal>,
    ) -> Vec<Node> {
        let mut messages = Vec::with_capacity(batch.len());
        for node in batch {
            self.done += 1;
            let result = match self.effect.refuse(self.done) {
                Some(refusal) => Err(refusal),
                None => act(self, node),
            };
            messages.push(super::message(operation, result));
        }
        messages
    }

    /// The folder that FolderId or DistinguishedFolderId names.
    pub(crate) fn folder(&self, node: &Node) -> Result<u64, Refusal> {
        let id = node.attribute("Id").unwrap_or_default();
        match node.name.as_str() {
            "FolderId" => {
                let id = Id::read(id)?;
                let folder = self.store.folder(id.key).filter(|_| id.kind == Kind::Folder);
                let folder = folder.ok_or_else(Refusal::not_found)?;
                self.allow(folder.mailbox).map(|()| folder.key)
            }
            "DistinguishedFolderId" if id == "publicfoldersroot" => {
                let hierarchy = self.store.public_hierarchy();
                hierarchy.and_then(|number| self.store.well_known(number, id)).ok_or_else(|| {
                    let words = "There are no public folder servers available.";
                    Refusal::new("ErrorNoPublicFolderReplicaAvailable", words)
                })
            }
            "DistinguishedFolderId" => {
                let mailbox = match node.at(&["Mailbox", "EmailAddress"]) {
                    Some(address) => self.store.mailbox(&address.text).ok_or_else(no_mailbox)?,
                    None => self.session.mailbox.ok_or_else(|| {
                        let words = "When making a request as an account that does not have a mailbox, you must specify \
                                     the mailbox primary SMTP address for any distinguished folder Ids.";
                        Refusal::new("ErrorMissingEmailAddress", words)
                    })?,
                };
                self.allow(mailbox)?;
                self.store.well_known(mailbox, id).ok_or_else(Refusal::no_folder)
            }
            other => Err(Refusal::unsupported(other)),
        }
    }

    /// The folder inside an element like ParentFolderId.
    pub(crate) fn folder_in(&self, node: &Node) -> Result<u64, Refusal> {
        node.children.first().map_or_else(|| Err(Refusal::schema("a folder id is missing")), |id| self.folder(id))
    }

    /// The item that ItemId names.
    pub(crate) fn item(&self, node: &Node) -> Result<u64, Refusal> {
        if node.name != "ItemId" && node.name != "ParentItemId" {
            return Err(Refusal::unsupported(&node.name));
        }
        let id = Id::read(node.attribute("Id").unwrap_or_default())?;
        if id.kind != Kind::Item {
            return Err(Refusal::malformed_id());
        }
        self.known(id.key).map(|item| item.key)
    }

    /// An item that may be seen.
    pub(crate) fn known(&self, key: u64) -> Result<&Item, Refusal> {
        let item = self.store.item(key).ok_or_else(Refusal::not_found)?;
        let mailbox = self.store.folder(item.folder).map(|folder| folder.mailbox).ok_or_else(Refusal::not_found)?;
        self.allow(mailbox)?;
        self.routed(item.folder).map(|()| item)
    }

    fn allow(&self, mailbox: usize) -> Result<(), Refusal> {
        let public = self.store.public_hierarchy() == Some(mailbox);
        if public || self.session.allowed.contains(&mailbox) { Ok(()) } else { Err(Refusal::denied()) }
    }

    /// The ItemId element of an item.
    pub(crate) fn item_id(&self, key: u64) -> Node {
        let changed = self.store.item(key).map_or(0, |item| item.changed);
        let id = Id::new(Kind::Item, key).text();
        Node::t("ItemId").attr("Id", id).attr("ChangeKey", crate::ews::state::change_key(changed))
    }
}

pub(crate) fn no_mailbox() -> Refusal {
    let words = "The SMTP address has no mailbox associated with it.";
    Refusal::new("ErrorNonExistentMailbox", words)
}
