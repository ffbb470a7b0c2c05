//! What is asked of the source before anything can be written: while the destination's folders are made, the first page of
//! each feed, and the first items on it.
//!
//! Only in a first run: then every feed is read from its start, and nothing but this can be wanted.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, MaybeDone, maybe_done};
use mailmove_core::{Change, Detail, FeedId, Item, ItemId, ItemRef, Page, Result, Source, Spool};

use crate::mapping::Mapped;
use crate::plan::PlannedRoute;
use crate::rules::Rules;
use crate::schedule::Abreast;

/// What is asked for, and how.
pub(crate) struct Wish<'a> {
    pub(crate) source: &'a Arc<dyn Source>,
    pub(crate) folders: &'a [Mapped],
    pub(crate) abreast: &'a Abreast,
    pub(crate) rules: &'a Rules,
    pub(crate) routes: &'a [PlannedRoute],
    pub(crate) spool: &'a Spool,
}

/// First pages and first items, under way or there, by feed.
#[derive(Default)]
pub(crate) struct Ahead {
    feeds: HashMap<FeedId, First>,
    /// The bytes of the items, within the quarter of the pool that windows leave free.
    bytes: u64,
}

struct First {
    page: MaybeDone<BoxFuture<'static, Result<Page>>>,
    items: Items,
}

enum Items {
    /// The page says which.
    Wanted,
    /// It is not known beforehand which will be read first.
    Unwanted,
    Asked(Vec<ItemId>, MaybeDone<BoxFuture<'static, Vec<Result<Item>>>>),
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.feeds.keys()).finish()
    }
}

impl Ahead {
    /// For those feeds of these folders that will be read first. Others would hold what these wait for.
    pub(crate) fn of(wish: &Wish<'_>) -> Self {
        let mut folders: Vec<_> = wish.folders.iter().map(|one| &one.folder).collect();
        folders.sort_by_key(|folder| Reverse(folder.items));
        let (mut ahead, mut large) = (Self::default(), 0);
        for folder in folders {
            if folder.items.is_none_or(|items| items > wish.abreast.batch) {
                large += 1;
                if large > wish.abreast.most_large {
                    continue;
                }
            }
            if ahead.feeds.len() >= wish.abreast.most {
                break;
            }
            ahead.feeds.entry(folder.feed.clone()).or_insert_with(|| {
                let (source, feed) = (wish.source.clone(), folder.feed.clone());
                let page = async move { source.changes(&feed, None, Detail::Listing).await };
                First { page: maybe_done(page.boxed()), items: Items::wanted(wish, &folder.feed) }
            });
        }
        ahead
    }

    /// Lets them come in while something else is done, and no longer than that.
    pub(crate) async fn during<T>(&mut self, wish: &Wish<'_>, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            for first in self.feeds.values_mut() {
                first.advance(wish, &mut self.bytes, context);
            }
            Poll::Pending
        })
        .await
    }

    /// The first page of this feed, if it was asked for: at most once.
    pub(crate) fn take(&mut self, feed: &FeedId) -> Option<BoxFuture<'static, Result<Page>>> {
        let first = self.feeds.get_mut(feed)?;
        given(std::mem::replace(&mut first.page, MaybeDone::Gone))
    }

    /// Exactly these items, if they were asked for: at most once.
    pub(crate) fn take_items(
        &mut self,
        feed: &FeedId,
        items: &[ItemRef],
    ) -> Option<BoxFuture<'static, Vec<Result<Item>>>> {
        let Items::Asked(ids, read) = self.feeds.remove(feed)?.items else { return None };
        let same = ids.iter().eq(items.iter().map(|item| &item.id));
        if same { given(read) } else { None }
    }
}

impl First {
    fn advance(&mut self, wish: &Wish<'_>, bytes: &mut u64, context: &mut Context<'_>) {
        let _ = self.page.poll_unpin(context);
        if let (MaybeDone::Done(Ok(page)), Items::Wanted) = (&self.page, &self.items) {
            self.items = Items::of(page, wish, bytes);
        }
        if let Items::Asked(_, read) = &mut self.items {
            let _ = read.poll_unpin(context);
        }
    }
}

impl Items {
    /// Of a feed of several folders, or of a sample, the queue takes other items first than those that come first.
    fn wanted(wish: &Wish<'_>, feed: &FeedId) -> Self {
        let folders = wish.folders.iter().filter(|one| one.folder.feed == *feed).count();
        if folders == 1 && wish.rules.sample.is_none() { Self::Wanted } else { Self::Unwanted }
    }

    /// The first window of a page, as the queue will cut it; should it cut otherwise, it was read for nothing.
    fn of(page: &Page, wish: &Wish<'_>, bytes: &mut u64) -> Self {
        let wanted = page.changes.iter().filter_map(|change| match change {
            Change::Present(item) if wish.rules.filters(item).is_none() => Some(item),
            _ => None,
        });
        let (mut window, mut size) = (Vec::<ItemRef>::new(), 0);
        for item in wanted.take(wish.abreast.batch as usize) {
            let first = window.first().is_none_or(|first| first.kind == item.kind);
            if !first || (!window.is_empty() && size + item.size > wish.abreast.bytes) {
                break;
            }
            size += item.size;
            window.push(item.clone());
        }
        let route = window.first().and_then(|item| wish.routes.iter().find(|route| route.kind == item.kind));
        match route {
            Some(route) if *bytes + size <= wish.spool.capacity() / 4 => {
                *bytes += size;
                let ids = window.iter().map(|item| item.id.clone()).collect();
                let (source, format, spool) = (wish.source.clone(), route.format.clone(), wish.spool.clone());
                Self::Asked(ids, maybe_done(async move { source.fetch(&window, &format, &spool).await }.boxed()))
            }
            _ => Self::Unwanted,
        }
    }
}

/// What is under way, or there.
fn given<T: Send + 'static>(asked: MaybeDone<BoxFuture<'static, T>>) -> Option<BoxFuture<'static, T>> {
    match asked {
        MaybeDone::Future(asked) => Some(asked),
        MaybeDone::Done(there) => Some(std::future::ready(there).boxed()),
        MaybeDone::Gone => None,
    }
}
