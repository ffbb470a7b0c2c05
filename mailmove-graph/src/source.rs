//! Reading: what changed in a folder, and whole items.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use mailmove_core::{
    Change, Cursor, Detail, Error, ErrorKind, FeedId, FolderId, Format, Gone, Item, ItemId, ItemRef, Page, Recovery,
    Result, Source, Spool, async_trait,
};

use crate::batch::Order;
use crate::capabilities::standard_format;
use crate::endpoint::GraphMailbox;
use crate::error;
use crate::map;
use crate::place::{Area, Place};
use crate::wire::ask::{Ask, can_be_an_id};
use crate::wire::message::{self, Message};

/// Before a link: the listing began from nothing and is not at its end.
const LISTING: &str = "listing:";
/// Before a link: everything was listed once.
const DELTA: &str = "delta:";

/// How many bodies are read at one time.
const READING: usize = 4;

#[async_trait]
impl Source for GraphMailbox {
    async fn changes(&self, feed: &FeedId, after: Option<&Cursor>, _: Detail) -> Result<Page> {
        self.list(feed, after).await.map_err(|error| self.on_side(error))
    }

    async fn fetch(&self, items: &[ItemRef], format: &Format, spool: &Spool) -> Vec<Result<Item>> {
        let mut verdicts: Vec<Option<Result<Item>>> = items.iter().map(|item| self.cannot(item, format)).collect();
        let due: Vec<usize> = (0..items.len()).filter(|at| verdicts[*at].is_none()).collect();
        // Items of one sort travel together.
        for area in Area::ALL {
            let places: Vec<usize> = due.iter().copied().filter(|at| area_of(&items[*at]) == Some(area)).collect();
            let some: Vec<&ItemRef> = places.iter().map(|at| &items[*at]).collect();
            for (at, verdict) in places.into_iter().zip(self.fetch_area(area, &some, format, spool).await) {
                verdicts[at] = Some(verdict);
            }
        }
        let verdict = |verdict: Option<Result<Item>>| {
            let verdict = verdict.unwrap_or_else(|| Err(Error::new(ErrorKind::Bug, "an item was left out")));
            verdict.map_err(|error| self.on_side(unread(error)))
        };
        verdicts.into_iter().map(verdict).collect()
    }
}

/// Where an item stands.
fn area_of(item: &ItemRef) -> Option<Area> {
    Some(Place::of(item.folders.first()?.as_str()).ok()?.area)
}

impl GraphMailbox {
    async fn list(&self, feed: &FeedId, after: Option<&Cursor>) -> Result<Page> {
        let place = Place::of(feed.as_str())?;
        match place.area {
            Area::Mail => self.list_mail(&place, after).await,
            area if self.by_class(area) => self.list_classes(&place, after).await,
            Area::Notes | Area::Journal => Err(without_streams(place.area)),
            _ => self.list_entries(&place, after).await,
        }
    }

    async fn list_mail(&self, place: &Place, after: Option<&Cursor>) -> Result<Page> {
        let (listing, link) = position(after)?;
        let page = self.client.page::<Message>(&message::delta(&self.user, &place.id), link.as_deref()).await?;
        let mut next = next(&page, listing)?;
        let partial: Vec<ItemId> = page
            .value
            .iter()
            .filter(|message| message.removed.is_none() && !message.is_whole())
            .map(|message| ItemId::new(message.id.as_str()))
            .collect();
        let mut whole = self.described(&partial.iter().collect::<Vec<_>>()).await.into_iter();
        let folder = place.folder_id();
        for message in page.value {
            let gone = Change::Gone { id: ItemId::new(message.id.as_str()), folder: Some(folder.clone()) };
            let change = match () {
                () if message.removed.is_some() => gone,
                () if message.is_whole() => Change::Present(map::item::reference(&message, &folder)),
                () => match whole.next() {
                    Some(Ok(message)) => Change::Present(map::item::reference(&message, &folder)),
                    Some(Err(error)) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => gone,
                },
            };
            next.changes.push(change);
        }
        Ok(next)
    }

    /// What the server says of these messages; those that cannot exist are not asked for.
    pub(crate) async fn described(&self, ids: &[&ItemId]) -> Vec<Result<Message>> {
        let possible = |id: &&&ItemId| can_be_an_id(id.as_str());
        let asks: Vec<Ask> = ids.iter().filter(possible).map(|id| message::get(&self.user, id.as_str())).collect();
        let mut answers = self.client.batch_of::<Message>(&asks, Order::Any).await.into_iter();
        let absent = || Error::new(ErrorKind::NotFound, "nothing has this id");
        let describe = |id: &&ItemId| match possible(&id) {
            true => answers.next().unwrap_or_else(|| Err(absent())),
            false => Err(absent()),
        };
        ids.iter().map(describe).collect()
    }

    /// Why an item need not be asked for.
    fn cannot(&self, item: &ItemRef, format: &Format) -> Option<Result<Item>> {
        let stream = *format == Format::FASTTRANSFER && self.found.streams;
        if !stream && standard_format(item.kind) != *format {
            let error = Error::new(ErrorKind::Unsupported, format!("a {} cannot be read in this format", item.kind));
            return Some(Err(error.with("format", format)));
        }
        let known = can_be_an_id(item.id.as_str()) && area_of(item).is_some();
        (!known).then(|| Err(Error::new(ErrorKind::NotFound, "nothing has this id").with("item", &item.id)))
    }

    async fn fetch_area(&self, area: Area, items: &[&ItemRef], format: &Format, spool: &Spool) -> Vec<Result<Item>> {
        if items.is_empty() {
            return Vec::new();
        }
        match area {
            area if self.by_class(area) => self.fetch_classes(items, format, spool).await,
            Area::Notes | Area::Journal => items.iter().map(|_| Err(without_streams(area))).collect(),
            area if *format == Format::FASTTRANSFER => self.fetch_streams(area, items, spool).await,
            Area::Mail => self.fetch_mail(items, format, spool).await,
            _ => self.fetch_entries(items, spool).await,
        }
    }

    /// What messages are in one request for twenty, and their bodies one by one.
    async fn fetch_mail(&self, items: &[&ItemRef], format: &Format, spool: &Spool) -> Vec<Result<Item>> {
        let ids: Vec<&ItemId> = items.iter().map(|item| &item.id).collect();
        let described = self.described(&ids).await;
        let read = |(item, message): (&&ItemRef, Result<Message>)| {
            let id = item.id.clone();
            let folder = item.folders.first().cloned();
            async move {
                let message = here(message?, folder.as_ref())?;
                let body = self.client.download(&message::value(&self.user, id.as_str()), spool).await;
                map::item::whole(&message, &id, format, body.map_err(too_slow)?)
            }
        };
        let reading: Vec<_> = items.iter().zip(described).map(read).collect();
        stream::iter(reading).buffered(READING).collect().await
    }
}

/// What cannot be reached here at all.
pub(crate) fn without_streams(area: Area) -> Error {
    Error::new(ErrorKind::Unsupported, format!("Graph has no interface for {}", area.as_str()))
        .remedy("allow streams, and grant the application MailboxItem.ImportExport.All and MailboxFolder.ReadWrite.All")
}

/// What was removed or moved can still be read by its id: it stands in another folder.
pub(crate) fn here(message: Message, folder: Option<&FolderId>) -> Result<Message> {
    let place = folder.and_then(|folder| Place::of(folder.as_str()).ok());
    match (&message.parent_folder_id, place) {
        (Some(parent), Some(place)) if *parent != place.id => {
            Err(Error::new(ErrorKind::NotFound, "the item is in another folder now"))
        }
        _ => Ok(message),
    }
}

/// From where a listing goes on.
pub(crate) fn position(after: Option<&Cursor>) -> Result<(bool, Option<String>)> {
    let Some(cursor) = after.map(Cursor::as_str) else { return Ok((true, None)) };
    match (cursor.strip_prefix(LISTING), cursor.strip_prefix(DELTA)) {
        (Some(link), _) => Ok((true, Some(link.to_owned()))),
        (_, Some(link)) => Ok((false, Some(link.to_owned()))),
        _ => Err(Error::new(ErrorKind::CursorExpired, "this cursor is from somewhere else")),
    }
}

/// A page without its changes: where it goes on, and what absence means.
pub(crate) fn next<T>(page: &crate::wire::page::Page<T>, listing: bool) -> Result<Page> {
    let (link, more) = match (&page.next, &page.delta) {
        (Some(next), _) => (next, true),
        (None, Some(delta)) => (delta, false),
        (None, None) => {
            return Err(Error::new(ErrorKind::Protocol, "the server does not say how far the listing went"));
        }
    };
    let mut next = Page::last(Cursor::new(format!("{}{link}", if listing && more { LISTING } else { DELTA })));
    next.more = more;
    next.gone = if listing { Gone::ByAbsence } else { Gone::Told };
    Ok(next)
}

/// A message that the provider cannot render within its own time can still be had as a stream.
fn too_slow(error: Error) -> Error {
    match error::status(&error) {
        Some(504) => error.with_recovery(Recovery::OtherRoute),
        _ => error,
    }
}

/// Reading leaves no doubt behind: what could not be read can be asked for again.
fn unread(error: Error) -> Error {
    match error.recovery() {
        Recovery::Locate if error.kind() == ErrorKind::Protocol => error.with_recovery(Recovery::OtherRoute),
        Recovery::Locate => error.with_recovery(Recovery::Retry { after: Some(Duration::ZERO) }),
        _ => error,
    }
}
