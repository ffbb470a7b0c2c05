//! Whole items, each kind by its own way.

mod contacts;
mod entries;
mod messages;

use mailmove_core::{Error, ErrorKind, Format, Item, ItemRef, Kind, Recovery, Result, Spool};

use crate::batch;
use crate::capabilities::{BATCH_BYTES, BATCH_ITEMS};
use crate::endpoint::ZimbraMailbox;
use crate::map;

/// An item to be read, and where its verdict goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) number: u64,
    pub(super) item: &'a ItemRef,
}

impl ZimbraMailbox {
    /// One verdict for each reference.
    pub(crate) async fn read(&self, items: &[ItemRef], format: &Format, spool: &Spool) -> Vec<Result<Item>> {
        let mut verdicts: Vec<Option<Result<Item>>> = items.iter().map(|item| self.cannot(item, format)).collect();
        for kind in map::kind::all(true) {
            let places: Vec<usize> =
                (0..items.len()).filter(|at| verdicts[*at].is_none() && items[*at].kind == kind).collect();
            let sizes: Vec<u64> = places.iter().map(|at| items[*at].size).collect();
            for range in batch::split(&sizes, BATCH_ITEMS, BATCH_BYTES) {
                let part = &places[range];
                let asked: Vec<Asked<'_>> = part.iter().filter_map(|at| asked(&items[*at])).collect();
                let read = match kind {
                    Kind::Mail => self.read_messages(&asked, spool).await,
                    Kind::Contact => self.read_contacts(&asked, spool).await,
                    _ => self.read_entries(&asked, kind, spool).await,
                };
                for (at, verdict) in part.iter().zip(read) {
                    verdicts[*at] = Some(verdict.map_err(unread));
                }
            }
        }
        let unsaid = || Err(map::item::without_content());
        verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(unsaid)).collect()
    }

    /// Why an item need not be asked for.
    fn cannot(&self, item: &ItemRef, format: &Format) -> Option<Result<Item>> {
        let travels = map::kind::all(self.version.has_tasks()).any(|kind| kind == item.kind);
        if !travels || map::kind::format(item.kind) != *format {
            let error = Error::new(ErrorKind::Unsupported, format!("a {} cannot be read in this format", item.kind));
            return Some(Err(error.with("format", format)));
        }
        map::item::number(&item.id).err().map(Err)
    }
}

fn asked(item: &ItemRef) -> Option<Asked<'_>> {
    Some(Asked { number: map::item::number(&item.id).ok()?, item })
}

/// Reading leaves no doubt behind: what could not be read can be asked for again.
fn unread(error: Error) -> Error {
    match error.recovery() {
        Recovery::Locate if error.kind() == ErrorKind::Protocol => error.with_recovery(Recovery::OtherRoute),
        Recovery::Locate => error.with_recovery(Recovery::Retry { after: Some(std::time::Duration::ZERO) }),
        _ => error,
    }
}
