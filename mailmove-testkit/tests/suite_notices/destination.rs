//! Writing, with one mistake.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use mailmove_core::{
    Body, Destination, Endpoint, EnsuredFolder, Error, ErrorKind, Evidence, Flags, FolderId, Item, ItemFlags, Kind,
    Match, NewFolder, Position, Result, Via, Wanted, Write, Written, async_trait,
};

use crate::mistake::Mistake::*;
use crate::wrong::Wrong;

fn no<T>(kind: ErrorKind) -> Result<T> {
    Err(Error::new(kind, "the mistake"))
}

#[async_trait]
impl Destination for Wrong {
    async fn ensure_folders(&self, folders: &[NewFolder]) -> Vec<Result<EnsuredFolder>> {
        if self.mistake == AnswersTheUnasked && folders.is_empty() {
            return vec![no(ErrorKind::Protocol)];
        }
        let mut verdicts = Vec::new();
        for new in folders {
            verdicts.push(self.ensure(new.clone()).await);
        }
        if self.mistake == FailsTogether && verdicts.iter().any(Result::is_err) {
            verdicts.fill(no(ErrorKind::Refused));
        }
        verdicts
    }

    async fn locate(&self, folder: &FolderId, wanted: &[Wanted], after: Option<&Position>) -> Result<Vec<Vec<Match>>> {
        let after = after.filter(|_| self.mistake != IgnoresPositions);
        let answers = self.inner.locate(folder, wanted, after).await;
        let mut answers = match (self.mistake, answers) {
            (SearchesNowhere, Err(_)) => vec![Vec::new(); wanted.len()],
            (_, answers) => answers?,
        };
        match self.mistake {
            AnswersTheUnasked if wanted.is_empty() => answers.push(Vec::new()),
            MixesUpAnswers => answers.reverse(),
            IndexesLate if self.busy.swap(0, Ordering::Relaxed) > 0 => answers.iter_mut().for_each(Vec::clear),
            TellsTheFlagsOfTheFirst => answers.iter_mut().for_each(|found| {
                let first = found.first().and_then(|first| first.flags.clone());
                found.iter_mut().for_each(|one| one.flags.clone_from(&first));
            }),
            NamesOneTwin => answers.iter_mut().for_each(|found| found.truncate(1)),
            NamesAnItemOnce => {
                let mut named = HashSet::new();
                answers.iter_mut().for_each(|found| found.retain(|one| named.insert(one.id.clone())));
            }
            _ => {}
        }
        for (wanted, found) in wanted.iter().zip(&mut answers) {
            match (self.mistake, wanted) {
                (RemembersIds, Wanted::Known(id)) if found.is_empty() => {
                    found.push(Match::new(id.clone(), Evidence::Id));
                }
                (FindsMarksEverywhere, Wanted::Like(print)) if print.mark.is_some() => {
                    *found = self.everything(folder, Evidence::Mark);
                }
                (FindsAnything, Wanted::Like(print)) if print.digest.is_none() && print.mark.is_none() => {
                    *found = self.everything(folder, Evidence::Key);
                }
                (TakesUidsForDigests, _) => found.iter_mut().for_each(|one| one.by = one.by.min(Evidence::Digest)),
                _ => {}
            }
        }
        Ok(answers)
    }

    async fn write(&self, folder: &FolderId, batch: &[Write]) -> Vec<Result<Written>> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        self.busy.store(usize::from(self.mistake == IndexesLate), Ordering::Relaxed);
        match self.mistake {
            AnswersTheUnasked if batch.is_empty() => return vec![no(ErrorKind::Protocol)],
            TakesHalfABatch if batch.len() > 50 => return vec![no(ErrorKind::Unavailable); batch.len()],
            StoresBackwards => {
                let backwards: Vec<Write> = batch.iter().rev().cloned().collect();
                let mut verdicts = self.inner.write(folder, &backwards).await;
                verdicts.reverse();
                return verdicts;
            }
            LetsLaterCallsPass => {
                for _ in 0..100_usize.saturating_sub(call * 10) {
                    tokio::task::yield_now().await;
                }
            }
            _ => {}
        }
        let _turn = self.turn.lock().await;
        let mut verdicts = Vec::new();
        for write in batch {
            let mut verdict = self.write_wrong(folder, write).await;
            if let (TakesUnknownPaths, Ok(written)) = (self.mistake, &mut verdict) {
                written.via = Via::new("elsewhere");
            }
            let missing = verdict.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound);
            let forgiven = match self.mistake {
                WritesNowhere => missing,
                FlagsTheMissing => missing && matches!(write, Write::Flags { .. }),
                _ => false,
            };
            verdicts.push(if forgiven { Ok(Written::new(Via::fixed("memory"))) } else { verdict });
        }
        if self.mistake == FailsTogether && verdicts.iter().any(Result::is_err) {
            verdicts.fill(no(ErrorKind::Refused));
        }
        verdicts
    }

    async fn close(&self) {
        if self.mistake == ForgetsWhenClosed {
            for folder in self.inner.folders().await.unwrap() {
                self.mailbox.items(&folder.id).iter().for_each(|id| self.mailbox.delete(&folder.id, id));
            }
        }
        self.inner.close().await;
    }
}

impl Wrong {
    async fn ensure(&self, mut new: NewFolder) -> Result<EnsuredFolder> {
        let there = self.mailbox.find_folder(&new.path);
        let parent = &new.path[..new.path.len() - 1];
        match self.mistake {
            NeedsParents if !parent.is_empty() && self.mailbox.find_folder(parent).is_none() => {
                return no(ErrorKind::NotFound);
            }
            EmptiesFolders => {
                if let Some(folder) = there {
                    self.mailbox.items(&folder).iter().for_each(|id| self.mailbox.delete(&folder, id));
                }
            }
            IgnoresSubscriptions => new.subscribed = None,
            MakesMailFolders => new.kinds = vec![Kind::Mail],
            ChangesNames => {
                let tame = |name: &String| name.replace(|c: char| !c.is_ascii_alphanumeric() && c != ' ', "_");
                new.path = new.path.iter().map(tame).collect();
            }
            _ => {}
        }
        let mut ensured = self.inner.ensure_folders(&[new]).await.remove(0)?;
        ensured.created |= self.mistake == AlwaysCreates;
        Ok(ensured)
    }

    async fn write_wrong(&self, folder: &FolderId, given: &Write) -> Result<Written> {
        let mut write = given.clone();
        match (self.mistake, &mut write) {
            (LosesDates, Write::Create { item, .. }) => item.received = None,
            (LosesFlags, Write::Create { item, .. }) => item.flags = Flags::default(),
            (EndsLines, Write::Create { item, .. }) => end_line(item),
            (SendsInvitations, Write::Create { item, .. }) if item.kind == Kind::Event => {
                self.sent.fetch_add(1, Ordering::Relaxed);
            }
            (MergesTwins, Write::Create { item, .. }) => {
                let wanted = [Wanted::Like(item.fingerprint.clone())];
                let found = self.inner.locate(folder, &wanted, None).await?.remove(0);
                if let Some(twin) = found.into_iter().find(|twin| twin.by <= Evidence::Digest) {
                    return Ok(Written::new(Via::fixed("memory")).with_id(twin.id));
                }
            }
            (WritesInPieces, Write::Create { item, mark }) => {
                let mut half = item.clone();
                half.body = Body::unpooled(item.body.bytes()?.slice(..item.body.len() as usize / 2));
                half.fingerprint = item.fingerprint.clone();
                let half = Write::Create { item: half, mark: mark.clone() };
                let id = self.inner.write(folder, &[half]).await.remove(0)?.id.unwrap();
                write = Write::Replace { id, expect: None, item: item.clone(), mark: mark.clone() };
            }
            (ReplacesByAppending, Write::Replace { item, mark, .. }) => {
                write = Write::Create { item: item.clone(), mark: mark.clone() };
            }
            (OverwritesOnConflict, Write::Replace { expect, .. })
            | (OverwritesOnConflict, Write::Move { expect, .. })
            | (OverwritesOnConflict, Write::Remove { expect, .. }) => *expect = None,
            (SetsAllFlags, Write::Flags { add, remove, .. }) => {
                *remove = Flags::new(ItemFlags::all()).minus(add).plus(remove);
            }
            (CopiesInsteadOfMoving, Write::Move { id, to, .. }) => {
                let moved = self.inner.write(folder, std::slice::from_ref(given)).await.remove(0)?;
                self.mailbox.label(to, id, folder);
                return Ok(moved);
            }
            (MovesIntoNothing, Write::Move { id, .. }) => {
                let moved = self.inner.write(folder, std::slice::from_ref(given)).await.remove(0);
                if moved.is_err() && self.mailbox.items(folder).contains(id) {
                    self.mailbox.delete(folder, id);
                }
                return moved;
            }
            (RemovesTwins, Write::Remove { id, .. }) if self.mailbox.items(folder).contains(id) => {
                let bytes = self.mailbox.bytes(folder, id);
                for twin in self.mailbox.items(folder) {
                    if twin != *id && self.mailbox.bytes(folder, &twin) == bytes {
                        self.mailbox.delete(folder, &twin);
                    }
                }
            }
            _ => {}
        }
        self.inner.write(folder, &[write]).await.remove(0)
    }

    fn everything(&self, folder: &FolderId, by: Evidence) -> Vec<Match> {
        self.mailbox.items(folder).into_iter().map(|id| Match::new(id, by)).collect()
    }
}

/// What a server does that wants whole lines.
fn end_line(item: &mut Item) {
    let bytes = item.body.bytes().unwrap();
    if !bytes.ends_with(b"\n") {
        item.body = Body::unpooled([&bytes[..], b"\r\n"].concat());
    }
}
