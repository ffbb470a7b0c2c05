//! Changes to what is there: flags, moves, removals.

use std::collections::BTreeMap;

use mailmove_core::{Error, ErrorKind, Flags, FolderId, ItemFlags, ItemId, Result, Revision, Via, Written};

use crate::endpoint::ZimbraMailbox;
use crate::map;
use crate::wire::item::{ItemData, Sort};
use crate::wire::item_action::{Act, ItemAction};

/// The paths of changes.
const ACTION: Via = Via::fixed("item-action");

/// A change of flags.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FlagChange<'a> {
    pub(crate) id: &'a ItemId,
    pub(crate) add: &'a Flags,
    pub(crate) remove: &'a Flags,
}

impl ZimbraMailbox {
    /// One look at all of them, and then each thing that changes for all that it changes for. What nobody asked to change
    /// is not touched, whoever set it meanwhile.
    pub(super) async fn change_flags(&self, folder: &FolderId, changes: &[FlagChange<'_>]) -> Vec<Result<Written>> {
        let mut verdicts = Vec::with_capacity(changes.len());
        // The same item twice is changed twice, one after the other.
        while let Some(rest) = changes.get(verdicts.len()..).filter(|rest| !rest.is_empty()) {
            let some = different(rest);
            verdicts.extend(self.change_some(folder, &rest[..some]).await);
        }
        verdicts
    }

    async fn change_some(&self, folder: &FolderId, changes: &[FlagChange<'_>]) -> Vec<Result<Written>> {
        let ids: Vec<&ItemId> = changes.iter().map(|change| change.id).collect();
        let described = match self.described(folder, &ids).await {
            Ok(described) => described,
            Err(error) => return vec![Err(error); changes.len()],
        };
        let mut verdicts: Vec<Result<Written>> = Vec::with_capacity(changes.len());
        let mut acts: BTreeMap<Act, Vec<(usize, u64)>> = BTreeMap::new();
        for (at, (change, data)) in changes.iter().zip(described).enumerate() {
            let planned = match data.and_then(|data| super::check(&data, folder, None).map(|()| data)) {
                Ok(data) => self.plan(change, &data).await.map(|(plan, written)| (plan, written, data.id)),
                Err(error) => Err(error),
            };
            verdicts.push(planned.map(|(plan, written, number)| {
                plan.into_iter().for_each(|act| acts.entry(act).or_default().push((at, number)));
                written
            }));
        }
        let operations: Vec<ItemAction> = acts
            .iter()
            .map(|(act, items)| ItemAction { ids: items.iter().map(|(_, id)| *id).collect(), act: act.clone() })
            .collect();
        // Done twice it is done once.
        let answers = match self.client.ask_each(&operations).await {
            Ok(answers) => answers,
            Err(error) => operations.iter().map(|_| Err(error.clone())).collect(),
        };
        for (items, answer) in acts.values().zip(answers) {
            if let Err(error) = answer {
                items.iter().for_each(|(at, _)| verdicts[*at] = Err(error.clone()));
            }
        }
        verdicts
    }

    /// What is to be done about one item.
    async fn plan(&self, change: &FlagChange<'_>, data: &ItemData) -> Result<(Vec<Act>, Written)> {
        let kind = map::kind::of(data.sort.unwrap_or(Sort::Message));
        let now = map::flags::read(&data.flags, &data.tags, kind);
        let mut written = Written::new(ACTION).with_id(change.id.clone());
        written.revision = Some(map::item::revision(data));
        written.losses = map::flags::losses(change.add.state | change.remove.state, kind);
        let (add, remove) = (change.add.minus(&now), change.remove.minus(&change.remove.minus(&now)));
        let (set, cleared) = (add.state & map::flags::kept(kind), remove.state & map::flags::kept(kind));
        let mut acts = Vec::new();
        for (state, act) in [(ItemFlags::SEEN, Act::Read as fn(bool) -> Act), (ItemFlags::FLAGGED, Act::Flag)] {
            if (set | cleared).contains(state) {
                acts.push(act(set.contains(state)));
            }
        }
        // The others can only be set all at once, beside those that are there.
        let single = ItemFlags::SEEN | ItemFlags::FLAGGED;
        if !((set | cleared) - single).is_empty() {
            let state = (now.state - cleared) | set;
            acts = vec![Act::Letters(map::flags::letters(state, &data.flags))];
        }
        let (_, losses) = self.tags.labels(&self.client, &add).await?;
        written.losses.extend(losses);
        acts.extend(self.tags.known(&self.client, &add).await?.into_iter().map(|tag| Act::Tag(tag, true)));
        acts.extend(self.tags.known(&self.client, &remove).await?.into_iter().map(|tag| Act::Tag(tag, false)));
        Ok((acts, written))
    }

    /// Moves an item, which keeps its number.
    pub(super) async fn move_item(
        &self,
        folder: &FolderId,
        id: &ItemId,
        to: &FolderId,
        expect: Option<&Revision>,
    ) -> Result<Written> {
        self.existing(to).await?;
        let data = self.expected(folder, id, expect).await?;
        self.client.ask(&ItemAction { ids: vec![data.id], act: Act::Move(to.to_string()) }).await?;
        let mut written = Written::new(ACTION).with_id(id.clone());
        written.revision = Some(map::item::revision(&data));
        Ok(written)
    }

    /// Removes an item for good.
    pub(super) async fn remove(&self, folder: &FolderId, id: &ItemId, expect: Option<&Revision>) -> Result<Written> {
        let data = self.expected(folder, id, expect).await?;
        self.delete(data.id).await?;
        Ok(Written::new(ACTION))
    }

    /// Removes what has this number. What is gone already is removed.
    pub(super) async fn delete(&self, id: u64) -> Result<()> {
        match self.client.ask(&ItemAction { ids: vec![id], act: Act::Delete }).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    /// Removes an old version whose new one is there: what becomes of it decides nothing about the new one, but whoever
    /// comes next must look.
    pub(super) async fn remove_old(&self, id: u64, written: Written) -> Result<Written> {
        match self.delete(id).await {
            Ok(()) => Ok(written),
            Err(error) => Err(Error::with_recovery(error, mailmove_core::Recovery::Locate)),
        }
    }
}

/// How many of the first changes are of different items.
fn different(changes: &[FlagChange<'_>]) -> usize {
    let mut seen = std::collections::HashSet::new();
    changes.iter().take_while(|change| seen.insert(change.id)).count()
}
