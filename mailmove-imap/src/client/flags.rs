//! Flags of messages that are there: by what is to be set and what is to be cleared, never as a whole.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mailmove_core::{Flags, Loss, Result, Via, Write, Written};

use super::known::KnownFolder;
use super::write::{Turn, for_all, missing_id, of_folder, targets};
use super::{Client, burst};
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
        let permanent = folder.facts().permanent.clone();
        let (verdicts, refused) = self.store(folder, run, permanent.as_deref(), turn).await;
        // Some servers refuse keywords that they do not keep. By now it is known which those are.
        let learned = folder.facts().permanent.clone();
        if refused && permanent.is_none() && learned.is_some() {
            return self.store(folder, run, learned.as_deref(), None).await.0;
        }
        verdicts
    }

    /// Sends the changes, and says whether one was refused.
    async fn store(
        &self,
        folder: &Arc<KnownFolder>,
        run: &[Write],
        permanent: Option<&[String]>,
        turn: Turn,
    ) -> (Vec<Result<Written>>, bool) {
        let targets = targets(run);
        let changes: Vec<Change> = run.iter().map(|write| change(write, permanent, &self.quirks.never_sent)).collect();
        let mut groups: BTreeMap<&Change, BTreeSet<u32>> = BTreeMap::new();
        for (target, change) in targets.iter().zip(&changes) {
            if let Ok(uid) = target {
                groups.entry(change).or_default().insert(*uid);
            }
        }
        let all = UidSet::ascending(groups.values().flatten().copied().collect::<BTreeSet<u32>>());
        if all.is_empty() {
            let missing = |target: Result<u32>| Err(target.err().unwrap_or_else(|| missing_id("none")));
            return (targets.into_iter().map(missing).collect(), false);
        }
        let (commands, (present, stores)) = burst(|burst| {
            let presence = |piece: &UidSet| burst.add(FetchMany::presence(piece.clone()));
            let present: Vec<Answer<Many>> = all.pieces(MAX_LINE).iter().map(presence).collect();
            let mut stores: Vec<(Change, Answer<StatusLine>)> = Vec::new();
            for (change, uids) in &groups {
                for piece in UidSet::ascending(uids.iter().copied()).pieces(MAX_LINE / 2) {
                    for (add, words) in [(true, &change.0), (false, &change.1)] {
                        if !words.is_empty() {
                            stores.push(((*change).clone(), burst.add(Command::store(&piece, add, words))));
                        }
                    }
                }
            }
            (present, stores)
        });
        let sent = match folder.is_fresh() {
            true => self.modify_at_once(folder, turn, commands).await,
            false => self.modify(folder, turn, commands).await,
        };
        let (_ticket, present) = match sent {
            Ok(ticket) => match self.present(folder, present).await {
                Ok(present) => (ticket, present),
                Err(error) => return (for_all(run.len(), &error), false),
            },
            Err(error) => return (for_all(run.len(), &error), false),
        };
        let mut refused = BTreeMap::new();
        for (change, answer) in stores {
            if let Err(fault) = answer.await {
                // Setting what is set and clearing what is clear changes nothing: it may be done again.
                refused.insert(change, of_folder(fault.error(Asked::Item, "change flags")));
            }
        }
        let kept = folder.facts().permanent.clone();
        let verdicts = run.iter().zip(targets).zip(&changes).map(|((write, target), change)| {
            let uid = target?;
            if !present.contains(&uid) {
                return Err(missing_id(&uid.to_string()));
            }
            if let Some(error) = refused.get(change) {
                return Err(error.clone());
            }
            let mut written = Written::new(STORE).with_id(uid.to_string().into());
            if let Write::Flags { add, .. } = write {
                written.losses = keep(add, kept.as_deref(), &self.quirks.never_sent).1;
            }
            Ok(written)
        });
        (verdicts.collect(), !refused.is_empty())
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
}

/// What of these flags a folder keeps, and what is lost. `never` must not be sent to this server at all.
pub(super) fn keep(wanted: &Flags, permanent: Option<&[String]>, never: &[Cow<'static, str>]) -> (Flags, Vec<Loss>) {
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
    let held_back = |word: &str| never.iter().any(|never| never.eq_ignore_ascii_case(word));
    let (words, _) = flags::to_wire(wanted);
    let mut dropped = not_kept;
    for word in words.split_ascii_whitespace().filter(|word| held_back(word)) {
        if !dropped.iter().any(|known| known == word) {
            losses.push(Loss::new("keyword", format!("`{word}` means something else on this server")));
            dropped.push(word.to_owned());
        }
    }
    (flags::without(wanted, &dropped), losses)
}

fn change(write: &Write, permanent: Option<&[String]>, never: &[Cow<'static, str>]) -> Change {
    match write {
        Write::Flags { add, remove, .. } => {
            (flags::to_wire(&keep(add, permanent, never).0).0, flags::to_wire(remove).0)
        }
        _ => Change::default(),
    }
}
