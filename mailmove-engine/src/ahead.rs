//! Listings asked for before anything can be written: while the destination's folders are made.
//!
//! Only in a first run: then every feed is read from its start, and nothing but its first page can be wanted.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::future::{BoxFuture, MaybeDone, maybe_done};
use mailmove_core::{Detail, FeedId, Page, Result, Source};

use crate::mapping::Mapped;
use crate::schedule::Abreast;

type Asked = MaybeDone<BoxFuture<'static, Result<Page>>>;

/// First pages, under way or there, by feed.
#[derive(Default)]
pub(crate) struct Ahead {
    pages: HashMap<FeedId, Asked>,
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.pages.keys()).finish()
    }
}

impl Ahead {
    /// For those feeds of these folders that will be read first. Others would hold what these wait for.
    pub(crate) fn of(source: &Arc<dyn Source>, mapped: &[Mapped], abreast: &Abreast) -> Self {
        let mut folders: Vec<_> = mapped.iter().map(|one| &one.folder).collect();
        folders.sort_by_key(|folder| Reverse(folder.items));
        let (mut pages, mut large) = (HashMap::new(), 0);
        for folder in folders {
            if folder.items.is_none_or(|items| items > abreast.batch) {
                large += 1;
                if large > abreast.most_large {
                    continue;
                }
            }
            if pages.len() >= abreast.most {
                break;
            }
            pages.entry(folder.feed.clone()).or_insert_with(|| {
                let (source, feed) = (source.clone(), folder.feed.clone());
                let page: BoxFuture<'static, Result<Page>> =
                    Box::pin(async move { source.changes(&feed, None, Detail::Listing).await });
                maybe_done(page)
            });
        }
        Self { pages }
    }

    /// Lets the pages come in while something else is done, and no longer than that.
    pub(crate) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            for page in self.pages.values_mut() {
                let _ = Future::poll(std::pin::Pin::new(page), context);
            }
            Poll::Pending
        })
        .await
    }

    /// The first page of this feed, if it was asked for: at most once.
    pub(crate) fn take(&mut self, feed: &FeedId) -> Option<BoxFuture<'static, Result<Page>>> {
        match self.pages.remove(feed)? {
            MaybeDone::Future(page) => Some(page),
            MaybeDone::Done(page) => Some(Box::pin(std::future::ready(page))),
            MaybeDone::Gone => None,
        }
    }
}
