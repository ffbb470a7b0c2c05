use std::sync::Arc;

use bytes::Bytes;
use mailmove_core::{Flags, FolderId, Item, ItemId, Kind, Result, async_trait};

use super::{Harness, Subject, User};
use crate::memory::{Feeds, MemoryMailbox, NewItem, Options};

/// The harness of the in-memory endpoint, and an example of one.
///
/// By default it runs every case: items have labels and nasty ids, creates take two steps, bodies have a limit.
#[derive(Debug, Clone)]
pub struct MemoryHarness(Options);

impl MemoryHarness {
    /// A mailbox with these abilities.
    pub fn new(options: Options) -> Self {
        Self(options)
    }

    /// The abilities.
    pub fn options(&self) -> &Options {
        &self.0
    }

    /// The user of a mailbox in memory.
    pub fn user(mailbox: &MemoryMailbox) -> Arc<dyn User> {
        Arc::new(Owner(mailbox.clone()))
    }
}

impl Default for MemoryHarness {
    fn default() -> Self {
        let options = Options::new().with_max_bytes(4 << 20).with(|options| {
            options.feeds = Feeds::Mailbox;
            options.nasty_ids = true;
            options.two_steps = true;
            options.page = 7;
            options.capabilities.names.no_controls = true;
        });
        Self(options)
    }
}

#[async_trait]
impl Harness for MemoryHarness {
    async fn mailbox(&self) -> Result<Subject> {
        let mailbox = MemoryMailbox::with_options(self.0.clone());
        let user = Self::user(&mailbox);
        Ok(Subject::new(Arc::new(mailbox), "memory@example.org").with_user(user).with_secret("correct horse"))
    }
}

/// The user of a mailbox in memory.
struct Owner(MemoryMailbox);

#[async_trait]
impl User for Owner {
    async fn create_folder(&self, path: &[String], kinds: &[Kind]) -> Result<()> {
        self.0.create_folder_of(path, kinds, None);
        Ok(())
    }

    async fn add(&self, folder: &FolderId, item: &Item) -> Result<()> {
        self.0.add(folder, NewItem::like(item)?);
        Ok(())
    }

    async fn edit(&self, folder: &FolderId, id: &ItemId, bytes: Bytes) -> Result<()> {
        self.0.edit(folder, id, bytes);
        Ok(())
    }

    async fn set_flags(&self, folder: &FolderId, id: &ItemId, flags: &Flags) -> Result<()> {
        self.0.set_flags(folder, id, flags.clone());
        Ok(())
    }

    async fn delete(&self, folder: &FolderId, id: &ItemId) -> Result<()> {
        self.0.delete(folder, id);
        Ok(())
    }

    async fn move_item(&self, folder: &FolderId, id: &ItemId, to: &FolderId) -> Result<()> {
        self.0.move_item(folder, id, to);
        Ok(())
    }

    async fn label(&self, folder: &FolderId, id: &ItemId, also: &FolderId) -> Result<()> {
        if self.0.options().feeds == Feeds::PerFolder {
            return Err(super::harness::cannot("put an item into two folders"));
        }
        self.0.label(folder, id, also);
        Ok(())
    }

    async fn recreate_folder(&self, folder: &FolderId) -> Result<()> {
        self.0.recreate_folder(folder);
        Ok(())
    }

    async fn expire_cursors(&self) -> Result<()> {
        self.0.forget_changes();
        Ok(())
    }

    async fn sent_mails(&self) -> Result<u64> {
        // There is no way in which it could.
        Ok(0)
    }
}
