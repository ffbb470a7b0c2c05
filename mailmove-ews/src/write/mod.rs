//! What one batch of writes does, in its order.

mod change;
mod create;

use mailmove_core::{Error, ErrorKind, FolderId, Format, Item, Result, Revision, Write, Written};

use crate::endpoint::EwsMailbox;
use crate::map;
use crate::wire::item::ItemData;
use create::New;

impl EwsMailbox {
    /// Neighbours of one sort travel in one request.
    pub(crate) async fn write_all(&self, folder: &FolderId, batch: &[Write]) -> Vec<Result<Written>> {
        if let Err(error) = self.existing(folder) {
            return vec![Err(error); batch.len()];
        }
        let mut verdicts = Vec::with_capacity(batch.len());
        while let Some(first) = batch.get(verdicts.len()) {
            let rest = &batch[verdicts.len()..];
            match first {
                Write::Create { .. } => {
                    let items: Vec<New<'_>> = rest.iter().map_while(created).collect();
                    verdicts.extend(self.create(folder, &items).await);
                }
                Write::Flags { .. } => {
                    let changes: Vec<_> = rest.iter().map_while(flagged).collect();
                    verdicts.extend(self.change_flags(folder, &changes).await);
                }
                Write::Replace { id, expect, item, mark } => {
                    verdicts.push(self.replace(folder, id, expect.as_ref(), New { item, mark }).await);
                }
                Write::Move { id, to, expect } => verdicts.push(self.move_item(folder, id, to, expect.as_ref()).await),
                Write::Remove { id, expect } => verdicts.push(self.remove(folder, id, expect.as_ref()).await),
            }
        }
        verdicts
    }

    /// Why an item is not taken at all.
    fn refusal(&self, item: &Item) -> Option<Error> {
        let stream = item.format == Format::FASTTRANSFER && self.version().has_export();
        let taken = if item.format == Format::FASTTRANSFER {
            stream
        } else {
            map::item::standard_format(item.kind) == item.format
        };
        let error = || Error::new(ErrorKind::Unsupported, format!("a {} cannot be written in this format", item.kind));
        (!taken).then(|| error().with("format", &item.format))
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
    if data.parent.as_deref().is_some_and(|parent| parent != folder.as_str()) {
        return Err(Error::new(ErrorKind::NotFound, "the item is in another folder now"));
    }
    match expect {
        Some(expected) if map::revision::of(data) != *expected => {
            Err(Error::new(ErrorKind::Conflict, "the item was changed at the destination"))
        }
        _ => Ok(()),
    }
}
