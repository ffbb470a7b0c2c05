//! The tags of a mailbox: their names and numbers, and new ones where they are needed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use mailmove_core::{ErrorKind, Flags, Loss, Result};
use tokio::sync::Mutex;

use crate::client::Client;
use crate::map;
use crate::wire::item::ItemData;
use crate::wire::tag::{CreateTag, GetTag, Labels, TagData};

/// What is known of the tags of one mailbox.
#[derive(Debug)]
pub(crate) struct Tags {
    /// Whether requests name them; otherwise they number them.
    named: bool,
    /// By name in lower case. `None`: nobody asked yet.
    known: Mutex<Option<HashMap<String, TagData>>>,
}

impl Tags {
    pub(crate) fn new(named: bool) -> Self {
        Self { named, known: Mutex::default() }
    }

    /// These categories as a request names them. Tags that are not there are made; names that no tag can have are lost.
    pub(crate) async fn labels(&self, client: &Client, flags: &Flags) -> Result<(Labels, Vec<Loss>)> {
        let (possible, odd): (Vec<&str>, Vec<&str>) =
            flags.categories().partition(|name| map::tags::is_possible(name, self.named));
        let lost = odd.into_iter().map(|name| {
            Loss::new("category-name", format!("no tag can be called {name:?}: colons and backslashes are not taken"))
        });
        let losses = lost.collect();
        if possible.is_empty() {
            return Ok((self.join(&[]), losses));
        }
        let mut known = self.known.lock().await;
        let known = match &mut *known {
            Some(known) => known,
            unknown => unknown.insert(all(client).await?),
        };
        let mut tags = Vec::new();
        for name in possible {
            tags.push(match known.entry(name.to_lowercase()) {
                Entry::Occupied(there) => there.get().clone(),
                Entry::Vacant(place) => place.insert(make(client, name).await?).clone(),
            });
        }
        Ok((self.join(&tags), losses))
    }

    /// One label for each of these categories that is known here, made where `make` says so and it can be. What is not
    /// known is set on nothing.
    pub(crate) async fn known(&self, client: &Client, flags: &Flags) -> Result<Vec<Labels>> {
        if flags.categories().len() == 0 {
            return Ok(Vec::new());
        }
        let mut known = self.known.lock().await;
        let known = match &mut *known {
            Some(known) => known,
            unknown => unknown.insert(all(client).await?),
        };
        let tags = flags.categories().filter_map(|name| known.get(&name.to_lowercase()));
        // An action names a tag by its number on every release.
        Ok(tags.map(|tag| Labels::Numbers(tag.number.clone())).collect())
    }

    /// Puts the names in where items only tell the numbers of their tags.
    pub(crate) async fn name(&self, client: &Client, items: &mut [ItemData]) -> Result<()> {
        let nameless = |item: &ItemData| item.tags.is_empty() && !item.tag_ids.is_empty();
        if !items.iter().any(nameless) {
            return Ok(());
        }
        let mut known = self.known.lock().await;
        let tag = |known: &HashMap<String, TagData>, number: &str| {
            known.values().find(|tag| tag.number == number).map(|tag| tag.name.clone())
        };
        let complete = known.as_ref().is_some_and(|known| {
            let nameless = items.iter().filter(|item| nameless(item));
            nameless.flat_map(numbers_of).all(|number| tag(known, number).is_some())
        });
        if !complete {
            *known = Some(all(client).await?);
        }
        let Some(known) = known.as_ref() else { return Ok(()) };
        for item in items.iter_mut().filter(|item| nameless(item)) {
            let names: Vec<String> = numbers_of(item).filter_map(|number| tag(known, number)).collect();
            item.tags = map::tags::encode(names.iter().map(String::as_str));
        }
        Ok(())
    }

    fn join(&self, tags: &[TagData]) -> Labels {
        if self.named {
            return Labels::Names(map::tags::encode(tags.iter().map(|tag| tag.name.as_str())));
        }
        Labels::Numbers(tags.iter().map(|tag| tag.number.as_str()).collect::<Vec<_>>().join(","))
    }
}

/// The numbers of an item's tags.
fn numbers_of(item: &ItemData) -> impl Iterator<Item = &str> {
    item.tag_ids.split(',').map(str::trim).filter(|number| !number.is_empty())
}

async fn all(client: &Client) -> Result<HashMap<String, TagData>> {
    let tags = client.ask(&GetTag).await?;
    Ok(tags.into_iter().map(|tag| (tag.name.to_lowercase(), tag)).collect())
}

async fn make(client: &Client, name: &str) -> Result<TagData> {
    let unnamed = || TagData { number: String::new(), name: name.to_owned() };
    match client.ask(&CreateTag { name: name.to_owned() }).await {
        Ok(tag) => Ok(tag.unwrap_or_else(unnamed)),
        // Somebody was faster, or an earlier attempt of ours got through.
        Err(error) if error.kind() == ErrorKind::Conflict => {
            Ok(all(client).await?.remove(&name.to_lowercase()).unwrap_or_else(unnamed))
        }
        Err(error) => Err(error),
    }
}
