//! One opened mailbox.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mailmove_core::{
    Capabilities, Endpoint, Error, ErrorKind, Folder, FolderId, Mailbox, Result, Role, Root, Storage, async_trait,
};
use mailmove_exchange::index::{Index, Indexes};

use crate::batch::Appetite;
use crate::capabilities::{self, BATCH_ITEMS};
use crate::client::Client;
use crate::map;
use crate::public::PublicFolders;
use crate::wire::find_folder::FindFolder;
use crate::wire::get_folder::GetFolder;
use crate::wire::ids::FolderRef;
use crate::wire::version::Version;

/// A mailbox on Exchange, as a source and as a destination.
#[derive(Debug)]
pub(crate) struct EwsMailbox {
    name: String,
    pub(crate) client: Client,
    mailbox: Mailbox,
    capabilities: Capabilities,
    /// The id of the folder below which everything is.
    pub(crate) root: String,
    /// Where its contents are, when it is the tree of public folders.
    pub(crate) public: Option<PublicFolders>,
    /// Whose mailbox it is, when the caller opens it with rights of their own.
    delegate: Option<String>,
    /// How many items the server gives and takes at a time.
    pub(crate) reads: Appetite,
    pub(crate) writes: Appetite,
    /// Who writes into a folder, one after the other.
    turns: Mutex<HashMap<FolderId, Arc<tokio::sync::Mutex<()>>>>,
    /// What was last found out about folders that are searched.
    pub(crate) indexes: Indexes<tokio::sync::Mutex<Index>>,
}

impl EwsMailbox {
    pub(crate) fn new(name: String, client: Client, mailbox: Mailbox, root: String, delegate: Option<String>) -> Self {
        let capabilities = capabilities::of(client.version());
        let (turns, indexes) = (Mutex::default(), Indexes::default());
        let (reads, writes) = (Appetite::new(BATCH_ITEMS), Appetite::new(BATCH_ITEMS));
        Self { name, client, mailbox, capabilities, root, public: None, delegate, reads, writes, turns, indexes }
    }

    /// The same as the tree of public folders.
    pub(crate) async fn of_public(mut self, public: PublicFolders) -> Result<Self> {
        // Before 2013 every server knows the way itself.
        if self.version() >= Version::Exchange2013 {
            self.client = self.client.through(public.hierarchy().await?);
        }
        self.public = Some(public);
        Ok(self)
    }

    pub(crate) fn version(&self) -> Version {
        self.client.version()
    }

    /// The same error, on this mailbox's side.
    pub(crate) fn on_side(&self, error: Error) -> Error {
        error.on(self.mailbox.side)
    }

    /// The turn of whoever writes into this folder: taken in the order in which it is first asked for.
    pub(crate) fn turn(&self, folder: &FolderId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.entry(folder.clone()).or_default().clone()
    }

    /// Every folder that users see, parents first.
    pub(crate) async fn tree(&self) -> Result<Vec<Folder>> {
        if let Some(public) = &self.public {
            let folders = self.public_tree(public).await?;
            return Ok(map::folder::tree(&self.root, &folders, &HashMap::new()));
        }
        let roles = self.roles().await?;
        let mut folders = Vec::new();
        let mut offset = 0;
        loop {
            let below = vec![FolderRef::Id(self.root.clone())];
            let page = self.client.ask_one(&FindFolder { below, offset, shallow: false }).await?;
            let count = u32::try_from(page.folders.len()).unwrap_or(u32::MAX);
            folders.extend(page.folders);
            match page.last {
                Some(true) => break,
                Some(false) if count > 0 => offset = page.next.filter(|next| *next > offset).unwrap_or(offset + count),
                _ => {
                    return Err(Error::new(
                        ErrorKind::Protocol,
                        "the server does not say whether it named all folders",
                    ));
                }
            }
        }
        Ok(map::folder::tree(&self.root, &folders, &roles))
    }

    /// Which folders are for what, by id.
    async fn roles(&self) -> Result<HashMap<String, Role>> {
        if self.mailbox.root != Root::Primary {
            return Ok(HashMap::new());
        }
        let named = |name| FolderRef::Distinguished { name, mailbox: self.delegate.clone() };
        let folders: Vec<FolderRef> = map::kind::ROLES.iter().map(|(name, _)| named(name)).collect();
        let count = folders.len();
        let answers = self.client.ask(&GetFolder { folders, rights: false }, count).await?;
        let mut roles = HashMap::new();
        for ((_, role), answer) in map::kind::ROLES.iter().zip(answers) {
            match answer {
                Ok(Some(folder)) => _ = roles.insert(folder.id, *role),
                Ok(None) => {}
                // A delegate may see some of them alone, and old mailboxes lack some.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AccessDenied) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(roles)
    }
}

#[async_trait]
impl Endpoint for EwsMailbox {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn folders(&self) -> Result<Vec<Folder>> {
        self.tree().await.map_err(|error| self.on_side(error))
    }

    /// The sum over all folders; Exchange tells no quota to its users.
    async fn storage(&self) -> Result<Storage> {
        let folders = self.folders().await?;
        let mut storage = Storage::default();
        storage.items = folders.iter().map(|folder| folder.items).sum();
        storage.used = folders.iter().map(|folder| folder.bytes).sum();
        Ok(storage)
    }

    fn paused(&self) -> Option<Duration> {
        self.client.paused()
    }
}
