//! Reading: what changed in the mailbox, and whole items.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError};

use mailmove_core::{
    Change, Cursor, Detail, Error, ErrorKind, FeedId, Format, Gone, Item, ItemId, ItemRef, Page, Result, Source, Spool,
    async_trait,
};

use crate::endpoint::ZimbraMailbox;
use crate::map;
use crate::wire::item::{ItemData, Sort};
use crate::wire::sync::Sync;

/// How many items one page of a listing holds.
const PAGE: usize = 500;

/// How many changes one answer tells.
const CHANGES: u32 = 1_000;

/// Before a token and the last number that was listed: the listing began from nothing and is not at its end.
const LISTING: &str = "list";
/// Before a token: everything was listed once.
const DELTA: &str = "delta";

/// Everything that was there when a listing from the start began. Kept while it is under way, so that its pages need not
/// ask for all of it again; some ten bytes for each item.
#[derive(Debug)]
pub(crate) struct Listing {
    token: String,
    all: BTreeMap<u64, (Sort, Arc<str>)>,
}

#[async_trait]
impl Source for ZimbraMailbox {
    async fn changes(&self, feed: &FeedId, after: Option<&Cursor>, _: Detail) -> Result<Page> {
        self.page(feed, after).await.map_err(|error| self.on_side(error))
    }

    async fn fetch(&self, items: &[ItemRef], format: &Format, spool: &Spool) -> Vec<Result<Item>> {
        let verdicts = self.read(items, format, spool).await;
        verdicts.into_iter().map(|verdict| verdict.map_err(|error| self.on_side(error))).collect()
    }
}

/// Where a listing goes on.
enum Place<'a> {
    Start,
    Behind { number: u64, token: &'a str },
    Since(&'a str),
}

impl ZimbraMailbox {
    async fn page(&self, feed: &FeedId, after: Option<&Cursor>) -> Result<Page> {
        if feed.as_str() != map::folder::FEED {
            return Err(Error::new(ErrorKind::NotFound, "there is no such feed").with("feed", feed));
        }
        match place(after)? {
            Place::Start => {
                let listing = self.list().await?;
                let token = listing.token.clone();
                self.list_behind(&listing, 0, &token).await
            }
            Place::Behind { number, token } => {
                let known = self.listing.lock().unwrap_or_else(PoisonError::into_inner).clone();
                // A listing that another run began goes on with what is there now; what happened in between is told by
                // the changes since its own beginning.
                let listing = match known.filter(|known| known.token == token) {
                    Some(known) => known,
                    None => self.list().await?,
                };
                self.list_behind(&listing, number, token).await
            }
            Place::Since(token) => self.changes_since(token).await,
        }
    }

    async fn list(&self) -> Result<Arc<Listing>> {
        let synced = self.client.ask(&Sync { token: None, limit: CHANGES }).await?;
        let listing = Arc::new(Listing { token: synced.token, all: synced.all });
        *self.listing.lock().unwrap_or_else(PoisonError::into_inner) = Some(listing.clone());
        Ok(listing)
    }

    async fn list_behind(&self, listing: &Listing, number: u64, token: &str) -> Result<Page> {
        let mut rest = listing.all.range((Bound::Excluded(number), Bound::Unbounded)).peekable();
        let asked: Vec<(u64, Sort)> = rest.by_ref().take(PAGE).map(|(id, (sort, _))| (*id, *sort)).collect();
        let last = asked.last().map_or(number, |(id, _)| *id);
        let more = rest.peek().is_some();
        let described = self.describe(&asked).await?;
        let next = if more { format!("{LISTING}:{last}:{token}") } else { format!("{DELTA}:{token}") };
        let mut page = Page::last(Cursor::new(next));
        page.more = more;
        page.gone = Gone::ByAbsence;
        page.changes = described.iter().flatten().map(present).collect();
        if !more {
            *self.listing.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        Ok(page)
    }

    async fn changes_since(&self, token: &str) -> Result<Page> {
        let synced = self.client.ask(&Sync { token: Some(token.to_owned()), limit: CHANGES }).await?;
        let asked: Vec<(u64, Sort)> = synced.changed.iter().filter_map(|item| Some((item.id, item.sort?))).collect();
        let described = self.describe(&asked).await?;
        let mut page = Page::last(Cursor::new(format!("{DELTA}:{}", synced.token)));
        page.more = synced.more;
        page.gone = Gone::Told;
        let gone = synced.gone.iter().filter(|id| asked.iter().all(|(changed, _)| changed != *id));
        let gone = gone.map(|id| Change::Gone { id: ItemId::new(id.to_string()), folder: None });
        page.changes = gone.chain(described.iter().flatten().map(present)).collect();
        Ok(page)
    }
}

fn present(item: &ItemData) -> Change {
    Change::Present(map::item::reference(item))
}

fn place(after: Option<&Cursor>) -> Result<Place<'_>> {
    let Some(cursor) = after else { return Ok(Place::Start) };
    let foreign = || Error::new(ErrorKind::CursorExpired, "this cursor is from somewhere else");
    match cursor.as_str().split_once(':') {
        Some((DELTA, token)) if !token.is_empty() => Ok(Place::Since(token)),
        Some((LISTING, rest)) => {
            let (number, token) = rest.split_once(':').ok_or_else(foreign)?;
            Ok(Place::Behind { number: number.parse().map_err(|_| foreign())?, token })
        }
        _ => Err(foreign()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_say_where_to_go_on_and_tokens_may_hold_anything() {
        let cursor = Cursor::new("list:300:540:d524-900");
        assert!(matches!(place(Some(&cursor)).unwrap(), Place::Behind { number: 300, token: "540:d524-900" }));
        let cursor = Cursor::new("delta:540:d524-900");
        assert!(matches!(place(Some(&cursor)).unwrap(), Place::Since("540:d524-900")));
        for odd in ["", "delta:", "list:x:1", "other:1"] {
            let cursor = Cursor::new(odd);
            assert!(place(Some(&cursor)).is_err_and(|error| error.kind() == ErrorKind::CursorExpired), "{odd:?}");
        }
    }
}
