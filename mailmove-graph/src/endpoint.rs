//! One opened mailbox.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mailmove_core::{
    Capabilities, Endpoint, Error, Folder, FolderId, Forecast, Load, Mailbox, Result, Role, Spool, Storage, async_trait,
};

use mailmove_exchange::index::{Index, Indexes};

use crate::batch::Order;
use crate::capabilities::{self, Found};
use crate::client::Client;
use crate::map;
use crate::place::Area;
use crate::store::Store;
use crate::streams::Door;
use crate::wire::ask::{Ask, Path};
use crate::wire::folder::{self, FolderData, Folders};
use crate::workshop::Workshop;

/// What is taken apart on its way may take in memory, in bytes.
const OWN_SPOOL: u64 = 8 << 20;

/// A mailbox in Exchange Online, as a source and as a destination.
#[derive(Debug)]
pub(crate) struct GraphMailbox {
    name: String,
    pub(crate) client: Client,
    mailbox: Mailbox,
    capabilities: Capabilities,
    pub(crate) found: Found,
    /// It in the import and export API.
    pub(crate) streams: Option<Store>,
    pub(crate) user: Path,
    pub(crate) spool: Spool,
    /// The contact folder that Graph does not list.
    default_contacts: Option<FolderData>,
    /// Who writes into a folder, one after the other.
    turns: Mutex<HashMap<FolderId, Arc<tokio::sync::Mutex<()>>>>,
    /// What was last found out about folders that are searched.
    pub(crate) indexes: Indexes<tokio::sync::Mutex<Index>>,
    pub(crate) workshop: Workshop,
    /// Where streams are taken.
    pub(crate) door: Door,
}

impl GraphMailbox {
    pub(crate) fn new(
        name: String,
        client: Client,
        mailbox: Mailbox,
        found: Found,
        streams: Option<Store>,
        default_contacts: Option<FolderData>,
    ) -> Self {
        let (capabilities, user) = (capabilities::of(&found), Path::user(&mailbox.address));
        Self {
            name,
            client,
            mailbox,
            capabilities,
            found,
            streams,
            user,
            spool: Spool::new(OWN_SPOOL),
            default_contacts,
            turns: Mutex::default(),
            indexes: Indexes::default(),
            workshop: Workshop::default(),
            door: Door::default(),
        }
    }

    /// The same error, on this mailbox's side.
    pub(crate) fn on_side(&self, error: Error) -> Error {
        error.on(self.mailbox.side)
    }

    /// Whose mailbox it is.
    pub(crate) fn address(&self) -> &str {
        &self.mailbox.address
    }

    /// The turn of whoever writes into this folder: taken in the order in which it is first asked for.
    pub(crate) fn turn(&self, folder: &FolderId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.entry(folder.clone()).or_default().clone()
    }

    /// Every folder that users see, parents first.
    pub(crate) async fn tree(&self) -> Result<Vec<Folder>> {
        let mut folders = Vec::new();
        let (by_class, own): (Vec<Area>, Vec<Area>) =
            self.found.areas.iter().partition(|area| map::class::folder(**area).is_some());
        for area in own {
            folders.extend(self.tree_of(area).await?);
        }
        if !by_class.is_empty() {
            folders.extend(self.class_tree(&by_class).await?);
        }
        Ok(folders)
    }

    /// Every folder of one sort.
    pub(crate) async fn tree_of(&self, area: Area) -> Result<Vec<Folder>> {
        let (mut data, mut roles) = (Vec::new(), HashMap::new());
        match area {
            Area::Mail => {
                roles = self.roles().await?;
                data = self.nested(folder::mail_folders(&self.user), folder::mail_folders_below).await?;
            }
            Area::Contacts => {
                if let Some(default) = &self.default_contacts {
                    roles.insert(default.id.clone(), Role::Contacts);
                    data.push(default.clone());
                    data.extend(self.children(&[default], folder::contact_folders_below).await?);
                }
                data.extend(self.nested(folder::contact_folders(&self.user), folder::contact_folders_below).await?);
            }
            Area::Calendars => {
                let all: Vec<FolderData> = self.client.all(&folder::calendars(&self.user)).await?;
                data.extend(all.into_iter().filter(|calendar| self.owns(calendar)));
                let default = data.iter().find(|calendar| calendar.is_default_calendar == Some(true));
                roles.extend(default.map(|calendar| (calendar.id.clone(), Role::Calendar)));
            }
            Area::Tasks => {
                let all: Vec<FolderData> = self.client.all(&folder::task_lists(&self.user)).await?;
                // What stands in the list of flagged mail is mail.
                let own = |list: &FolderData| {
                    list.is_owner != Some(false) && list.wellknown_list_name.as_deref() != Some("flaggedEmails")
                };
                data.extend(all.into_iter().filter(own));
                let default = data.iter().find(|list| list.wellknown_list_name.as_deref() == Some("defaultList"));
                roles.extend(default.map(|list| (list.id.clone(), Role::Tasks)));
            }
            Area::Notes | Area::Journal => return self.class_tree(&[area]).await,
        }
        Ok(map::folder::tree(area, &data, &roles))
    }

    /// Calendars that others share stand in the same list.
    fn owns(&self, calendar: &FolderData) -> bool {
        let owner = calendar.owner.as_ref().and_then(|owner| owner.address.as_deref());
        calendar.is_default_calendar == Some(true)
            || owner.is_none_or(|owner| owner.eq_ignore_ascii_case(&self.mailbox.address))
    }

    /// A tree, level by level: one batch for each twenty folders that hold folders.
    async fn nested(&self, top: Ask, below: fn(&Path, &str) -> Ask) -> Result<Vec<FolderData>> {
        let mut all: Vec<FolderData> = self.client.all(&top).await?;
        let mut from = 0;
        while from < all.len() {
            let parents: Vec<&FolderData> = all[from..].iter().collect();
            let level = self.children(&parents, below).await?;
            from = all.len();
            all.extend(level);
        }
        Ok(all)
    }

    /// What is directly below these. Only a folder that says it has none is not asked.
    async fn children(&self, parents: &[&FolderData], below: fn(&Path, &str) -> Ask) -> Result<Vec<FolderData>> {
        let due = parents.iter().filter(|folder| folder.child_folder_count != Some(0) && !folder.is_search());
        let asks: Vec<Ask> = due.map(|folder| below(&self.user, &folder.id)).collect();
        let mut children = Vec::new();
        for (ask, page) in asks.iter().zip(self.client.batch_of::<Folders>(&asks, Order::Any).await) {
            let mut page = page?;
            children.append(&mut page.value);
            while let Some(next) = page.next.take() {
                page = self.client.page(ask, Some(&next)).await?;
                children.append(&mut page.value);
            }
        }
        Ok(children)
    }

    /// Which mail folders are for what, by id.
    async fn roles(&self) -> Result<HashMap<String, Role>> {
        let asks: Vec<Ask> = map::folder::ROLES.iter().map(|(name, _)| folder::mail_folder(&self.user, name)).collect();
        let mut roles = HashMap::new();
        for ((_, role), answer) in
            map::folder::ROLES.iter().zip(self.client.batch_of::<FolderData>(&asks, Order::Any).await)
        {
            match answer {
                Ok(folder) => _ = roles.insert(folder.id, *role),
                // Some mailboxes have no archive folder.
                Err(error) if error.kind() == mailmove_core::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(roles)
    }
}

#[async_trait]
impl Endpoint for GraphMailbox {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn folders(&self) -> Result<Vec<Folder>> {
        self.tree().await.map_err(|error| self.on_side(error))
    }

    async fn storage(&self) -> Result<Storage> {
        self.filled().await.map_err(|error| self.on_side(error))
    }

    fn forecast(&self, loads: &[Load]) -> Option<Forecast> {
        Some(crate::forecast::of(self.client.budget(), loads))
    }

    fn paused(&self) -> Option<Duration> {
        self.client.paused()
    }
}
