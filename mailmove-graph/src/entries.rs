//! Reading contacts, events and tasks: by their fields.

use futures_util::stream::{self, StreamExt};
use mailmove_core::{
    Body, Change, Cursor, Error, ErrorKind, Flags, Format, Item, ItemId, ItemRef, Page, Result, Spool,
};
use mailmove_exchange::calendar::{Task, write_event};

use crate::batch::Order;
use crate::capabilities::standard_format;
use crate::endpoint::GraphMailbox;
use crate::map;
use crate::map::contact::Photo;
use crate::place::{Area, Place};
use crate::source::{here, next, position};
use crate::wire::ask::{Ask, can_be_an_id};
use crate::wire::attachment::Holder;
use crate::wire::entry;
use crate::wire::property::Property;
use crate::wire::record::Record;

/// What a listing says that can only begin anew.
const ANEW: &str = "anew";

/// About how many bytes an entry has, since no server says so.
const USUAL_SIZE: u64 = 2048;

/// How many entries are read at one time.
const READING: usize = 4;

impl GraphMailbox {
    /// A page of a folder of entries.
    pub(crate) async fn list_entries(&self, place: &Place, after: Option<&Cursor>) -> Result<Page> {
        if after.is_some_and(|cursor| cursor.as_str() == ANEW) {
            return Err(Error::new(
                ErrorKind::CursorExpired,
                "Graph tells changes of events only by listing them anew",
            ));
        }
        let (listing, link) = position(after)?;
        if link.as_deref().is_some_and(crate::store::is_own) {
            return Err(Error::new(ErrorKind::CursorExpired, "this cursor is of another interface"));
        }
        let mut page = self.client.page::<Record>(&entry::list(&self.user, place), link.as_deref()).await?;
        let whole = page.next.is_none() && page.delta.is_none() && place.area == Area::Calendars;
        page.delta = page.delta.or_else(|| whole.then(|| ANEW.to_owned()));
        let mut next = next(&page, listing)?;
        if whole {
            next.next = Cursor::new(ANEW);
        }
        let folder = place.folder_id();
        next.changes.extend(page.value.iter().map(|record| match record.is_removed() {
            true => Change::Gone { id: ItemId::new(record.id()), folder: Some(folder.clone()) },
            false => Change::Present(reference(record, place)),
        }));
        Ok(next)
    }

    /// Whole entries in their standard format, one verdict for each.
    pub(crate) async fn fetch_entries(&self, items: &[&ItemRef], spool: &Spool) -> Vec<Result<Item>> {
        let places: Vec<Result<Place>> = items.iter().map(|item| place_of(item)).collect();
        let asks: Vec<Ask> = items
            .iter()
            .zip(&places)
            .filter_map(|(item, place)| Some(entry::get(&self.user, place.as_ref().ok()?, item.id.as_str())))
            .collect();
        let mut records = self.client.batch_of::<Record>(&asks, Order::Any).await.into_iter();
        let read = |(item, place): (&&ItemRef, Result<Place>)| {
            let record = place.is_ok().then(|| records.next()).flatten();
            let id = item.id.clone();
            async move {
                let place = place?;
                let record = record.ok_or_else(|| Error::new(ErrorKind::Bug, "an entry was not asked for"))??;
                if record.text("parentFolderId").is_some_and(|parent| parent != place.id)
                    && place.area == Area::Contacts
                {
                    return Err(Error::new(ErrorKind::NotFound, "the item is in another folder now"));
                }
                self.whole(&place, id, &record, spool).await
            }
        };
        let reading: Vec<_> = items.iter().zip(places).map(read).collect();
        stream::iter(reading).buffered(READING).collect().await
    }

    async fn whole(&self, place: &Place, id: ItemId, record: &Record, spool: &Spool) -> Result<Item> {
        let (body, losses): (Body, _) = match place.area {
            Area::Contacts => {
                let photo = self.photo(record).await?;
                (spool.body(map::contact::write(record, photo.as_ref()))?, Vec::new())
            }
            Area::Tasks => {
                let (mut task, mut losses): (Task, _) = map::task::task(record, uid_of(place.area, record));
                if record.is("hasAttachments") {
                    let holder = Holder::task(&self.user, &place.id, record.id());
                    let files = self.attached_to_task(&holder, spool, &mut losses).await?;
                    task.attachments.splice(..0, files);
                }
                (task.write(spool)?, losses)
            }
            _ => {
                let series = record.text("type").is_some_and(|kind| kind.eq_ignore_ascii_case("seriesMaster"));
                let exceptions = match series || !record.0["recurrence"].is_null() {
                    true => self.exceptions(record).await?,
                    false => Record::default(),
                };
                let (mut event, mut losses) = map::event::appointment(record, &exceptions, uid_of(place.area, record));
                self.attached_to_event(record, &exceptions, &mut event, spool, &mut losses).await?;
                (write_event(&event, spool)?, losses)
            }
        };
        let kind = place.area.kind();
        let uid = map::item::uid_in(&mailmove_exchange::opening::beginning(&body)?);
        let mut item = Item::new(id, kind, standard_format(kind), body);
        item.fingerprint.uid = uid;
        item.flags = map::flags::with_categories(Flags::default(), &record.categories());
        item.created = record.when("createdDateTime");
        item.modified = record.when("lastModifiedDateTime");
        item.losses = losses;
        Ok(item)
    }

    /// The picture of a contact, when it says that it has one.
    async fn photo(&self, contact: &Record) -> Result<Option<Photo>> {
        if contact.property(Property::HasPicture).is_none_or(|has| !has.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        match self.client.download(&entry::photo(&self.user, contact.id()), &self.spool).await {
            Ok(body) => {
                let bytes = body.bytes()?;
                let content_type = if bytes.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" };
                Ok(Some(Photo { content_type: content_type.to_owned(), bytes }))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the server says of these entries; those that cannot exist are not asked for.
    pub(crate) async fn entries(&self, place: &Place, ids: &[&ItemId]) -> Vec<Result<Record>> {
        self.entries_by(ids, |id| entry::get(&self.user, place, id.as_str())).await
    }

    /// The same of tasks, as far as they are known by it.
    pub(crate) async fn known_tasks(&self, place: &Place, ids: &[&ItemId]) -> Vec<Result<Record>> {
        self.entries_by(ids, |id| entry::known_task(&self.user, place, id.as_str())).await
    }

    async fn entries_by(&self, ids: &[&ItemId], ask: impl Fn(&ItemId) -> Ask) -> Vec<Result<Record>> {
        let possible = |id: &&&ItemId| can_be_an_id(id.as_str());
        let asks: Vec<Ask> = ids.iter().filter(possible).map(|id| ask(id)).collect();
        let mut answers = self.client.batch_of::<Record>(&asks, Order::Any).await.into_iter();
        let absent = || Error::new(ErrorKind::NotFound, "nothing has this id");
        ids.iter()
            .map(|id| if possible(&id) { answers.next().unwrap_or_else(|| Err(absent())) } else { Err(absent()) })
            .collect()
    }

    /// As [`fetch_entries`](Self::fetch_entries), as streams; of messages as well.
    pub(crate) async fn fetch_streams(&self, area: Area, items: &[&ItemRef], spool: &Spool) -> Vec<Result<Item>> {
        let streams = self.export(items, spool).await;
        if area == Area::Mail {
            let ids: Vec<&ItemId> = items.iter().map(|item| &item.id).collect();
            let described = self.described(&ids).await.into_iter();
            let whole = |((item, message), stream): ((&&ItemRef, Result<_>), Result<_>)| {
                let message = here(message?, item.folders.first())?;
                map::item::whole(&message, &item.id, &Format::FASTTRANSFER, stream?)
            };
            return items.iter().zip(described).zip(streams).map(whole).collect();
        }
        let mut verdicts = Vec::with_capacity(items.len());
        for (item, stream) in items.iter().zip(streams) {
            verdicts.push(self.with_stream(item, stream).await);
        }
        verdicts
    }

    async fn with_stream(&self, item: &ItemRef, stream: Result<mailmove_core::Body>) -> Result<Item> {
        let (stream, place) = (stream?, place_of(item)?);
        let record = self.entries(&place, &[&item.id]).await.swap_remove(0)?;
        let mut whole = Item::new(item.id.clone(), place.area.kind(), Format::FASTTRANSFER, stream);
        whole.fingerprint.uid = Some(uid_of(place.area, &record));
        whole.flags = map::flags::with_categories(Flags::default(), &record.categories());
        whole.created = record.when("createdDateTime");
        whole.modified = record.when("lastModifiedDateTime");
        Ok(whole)
    }
}

pub(crate) fn place_of(item: &ItemRef) -> Result<Place> {
    let folder = item.folders.first().ok_or_else(|| Error::new(ErrorKind::NotFound, "the item is in no folder"))?;
    Place::of(folder.as_str())
}

/// By what an entry is known elsewhere.
pub(crate) fn uid_of(area: Area, record: &Record) -> String {
    let own = match area {
        Area::Tasks => origin(record).and_then(|origin| origin.text("externalId").map(str::to_owned)),
        _ => record.property(Property::Uid),
    };
    own.or_else(|| record.text("iCalUId").map(str::to_owned)).unwrap_or_else(|| record.id().to_owned())
}

/// What stands in place of the mark of a task that was not written to its end.
pub(crate) const UNFINISHED: &str = "mailmove: unfinished";

/// Whether we wrote an entry.
pub(crate) fn is_ours(area: Area, record: &Record) -> bool {
    match area {
        Area::Tasks => origin(record).is_some(),
        _ => record.property(Property::Uid).is_some(),
    }
}

/// The mark that an entry carries.
pub(crate) fn mark_of(area: Area, record: &Record) -> Option<String> {
    match area {
        Area::Tasks => origin(record)?.text("displayName").filter(|mark| *mark != UNFINISHED).map(str::to_owned),
        _ => record.property(Property::Mark),
    }
}

/// What a task comes from, when we made it.
fn origin(task: &Record) -> Option<Record> {
    let ours = |one: &Record| one.text("applicationName") == Some(entry::APPLICATION);
    task.records("linkedResources").find(ours)
}

/// As a listing names it.
fn reference(record: &Record, place: &Place) -> ItemRef {
    let mut found = ItemRef::new(ItemId::new(record.id()), place.folder_id(), USUAL_SIZE);
    found.kind = place.area.kind();
    found.content = map::revision::from_number(map::revision::of_version(record.version()));
    found.flags = map::flags::with_categories(Flags::default(), &record.categories());
    found.dated = match place.area {
        Area::Calendars => map::event::moment_in(&record.0["start"]).map(|moment| moment.utc()),
        _ => record.when("lastModifiedDateTime"),
    };
    found.identity = Some(record.id().to_owned());
    found
}
