//! Messages that go: into another folder, or for good.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mailmove_core::{Error, ErrorKind, ItemId, Result, Via, Write, Written};

use super::known::KnownFolder;
use super::write::{Turn, for_all, missing_id, of_folder, targets};
use super::{Client, burst};
use crate::error::Asked;
use crate::wire::{Command, FetchMany, MAX_LINE, Relocate, Relocated, UidSet};

const MOVE: Via = Via::fixed("move");
const EXPUNGE: Via = Via::fixed("expunge");

impl Client {
    /// Moves messages to `to`, or removes them. Nothing else that is marked as deleted goes with them.
    pub(super) async fn relocate(
        &self,
        folder: &Arc<KnownFolder>,
        run: &[Write],
        to: Option<&Arc<KnownFolder>>,
        turn: Turn,
    ) -> Vec<Result<Written>> {
        let able = self.offered.uidplus || (to.is_some() && self.offered.moves);
        if !able {
            let what = "the server cannot take one message away without touching others (no UIDPLUS)";
            return for_all(run.len(), &Error::new(ErrorKind::Unsupported, what));
        }
        let targets = targets(run);
        let all: BTreeSet<u32> = targets.iter().filter_map(|target| target.as_ref().ok().copied()).collect();
        let outcome = match all.is_empty() {
            true => Ok((BTreeSet::new(), BTreeMap::new())),
            false => self.take_away(folder, &UidSet::ascending(all), to, turn).await,
        };
        let (present, new) = match outcome {
            Ok(outcome) => outcome,
            Err(error) => return for_all(run.len(), &error),
        };
        let known = to.map(|to| to.facts().validity);
        let verdicts = targets.into_iter().map(|target| {
            let uid = target?;
            if !present.contains(&uid) {
                return Err(missing_id(&uid.to_string()));
            }
            let mut written = Written::new(if to.is_some() { MOVE } else { EXPUNGE });
            if let Some((validity, uid)) = new.get(&uid)
                && known.flatten().is_none_or(|known| known == *validity)
            {
                written.id = Some(ItemId::new(uid.to_string()));
            }
            Ok(written)
        });
        verdicts.collect()
    }

    /// Says which messages were there, and which UIDs they have now.
    async fn take_away(
        &self,
        folder: &Arc<KnownFolder>,
        all: &UidSet,
        to: Option<&Arc<KnownFolder>>,
        turn: Turn,
    ) -> Result<(BTreeSet<u32>, BTreeMap<u32, (u32, u32)>)> {
        let (commands, present) = burst(|burst| {
            let presence = |piece: &UidSet| burst.add(FetchMany::presence(piece.clone()));
            all.pieces(MAX_LINE).iter().map(presence).collect::<Vec<_>>()
        });
        let _ticket = self.modify(folder, None, commands).await?;
        let present = self.present(folder, present).await?;
        let there: BTreeSet<u32> = all.iter().filter(|uid| present.contains(uid)).collect();
        let mut new = BTreeMap::new();
        if there.is_empty() {
            return Ok((there, new));
        }
        let pieces = UidSet::ascending(there.iter().copied()).pieces(MAX_LINE / 2);
        let mut relocated = Vec::new();
        if let Some(to) = to {
            let (commands, answers) = burst(|burst| {
                let one = |piece: &UidSet| burst.add(Relocate::new(self.offered.moves, piece.clone(), &to.wire));
                pieces.iter().map(one).collect::<Vec<_>>()
            });
            let _ticket = self.modify(folder, None, commands).await?;
            for answer in answers {
                let done = answer.await.map_err(|fault| of_folder(fault.write_error(Asked::Item, "move messages")))?;
                relocated.push(done);
            }
        }
        if to.is_none() || !self.offered.moves {
            // Only what was copied is taken away.
            let (commands, answers) = burst(|burst| {
                let mut answers = Vec::new();
                for piece in &pieces {
                    answers.push(burst.add(Command::store(piece, true, "\\Deleted")));
                    answers.push(burst.add(Command::expunge(piece)));
                }
                answers
            });
            let _ticket = self.modify(folder, turn, commands).await?;
            for answer in answers {
                answer.await.map_err(|fault| of_folder(fault.write_error(Asked::Item, "remove messages")))?;
            }
        }
        for Relocated { validity, pairs } in relocated {
            let validity = validity.unwrap_or_default();
            new.extend(pairs.into_iter().map(|(old, uid)| (old, (validity, uid))));
        }
        Ok((there, new))
    }
}
