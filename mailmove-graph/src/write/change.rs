//! Changes to items that are there: flags, place, removal.

use std::collections::HashSet;

use mailmove_core::{Error, ErrorKind, Flags, FolderId, ItemId, Loss, Result, Revision, Via, Written};

use super::{check, same, unsupported};
use crate::batch::Order;
use crate::endpoint::GraphMailbox;
use crate::map;
use crate::map::class::is_contact;
use crate::place::{Area, Place};
use crate::store::class_of;
use crate::wire::ask::Ask;
use crate::wire::entry;
use crate::wire::message::{self, Message};
use crate::wire::record::Record;
use crate::wire::store;

pub(super) const UPDATE: Via = Via::fixed("update");
const MOVE: Via = Via::fixed("move");
const DELETE: Via = Via::fixed("delete");

/// How often flags are tried again when somebody else is faster.
const TRIES: usize = 3;

/// A change of flags.
#[derive(Debug, Clone, Copy)]
pub(super) struct FlagChange<'a> {
    pub(super) id: &'a ItemId,
    pub(super) add: &'a Flags,
    pub(super) remove: &'a Flags,
}

impl GraphMailbox {
    /// Changes flags relative to what they are. Somebody who changes the same item in between makes it start over.
    pub(super) async fn change_flags(&self, place: &Place, changes: &[FlagChange<'_>]) -> Vec<Result<Written>> {
        let mut verdicts = Vec::with_capacity(changes.len());
        while verdicts.len() < changes.len() {
            let rest = &changes[verdicts.len()..];
            verdicts.extend(self.change_different(place, &rest[..different(rest)]).await);
        }
        verdicts
    }

    /// Changes of different items.
    async fn change_different(&self, place: &Place, changes: &[FlagChange<'_>]) -> Vec<Result<Written>> {
        let mut verdicts = self.change_flags_once(place, changes).await;
        for _ in 1..TRIES {
            let lost = |at: &usize| verdicts[*at].as_ref().is_err_and(|error| error.kind() == ErrorKind::Conflict);
            let again: Vec<usize> = (0..changes.len()).filter(lost).collect();
            if again.is_empty() {
                break;
            }
            let asked: Vec<FlagChange<'_>> = again.iter().map(|at| changes[*at]).collect();
            for (at, verdict) in again.into_iter().zip(self.change_flags_once(place, &asked).await) {
                verdicts[at] = verdict;
            }
        }
        verdicts
    }

    async fn change_flags_once(&self, place: &Place, changes: &[FlagChange<'_>]) -> Vec<Result<Written>> {
        if place.area != Area::Mail {
            let mut verdicts = Vec::with_capacity(changes.len());
            for change in changes {
                if let Some(verdict) = self.cannot_categorize(place, change.id).await {
                    verdicts.push(verdict);
                    continue;
                }
                verdicts.push(self.categorize(place, change.id, change.add, change.remove).await);
            }
            return verdicts;
        }
        let ids: Vec<&ItemId> = changes.iter().map(|change| change.id).collect();
        let described = self.described(&ids).await;
        let (mut verdicts, mut updates, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (change, message)) in changes.iter().zip(described).enumerate() {
            let message = message.and_then(|message| check(&message, place, None).map(|()| message));
            verdicts.push(message.map(|message| {
                let kind = place.area.kind();
                let now = map::flags::of(&message);
                let mut wanted = now.minus(change.remove).plus(change.add);
                let mut written = Written::new(UPDATE).with_id(change.id.clone());
                written.revision = Some(map::revision::of(&message));
                written.losses = map::flags::unchangeable(now.state ^ wanted.state, kind);
                wanted.state &= map::flags::kept(kind);
                if let Some(fields) = map::flags::changes(&now, &wanted) {
                    updates.push(message::update(&self.user, change.id.as_str(), message.etag, fields));
                    places.push(at);
                }
                written
            }));
        }
        // Done twice it is done once: the second time either changes nothing or finds that somebody was faster.
        for (at, answer) in places.into_iter().zip(self.client.batch(&updates, Order::Any).await) {
            if let Err(error) = answer {
                verdicts[at] = Err(error);
            }
        }
        verdicts
    }

    /// Moves an item, which keeps its id.
    pub(super) async fn move_item(
        &self,
        place: &Place,
        id: &ItemId,
        to: &FolderId,
        expect: Option<&Revision>,
    ) -> Result<Written> {
        let to = Place::of(to.as_str())?;
        if place.area != Area::Mail || to.area != Area::Mail {
            return Err(unsupported("move an item", place.area));
        }
        self.expected(place, id, expect).await?;
        let moved: Message = self.client.ask(&message::move_to(&self.user, id.as_str(), &to.id)).await?;
        let mut written = Written::new(MOVE);
        written.revision = Some(map::revision::of(&moved));
        written.id = Some(ItemId::new(moved.id));
        Ok(written)
    }

    /// Removes an item for good.
    pub(super) async fn remove(&self, place: &Place, id: &ItemId, expect: Option<&Revision>) -> Result<Written> {
        let seen = self.expected(place, id, expect).await?;
        self.remove_known(place, id, seen.as_ref()).await?;
        Ok(Written::new(DELETE))
    }

    /// The verdict on flags of what has no interface by which they could be changed: nothing but that they are not.
    async fn cannot_categorize(&self, place: &Place, id: &ItemId) -> Option<Result<Written>> {
        if !self.by_class(place.area) {
            return None;
        }
        let record = match self.items_of(place, &[id]).await.swap_remove(0) {
            Ok(record) => record,
            Err(error) => return Some(Err(error)),
        };
        let text = "Graph cannot change the categories of notes, journal entries and groups of contacts";
        (!is_contact(class_of(&record))).then(|| {
            let mut written = Written::new(UPDATE).with_id(id.clone());
            written.revision = Some(map::revision::from_number(map::revision::of_version(record.version())));
            written.losses = vec![Loss::new("categories", text)];
            Ok(written)
        })
    }

    /// Removes an item that is known to be the right one, as it was seen.
    pub(super) async fn remove_known(&self, place: &Place, id: &ItemId, seen: Option<&Record>) -> Result<()> {
        let by_class = self.by_class(place.area) && seen.is_none_or(|record| !is_contact(class_of(record)));
        let ask: Ask = match place.area {
            Area::Mail => message::remove(&self.user, id.as_str()),
            _ if by_class => store::remove(self.stream_name()?, &place.id, id.as_str()),
            _ => entry::purge(&self.user, place, id.as_str()),
        };
        self.client.tell(&ask).await
    }

    /// Makes sure that the item is there and as it was left; gives what was seen of one that is no message.
    pub(super) async fn expected(
        &self,
        place: &Place,
        id: &ItemId,
        expect: Option<&Revision>,
    ) -> Result<Option<Record>> {
        if place.area != Area::Mail {
            let mut records = match self.by_class(place.area) {
                true => self.items_of(place, &[id]).await,
                false => self.entries(place, &[id]).await,
            };
            let record = records.swap_remove(0)?;
            let away = place.area == Area::Contacts && record.text("parentFolderId").is_some_and(|id| id != place.id);
            if away {
                return Err(Error::new(ErrorKind::NotFound, "the item is in another folder now"));
            }
            same(map::revision::from_number(map::revision::of_version(record.version())), expect)?;
            return Ok(Some(record));
        }
        let message = self.described(&[id]).await.swap_remove(0)?;
        check(&message, place, expect).map(|()| None)
    }
}

/// How many of the first changes are of different items.
fn different(changes: &[FlagChange<'_>]) -> usize {
    let mut seen = HashSet::new();
    changes.iter().take_while(|change| seen.insert(change.id)).count()
}
