use std::any::Any;
use std::sync::Arc;

use mailmove_core::{
    Capabilities, Change, Cursor, Destination, Detail, Endpoint, Error, ErrorKind, FeedId, FolderId, Format, Gone,
    Item, ItemRef, Kind, Mark, Match, NewFolder, Position, Result, Side, Source, Spool, Wanted, Write, Written,
};

use super::check::{only, skip};
use super::{Harness, Outcome, Subject, Unmet, User};
use crate::memory::{fingerprint_of, standard_format};
use crate::nasty;

/// How many pages a listing may have at most before it counts as endless.
const ENDLESS: usize = 10_000;

/// A fresh mailbox, opened, with the tools that cases use.
pub struct Bench {
    /// The mailbox under test.
    pub subject: Subject,
    source: Option<Arc<dyn Source>>,
    destination: Option<Arc<dyn Destination>>,
    spool: Spool,
}

/// A folder made for a case.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder.
    pub id: FolderId,
    /// The kind that it was made for.
    pub kind: Kind,
    /// Its position when it was made, if it has one.
    pub position: Option<Position>,
}

/// A feed, read to its end.
#[derive(Debug, Clone)]
pub struct Listing {
    /// What is in the folder, in the order in which it was first named.
    pub items: Vec<ItemRef>,
    /// Every change in the order told, whatever folder.
    pub changes: Vec<Change>,
    /// Where to go on.
    pub next: Cursor,
    /// What absence means.
    pub gone: Gone,
    /// How many pages it took.
    pub pages: usize,
}

impl Bench {
    /// Opens a fresh mailbox.
    pub async fn open(harness: &dyn Harness) -> Outcome<Self> {
        let subject = harness.mailbox().await?;
        let mut reading = subject.mailbox.clone();
        reading.side = Side::Source;
        let source = supported(subject.connector.source(&reading).await)?;
        let destination = supported(subject.connector.destination(&subject.mailbox).await)?;
        Ok(Self { subject, source, destination, spool: Spool::new(64 << 20) })
    }

    /// The mailbox as a source.
    pub fn source(&self) -> Outcome<&dyn Source> {
        self.source.as_deref().ok_or_else(|| Unmet::Skipped("it cannot be read".into()))
    }

    /// The mailbox as a destination.
    pub fn destination(&self) -> Outcome<&dyn Destination> {
        self.destination.as_deref().ok_or_else(|| Unmet::Skipped("it cannot be written".into()))
    }

    /// The mailbox as whatever it is.
    pub fn endpoint(&self) -> Outcome<&dyn Endpoint> {
        match (&self.source, &self.destination) {
            (Some(source), _) => Ok(source.as_ref()),
            (None, Some(destination)) => Ok(destination.as_ref()),
            (None, None) => Err(Unmet::Broken("it can be neither read nor written".into())),
        }
    }

    /// Its owner.
    pub fn user(&self) -> Outcome<&dyn User> {
        self.subject.user.as_deref().ok_or_else(|| Unmet::Skipped("the harness has no user".into()))
    }

    /// What it can do.
    pub fn capabilities(&self) -> Outcome<&Capabilities> {
        Ok(self.endpoint()?.capabilities())
    }

    /// The kinds that can be seeded, mail first: those that travel in their standard format.
    pub fn kinds(&self) -> Outcome<Vec<Kind>> {
        let routes = match &self.destination {
            Some(destination) => &destination.capabilities().accepts,
            None => &self.source()?.capabilities().offers,
        };
        let standard =
            |kind: &Kind| routes.iter().any(|route| route.kind == *kind && route.format == standard_format(*kind));
        Ok(Kind::ALL.into_iter().filter(standard).collect())
    }

    /// A new folder for the first of the kinds.
    pub async fn place(&self, name: &str) -> Outcome<Place> {
        let Some(kind) = self.kinds()?.first().copied() else { skip!("it holds no kind at all") };
        self.place_for(kind, name).await
    }

    /// A new folder for this kind.
    pub async fn place_for(&self, kind: Kind, name: &str) -> Outcome<Place> {
        let path = vec![name.to_owned()];
        if let Some(destination) = &self.destination {
            let mut new = NewFolder::new(path);
            new.kinds = vec![kind];
            let ensured = only(destination.ensure_folders(&[new]).await)??;
            return Ok(Place { id: ensured.id, kind, position: ensured.position });
        }
        granted(self.user()?.create_folder(&path, &[kind]).await)?;
        let folders = self.source()?.folders().await?;
        let folder = folders.into_iter().find(|folder| folder.path == path);
        let folder = folder.ok_or_else(|| Unmet::Broken("a folder that its user made is not listed".into()))?;
        Ok(Place { id: folder.id, kind, position: folder.position })
    }

    /// The feed of a folder.
    pub async fn feed(&self, folder: &FolderId) -> Outcome<FeedId> {
        let folders = self.source()?.folders().await?;
        let found = folders.into_iter().find(|candidate| candidate.id == *folder);
        Ok(found.ok_or_else(|| Unmet::Broken("a folder that was made is not listed".into()))?.feed)
    }

    /// An item of this kind in its standard format, with everything by which it can be recognised.
    pub fn item(&self, kind: Kind, bytes: impl Into<bytes::Bytes>) -> Outcome<Item> {
        let bytes = bytes.into();
        let fingerprint = fingerprint_of(kind, &bytes);
        let mut item = Item::new("conformance", kind, standard_format(kind), self.spool.body(bytes)?);
        item.fingerprint = fingerprint;
        Ok(item)
    }

    /// A harmless item of this kind.
    pub fn harmless(&self, kind: Kind, number: u64) -> Outcome<Item> {
        self.item(kind, nasty::harmless(kind, number))
    }

    /// Harmless items of the folder's kind with these numbers, put into it.
    pub async fn seed(&self, place: &Place, numbers: impl IntoIterator<Item = u64>) -> Outcome {
        let items = numbers.into_iter().map(|number| self.harmless(place.kind, number));
        self.seed_items(place, items.collect::<Outcome<Vec<_>>>()?).await
    }

    /// These items, put into the folder.
    pub async fn seed_items(&self, place: &Place, items: Vec<Item>) -> Outcome {
        if self.destination.is_none() {
            for item in &items {
                granted(self.user()?.add(&place.id, item).await)?;
            }
            return Ok(());
        }
        let batch = items.into_iter().enumerate().map(|(at, item)| create(item, at)).collect::<Vec<_>>();
        for verdict in self.write(&place.id, &batch).await? {
            verdict?;
        }
        Ok(())
    }

    /// Writes, in batches that the endpoint takes; one verdict for each.
    pub async fn write(&self, folder: &FolderId, writes: &[Write]) -> Outcome<Vec<Result<Written>>> {
        let destination = self.destination()?;
        let mut verdicts = Vec::new();
        for batch in batches(writes, destination.capabilities()) {
            let answered = destination.write(folder, batch).await;
            super::check::check!(
                answered.len() == batch.len(),
                "{} writes got {} verdicts",
                batch.len(),
                answered.len()
            );
            verdicts.extend(answered);
        }
        Ok(verdicts)
    }

    /// One write.
    pub async fn write_one(&self, folder: &FolderId, write: Write) -> Outcome<Result<Written>> {
        only(self.destination()?.write(folder, &[write]).await)
    }

    /// Creates one item, and says by which id it is found there.
    pub async fn create(&self, folder: &FolderId, item: Item) -> Outcome<Match> {
        let print = item.fingerprint.clone();
        let written = self.write_one(folder, create(item, 0)).await??;
        let found = only(self.destination()?.locate(folder, &[Wanted::Like(print)], None).await?)?;
        let mut found = found.into_iter().filter(|one| written.id.as_ref().is_none_or(|id| *id == one.id));
        let mut found = found.next().ok_or_else(|| Unmet::Broken("what was written is not found".into()))?;
        found.revision = written.revision.or(found.revision);
        Ok(found)
    }

    /// Whether items of this kind keep their octets: an endpoint that makes them anew names that as a loss at each item.
    pub async fn keeps_bytes(&self, kind: Kind) -> Outcome<bool> {
        if self.destination.is_none() {
            return Ok(true);
        }
        let place = self.place_for(kind, "Octets").await?;
        let written = self.write_one(&place.id, create(self.harmless(kind, 1)?, 1)).await??;
        Ok(written.losses.is_empty() && written.altered.is_empty())
    }

    /// Everything in a folder.
    pub async fn list(&self, place: &Place) -> Outcome<Listing> {
        self.list_after(place, None, Detail::Listing).await.and_then(|listing| Ok(listing?))
    }

    /// Everything in a folder, which must be this many items.
    pub async fn list_of(&self, place: &Place, count: usize) -> Outcome<Vec<ItemRef>> {
        let items = self.list(place).await?.items;
        super::check::check!(items.len() == count, "{count} items are there, and {} are listed", items.len());
        Ok(items)
    }

    /// What changed in a folder's feed behind a cursor, read to its end. The inner error is the endpoint's.
    pub async fn list_after(&self, place: &Place, after: Option<&Cursor>, detail: Detail) -> Outcome<Result<Listing>> {
        let feed = self.feed(&place.id).await?;
        let (mut cursor, mut changes) = (after.cloned(), Vec::new());
        for pages in 1..=ENDLESS {
            let page = match self.source()?.changes(&feed, cursor.as_ref(), detail).await {
                Ok(page) => page,
                Err(error) => return Ok(Err(error)),
            };
            changes.extend(page.changes);
            if !page.more {
                let items = present(&changes, &place.id);
                return Ok(Ok(Listing { items, changes, next: page.next, gone: page.gone, pages }));
            }
            cursor = Some(page.next);
        }
        Err(Unmet::Broken(format!("a listing did not end within {ENDLESS} pages")))
    }

    /// The items behind these references, in their standard formats. Each must be there.
    pub async fn read(&self, items: &[ItemRef]) -> Outcome<Vec<Item>> {
        let mut read = Vec::new();
        for item in items {
            read.push(only(self.fetch(std::slice::from_ref(item), &standard_format(item.kind)).await?)??);
        }
        Ok(read)
    }

    /// Fetches, in as few calls as the endpoint takes; one verdict for each.
    pub async fn fetch(&self, items: &[ItemRef], format: &Format) -> Outcome<Vec<Result<Item>>> {
        let source = self.source()?;
        let most = source.capabilities().batch_items.max(1);
        let mut answers = source.fetch(&items[..items.len().min(most)], format, &self.spool).await;
        for batch in items.get(most..).unwrap_or_default().chunks(most) {
            answers.extend(source.fetch(batch, format, &self.spool).await);
        }
        Ok(answers)
    }

    /// Closes what can be closed; what the case kept open ends with it.
    pub async fn close(self) -> Option<Box<dyn Any + Send + Sync>> {
        if let Some(destination) = &self.destination {
            destination.close().await;
        }
        self.subject.keep
    }
}

/// A create with a mark of its own.
pub(super) fn create(item: Item, number: usize) -> Write {
    Write::Create { item, mark: Mark::new(format!("mark-{number}")) }
}

/// What the user could not do skips the case.
pub(super) fn granted<T>(result: Result<T>) -> Outcome<T> {
    result.map_err(|error| match error.kind() {
        ErrorKind::Unsupported => Unmet::Skipped(error.message().to_owned()),
        _ => error.into(),
    })
}

fn supported<T>(result: Result<T>) -> Result<Option<T>, Error> {
    match result {
        Ok(opened) => Ok(Some(opened)),
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
        Err(error) => Err(error),
    }
}

/// What stands in a folder according to these changes, in the order in which it was first named.
fn present(changes: &[Change], folder: &FolderId) -> Vec<ItemRef> {
    let mut items: Vec<ItemRef> = Vec::new();
    let mut at = std::collections::HashMap::new();
    for change in changes {
        match change {
            Change::Present(item) => {
                let next = at.len();
                let place = *at.entry(item.id.clone()).or_insert(next);
                if place == items.len() { items.push(item.clone()) } else { items[place] = item.clone() }
            }
            Change::Flags { id, known, value, .. } => {
                if let Some(item) = at.get(id).and_then(|place: &usize| items.get_mut(*place)) {
                    item.flags = known.apply(&item.flags, value);
                }
            }
            Change::Gone { id, folder: from } => {
                if let Some(item) = at.get(id).and_then(|place: &usize| items.get_mut(*place)) {
                    item.folders.retain(|stands| from.as_ref().is_some_and(|from| from != stands));
                }
            }
        }
    }
    items.retain(|item| item.folders.contains(folder));
    items
}

/// Cuts writes into batches within the endpoint's limits.
fn batches<'a>(mut writes: &'a [Write], limits: &Capabilities) -> Vec<&'a [Write]> {
    let size = |write: &Write| match write {
        Write::Create { item, .. } | Write::Replace { item, .. } => item.body.len(),
        _ => 0,
    };
    let mut batches = Vec::new();
    while !writes.is_empty() {
        let mut bytes = 0;
        let fits = writes.iter().take(limits.batch_items.max(1)).take_while(|write| {
            bytes += size(write);
            bytes <= limits.batch_bytes
        });
        let (batch, rest) = writes.split_at(fits.count().max(1));
        batches.push(batch);
        writes = rest;
    }
    batches
}
