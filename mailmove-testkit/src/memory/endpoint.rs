use std::fmt;

use mailmove_core::{Capabilities, Endpoint, Error, Folder, Result, Side, Storage, async_trait};

use super::MemoryMailbox;
use super::state::State;

/// A [`MemoryMailbox`] opened, as source and destination in one.
pub struct MemoryEndpoint {
    pub(super) mailbox: MemoryMailbox,
    pub(super) side: Side,
    pub(super) capabilities: Capabilities,
}

impl MemoryEndpoint {
    pub(super) fn new(mailbox: MemoryMailbox, side: Side) -> Self {
        let capabilities = mailbox.state().options.capabilities.clone();
        Self { mailbox, side, capabilities }
    }

    /// The error, with the side on which this endpoint stands.
    pub(super) fn error(&self, error: Error) -> Error {
        error.on(self.side)
    }
}

#[async_trait]
impl Endpoint for MemoryEndpoint {
    fn name(&self) -> &str {
        "memory"
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn folders(&self) -> Result<Vec<Folder>> {
        tokio::task::yield_now().await;
        let mut state = self.mailbox.state();
        state.counts.folders += 1;
        Ok(tree(&state))
    }

    async fn storage(&self) -> Result<Storage> {
        tokio::task::yield_now().await;
        let mut state = self.mailbox.state();
        state.counts.storage += 1;
        let mut storage = Storage::default();
        if state.options.tells_storage {
            storage.used = Some(state.bytes);
            storage.quota = state.options.quota;
            storage.items = Some(state.items.len() as u64);
            storage.items_quota = state.options.items_quota;
        }
        Ok(storage)
    }
}

impl fmt::Debug for MemoryEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryEndpoint").field("side", &self.side).field("mailbox", &self.mailbox).finish()
    }
}

/// Sorted by path, which puts parents before their children.
fn tree(state: &State) -> Vec<Folder> {
    let mut folders: Vec<Folder> =
        state.folders.iter().map(|(key, folder)| folder.describe(&state.options, state.next_number(*key))).collect();
    folders.sort_by(|one, other| one.path.cmp(&other.path));
    folders
}
