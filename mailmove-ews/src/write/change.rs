//! Changes to items that are there: flags, place, removal.

use std::collections::HashSet;

use mailmove_core::{ErrorKind, Flags, FolderId, ItemId, Result, Revision, Via, Written};

use crate::endpoint::EwsMailbox;
use crate::map;
use crate::wire::delete_item::DeleteItem;
use crate::wire::item::ItemData;
use crate::wire::move_item::MoveItem;
use crate::wire::update_item::{Update, UpdateItem};

const UPDATE: Via = Via::fixed("update-item");
const MOVE: Via = Via::fixed("move-item");
const DELETE: Via = Via::fixed("delete-item");

/// How often flags are tried again when somebody else is faster.
const TRIES: usize = 3;

/// A change of flags.
#[derive(Debug, Clone, Copy)]
pub(super) struct FlagChange<'a> {
    pub(super) id: &'a ItemId,
    pub(super) add: &'a Flags,
    pub(super) remove: &'a Flags,
}

impl EwsMailbox {
    /// Changes flags relative to what they are. Somebody who changes the same item in between makes it start over.
    pub(super) async fn change_flags(&self, folder: &FolderId, changes: &[FlagChange<'_>]) -> Vec<Result<Written>> {
        let mut verdicts = Vec::with_capacity(changes.len());
        while verdicts.len() < changes.len() {
            let rest = &changes[verdicts.len()..];
            verdicts.extend(self.change_different(folder, &rest[..different(rest)]).await);
        }
        verdicts
    }

    /// Changes of different items.
    async fn change_different(&self, folder: &FolderId, changes: &[FlagChange<'_>]) -> Vec<Result<Written>> {
        let mut verdicts = self.change_flags_once(folder, changes).await;
        for _ in 1..TRIES {
            let lost = |at: &usize| verdicts[*at].as_ref().is_err_and(|error| error.kind() == ErrorKind::Conflict);
            let again: Vec<usize> = (0..changes.len()).filter(lost).collect();
            if again.is_empty() {
                break;
            }
            let asked: Vec<FlagChange<'_>> = again.iter().map(|at| changes[*at]).collect();
            for (at, verdict) in again.into_iter().zip(self.change_flags_once(folder, &asked).await) {
                verdicts[at] = verdict;
            }
        }
        verdicts
    }

    async fn change_flags_once(&self, folder: &FolderId, changes: &[FlagChange<'_>]) -> Vec<Result<Written>> {
        let ids: Vec<&ItemId> = changes.iter().map(|change| change.id).collect();
        let described = match self.described(&ids).await {
            Ok(described) => described,
            Err(error) => return vec![Err(error); changes.len()],
        };
        let (mut verdicts, mut updates, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (change, data)) in changes.iter().zip(described).enumerate() {
            let data = data.and_then(|data| super::check(&data, folder, None).map(|()| data));
            verdicts.push(data.map(|data| {
                let kind = map::item::kind_of(&data);
                let now = map::flags::of_kind(&data, kind);
                let mut wanted = now.minus(change.remove).plus(change.add);
                let mut written = Written::new(UPDATE).with_id(change.id.clone());
                written.revision = Some(map::revision::of(&data));
                written.losses = map::flags::unchangeable(now.state ^ wanted.state, kind);
                wanted.state &= map::flags::kept(kind);
                let fields = map::flags::changes(&now, &wanted);
                if !fields.is_empty() {
                    updates.push(Update { element: map::kind::element(kind), key: data.key, fields });
                    places.push(at);
                }
                written
            }));
        }
        if updates.is_empty() {
            return verdicts;
        }
        let count = updates.len();
        let update = UpdateItem { items: updates, suppress_receipts: self.version().has_receipt_control() };
        // Done twice it is done once: the second time either changes nothing or finds that somebody was faster.
        let answers = match self.client.ask(&update, count).await {
            Ok(answers) => answers,
            Err(error) => vec![Err(error); count],
        };
        for (at, answer) in places.into_iter().zip(answers) {
            if let Err(error) = answer {
                verdicts[at] = Err(error);
            }
        }
        verdicts
    }

    /// Moves an item, which gives it another id.
    pub(super) async fn move_item(
        &self,
        folder: &FolderId,
        id: &ItemId,
        to: &FolderId,
        expect: Option<&Revision>,
    ) -> Result<Written> {
        let place = self.existing(to)?;
        let data = self.expected(folder, id, expect).await?;
        let moved = MoveItem { to: place, items: vec![data.key.clone()] };
        let key = self.client.perform(&moved, 1).await?.swap_remove(0)?;
        let mut written = Written::new(MOVE);
        written.revision = Some(map::revision::of(&data));
        written.id = key.map(|key| ItemId::new(key.id));
        Ok(written)
    }

    /// Removes an item for good.
    pub(super) async fn remove(&self, folder: &FolderId, id: &ItemId, expect: Option<&Revision>) -> Result<Written> {
        let data = self.expected(folder, id, expect).await?;
        self.client.perform(&DeleteItem { items: vec![data.key] }, 1).await?.swap_remove(0)?;
        Ok(Written::new(DELETE))
    }

    async fn expected(&self, folder: &FolderId, id: &ItemId, expect: Option<&Revision>) -> Result<ItemData> {
        let data = self.described(&[id]).await?.swap_remove(0)?;
        super::check(&data, folder, expect)?;
        Ok(data)
    }
}

/// How many of the first changes are of different items.
fn different(changes: &[FlagChange<'_>]) -> usize {
    let mut seen = HashSet::new();
    changes.iter().take_while(|change| seen.insert(change.id)).count()
}
