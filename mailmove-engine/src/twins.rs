//! What at the destination answers to our items, and which of them answers for which: each for one, twins stay twins.

use std::collections::HashSet;

use mailmove_core::{Digest, Evidence, Fingerprint, Flags, ItemId, Match, Position, Result, Wanted};
use time::OffsetDateTime;

use crate::ledger::{Place, Row};
use crate::pass::{Pass, TargetFolder, short_answer};

/// Beyond so many pairs of one text, the first answer for the first: so many alike are told apart by nobody.
const MANY: usize = 1 << 18;

/// What is looked for, with what tells it from its twins.
pub(crate) struct Sought {
    own: Place,
    pub(crate) wanted: Wanted,
    flags: Flags,
    received: Option<OffsetDateTime>,
}

impl Sought {
    pub(crate) fn new(own: Place, wanted: Wanted, flags: Flags, received: Option<OffsetDateTime>) -> Self {
        Self { own, wanted, flags, received }
    }

    /// What looks like this row.
    pub(crate) fn like(row: &Row) -> Self {
        Self::new(row.place.clone(), Wanted::Like(row.fingerprint()), row.flags.clone(), row.received)
    }

    fn digest(&self) -> Digest {
        match &self.wanted {
            Wanted::Like(Fingerprint { digest: Some(digest), .. }) => *digest,
            _ => Digest::of(b""),
        }
    }

    /// How much of what its user sees differs. A date cannot be changed later, so it weighs more than any flags.
    fn unlike(&self, found: &Match) -> usize {
        let count = |flags: Flags| flags.state.bits().count_ones() as usize + flags.categories().len();
        let marks = found
            .flags
            .as_ref()
            .map_or(0, |there| count(self.flags.minus(there)).saturating_add(count(there.minus(&self.flags))));
        let seconds = |when: Option<OffsetDateTime>| when.map(OffsetDateTime::unix_timestamp);
        match (seconds(self.received), seconds(found.received)) {
            (Some(here), Some(there)) if here != there => marks.saturating_add(1 << 16),
            _ => marks,
        }
    }
}

/// What a candidate at the destination is to one item of ours.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) found: Match,
    /// The place of the live row that owns it.
    pub(crate) owner: Option<Place>,
    /// Another job's live row owns it.
    pub(crate) foreign: bool,
    /// The place of the row of this job that owned it and is not live any more.
    pub(crate) orphan: Option<Place>,
    /// How many rows have these bytes here without a known id.
    pub(crate) anonymous: u64,
    /// It may be another item that was being written while one looked.
    pub(crate) arriving: bool,
    unlike: usize,
}

impl Candidate {
    /// Nobody's, or this row's own.
    pub(crate) fn is_for(&self, own: &Place) -> bool {
        !self.foreign && !self.arriving && self.found.complete && self.owner.as_ref().is_none_or(|owner| owner == own)
    }

    /// Nobody ever owned it, and nobody is about to.
    pub(crate) fn is_unowned(&self) -> bool {
        self.owner.is_none() && self.orphan.is_none() && !self.foreign && !self.arriving
    }

    /// Nobody ever owned it, and it may stand for an item.
    fn may_answer(&self) -> bool {
        self.is_unowned() && self.found.complete
    }
}

/// Every item that answers, with who owns it.
pub(crate) async fn matches(
    pass: &Pass,
    target: &TargetFolder,
    sought: &[Sought],
    after: Option<&Position>,
) -> Result<Vec<Vec<Candidate>>> {
    let wanted: Vec<Wanted> = sought.iter().map(|sought| sought.wanted.clone()).collect();
    let found = pass.destination.locate(&target.id, &wanted, after).await?;
    if found.len() != wanted.len() {
        return Err(short_answer("locate"));
    }
    // Before owners are asked for: what has its row by then is found there, and what begins later was not found here.
    let arriving: Vec<Vec<bool>> = {
        let under_way = target.under_way();
        let print = |sought: &Sought, found: &Match| match &sought.wanted {
            Wanted::Like(print) => under_way.answers_for_another(&sought.own, print, found.by),
            Wanted::Known(_) => false,
        };
        sought.iter().zip(&found).map(|(sought, found)| found.iter().map(|one| print(sought, one)).collect()).collect()
    };
    let ids: Vec<_> = found.iter().flatten().map(|found| found.id.clone()).collect();
    let mut owners = pass.journal.owners(&target.id, &target.epoch, &ids).await?.into_iter();
    let digests: Vec<_> = sought.iter().map(Sought::digest).collect();
    let anonymous = pass.journal.anonymous(&target.id, &target.epoch, &digests).await?;
    let found = found.into_iter().zip(arriving).zip(sought).zip(anonymous);
    let candidates = found.map(|(((found, arriving), sought), anonymous)| {
        found
            .into_iter()
            .zip(arriving)
            .map(|(found, arriving)| {
                let owner = owners.next().flatten();
                let live = owner.as_ref().is_some_and(|owner| owner.live && !pass.is_taken(&owner.place));
                let ours = owner.as_ref().is_some_and(|owner| owner.job.is_none());
                let place = owner.map(|owner| owner.place);
                Candidate {
                    unlike: sought.unlike(&found),
                    found,
                    foreign: live && !ours,
                    owner: place.clone().filter(|_| live && ours),
                    orphan: place.filter(|_| !live && ours),
                    anonymous,
                    arriving,
                }
            })
            .collect()
    });
    Ok(candidates.collect())
}

/// Gives each item one candidate: the best evidence first, then those most alike, then the first of the first. `takes`
/// says whether the item at this place may have the candidate; it is asked until it says yes.
pub(crate) fn pair(
    found: Vec<Vec<Candidate>>,
    mut takes: impl FnMut(usize, &Candidate) -> bool,
) -> Vec<Option<Candidate>> {
    let mut pairs: Vec<(Evidence, usize, usize, usize)> = Vec::new();
    for (item, candidates) in found.iter().enumerate() {
        pairs.extend(candidates.iter().enumerate().map(|(at, one)| (one.found.by, one.unlike, item, at)));
    }
    pairs.sort_unstable();
    let mut found: Vec<Vec<Option<Candidate>>> =
        found.into_iter().map(|candidates| candidates.into_iter().map(Some).collect()).collect();
    let mut paired: Vec<Option<Candidate>> = found.iter().map(|_| None).collect();
    for (_, _, item, at) in pairs {
        if paired[item].is_none() && found[item][at].as_ref().is_some_and(|candidate| takes(item, candidate)) {
            paired[item] = found[item][at].take();
        }
    }
    paired
}

/// Which of the candidates answer for rows that are there without a known id: for each the best evidence, then the most
/// alike. What carries a mark answers for nobody but its own row.
pub(crate) fn answering(rows: &[Row], candidates: &[Candidate]) -> Vec<ItemId> {
    let unmarked =
        || candidates.iter().enumerate().filter(|(_, one)| one.may_answer() && one.found.by > Evidence::Mark);
    if rows.len() * candidates.len() > MANY {
        return unmarked().take(rows.len()).map(|(_, one)| one.found.id.clone()).collect();
    }
    let sought: Vec<Sought> = rows.iter().map(Sought::like).collect();
    let of_row = |row: usize| {
        let sought = &sought[row];
        unmarked().map(move |(at, one)| (one.found.by, sought.unlike(&one.found), row, at))
    };
    let mut pairs: Vec<(Evidence, usize, usize, usize)> = (0..rows.len()).flat_map(of_row).collect();
    pairs.sort_unstable();
    let (mut placed, mut taken) = (HashSet::new(), HashSet::new());
    pairs.retain(|(_, _, row, at)| !placed.contains(row) && taken.insert(*at) && placed.insert(*row));
    pairs.into_iter().map(|(_, _, _, at)| candidates[at].found.id.clone()).collect()
}

/// As many candidates that nobody ever owned: the best evidence first, of that those that are least like what is looked for.
pub(crate) fn least_alike(candidates: &[Candidate], count: u64, may: impl Fn(&ItemId) -> bool) -> Vec<ItemId> {
    let mut unowned: Vec<&Candidate> = candidates
        .iter()
        .filter(|one| one.may_answer() && one.found.by > Evidence::Mark && may(&one.found.id))
        .collect();
    unowned.sort_by_key(|one| (one.found.by, std::cmp::Reverse(one.unlike)));
    let ids = unowned.into_iter().map(|candidate| candidate.found.id.clone());
    ids.take(usize::try_from(count).unwrap_or(usize::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use mailmove_core::ItemFlags;

    use super::*;

    const LATER: OffsetDateTime = OffsetDateTime::UNIX_EPOCH.saturating_add(time::Duration::DAY);

    fn there(id: &str, flags: ItemFlags, received: OffsetDateTime) -> Match {
        let mut found = Match::new(ItemId::new(id), Evidence::Digest);
        (found.flags, found.received) = (Some(Flags::new(flags)), Some(received));
        found
    }

    fn paired(sought: &[(ItemFlags, OffsetDateTime)], there: &[Match]) -> Vec<Option<String>> {
        let candidates = |(flags, received): &(ItemFlags, OffsetDateTime)| {
            let print = Fingerprint::new(Digest::of(b"x"), 1);
            let place = Place { folder: crate::ledger::FolderKey(1), item: "1".into() };
            let sought = Sought::new(place, Wanted::Like(print), Flags::new(*flags), Some(*received));
            let unlike = |found: &Match| sought.unlike(found);
            let candidate = |found: &Match| Candidate {
                unlike: unlike(found),
                found: found.clone(),
                owner: None,
                foreign: false,
                orphan: None,
                anonymous: 0,
                arriving: false,
            };
            there.iter().map(candidate).collect::<Vec<_>>()
        };
        let mut taken = HashSet::new();
        let found = pair(sought.iter().map(candidates).collect(), |_, one| taken.insert(one.found.id.clone()));
        found.into_iter().map(|one| one.map(|one| one.found.id.to_string())).collect()
    }

    #[test]
    fn of_twins_the_one_that_looks_like_it_answers_whatever_the_order() {
        let (plain, read, both) = (ItemFlags::empty(), ItemFlags::SEEN, ItemFlags::SEEN | ItemFlags::FLAGGED);
        let epoch = OffsetDateTime::UNIX_EPOCH;
        let id = |id: &str| Some(id.to_owned());
        // One of two arrived: the other one is not there.
        assert_eq!(paired(&[(plain, epoch), (read, epoch)], &[there("a", read, epoch)]), [None, id("a")]);
        assert_eq!(paired(&[(read, epoch), (plain, epoch)], &[there("a", read, epoch)]), [id("a"), None]);
        // Alike twins do not take what belongs to the third.
        let two = [there("a", plain, epoch), there("b", both, epoch)];
        assert_eq!(paired(&[(plain, epoch), (plain, epoch), (both, epoch)], &two), [id("a"), None, id("b")]);
        // A date weighs more than flags, and what the server did not keep separates nobody from his own.
        let two = [there("a", plain, LATER), there("b", plain, epoch)];
        assert_eq!(paired(&[(both, epoch), (plain, LATER)], &two), [id("b"), id("a")]);
    }

    #[test]
    fn what_tells_nothing_of_itself_answers_in_order() {
        let epoch = OffsetDateTime::UNIX_EPOCH;
        let two = ["a", "b"].map(|id| Match::new(ItemId::new(id), Evidence::Digest));
        let read = (ItemFlags::SEEN, epoch);
        assert_eq!(
            paired(&[read, (ItemFlags::empty(), LATER), read], &two),
            [Some("a".into()), Some("b".into()), None]
        );
    }
}
