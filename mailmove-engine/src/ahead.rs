//! What is asked of the source before anything can be written: while the destination's folders are made, the first page of
//! each feed, and the first items on it.
//!
//! Only in a first run: then every feed is read from its start, and nothing but this can be wanted. Each feed has a task of
//! its own: what is asked for comes in whether somebody takes it or not, and holds nothing of the source meanwhile. The
//! tasks end with the run.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use mailmove_core::{
    Change, Detail, Error, ErrorKind, FeedId, FolderId, Format, Item, ItemId, ItemRef, Page, Result, Room, Source,
    Spool,
};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

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
pub(crate) struct Ahead(HashMap<FeedId, First>);

struct First {
    page: Option<oneshot::Receiver<Result<Page>>>,
    /// Which items are read, once that is known.
    ids: Arc<OnceLock<Vec<ItemId>>>,
    /// Reads the page, then the items.
    task: JoinSet<(Vec<Result<Item>>, Option<Room>)>,
}

/// How the first items are chosen.
struct Choice {
    folder: FolderId,
    items: usize,
    bytes: u64,
    rules: Rules,
    routes: Vec<PlannedRoute>,
    spool: Spool,
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Ahead {
    /// For those feeds of these folders that will be read first. Others would hold what these wait for.
    pub(crate) fn of(wish: &Wish<'_>) -> Self {
        let mut folders: Vec<_> = wish.folders.iter().map(|one| &one.folder).collect();
        folders.sort_by_key(|folder| Reverse(folder.items));
        let (mut feeds, mut large) = (HashMap::new(), 0);
        for folder in folders {
            if folder.items.is_none_or(|items| items > wish.abreast.batch) {
                large += 1;
                if large > wish.abreast.most_large {
                    continue;
                }
            }
            if feeds.len() >= wish.abreast.most {
                break;
            }
            feeds.entry(folder.feed.clone()).or_insert_with(|| {
                // Of a feed of several folders, or of a sample, the queue takes other items first than come first.
                let alone = wish.folders.iter().filter(|one| one.folder.feed == folder.feed).count() == 1;
                let choice = (alone && wish.rules.sample.is_none()).then(|| Choice {
                    folder: folder.id.clone(),
                    items: wish.abreast.batch as usize,
                    bytes: wish.abreast.bytes,
                    rules: wish.rules.clone(),
                    routes: wish.routes.to_vec(),
                    spool: wish.spool.clone(),
                });
                First::begin(wish.source.clone(), folder.feed.clone(), choice, wish.spool.clone())
            });
        }
        Self(feeds)
    }

    /// The first page of this feed, if it was asked for: at most once.
    pub(crate) fn take(&mut self, feed: &FeedId) -> Option<BoxFuture<'static, Result<Page>>> {
        let page = self.0.get_mut(feed)?.page.take()?;
        let lost = |_| Err(Error::new(ErrorKind::Bug, "the first page of a feed was not read to its end"));
        Some(page.map(move |page| page.unwrap_or_else(lost)).boxed())
    }

    /// Exactly these items, if they were asked for: at most once.
    pub(crate) fn take_items(
        &mut self,
        feed: &FeedId,
        items: &[ItemRef],
    ) -> Option<BoxFuture<'static, Option<Vec<Result<Item>>>>> {
        let mut first = self.0.remove(feed)?;
        let same = first.ids.get()?.iter().eq(items.iter().map(|item| &item.id));
        // From here on the window that asked has room for them.
        same.then(|| async move { Some(first.task.join_next().await?.ok()?.0) }.boxed())
    }
}

impl First {
    fn begin(source: Arc<dyn Source>, feed: FeedId, choice: Option<Choice>, spool: Spool) -> Self {
        let (tell, page) = oneshot::channel();
        let ids = Arc::new(OnceLock::new());
        let mut task = JoinSet::new();
        let chosen = ids.clone();
        task.spawn(async move {
            let page = source.changes(&feed, None, Detail::Listing).await;
            let window = page.as_ref().ok().zip(choice).and_then(|(page, choice)| choice.window(page));
            if let Some((window, ..)) = &window {
                let _ = chosen.set(window.iter().map(|item| item.id.clone()).collect());
            }
            // The run may be over; then nobody wants it any more.
            let _ = tell.send(page);
            match window {
                Some((window, format, room)) => (source.fetch(&window, &format, &spool).await, Some(room)),
                None => (Vec::new(), None),
            }
        });
        Self { page: Some(page), ids, task }
    }
}

impl Choice {
    /// The first window of a page, as the queue will cut it; should it cut otherwise, it was read for nothing. None when
    /// the pool has no room to spare.
    fn window(self, page: &Page) -> Option<(Vec<ItemRef>, Format, Room)> {
        let wanted = page.changes.iter().filter_map(|change| match change {
            Change::Present(item) if item.folders.contains(&self.folder) => Some(item),
            _ => None,
        });
        let wanted = wanted.filter(|item| self.rules.filters(item).is_none());
        let (mut window, mut size) = (Vec::<ItemRef>::new(), 0);
        for item in wanted.take(self.items) {
            let alike = window.first().is_none_or(|first| first.kind == item.kind);
            if !alike || (!window.is_empty() && size + item.size > self.bytes) {
                break;
            }
            size += item.size;
            window.push(item.clone());
        }
        let kind = window.first()?.kind;
        let route = self.routes.into_iter().find(|route| route.kind == kind)?;
        let room = self.spool.spare(size)?;
        Some((window, route.format, room))
    }
}
