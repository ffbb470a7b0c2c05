//! Reading, with one mistake.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use mailmove_core::{
    Change, Cursor, Detail, Digest, Error, ErrorKind, FeedId, Flags, Format, Item, ItemFlags, ItemId, ItemRef, Page,
    Result, Revision, Source, Spool, async_trait,
};
use mailmove_testkit::memory::standard_format;

use crate::mistake::Mistake::*;
use crate::wrong::Wrong;

#[async_trait]
impl Source for Wrong {
    async fn changes(&self, feed: &FeedId, after: Option<&Cursor>, detail: Detail) -> Result<Page> {
        let page = self.inner.changes(feed, after, detail).await;
        let kind = page.as_ref().err().map(Error::kind);
        let mut page = match (self.mistake, kind) {
            (KnowsEveryFeed, Some(ErrorKind::NotFound)) => Page::last(Cursor::new("")),
            (TakesExpiredCursors, Some(ErrorKind::CursorExpired)) => Page::last(Cursor::new("")),
            _ => page?,
        };
        match self.mistake {
            LosesTheLastItem => _ = page.changes.pop(),
            SeesNoNews if after.is_some() => page.changes.clear(),
            SeesNoFlagChanges => page.changes.retain(|change| !matches!(change, Change::Flags { .. })),
            HidesRemovals => page.changes.retain(|change| !matches!(change, Change::Gone { .. })),
            EndsTooEarly => page.more = false,
            SeesPhantoms => {
                let folder = self.mailbox.find_folder(&["Empty"]);
                page.changes.extend(folder.map(|folder| Change::Present(ItemRef::new("phantom", folder, 1))));
            }
            _ => {}
        }
        for change in &mut page.changes {
            if let Change::Present(item) = change {
                match self.mistake {
                    KeepsItsRevisions => item.content = Revision::new("same"),
                    RevisesByFlags => item.content = Revision::new(format!("{} {:?}", item.content, item.flags)),
                    IdentifiesByPlace => item.identity = Some(format!("{:?} {}", item.folders, item.id)),
                    KnowsOneLabel => item.folders.truncate(1),
                    _ => {}
                }
            }
        }
        Ok(page)
    }

    async fn fetch(&self, items: &[ItemRef], format: &Format, spool: &Spool) -> Vec<Result<Item>> {
        let mut asked = items.to_vec();
        match self.mistake {
            AnswersTheUnasked if items.is_empty() => return vec![Err(Error::new(ErrorKind::Protocol, "what?"))],
            FoldsIds => asked.iter_mut().for_each(|item| self.fold(item)),
            ReadsOneAtATime if self.busy.fetch_add(1, Ordering::Relaxed) > 0 => {
                self.busy.fetch_sub(1, Ordering::Relaxed);
                return vec![Err(Error::new(ErrorKind::Unavailable, "one at a time")); items.len()];
            }
            AnswersOnce => {
                let mut seen = HashSet::new();
                asked.retain(|item| seen.insert(item.id.clone()));
            }
            _ => {}
        }
        let standard = items.first().map(|item| standard_format(item.kind));
        let format = standard.as_ref().filter(|_| self.mistake == IgnoresFormats).unwrap_or(format);
        let mut answers = self.inner.fetch(&asked, format, spool).await;
        match self.mistake {
            ReadsOneAtATime => _ = self.busy.fetch_sub(1, Ordering::Relaxed),
            MixesUpAnswers => answers.reverse(),
            SwallowsTheMissing => answers.retain(Result::is_ok),
            ReadingMarksSeen => items.iter().for_each(|item| self.see(item)),
            _ => {}
        }
        for answer in answers.iter_mut().flatten() {
            match self.mistake {
                RemembersFlags => answer.flags = Flags::default(),
                InventsDigests => answer.fingerprint.digest = Some(Digest::of(b"something else")),
                CutsBodies if answer.body.len() > 65_536 => {
                    let bytes = answer.body.bytes().unwrap();
                    answer.body = spool.body(bytes.slice(..65_536)).unwrap();
                }
                _ => {}
            }
        }
        answers
    }
}

impl Wrong {
    /// Takes an id for another that differs in case only.
    fn fold(&self, item: &mut ItemRef) {
        let there: Vec<ItemId> = self.mailbox.items(&item.folders[0]);
        if let Some(same) = there.into_iter().find(|id| id.as_str().eq_ignore_ascii_case(item.id.as_str())) {
            item.id = same;
        }
    }

    fn see(&self, item: &ItemRef) {
        if self.mailbox.items(&item.folders[0]).contains(&item.id) {
            self.mailbox.flag(&item.folders[0], &item.id, ItemFlags::SEEN, ItemFlags::empty());
        }
    }
}
