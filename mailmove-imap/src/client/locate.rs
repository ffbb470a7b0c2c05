//! What is at the destination already.
//!
//! Candidates come from an index of sizes and weak keys; the proof is the digest of the bytes, read once and kept. Sizes
//! that servers tell are not always true, so one message is read to see whether this server's are.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mailmove_core::{Error, ErrorKind, Evidence, Fingerprint, FolderId, ItemId, Match, Position, Result, Wanted};

use super::index::{Index, Known};
use super::known::KnownFolder;
use super::{Client, burst};
use crate::map::message::uid_of;
use crate::pool::Use;
use crate::wire::{BodyTarget, FetchIndex, FetchMany, MAX_LINE, Search, UidSet};

/// How many candidates are read in one go.
const READ_AT_ONCE: usize = 200;

impl Client {
    /// For each thing wanted, every match from `after` on, in the order of UIDs.
    pub(crate) async fn locate(
        &self,
        id: &FolderId,
        wanted: &[Wanted],
        after: Option<&Position>,
    ) -> Result<Vec<Vec<Match>>> {
        self.take_fresh();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let folder = self.folder(id);
        let from = match after {
            Some(position) => position.as_str().parse().map_err(|_| {
                self.here(
                    Error::new(ErrorKind::Config, "the position is none of this server").with("position", position),
                )
            })?,
            None => 1,
        };
        let found = self.reading("locate", || self.find(&folder, wanted, from)).await;
        found.map_err(|error| error.with("folder", folder.display()))
    }

    async fn find(&self, folder: &Arc<KnownFolder>, wanted: &[Wanted], from: u32) -> Result<Vec<Vec<Match>>> {
        let mut index = folder.index.lock().await;
        let known = wanted.iter().filter_map(|wanted| match wanted {
            Wanted::Known(id) => uid_of(id).filter(|uid| *uid >= from),
            Wanted::Like(_) => None,
        });
        let known = UidSet::ascending(known.collect::<BTreeSet<u32>>());
        let prints: Vec<&Fingerprint> = wanted.iter().filter_map(print).collect();
        let there = self.look_at(folder, &mut index, &known, (!prints.is_empty()).then_some(from)).await?;
        let candidates = self.prove(folder, &mut index, &prints, from).await?;
        let mut candidates = candidates.into_iter();
        let answers = wanted.iter().map(|wanted| match wanted {
            Wanted::Known(id) => match uid_of(id).filter(|uid| there.contains(uid)) {
                Some(_) => vec![Match::new(id.clone(), Evidence::Id)],
                None => Vec::new(),
            },
            Wanted::Like(print) => {
                let candidates = if is_evidence(print) { candidates.next().unwrap_or_default() } else { Vec::new() };
                candidates.into_iter().filter_map(|uid| self.evidence(&index, print, uid)).collect()
            }
        });
        Ok(answers.collect())
    }

    /// Opens the folder afresh, brings the index up to date, and says which of the known UIDs are there: one round trip.
    async fn look_at(
        &self,
        folder: &Arc<KnownFolder>,
        index: &mut Index,
        known: &UidSet,
        from: Option<u32>,
    ) -> Result<BTreeSet<u32>> {
        index.belongs_to(folder.facts().validity);
        let order = folder.order.lock().await;
        let ticket = self.lane(folder, 64 * 1024, Use::ReadSmall).await?;
        let ranges = from.map(|from| index.missing(from)).unwrap_or_default();
        let (commands, (present, indexed)) = burst(|burst| {
            let presence = |piece: &UidSet| burst.add(FetchMany::presence(piece.clone()));
            let present: Vec<_> = known.pieces(MAX_LINE).iter().map(presence).collect();
            let indexed: Vec<_> =
                ranges.iter().map(|(from, to)| (*from, *to, burst.add(FetchIndex::new(*from, *to)))).collect();
            (present, indexed)
        });
        let opened = ticket.connection().send_in(self.to_read(folder, true), commands);
        drop(order);
        let selected = self.selected(folder, opened).await?;
        index.belongs_to(selected.validity);
        let mut there = BTreeSet::new();
        for answer in present {
            let many = answer.await.map_err(|fault| self.in_folder(folder, &fault, "look for messages"))?;
            there.extend(many.messages.iter().filter_map(|message| message.uid).filter(|uid| known.contains(*uid)));
        }
        for (from, to, answer) in indexed {
            let found = answer.await.map_err(|fault| self.in_folder(folder, &fault, "look for messages"))?;
            let next = if to == u32::MAX { selected.next.unwrap_or(from) } else { to.saturating_add(1) };
            index.extend(from, found, next.max(from));
        }
        Ok(there)
    }

    /// Finds candidates and reads those that were not read before. What is not there any more leaves the index.
    async fn prove(
        &self,
        folder: &Arc<KnownFolder>,
        index: &mut Index,
        prints: &[&Fingerprint],
        from: u32,
    ) -> Result<Vec<Vec<u32>>> {
        if prints.is_empty() {
            return Ok(Vec::new());
        }
        let mut candidates = index.candidates(prints, from, self.sizes_lie.load(Ordering::Relaxed));
        let in_vain = prints.iter().zip(&candidates).any(|(print, found)| print.digest.is_some() && found.is_empty());
        if in_vain && !self.sizes_tried.load(Ordering::Relaxed) {
            // Nothing of that size: is that the truth?
            if let Some(uid) = index.any_unread() {
                self.read(folder, index, &[uid]).await?;
            }
        }
        if self.sizes_lie.load(Ordering::Relaxed) {
            candidates = index.candidates(prints, from, true);
        }
        let all: BTreeSet<u32> = candidates.iter().flatten().copied().collect();
        let (read, unread): (Vec<u32>, Vec<u32>) = all.into_iter().partition(|uid| index.read(*uid).is_some());
        for some in unread.chunks(READ_AT_ONCE) {
            self.read(folder, index, some).await?;
        }
        self.confirm(folder, index, read).await?;
        for found in &mut candidates {
            found.retain(|uid| index.read(*uid).is_some());
        }
        Ok(candidates)
    }

    /// Reads messages for their digests.
    async fn read(&self, folder: &Arc<KnownFolder>, index: &mut Index, uids: &[u32]) -> Result<()> {
        let bytes = uids.iter().filter_map(|uid| index.entry(*uid)).map(|entry| entry.size).sum();
        let found = self.bodies(folder, uids, &BodyTarget::Digest, bytes).await?;
        let mut gone = Vec::new();
        for uid in uids {
            match found.get(uid) {
                Some(Ok(data)) => {
                    let Some((digest, length)) = data.body.as_ref().and_then(|body| body.digest()) else { continue };
                    if index.entry(*uid).is_some_and(|entry| entry.size != length) {
                        self.sizes_lie.store(true, Ordering::Relaxed);
                    }
                    self.sizes_tried.store(true, Ordering::Relaxed);
                    let (flags, received) = (data.flags.clone(), data.date);
                    index.was_read(*uid, Known { digest, length, flags, received });
                }
                Some(Err(error)) => return Err(error.clone()),
                None => gone.push(*uid),
            }
        }
        index.remove(&UidSet::ascending(gone));
        Ok(())
    }

    /// Drops what was read before and is not there any more.
    async fn confirm(&self, folder: &Arc<KnownFolder>, index: &mut Index, read: Vec<u32>) -> Result<()> {
        let (Some(first), Some(last)) = (read.first(), read.last()) else { return Ok(()) };
        let ticket = self.lane(folder, 4096, Use::ReadSmall).await?;
        let (commands, answer) = burst(|burst| burst.add(Search::existing(*first, *last, self.offered.esearch)));
        let opened = ticket.connection().send_in(self.to_read(folder, false), commands);
        self.selected(folder, opened).await?;
        let there = answer.await.map_err(|fault| self.in_folder(folder, &fault, "look for messages"))?;
        index.remove(&UidSet::ascending(read).minus(&there));
        Ok(())
    }

    /// Why a message is taken for the one that is wanted, if it is.
    fn evidence(&self, index: &Index, print: &Fingerprint, uid: u32) -> Option<Match> {
        let known = index.read(uid)?;
        let found = |by| {
            let mut found = Match::new(ItemId::new(uid.to_string()), by);
            (found.flags, found.received) = (known.flags.clone(), known.received);
            found
        };
        if print.digest == Some(known.digest) {
            return Some(found(Evidence::Digest));
        }
        let key = index.entry(uid)?.key;
        // Without a digest to compare, or on a server that changes what it stores, the key has to do. Otherwise other
        // bytes of the same length are other bytes only if the header says so too.
        let alike = print.digest.is_none() || self.quirks.rewrites || known.length == print.size;
        (key.is_some() && key == print.key && alike).then(|| found(Evidence::Key))
    }
}

/// The fingerprint, if it says anything by which a message can be found here.
fn print(wanted: &Wanted) -> Option<&Fingerprint> {
    match wanted {
        Wanted::Like(print) if is_evidence(print) => Some(print),
        _ => None,
    }
}

fn is_evidence(print: &Fingerprint) -> bool {
    print.digest.is_some() || print.key.is_some()
}
