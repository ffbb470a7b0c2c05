//! Flags of messages that are there: by what is to be set and what is to be cleared, never as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mailmove_core::{Flags, Loss, Result, Via, Write, Written};

use super::Client;
use super::known::KnownFolder;
use super::write::{Turn, for_all, missing_id, of_folder, targets};
use crate::engine::Answer;
use crate::error::Asked;
use crate::map::flags;
use crate::wire::{Command, FetchMany, MAX_LINE, Many, StatusLine, UidSet};

const STORE: Via = Via::fixed("store");

/// What some messages have in common: what is set, what is cleared.
type Change = (String, String);

impl Client {
    /// Writes that change flags, each of another message.
    pub(super) async fn flag(&self, folder: &Arc<KnownFolder>, run: &[Write], turn: Turn) -> Vec<Result<Written>> {
        let targets = targets(run);
        let losses = match self.losses(folder, run).await {
            Ok(losses) => losses,
            Err(error) => return for_all(run.len(), &error),
        };
        let mut groups: BTreeMap<Change, BTreeSet<u32>> = BTreeMap::new();
        let mut changes: Vec<Change> = Vec::with_capacity(run.len());
        for ((write, target), (kept, _)) in run.iter().zip(&targets).zip(&losses) {
            let change = change(write, kept);
            if let Ok(uid) = target {
                groups.entry(change.clone()).or_default().insert(*uid);
            }
            changes.push(change);
        }
        let all = UidSet::ascending(
            targets.iter().filter_map(|target| target.as_ref().ok().copied()).collect::<BTreeSet<_>>(),
        );
        if all.is_empty() {
            return targets.into_iter().map(|target| Err(target.err().unwrap_or_else(|| missing_id("none")))).collect();
        }
        let sent = self.modify(folder, turn, |burst| {
            let present: Vec<_> =
                all.pieces(MAX_LINE).iter().map(|piece| burst.add(FetchMany::presence(piece))).collect();
            let mut stores: Vec<(Change, Answer<StatusLine>)> = Vec::new();
            for (change, uids) in &groups {
                for piece in UidSet::ascending(uids.iter().copied()).pieces(MAX_LINE / 2) {
                    for (add, words) in [(true, &change.0), (false, &change.1)] {
                        if !words.is_empty() {
                            stores.push((change.clone(), burst.add(Command::store(&piece, add, words))));
                        }
                    }
                }
            }
            (present, stores)
        });
        let (ticket, (present, stores)) = match sent.await {
            Ok(sent) => sent,
            Err(error) => return for_all(run.len(), &error),
        };
        let present = match self.present(folder, present).await {
            Ok(present) => present,
            Err(error) => return for_all(run.len(), &error),
        };
        let mut refused = BTreeMap::new();
        for (change, answer) in stores {
            if let Err(fault) = answer.await {
                // Setting what is set and clearing what is clear changes nothing: it may be done again.
                refused.insert(change, of_folder(fault.error(Asked::Item, "change flags")));
            }
        }
        drop(ticket);
        let verdicts = targets.into_iter().zip(changes).zip(losses).map(|((target, change), (_, losses))| {
            let uid = target?;
            if !present.contains(&uid) {
                return Err(missing_id(&uid.to_string()));
            }
            if let Some(error) = refused.get(&change) {
                return Err(error.clone());
            }
            let mut written = Written::new(STORE).with_id(uid.to_string().into());
            written.losses = losses;
            Ok(written)
        });
        verdicts.collect()
    }

    /// Which of the asked messages are there.
    pub(super) async fn present(&self, folder: &KnownFolder, answers: Vec<Answer<Many>>) -> Result<BTreeSet<u32>> {
        let mut present = BTreeSet::new();
        for answer in answers {
            let many = answer.await.map_err(|fault| self.in_folder(folder, &fault, "look for messages"))?;
            present.extend(many.messages.iter().filter_map(|message| message.uid));
        }
        Ok(present)
    }

    /// For each write what of its new flags the folder keeps, and what is lost. Opens the folder only when that has to be
    /// asked.
    async fn losses(&self, folder: &Arc<KnownFolder>, run: &[Write]) -> Result<Vec<(Flags, Vec<Loss>)>> {
        let asks = |write: &Write| matches!(write, Write::Flags { add, .. } if flags::has_keywords(add));
        if run.iter().any(asks) && folder.facts().permanent.is_none() {
            self.modify(folder, None, |_| ()).await?;
        }
        let permanent = folder.facts().permanent.clone();
        let kept = run.iter().map(|write| match write {
            Write::Flags { add, .. } => keep(add, permanent.as_deref()),
            _ => (Flags::default(), Vec::new()),
        });
        Ok(kept.collect())
    }
}

/// What of these flags a folder keeps, and what is lost.
pub(super) fn keep(wanted: &Flags, permanent: Option<&[String]>) -> (Flags, Vec<Loss>) {
    let (_, unspeakable) = flags::to_wire(wanted);
    let mut losses: Vec<Loss> = unspeakable
        .iter()
        .map(|name| Loss::new("keyword", format!("`{name}` cannot be spelt as an IMAP keyword")))
        .collect();
    let not_kept = permanent.map(|permanent| flags::not_kept(wanted, permanent)).unwrap_or_default();
    let not_kept: Vec<String> = not_kept.into_iter().filter(|name| !unspeakable.contains(name)).collect();
    for name in &not_kept {
        let code = if name.starts_with('\\') { "flag" } else { "keyword" };
        losses.push(Loss::new(code, format!("the folder keeps no `{name}`")));
    }
    (flags::without(wanted, &not_kept), losses)
}

fn change(write: &Write, kept: &Flags) -> Change {
    match write {
        Write::Flags { remove, .. } => (flags::to_wire(kept).0, flags::to_wire(remove).0),
        _ => Change::default(),
    }
}
