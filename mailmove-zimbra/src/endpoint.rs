//! One opened mailbox.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mailmove_core::{
    Capabilities, Endpoint, Error, ErrorKind, Folder, FolderId, Kind, Mailbox, Result, Storage, async_trait,
};

use crate::capabilities;
use crate::client::Client;
use crate::index::Index;
use crate::map;
use crate::source::Listing;
use crate::tags::Tags;
use crate::wire::get_folder::{GetFolder, Tree};
use crate::wire::get_info::{GetInfo, Info};
use crate::wire::item::Sort;
use crate::wire::version::Version;

/// A mailbox on Zimbra, as a source and as a destination.
#[derive(Debug)]
pub(crate) struct ZimbraMailbox {
    name: String,
    pub(crate) client: Client,
    mailbox: Mailbox,
    pub(crate) info: Info,
    pub(crate) version: Version,
    capabilities: Capabilities,
    pub(crate) tags: Tags,
    /// Whether many items travel in one archive.
    pub(crate) bulk: bool,
    /// How many requests are made side by side.
    pub(crate) connections: usize,
    /// A listing from the start that is under way.
    pub(crate) listing: Mutex<Option<Arc<Listing>>>,
    /// What is known of what is there, for looking things up.
    pub(crate) index: tokio::sync::Mutex<Index>,
    /// Where folders are and what they hold, by their numbers, as the tree last said.
    places: Mutex<HashMap<FolderId, Place>>,
    /// Who writes into a folder, one after the other.
    turns: Mutex<HashMap<FolderId, Arc<tokio::sync::Mutex<()>>>>,
}

impl ZimbraMailbox {
    /// Opens it: the account says what it is and what the server is.
    pub(crate) async fn open(
        name: String,
        client: Client,
        mailbox: Mailbox,
        connections: usize,
        bulk: bool,
    ) -> Result<Self> {
        let info = client.ask(&GetInfo).await?;
        let version = Version::parse(&info.version).ok_or_else(|| {
            Error::new(ErrorKind::Protocol, "the server does not say what it is").with("version", &info.version)
        })?;
        let capabilities = capabilities::of(version, &info, connections);
        Ok(Self {
            name,
            client,
            mailbox,
            info,
            version,
            capabilities,
            tags: Tags::new(version.has_tag_names()),
            bulk,
            connections,
            listing: Mutex::default(),
            index: tokio::sync::Mutex::default(),
            places: Mutex::default(),
            turns: Mutex::default(),
        })
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

    /// Every folder as the server tells it, with what else is in the tree.
    pub(crate) async fn tree(&self) -> Result<Tree> {
        self.client.ask(&GetFolder).await
    }

    /// Every folder that users see, parents first.
    pub(crate) async fn all_folders(&self) -> Result<Vec<Folder>> {
        let tree = self.tree().await?;
        let folders = map::folder::tree(&tree.folders, self.version.has_tasks());
        // The server's own name of the inbox is not the one that the contract wants.
        let server_name = |folder: &Folder| tree.folders.iter().find(|data| data.id == folder.id.as_str());
        let mut places: HashMap<FolderId, Place> = HashMap::new();
        let mut by_path: HashMap<&[String], FolderId> = HashMap::new();
        for folder in &folders {
            let Some((name, above)) = folder.path.split_last() else { continue };
            let above = by_path.get(above).and_then(|above| places.get(above));
            let mut path: Vec<String> = above.map(|above| above.path.clone()).unwrap_or_default();
            path.push(server_name(folder).map_or(name, |data| &data.name).clone());
            places.insert(folder.id.clone(), Place { path, kinds: folder.kinds.clone() });
            by_path.insert(&folder.path, folder.id.clone());
        }
        *self.places() = places;
        Ok(folders)
    }

    /// Where a folder is, by the names that the server has for it.
    pub(crate) async fn path(&self, folder: &FolderId) -> Result<Vec<String>> {
        let known = || self.places().get(folder).map(|place| place.path.clone());
        if let Some(path) = known() {
            return Ok(path);
        }
        self.all_folders().await?;
        known().ok_or_else(|| missing(folder))
    }

    /// Keeps where a folder is that was just made.
    pub(crate) fn remember(&self, folder: &Folder, path: Vec<String>) {
        self.places().insert(folder.id.clone(), Place { path, kinds: folder.kinds.clone() });
    }

    /// The sorts of items that a folder can hold, likeliest first.
    pub(crate) fn sorts(&self, folder: &FolderId) -> Vec<Sort> {
        let kinds = self.places().get(folder).map(|place| place.kinds.clone()).unwrap_or_default();
        let sorts: Vec<Sort> = kinds.into_iter().filter_map(map::kind::sort).collect();
        if sorts.is_empty() { Sort::ALL.to_vec() } else { sorts }
    }

    fn places(&self) -> std::sync::MutexGuard<'_, HashMap<FolderId, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure that a folder can exist and was seen.
    pub(crate) async fn existing(&self, folder: &FolderId) -> Result<()> {
        let possible = folder.as_str().parse::<u64>().is_ok_and(|number| number.to_string() == folder.as_str());
        if !possible {
            return Err(missing(folder));
        }
        self.path(folder).await.map(drop)
    }
}

/// Where a folder is, and what it holds.
#[derive(Debug)]
struct Place {
    path: Vec<String>,
    kinds: Vec<Kind>,
}

/// What is said of a folder that is not there.
pub(crate) fn missing(folder: &FolderId) -> Error {
    Error::new(ErrorKind::NotFound, "there is no such folder").with("folder", folder)
}

#[async_trait]
impl Endpoint for ZimbraMailbox {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn folders(&self) -> Result<Vec<Folder>> {
        self.all_folders().await.map_err(|error| self.on_side(error))
    }

    async fn storage(&self) -> Result<Storage> {
        let info = self.client.ask(&GetInfo).await.map_err(|error| self.on_side(error))?;
        let mut storage = Storage::default();
        storage.used = info.used;
        storage.quota = info.limit("zimbraMailQuota");
        Ok(storage)
    }

    fn paused(&self) -> Option<Duration> {
        self.client.paused()
    }
}
