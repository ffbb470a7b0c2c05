//! What changed in a folder.
//!
//! The first reading goes over the folder in ranges of UIDs. Later ones ask for what changed since (RFC 7162). Without
//! mod-sequences nothing tells which flags changed, so the folder is read from the start again: the cursor has expired.

use std::sync::Arc;

use mailmove_core::{Change, Cursor, Error, ErrorKind, FeedId, FlagMask, FolderId, Gone, ItemId, Page, Result};

use super::cursor::Reading;
use super::known::KnownFolder;
use super::labels::LabelMap;
use super::{Client, burst};
use crate::capabilities::BATCH_ITEMS;
use crate::map::message::reference;
use crate::map::space::id_of;
use crate::pool::Use;
use crate::wire::{FetchData, FetchMany, Many, Search, Selected};

/// How many messages the first page has, so that reading bodies can begin.
const FIRST_PAGE: u64 = 1_000;
/// How many the others have.
const PAGE: u64 = 5_000;
/// How many more UIDs than messages one range may span: UIDs have holes.
const STRETCH: u64 = 4;
/// More vanished UIDs than this are not worth naming one by one.
const MANY_GONE: u64 = 200_000;
/// About how many bytes a message has, where nobody said.
const ABOUT: u64 = 16 * 1024;

impl Client {
    /// One page of changes. Everything that a listing tells is told always: the server gives identities for nothing, or
    /// not at all.
    pub(crate) async fn changes(&self, feed: &FeedId, after: Option<&Cursor>) -> Result<Page> {
        let id = FolderId::new(feed.as_str());
        if self.wonders_about_labels() {
            self.reading("LIST", || self.list()).await?;
        }
        let folder = self.folder(&id);
        let reading = after.map(Reading::parse).transpose().map_err(|error| self.here(error))?;
        let page = match reading {
            None => self.reading("list a folder", || self.begin(&folder, &id)).await,
            Some(reading) if !reading.is_done() => {
                self.reading("list a folder", || self.go_on(&folder, &id, reading)).await
            }
            Some(reading) if reading.modseq > 0 && self.offered.condstore => {
                self.reading("list changes", || self.delta(&folder, &id, reading)).await
            }
            Some(_) => Err(expired("the server does not tell which flags changed")),
        };
        page.map_err(|error| self.here(error).with("folder", folder.display()))
    }

    /// The first page of everything.
    async fn begin(&self, folder: &Arc<KnownFolder>, id: &FolderId) -> Result<Page> {
        let (next, messages) = {
            let facts = folder.facts();
            (facts.next, facts.messages)
        };
        let to = match (next, messages) {
            (Some(next), Some(messages)) if messages > FIRST_PAGE => self.span(1, next, messages, FIRST_PAGE),
            // Few, as far as anybody knows. A folder that was not listed before may turn out to be large: then the first
            // page is.
            _ => u32::MAX,
        };
        let (selected, many) = self.listing(folder, 1, to, true).await?;
        let validity = selected.validity.unwrap_or_default();
        let end = end_of(&selected, &many.messages);
        let reading = Reading { validity, next: 1, end, modseq: selected.modseq.unwrap_or_default(), messages: 0 };
        self.page(folder, id, reading, to, many).await
    }

    /// The next page of everything.
    async fn go_on(&self, folder: &Arc<KnownFolder>, id: &FolderId, reading: Reading) -> Result<Page> {
        let messages = folder.facts().messages.unwrap_or_default();
        let to = self.span(reading.next, reading.end, messages, PAGE);
        let (selected, many) = self.listing(folder, reading.next, to, false).await?;
        if selected.validity.unwrap_or_default() != reading.validity {
            return Err(expired("the folder is not the one that the cursor was for"));
        }
        self.page(folder, id, reading, to, many).await
    }

    /// Makes a page of what was listed from `reading.next` up to `to`.
    async fn page(
        &self,
        folder: &Arc<KnownFolder>,
        id: &FolderId,
        mut reading: Reading,
        mut to: u32,
        mut many: Many,
    ) -> Result<Page> {
        if many.messages.is_empty() && to < reading.end.saturating_sub(1) {
            // A hole: ask where it ends rather than step through it.
            to = match self.first_behind(folder, to + 1).await? {
                Some(uid) if uid < reading.end => {
                    let to = self.span(uid, reading.end, 0, PAGE).max(uid);
                    many = self.listing(folder, uid, to, false).await?.1;
                    to
                }
                _ => u32::MAX,
            };
        }
        let mut messages = unique(many.messages);
        messages.retain(|(uid, _)| *uid < reading.end);
        reading.messages += messages.len() as u64;
        reading.next = to.saturating_add(1).min(reading.end);
        let mut page = Page::last(reading.cursor());
        let map = self.label_map();
        page.changes = messages.into_iter().map(|(uid, data)| present(map.as_deref(), data, uid, id)).collect();
        page.more = !reading.is_done();
        page.gone = Gone::ByAbsence;
        Ok(page)
    }

    /// What changed behind a finished reading: flags, what is new, what is gone, in one round trip.
    async fn delta(&self, folder: &Arc<KnownFolder>, id: &FolderId, before: Reading) -> Result<Page> {
        let vanished = self.offered.qresync;
        let known = before.next.saturating_sub(1);
        // Much that is new is read in pages, behind the flags.
        let expected = folder.facts().next.map_or(0, |next| u64::from(next.saturating_sub(before.next)));
        let to = if expected > PAGE { before.next.saturating_add(PAGE as u32 - 1) } else { u32::MAX };
        let order = folder.order.lock().await;
        let ticket = self.lane(folder, expected.max(1) * 64 + 4096, Use::ReadSmall).await?;
        // Other labels are other places; flags alone do not tell them.
        let map = self.label_map().filter(|map| map.is_all(id));
        let extra = self.extra(id);
        let told = match &map {
            Some(_) => FetchMany::changed(1, known, &extra, before.modseq, vanished),
            None => FetchMany::flags(1, known, Some((before.modseq, vanished))),
        };
        let (commands, (flags, new)) = burst(|burst| {
            let flags = (known > 0).then(|| burst.add(told));
            (flags, burst.add(FetchMany::listing(before.next, to, &extra)))
        });
        let opened = ticket.connection().send_in(self.to_read(folder, true), commands);
        drop(order);
        let selected = self.selected(folder, opened).await?;
        if selected.validity.unwrap_or_default() != before.validity {
            return Err(expired("the folder is not the one that the cursor was for"));
        }
        let Some(modseq) = selected.modseq else { return Err(expired("the folder keeps no mod-sequences any more")) };
        let told = match flags {
            Some(answer) => answer.await.map_err(|fault| self.in_folder(folder, &fault, "list what changed"))?,
            None => Many::default(),
        };
        let new = new.await.map_err(|fault| self.in_folder(folder, &fault, "list the folder"))?;
        let end = end_of(&selected, &new.messages).max(before.next);
        let mut reading = Reading { next: before.next, end, modseq, messages: before.messages, ..before };
        let mut new = unique(new.messages);
        new.retain(|(uid, _)| *uid < end);
        reading.next = to.saturating_add(1).min(end);
        if vanished {
            if told.vanished.count() > MANY_GONE {
                return Err(expired("too much vanished to name it"));
            }
            reading.messages = u64::from(selected.exists);
        } else {
            // Nobody tells what vanished, but the count does, when everything new was listed.
            if !reading.is_done() || before.messages + new.len() as u64 != u64::from(selected.exists) {
                return Err(expired("messages vanished, and the server does not tell which"));
            }
            reading.messages = u64::from(selected.exists);
        }
        let mut page = Page::last(reading.cursor());
        page.changes.extend(told.vanished.iter().filter(|uid| *uid <= known).map(|uid| gone(uid, id)));
        let map = map.as_deref();
        page.changes.extend(unique(told.messages).into_iter().map(|(uid, data)| match map {
            Some(_) => present(map, data, uid, id),
            None => flagged(uid, data, id),
        }));
        page.changes.extend(new.into_iter().map(|(uid, data)| present(map, data, uid, id)));
        page.more = !reading.is_done();
        page.gone = Gone::Told;
        Ok(page)
    }

    /// One range of a folder.
    async fn listing(&self, folder: &Arc<KnownFolder>, from: u32, to: u32, fresh: bool) -> Result<(Selected, Many)> {
        let messages = folder.facts().messages.unwrap_or_default();
        let large = messages > BATCH_ITEMS as u64;
        // The first listing says that bodies will follow.
        let weight = if fresh { messages * ABOUT } else { 64 * messages.min(PAGE) } + 4096;
        let what = if large { Use::ReadLarge } else { Use::ReadSmall };
        let extra = self.extra(&FolderId::new(id_of(&folder.wire)));
        let order = folder.order.lock().await;
        let ticket = self.lane(folder, weight, what).await?;
        let (commands, answer) = burst(|burst| burst.add(FetchMany::listing(from, to, &extra)));
        let opened = ticket.connection().send_in(self.to_read(folder, fresh), commands);
        drop(order);
        let selected = self.selected(folder, opened).await?;
        let many = answer.await.map_err(|fault| self.in_folder(folder, &fault, "list the folder"))?;
        Ok((selected, many))
    }

    /// What is asked of each message beside what everybody tells.
    fn extra(&self, id: &FolderId) -> String {
        let labelled = self.label_map().is_some_and(|map| map.is_all(id));
        format!("{}{}", self.offered.identity_item(), if labelled { " X-GM-LABELS" } else { "" })
    }

    /// Up to which UID a page goes, no further than one command may (RFC 9738).
    fn span(&self, from: u32, end: u32, messages: u64, page: u64) -> u32 {
        let most = self.offered.message_limit.unwrap_or(u64::MAX).max(1);
        let last = u64::from(from).saturating_add(most - 1);
        span(from, end, messages, page).min(u32::try_from(last).unwrap_or(u32::MAX))
    }

    /// The first UID that exists from here on.
    async fn first_behind(&self, folder: &Arc<KnownFolder>, from: u32) -> Result<Option<u32>> {
        let ticket = self.lane(folder, 4096, Use::ReadSmall).await?;
        let (commands, answer) = burst(|burst| burst.add(Search::existing(from, u32::MAX, self.offered.esearch)));
        let opened = ticket.connection().send_in(self.to_read(folder, false), commands);
        self.selected(folder, opened).await?;
        let found = answer.await.map_err(|fault| self.in_folder(folder, &fault, "search the folder"))?;
        Ok(found.from(from).iter().next())
    }
}

/// Up to which UID a page of about this many messages goes, when UIDs below `end` have holes.
fn span(from: u32, end: u32, messages: u64, page: u64) -> u32 {
    let uids = u64::from(end.saturating_sub(1));
    let stretch = (uids / messages.max(1)).clamp(1, STRETCH);
    let to = u64::from(from) + page * stretch - 1;
    u32::try_from(to).unwrap_or(u32::MAX - 1).min(u32::MAX - 1)
}

/// The first UID that is not this reading's business.
fn end_of(selected: &Selected, messages: &[FetchData]) -> u32 {
    let highest = messages.iter().filter_map(|message| message.uid).max().map_or(1, |uid| uid.saturating_add(1));
    selected.next.unwrap_or(highest).max(1)
}

/// By UID, ascending; of a message that was named twice, the last word counts.
fn unique(messages: Vec<FetchData>) -> Vec<(u32, FetchData)> {
    let mut messages: Vec<(u32, FetchData)> =
        messages.into_iter().filter_map(|message| Some((message.uid?, message))).collect();
    messages.sort_by_key(|(uid, _)| *uid);
    messages.reverse();
    messages.dedup_by_key(|(uid, _)| *uid);
    messages.reverse();
    messages
}

fn present(map: Option<&LabelMap>, mut data: FetchData, uid: u32, folder: &FolderId) -> Change {
    let labels = data.labels.take();
    let mut item = reference(data, uid, folder);
    if let Some(map) = map.filter(|map| map.is_all(folder)) {
        map.place(&mut item, &labels.unwrap_or_default());
    }
    Change::Present(item)
}

fn gone(uid: u32, folder: &FolderId) -> Change {
    Change::Gone { id: ItemId::new(uid.to_string()), folder: Some(folder.clone()) }
}

fn flagged(uid: u32, mut data: FetchData, folder: &FolderId) -> Change {
    let (id, folder) = (ItemId::new(uid.to_string()), Some(folder.clone()));
    Change::Flags { id, folder, known: FlagMask::ALL, value: data.take_flags() }
}

fn expired(why: &str) -> Error {
    Error::new(ErrorKind::CursorExpired, format!("the folder has to be listed again: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_spans_more_uids_where_there_are_holes_but_not_without_bound() {
        assert_eq!(span(1, 20_001, 20_000, 1_000), 1_000);
        assert_eq!(span(1_001, 40_001, 20_000, 5_000), 11_000);
        assert_eq!(span(1, u32::MAX, 10, 5_000), 20_000);
        assert_eq!(span(u32::MAX - 5, u32::MAX, 10, 5_000), u32::MAX - 1);
    }

    #[test]
    fn the_last_word_about_a_message_counts() {
        let said = |uid, size| FetchData { uid: Some(uid), size: Some(size), ..FetchData::default() };
        let kept = unique(vec![said(2, 1), said(1, 1), said(2, 9)]);
        let kept: Vec<_> = kept.into_iter().map(|(uid, data)| (uid, data.size)).collect();
        assert_eq!(kept, [(1, Some(1)), (2, Some(9))]);
    }
}
