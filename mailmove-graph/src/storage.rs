//! How full a mailbox is, as far as Graph tells it.

use mailmove_core::{Folder, Result, Storage};
use serde_json::Value;

use crate::batch::Order;
use crate::endpoint::GraphMailbox;
use crate::place::Place;
use crate::wire::entry;

impl GraphMailbox {
    /// The bytes of the mail folders, and the items of all. Of other folders Graph tells no sizes, and of quotas nothing at
    /// all.
    pub(crate) async fn filled(&self) -> Result<Storage> {
        let folders = self.tree().await?;
        let mut storage = Storage::default();
        let sizes: Vec<u64> = folders.iter().filter_map(|folder| folder.bytes).collect();
        storage.used = (!sizes.is_empty()).then(|| sizes.iter().sum());
        let told: Option<u64> = folders.iter().filter(|folder| folder.items.is_some()).map(|folder| folder.items).sum();
        storage.items = told.zip(self.untold(&folders).await).map(|(told, more)| told + more);
        Ok(storage)
    }

    /// The items of folders that do not say how many they hold: each is asked. `None`, when one of them does not answer.
    async fn untold(&self, folders: &[Folder]) -> Option<u64> {
        let silent = folders.iter().filter(|folder| folder.items.is_none() && folder.holds_items());
        let places: Vec<Place> = silent.map(|folder| Place::of(folder.id.as_str()).ok()).collect::<Option<_>>()?;
        let asks: Vec<_> = places.iter().map(|place| entry::count(&self.user, place)).collect();
        let answers = self.client.batch(&asks, Order::Any).await;
        let count = |answer: Result<Value>| answer.ok()?["@odata.count"].as_u64();
        answers.into_iter().map(count).sum()
    }
}
