//! Looking at what a folder holds, whatever its sort.

use mailmove_core::{ItemId, Result, Revision};
use mailmove_exchange::index::{Entry, Index, hash};

use crate::endpoint::GraphMailbox;
use crate::entries::{is_ours, mark_of, uid_of};
use crate::index;
use crate::map;
use crate::place::{Area, Place};
use crate::source::without_streams;
use crate::wire::entry;
use crate::wire::folder;
use crate::wire::record::Record;
use crate::wire::store;

impl GraphMailbox {
    /// Brings an index up to date.
    pub(crate) async fn refresh(&self, index: &mut Index, place: &Place) -> Result<()> {
        match place.area {
            Area::Mail => index::refresh_mail(index, &self.client, &self.user, &place.id).await,
            area if self.by_class(area) => {
                let mut all: Vec<Record> = self.client.all(&store::known(self.stream_name()?, &place.id)).await?;
                all.sort_by(|one, other| one.text("createdDateTime").cmp(&other.text("createdDateTime")));
                index.retain(all.iter().map(Record::id));
                all.iter().for_each(|record| index.put(crate::store::known(record)));
                Ok(())
            }
            area @ (Area::Notes | Area::Journal) => Err(without_streams(area)),
            area => {
                let mut all: Vec<Record> = self.client.all(&entry::known(&self.user, place)).await?;
                all.sort_by(|one, other| one.text("createdDateTime").cmp(&other.text("createdDateTime")));
                index.retain(all.iter().map(Record::id));
                if area == Area::Tasks {
                    // Lists do not say where tasks come from; only what is new is asked for.
                    let new = |record: &&Record| !index.knows(record.id(), map::revision::of_version(record.version()));
                    let due: Vec<ItemId> = all.iter().filter(new).map(|record| ItemId::new(record.id())).collect();
                    all = Vec::new();
                    for record in self.entries(place, &due.iter().collect::<Vec<_>>()).await {
                        match record {
                            Ok(record) => all.push(record),
                            Err(error) if error.kind() == mailmove_core::ErrorKind::NotFound => {}
                            Err(error) => return Err(error),
                        }
                    }
                }
                all.iter().for_each(|record| index.put(known(area, record)));
                Ok(())
            }
        }
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
