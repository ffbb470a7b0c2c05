//! What one batch of writes does, in its order.

mod change;
mod contacts;
mod entries;
mod messages;

use mailmove_core::{Error, ErrorKind, FolderId, Item, ItemId, Kind, Mark, Result, Revision, Write, Written};

use crate::endpoint::ZimbraMailbox;
use crate::map;
use crate::wire::item::ItemData;

/// A new item and its mark.
#[derive(Debug, Clone, Copy)]
pub(super) struct New<'a> {
    pub(super) item: &'a Item,
    pub(super) mark: &'a Mark,
}

/// What is there and is to be replaced.
#[derive(Debug, Clone, Copy)]
pub(super) struct Old<'a> {
    id: &'a ItemId,
    expect: Option<&'a Revision>,
}

impl ZimbraMailbox {
    /// Neighbours of one sort travel in one request.
    pub(crate) async fn write_all(&self, folder: &FolderId, batch: &[Write]) -> Vec<Result<Written>> {
        if let Err(error) = self.existing(folder).await {
            return vec![Err(error); batch.len()];
        }
        let mut verdicts = Vec::with_capacity(batch.len());
        while let Some(first) = batch.get(verdicts.len()) {
            let rest = &batch[verdicts.len()..];
            match first {
                Write::Create { item, .. } => {
                    let same =
                        |write: &&Write| matches!(write, Write::Create { item: other, .. } if other.kind == item.kind);
                    let items: Vec<New<'_>> = rest.iter().take_while(same).filter_map(created).collect();
                    verdicts.extend(self.create(folder, item.kind, &items).await);
                }
                Write::Flags { .. } => {
                    let changes: Vec<_> = rest.iter().map_while(flagged).collect();
                    verdicts.extend(self.change_flags(folder, &changes).await);
                }
                Write::Replace { id, expect, item, mark } => {
                    let old = Old { id, expect: expect.as_ref() };
                    verdicts.push(self.replace(folder, old, New { item, mark }).await);
                }
                Write::Move { id, to, expect } => verdicts.push(self.move_item(folder, id, to, expect.as_ref()).await),
                Write::Remove { id, expect } => verdicts.push(self.remove(folder, id, expect.as_ref()).await),
            }
        }
        verdicts
    }

    /// Stores new items of one kind in their order.
    async fn create(&self, folder: &FolderId, kind: Kind, items: &[New<'_>]) -> Vec<Result<Written>> {
        let mut verdicts: Vec<Option<Result<Written>>> =
            items.iter().map(|new| self.refusal(new.item).map(Err)).collect();
        let places: Vec<usize> = (0..items.len()).filter(|at| verdicts[*at].is_none()).collect();
        let taken: Vec<New<'_>> = places.iter().map(|at| items[*at]).collect();
        let written = match kind {
            Kind::Mail => self.create_messages(folder, &taken).await,
            Kind::Contact => self.create_contacts(folder, &taken).await,
            _ => self.create_entries(folder, kind, &taken).await,
        };
        for (at, verdict) in places.into_iter().zip(written) {
            verdicts[at] = Some(verdict);
        }
        let left_out = || Err(Error::new(ErrorKind::Bug, "a write was left out"));
        verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(left_out)).collect()
    }

    /// Puts a new version in the place of an old one.
    async fn replace(&self, folder: &FolderId, old: Old<'_>, new: New<'_>) -> Result<Written> {
        if let Some(error) = self.refusal(new.item) {
            return Err(error);
        }
        let data = self.expected(folder, old.id, old.expect).await?;
        match new.item.kind {
            Kind::Mail => self.replace_message(folder, &data, new).await,
            Kind::Contact => self.replace_contact(&data, new).await,
            _ => self.replace_entry(folder, &data, new).await,
        }
    }

    /// Why an item is not taken at all.
    fn refusal(&self, item: &Item) -> Option<Error> {
        let travels = map::kind::all(self.version.has_tasks()).any(|kind| kind == item.kind);
        if !travels || map::kind::format(item.kind) != item.format {
            let error = Error::new(ErrorKind::Unsupported, format!("a {} cannot be written in this format", item.kind));
            return Some(error.with("format", &item.format));
        }
        let routes = mailmove_core::Endpoint::capabilities(self).accepts.iter();
        let most = routes.filter(|route| route.kind == item.kind).find_map(|route| route.max_bytes)?;
        (item.body.len() > most).then(|| {
            Error::new(ErrorKind::TooLarge, "it is larger than the server takes")
                .with("bytes", item.body.len())
                .with("limit", most)
                .remedy("raise zimbraMtaMaxMessageSize and zimbraFileUploadMaxSize, then remigrate failed items")
        })
    }

    /// What is there, when it is in this folder and as it was left.
    pub(super) async fn expected(&self, folder: &FolderId, id: &ItemId, expect: Option<&Revision>) -> Result<ItemData> {
        let data = self.described(folder, &[id]).await?.swap_remove(0)?;
        check(&data, folder, expect)?;
        Ok(data)
    }
}

fn created(write: &Write) -> Option<New<'_>> {
    match write {
        Write::Create { item, mark } => Some(New { item, mark }),
        _ => None,
    }
}

fn flagged(write: &Write) -> Option<change::FlagChange<'_>> {
    match write {
        Write::Flags { id, add, remove } => Some(change::FlagChange { id, add, remove }),
        _ => None,
    }
}

/// Refuses to touch what somebody else changed, or what is in another folder by now.
fn check(data: &ItemData, folder: &FolderId, expect: Option<&Revision>) -> Result<()> {
    if data.folder != folder.as_str() {
        return Err(Error::new(ErrorKind::NotFound, "the item is in another folder now"));
    }
    match expect {
        Some(expected) if map::item::revision(data) != *expected => {
            Err(Error::new(ErrorKind::Conflict, "the item was changed at the destination"))
        }
        _ => Ok(()),
    }
}
