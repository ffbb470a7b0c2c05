use mailmove_core::{
    Change, Cursor, Detail, Error, ErrorKind, FeedId, FlagMask, Format, Gone, Item, ItemId, ItemRef, Page, Result,
    Source, Spool, async_trait,
};

use super::folder::MAILBOX_FEED;
use super::item::Stored;
use super::log::{Entry, Log, Reached, expired};
use super::state::{State, no_item};
use super::{MemoryEndpoint, Removals, transfer};

#[async_trait]
impl Source for MemoryEndpoint {
    async fn changes(&self, feed: &FeedId, after: Option<&Cursor>, detail: Detail) -> Result<Page> {
        tokio::task::yield_now().await;
        let mut state = self.mailbox.state();
        state.counts.changes += 1;
        page(&state, feed, after, detail).map_err(|error| self.error(error.with("feed", feed)))
    }

    async fn fetch(&self, items: &[ItemRef], format: &Format, spool: &Spool) -> Vec<Result<Item>> {
        tokio::task::yield_now().await;
        let mut state = self.mailbox.state();
        state.counts.fetch += 1;
        state.counts.fetched += items.len() as u64;
        if items.len() > self.capabilities.batch_items {
            let error = Error::new(ErrorKind::Bug, "more references in one call than this endpoint takes");
            return vec![Err(self.error(error)); items.len()];
        }
        let read = |item| read(&state, item, format, spool).map_err(|error| self.error(error));
        items.iter().map(read).collect()
    }
}

/// A feed: one folder's, or the mailbox's.
struct Feed<'a> {
    state: &'a State,
    /// `None`: the mailbox's.
    folder: Option<u64>,
    epoch: u64,
    log: &'a Log,
}

fn page(state: &State, feed: &FeedId, after: Option<&Cursor>, detail: Detail) -> Result<Page> {
    let feed = Feed::find(state, feed)?;
    match after.map(|cursor| Reached::parse(cursor, feed.epoch)).transpose()? {
        None => Ok(feed.listing(state.clock, 0, detail)),
        Some(Reached::Listing { began, uid }) => Ok(feed.listing(began, uid, detail)),
        Some(Reached::Changes { .. }) if state.options.removals == Removals::ByAbsence => Err(expired()),
        Some(Reached::Changes { after }) if !feed.log.remembers(after) => Err(expired()),
        Some(Reached::Changes { after }) => Ok(feed.changes(after, detail)),
    }
}

impl<'a> Feed<'a> {
    fn find(state: &'a State, feed: &FeedId) -> Result<Self> {
        if !state.per_folder() && feed.as_str() == MAILBOX_FEED {
            return Ok(Self { state, folder: None, epoch: state.epoch, log: &state.log });
        }
        let key = state.per_folder().then(|| state.find_folder(&feed.as_str().into())).flatten();
        let key = key.ok_or_else(|| Error::new(ErrorKind::NotFound, "the feed does not exist"))?;
        let folder = state.folder(key);
        Ok(Self { state, folder: Some(key), epoch: folder.epoch, log: &folder.log })
    }

    /// A page of a listing that began at this reading of the clock, behind this number. What changes meanwhile is told
    /// by the changes since then.
    fn listing(&self, began: u64, after: u64, detail: Detail) -> Page {
        let items = match self.folder {
            Some(key) => &self.state.folder(key).placed,
            None => &self.state.numbers,
        };
        let all = items.range(after + 1..).map(|(_, serial)| self.state.item(*serial));
        let mut finished = all.filter(|item| item.complete).peekable();
        let mut page = Page::last(Reached::Changes { after: began }.cursor(self.epoch));
        for item in finished.by_ref().take(self.state.options.page) {
            page.changes.push(Change::Present(self.reference(item, detail)));
            page.next = Reached::Listing { began, uid: item.uid }.cursor(self.epoch);
        }
        page.more = finished.peek().is_some();
        if !page.more {
            page.next = Reached::Changes { after: began }.cursor(self.epoch);
            page.gone = match self.state.options.removals {
                Removals::Told | Removals::ByAbsence => Gone::ByAbsence,
                Removals::Unknown => Gone::Unknown,
            };
        }
        page
    }

    fn changes(&self, after: u64, detail: Detail) -> Page {
        let tells_gone = self.state.options.removals == Removals::Told;
        let mut page = Page::last(Reached::Changes { after: self.state.clock.max(after) }.cursor(self.epoch));
        let mut entries = self.log.after(after).peekable();
        for (at, entry) in entries.by_ref().take(self.state.options.page) {
            page.next = Reached::Changes { after: at }.cursor(self.epoch);
            match entry {
                Entry::Changed(uid) => page.changes.extend(self.present(uid, after, detail)),
                Entry::Gone(departure) if tells_gone => {
                    let folder = departure.folder.and_then(|key| Some(self.state.folders.get(&key)?.id.clone()));
                    // A folder that is gone took its items with it: its departures are told by its absence.
                    if folder.is_some() || departure.folder.is_none() {
                        page.changes.push(Change::Gone { id: self.state.item_id(departure.uid), folder });
                    }
                }
                Entry::Gone(_) => {}
            }
        }
        page.more = entries.peek().is_some();
        page.gone = if tells_gone { Gone::Told } else { Gone::Unknown };
        page
    }

    /// A changed item; only its flags, when nothing else changed behind the cursor.
    fn present(&self, uid: u64, after: u64, detail: Detail) -> Option<Change> {
        let serial = match self.folder {
            Some(key) => self.state.folder(key).placed.get(&uid),
            None => self.state.numbers.get(&uid),
        };
        let item = self.state.item(*serial?);
        if !item.complete {
            return None;
        }
        if item.changed_content > after {
            return Some(Change::Present(self.reference(item, detail)));
        }
        let (id, value) = (self.state.item_id(uid), item.flags.clone());
        Some(Change::Flags { id, folder: None, known: FlagMask::ALL, value })
    }

    fn reference(&self, item: &Stored, detail: Detail) -> ItemRef {
        let folder = |key: &u64| self.state.folder(*key).id.clone();
        let mut reference = ItemRef::new(self.state.item_id(item.uid), folder(&item.places[0]), item.size());
        reference.folders = item.places.iter().map(folder).collect();
        reference.kind = item.kind;
        reference.content = item.revision();
        reference.flags = item.flags.clone();
        reference.received = item.received;
        reference.dated = item.dated();
        if detail == Detail::Identity && self.state.options.identities {
            reference.identity = Some(format!("identity-{}", item.identity));
        }
        reference
    }
}

fn read(state: &State, reference: &ItemRef, format: &Format, spool: &Spool) -> Result<Item> {
    let serial = find(state, reference).ok_or_else(|| no_item(&reference.id))?;
    let stored = state.item(serial);
    let body = spool.body(transfer::export(stored.kind, &stored.bytes, format)?)?;
    let mut item = Item::new(reference.id.clone(), stored.kind, format.clone(), body);
    let print = stored.fingerprint();
    item.fingerprint.uid = print.uid.clone();
    // Nobody reads the header out of a stream.
    item.fingerprint.key = print.key.filter(|_| *format != Format::FASTTRANSFER);
    item.fingerprint.mark = stored.mark.clone();
    item.flags = stored.flags.clone();
    item.received = stored.received;
    item.created = stored.created;
    item.modified = stored.modified;
    item.class = stored.class.clone();
    Ok(item)
}

fn find(state: &State, reference: &ItemRef) -> Option<u64> {
    let id: &ItemId = &reference.id;
    let mut folders = reference.folders.iter().filter_map(|folder| state.find_folder(folder));
    folders.find_map(|key| state.need_item(key, id).ok())
}
