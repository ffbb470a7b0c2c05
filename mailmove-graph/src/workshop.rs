//! Where messages are put together that take several requests: a folder that no user sees. They are moved to where they
//! belong with the last step; what a run left there that died is swept away when the mailbox is opened the next time.

use mailmove_core::{ErrorKind, Result};
use tokio::sync::Mutex;

use crate::client::Client;
use crate::wire::ask::{Ask, Path};
use crate::wire::folder::{self, Folders};

/// What the folder is called.
pub(crate) const NAME: &str = "mailmove-in-progress";

/// The folder, once it is known.
#[derive(Debug, Default)]
pub(crate) struct Workshop(Mutex<Option<String>>);

impl Workshop {
    /// The folder's id; it is made when there is none.
    pub(crate) async fn folder(&self, client: &Client, user: &Path) -> Result<String> {
        let mut known = self.0.lock().await;
        if let Some(id) = &*known {
            return Ok(id.clone());
        }
        let id = match find(client, user).await? {
            Some(id) => id,
            None => {
                let ask = folder::new_mail_folder(user, None, NAME, true);
                client.ask::<folder::FolderData>(&ask).await?.id
            }
        };
        *known = Some(id.clone());
        Ok(id)
    }

    /// Takes away what others left behind, folder and all.
    pub(crate) async fn sweep(&self, client: &Client, user: &Path) -> Result<()> {
        let mut known = self.0.lock().await;
        *known = None;
        let Some(id) = find(client, user).await? else { return Ok(()) };
        match client.tell(&remove(user, &id)).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// For good: what is removed otherwise stands among the deleted items of its owner.
fn remove(user: &Path, id: &str) -> Ask {
    Ask::post_nothing("remove folder", &user.to("mailFolders").to(id).to("permanentDelete")).repeatable()
}

async fn find(client: &Client, user: &Path) -> Result<Option<String>> {
    let path = user.to("mailFolders").with("includeHiddenFolders", "true").with("$select", "id,displayName,isHidden");
    let ask = Ask::get("find folder", &path.with("$filter", &format!("displayName eq '{NAME}'")));
    let page: Folders = client.page(&ask, None).await?;
    let own = |folder: &folder::FolderData| folder.display_name == NAME && folder.is_hidden != Some(false);
    Ok(page.value.into_iter().find(own).map(|folder| folder.id))
}
