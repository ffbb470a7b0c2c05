//! Looking at what a folder holds, whatever its sort.

use mailmove_core::{ErrorKind, ItemId, Result, Revision};
use mailmove_exchange::index::{Entry, Index, hash};

use crate::endpoint::GraphMailbox;
use crate::entries::{is_ours, mark_of, uid_of};
use crate::index;
use crate::map;
use crate::place::{Area, Place};
use crate::source::without_streams;
use crate::wire::ask::Ask;
use crate::wire::entry;
use crate::wire::folder;
use crate::wire::record::Record;
use crate::wire::store;

/// How many tasks are asked for before they are put in.
const AT_ONE_TIME: usize = 200;

impl GraphMailbox {
    /// Brings an index up to date.
    pub(crate) async fn refresh(&self, index: &mut Index, place: &Place) -> Result<()> {
        match place.area {
            Area::Mail => index::refresh_mail(index, &self.client, &self.user, &place.id).await,
            area if self.by_class(area) => {
                let all = self.glance(&store::known(self.stream_name()?, &place.id), crate::store::known).await?;
                put_all(index, all);
                Ok(())
            }
            area @ (Area::Notes | Area::Journal) => Err(without_streams(area)),
            Area::Tasks => self.refresh_tasks(index, place).await,
            area => {
                let all = self.glance(&entry::known(&self.user, place), |record| known(area, record)).await?;
                put_all(index, all);
                Ok(())
            }
        }
    }

    /// Lists do not say where tasks come from; only what is new is asked for, some at a time.
    async fn refresh_tasks(&self, index: &mut Index, place: &Place) -> Result<()> {
        let version = |record: &Record| (ItemId::new(record.id()), map::revision::of_version(record.version()));
        let all = self.glance(&entry::known(&self.user, place), version).await?;
        index.retain(all.iter().map(|(id, _)| id.as_str()));
        let new = |(id, revision): &&(ItemId, u128)| !index.knows(id.as_str(), *revision);
        let due: Vec<&ItemId> = all.iter().filter(new).map(|(id, _)| id).collect();
        for some in due.chunks(AT_ONE_TIME) {
            for record in self.known_tasks(place, some).await {
                match record {
                    Ok(record) => index.put(known(place.area, &record)),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// What is kept of everything in a listing, in the order in which it was made. Of its pages one is held at a time.
    async fn glance<T>(&self, ask: &Ask, keep: impl Fn(&Record) -> T) -> Result<Vec<T>> {
        let mut all: Vec<(Option<String>, T)> = Vec::new();
        let made = |record: &Record| record.text("createdDateTime").map(str::to_owned);
        self.client
            .each(ask, |page: Vec<Record>| all.extend(page.iter().map(|record| (made(record), keep(record)))))
            .await?;
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(all.into_iter().map(|(_, kept)| kept).collect())
    }

    /// Whether a folder is there at all.
    pub(crate) async fn exists(&self, place: &Place) -> Result<()> {
        match place.area {
            Area::Mail => self.client.tell(&folder::mail_folder(&self.user, &place.id)).await,
            area if self.by_class(area) => self.client.tell(&store::folder(self.stream_name()?, &place.id)).await,
            area @ (Area::Notes | Area::Journal) => Err(without_streams(area)),
            _ => self.client.page::<Record>(&entry::known(&self.user, place), None).await.map(drop),
        }
    }

    /// The revision of each item; none when it is in another folder.
    pub(crate) async fn revisions(&self, place: &Place, ids: &[&ItemId]) -> Vec<Result<Option<Revision>>> {
        match place.area {
            Area::Mail => {
                let here = |message: crate::wire::message::Message| {
                    let parent = message.parent_folder_id.as_deref();
                    parent.is_none_or(|parent| parent == place.id).then(|| map::revision::of(&message))
                };
                self.described(ids).await.into_iter().map(|message| message.map(here)).collect()
            }
            area if self.by_class(area) => {
                let version =
                    |record: Record| Some(map::revision::from_number(map::revision::of_version(record.version())));
                self.items_of(place, ids).await.into_iter().map(|record| record.map(version)).collect()
            }
            area @ (Area::Notes | Area::Journal) => ids.iter().map(|_| Err(without_streams(area))).collect(),
            _ => {
                let here = |record: Record| {
                    let parent = record.text("parentFolderId");
                    let here = parent.is_none_or(|parent| parent == place.id);
                    here.then(|| map::revision::from_number(map::revision::of_version(record.version())))
                };
                self.entries(place, ids).await.into_iter().map(|record| record.map(here)).collect()
            }
        }
    }
}

/// Puts everything in that there is, and takes out all else.
fn put_all(index: &mut Index, all: Vec<Entry>) {
    index.retain(all.iter().map(|entry| &*entry.id));
    all.into_iter().for_each(|entry| index.put(entry));
}

/// What an entry is known by. One that we wrote and that has no mark was not written to its end.
fn known(area: Area, record: &Record) -> Entry {
    let mark = mark_of(area, record);
    Entry {
        id: record.id().into(),
        complete: mark.is_some() || !is_ours(area, record),
        mark: mark.as_deref().map(hash),
        uid: Some(hash(&uid_of(area, record))),
        revision: map::revision::of_version(record.version()),
    }
}
