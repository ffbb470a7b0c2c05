//! Reading: what changed in a folder, and whole items.

use std::time::Duration;

use mailmove_core::{
    Body, Change, Cursor, Detail, Error, ErrorKind, FeedId, FlagMask, Flags, FolderId, Format, Gone, Item, ItemFlags,
    ItemId, ItemRef, Kind, Page, Recovery, Result, Source, Spool, async_trait,
};

use crate::batch::{self, Ranges};
use crate::capabilities::BATCH_BYTES;
use crate::client::Client;
use crate::endpoint::EwsMailbox;
use crate::map;
use crate::wire::export_items::ExportItems;
use crate::wire::get_item::GetItem;
use crate::wire::ids::{FolderRef, ItemKey};
use crate::wire::item::ItemData;
use crate::wire::shape::Shape;
use crate::wire::sync_folder_items::{Changed, Changes, SyncFolderItems};
use crate::wire::writer::can_be_sent;

/// Before a sync state: the listing began from nothing and is not at its end.
const LISTING: &str = "listing:";
/// Before a sync state: everything was listed once.
const DELTA: &str = "delta:";

#[async_trait]
impl Source for EwsMailbox {
    async fn changes(&self, feed: &FeedId, after: Option<&Cursor>, _: Detail) -> Result<Page> {
        self.page(feed, after).await.map_err(|error| self.on_side(error))
    }

    async fn fetch(&self, items: &[ItemRef], format: &Format, spool: &Spool) -> Vec<Result<Item>> {
        let mut verdicts = Vec::with_capacity(items.len());
        let sizes: Vec<u64> = items.iter().map(|item| item.size).collect();
        for range in batch::split(&sizes, self.reads.items(), BATCH_BYTES) {
            // What public folders hold may be in different places.
            let together = |one: &ItemRef, next: &ItemRef| self.public.is_none() || one.folders == next.folders;
            for some in items[range].chunk_by(together) {
                verdicts.extend(self.fetch_batch(some, format, spool).await);
            }
        }
        verdicts.into_iter().map(|verdict| verdict.map_err(|error| self.on_side(error))).collect()
    }
}

impl EwsMailbox {
    async fn page(&self, feed: &FeedId, after: Option<&Cursor>) -> Result<Page> {
        if feed.as_str().is_empty() || !can_be_sent(feed.as_str()) {
            return Err(Error::new(ErrorKind::NotFound, "there is no such folder").with("folder", feed));
        }
        if self.public.is_some() {
            return self.public_page(feed, after).await;
        }
        let (listing, state) = match after.map(Cursor::as_str) {
            None => (true, None),
            Some(cursor) => match (cursor.strip_prefix(LISTING), cursor.strip_prefix(DELTA)) {
                (Some(state), _) => (true, Some(state.to_owned())),
                (_, Some(state)) => (false, Some(state.to_owned())),
                _ => return Err(Error::new(ErrorKind::CursorExpired, "this cursor is from somewhere else")),
            },
        };
        let folder = FolderRef::Id(feed.as_str().to_owned());
        let answer = self.client.ask_one(&SyncFolderItems { folder, shape: Shape::LISTING, state }).await?;
        let (Some(state), Some(last)) = (answer.state.clone(), answer.last) else {
            return Err(Error::new(ErrorKind::Protocol, "the server does not say how far the listing went"));
        };
        let mut page = Page::last(Cursor::new(format!("{}{state}", if listing && !last { LISTING } else { DELTA })));
        page.more = !last;
        page.gone = if listing { Gone::ByAbsence } else { Gone::Told };
        page.changes = changes(answer, &FolderId::new(feed.as_str()));
        Ok(page)
    }

    /// Items that travel in one request, unless one of them is too much for it.
    async fn fetch_batch(&self, items: &[ItemRef], format: &Format, spool: &Spool) -> Vec<Result<Item>> {
        let mut verdicts: Vec<Option<Result<Item>>> = items.iter().map(|item| self.cannot(item, format)).collect();
        let due: Vec<usize> = (0..items.len()).filter(|at| verdicts[*at].is_none()).collect();
        let mut ranges = Ranges::new(due.len());
        while let Some(range) = ranges.next() {
            let asked: Vec<&ItemRef> = due[range.clone()].iter().map(|at| &items[*at]).collect();
            let answered = self.fetch_some(&asked, format, spool).await;
            self.reads.judge(range.len(), &answered);
            match answered {
                Ok(answers) => {
                    for (at, answer) in due[range].iter().zip(answers) {
                        verdicts[*at] = Some(answer);
                    }
                }
                // One of them is to blame; alone, it fails alone.
                Err(error) if range.len() > 1 && batch::may_be_one_items(&error) => ranges.halve(range),
                Err(error) => {
                    for at in &due[range] {
                        verdicts[*at] = Some(Err(unread(error.clone())));
                    }
                }
            }
        }
        verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(|| Err(map::item::without_content()))).collect()
    }

    /// Why an item need not be asked for.
    fn cannot(&self, item: &ItemRef, format: &Format) -> Option<Result<Item>> {
        let stream = *format == Format::FASTTRANSFER && self.version().has_export();
        let standard = map::item::standard_format(item.kind) == *format;
        if !(stream || standard) {
            let error = Error::new(ErrorKind::Unsupported, format!("a {} cannot be read in this format", item.kind));
            return Some(Err(error.with("format", format)));
        }
        let known = !item.id.as_str().is_empty() && can_be_sent(item.id.as_str());
        (!known).then(|| Err(Error::new(ErrorKind::NotFound, "nothing has this id").with("item", &item.id)))
    }

    async fn fetch_some(&self, items: &[&ItemRef], format: &Format, spool: &Spool) -> Result<Vec<Result<Item>>> {
        let keys: Vec<ItemKey> = items.iter().map(|item| ItemKey::new(item.id.as_str())).collect();
        let client = self.client_of(items.first().and_then(|item| item.folders.first())).await?;
        if *format == Format::FASTTRANSFER {
            return self.export(&client, items, keys, spool).await;
        }
        // One request for those that come as MIME, one for each kind that is told by its fields.
        let mut verdicts: Vec<Option<Result<Item>>> = items.iter().map(|_| None).collect();
        let sort = |item: &ItemRef| Some(item.kind).filter(|kind| map::item::by_fields(*kind));
        let mut sorts: Vec<Option<Kind>> = items.iter().map(|item| sort(item)).collect();
        sorts.sort_by_key(|sort| sort.map(Kind::as_str));
        sorts.dedup();
        for wanted in sorts {
            let places: Vec<usize> = (0..items.len()).filter(|at| sort(items[*at]) == wanted).collect();
            let some: Vec<ItemKey> = places.iter().map(|at| keys[*at].clone()).collect();
            let shape = match wanted {
                None => Shape::WITH_MIME,
                Some(Kind::Journal) => Shape::JOURNAL,
                Some(_) => Shape::WITH_FIELDS,
            };
            let answers = client.ask_into(&GetItem { shape, items: some }, places.len(), spool).await?;
            for (at, answer) in places.into_iter().zip(answers) {
                verdicts[at] = Some(answer.and_then(|data| read(data, items[at], format, spool)));
            }
        }
        Ok(verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(|| Err(map::item::without_content()))).collect())
    }

    /// The stream of each item. What its verdict tells of it stands in the stream; the server is asked about those alone
    /// whose streams do not tell enough.
    async fn export(
        &self,
        client: &Client,
        items: &[&ItemRef],
        keys: Vec<ItemKey>,
        spool: &Spool,
    ) -> Result<Vec<Result<Item>>> {
        let answers = client.ask_into(&ExportItems { items: keys.clone() }, items.len(), spool).await?;
        let told = |answer: Result<Option<Result<Body>>>| {
            let stream = answer?.ok_or_else(map::item::without_content)??;
            Ok((map::stream::described(&stream)?, stream))
        };
        let streams: Vec<Result<(Option<ItemData>, Body)>> = answers.into_iter().map(told).collect();
        let silent: Vec<usize> = (0..streams.len()).filter(|at| matches!(streams[*at], Ok((None, _)))).collect();
        let mut described = match silent.len() {
            0 => Vec::new(),
            count => {
                let events = silent.iter().all(|at| items[*at].kind == Kind::Event);
                let shape = if events { Shape::EVENT } else { Shape::ITEM };
                let keys = silent.iter().map(|at| keys[*at].clone()).collect();
                client.ask(&GetItem { shape, items: keys }, count).await?
            }
        }
        .into_iter();
        let mut whole = |item: &&ItemRef, answer: Result<(Option<ItemData>, Body)>| {
            let (told, stream) = answer?;
            let data = match told {
                Some(data) => data,
                None => described.next().unwrap_or(Ok(None))?.ok_or_else(map::item::without_content)?,
            };
            map::item::whole(&data, &item.id, &Format::FASTTRANSFER, stream)
        };
        Ok(items.iter().zip(streams).map(|(item, answer)| whole(item, answer)).collect())
    }
}

/// The whole item that an answer holds.
fn read(data: Option<ItemData>, asked: &ItemRef, format: &Format, spool: &Spool) -> Result<Item> {
    let mut data = data.ok_or_else(map::item::without_content)?;
    if !map::item::by_fields(asked.kind) {
        let mime = data.mime.take().ok_or_else(map::item::without_content)??;
        return map::item::whole(&data, &asked.id, format, mime);
    }
    let (text, losses) = map::item::text_of(&data);
    let mut item = map::item::whole(&data, &asked.id, format, spool.body(text)?)?;
    item.losses = losses;
    Ok(item)
}

fn changes(answer: Changes, folder: &FolderId) -> Vec<Change> {
    let change = |changed| match changed {
        Changed::Present(item) => Change::Present(map::item::reference(&item, folder)),
        Changed::Deleted(key) => Change::Gone { id: ItemId::new(key.id), folder: Some(folder.clone()) },
        Changed::Read(key, read) => Change::Flags {
            id: ItemId::new(key.id),
            folder: Some(folder.clone()),
            known: FlagMask { state: ItemFlags::SEEN, categories: false },
            value: Flags::new(if read { ItemFlags::SEEN } else { ItemFlags::empty() }),
        },
    };
    answer.changes.into_iter().map(change).collect()
}

/// Reading leaves no doubt behind: what could not be read can be asked for again.
fn unread(error: Error) -> Error {
    match error.recovery() {
        Recovery::Locate if error.kind() == ErrorKind::Protocol => error.with_recovery(Recovery::OtherRoute),
        Recovery::Locate => error.with_recovery(Recovery::Retry { after: Some(Duration::ZERO) }),
        _ => error,
    }
}
