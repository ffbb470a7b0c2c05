//! What one batch of writes does, in its order.

mod attach;
mod build;
mod change;
mod create;
mod entries;
mod occurrences;
mod stream;

use mailmove_core::{Error, ErrorKind, FolderId, Format, Item, Mark, Result, Revision, Write, Written};

use crate::capabilities::{has_interface, standard_format};
use crate::endpoint::GraphMailbox;
use crate::map;
use crate::place::{Area, Place};
use crate::wire::message::Message;

/// A new item and its mark.
#[derive(Debug, Clone, Copy)]
pub(crate) struct New<'a> {
    pub(crate) item: &'a Item,
    pub(crate) mark: &'a Mark,
}

impl GraphMailbox {
    /// Neighbours of one sort travel in one request.
    pub(crate) async fn write_all(&self, folder: &FolderId, batch: &[Write]) -> Vec<Result<Written>> {
        let place = match Place::of(folder.as_str()) {
            Ok(place) => place,
            Err(error) => return vec![Err(error); batch.len()],
        };
        let mut verdicts = Vec::with_capacity(batch.len());
        while let Some(first) = batch.get(verdicts.len()) {
            let rest = &batch[verdicts.len()..];
            match first {
                Write::Create { .. } => {
                    let items: Vec<New<'_>> = rest.iter().map_while(created).collect();
                    verdicts.extend(self.create(&place, &items).await);
                }
                Write::Flags { .. } => {
                    let changes: Vec<_> = rest.iter().map_while(flagged).collect();
                    verdicts.extend(self.change_flags(&place, &changes).await);
                }
                Write::Replace { id, expect, item, mark } => {
                    verdicts.push(self.replace(&place, id, expect.as_ref(), New { item, mark }).await);
                }
                Write::Move { id, to, expect } => verdicts.push(self.move_item(&place, id, to, expect.as_ref()).await),
                Write::Remove { id, expect } => verdicts.push(self.remove(&place, id, expect.as_ref()).await),
            }
        }
        verdicts
    }

    /// Why an item is not taken at all.
    fn refusal(&self, place: &Place, item: &Item) -> Option<Error> {
        let taken = match item.format == Format::FASTTRANSFER {
            true => self.found.streams,
            false => {
                let possible = has_interface(item.kind) || self.found.makes_streams(item.kind);
                possible && standard_format(item.kind) == item.format && place.area.kind() == item.kind
            }
        };
        let error = || Error::new(ErrorKind::Unsupported, format!("a {} cannot be written in this format", item.kind));
        (!taken).then(|| error().with("format", &item.format).with("folder", place.area.as_str()))
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
fn check(message: &Message, place: &Place, expect: Option<&Revision>) -> Result<()> {
    if message.parent_folder_id.as_deref().is_some_and(|parent| parent != place.id) {
        return Err(Error::new(ErrorKind::NotFound, "the item is in another folder now"));
    }
    same(map::revision::of(message), expect)
}

fn same(is: Revision, expect: Option<&Revision>) -> Result<()> {
    match expect {
        Some(expected) if is != *expected => {
            Err(Error::new(ErrorKind::Conflict, "the item was changed at the destination"))
        }
        _ => Ok(()),
    }
}

/// What Graph has no interface for.
fn unsupported(what: &str, area: Area) -> Error {
    Error::new(ErrorKind::Unsupported, format!("Graph cannot {what} in {}", area.as_str()))
}
