//! Writes that may have happened: intents left over by a run that died, and answers that never came.
//!
//! What a dead client had sent is still being executed when the next one starts. So a folder is settled only when its
//! youngest intent is old enough and its count and high-water mark have stood still; other folders go on meanwhile.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use mailmove_core::{
    Digest, Error, ErrorKind, Evidence, Format, ItemId, Kind, MailboxFlags, Match, Position, Result, Write,
};
use time::OffsetDateTime;

use crate::event::Event;
use crate::ledger::{Entry, Failure, Row, RowState, Target};
use crate::pass::{Pass, TargetFolder};
use crate::twins::{Candidate, Sought, answering, matches, pair};

/// Decides about each intent: it is there, or it is due again. Rows stay `Intended` when the run is stopped meanwhile.
/// Gives back those that are due again, in the order in which they were intended.
pub(crate) async fn settle(pass: &Pass, target: &TargetFolder, mut rows: Vec<Row>) -> Result<Vec<Row>> {
    if rows.is_empty() || !wait_until_quiet(pass, target, &rows).await? {
        return Ok(Vec::new());
    }
    rows.sort_by(|one, other| (one.at, &one.place).cmp(&(other.at, &other.place)));
    let shared = shared(&rows);
    if !shared.is_empty() && !pass.rules.has(MailboxFlags::NO_DUPLICATE_SEARCH) {
        // Whichever of them arrived: from now on its identifier speaks for none of them.
        target.set_look(true);
    }
    // Those in doubt do not bar one another.
    rows.iter().for_each(|row| target.under_way().leave(&row.place));
    let found = find(pass, target, &rows).await?;
    decide(pass, target, rows, found, &shared).await
}

/// What answers to each row behind its floor, without what answers for rows of the same bytes that are there already.
async fn find(pass: &Pass, target: &TargetFolder, rows: &[Row]) -> Result<Vec<Vec<Candidate>>> {
    let mut by_floor: HashMap<Option<&Position>, Vec<usize>> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        // A floor of another epoch says nothing.
        let valid = row.target.as_ref().is_some_and(|there| there.epoch == target.epoch);
        by_floor.entry(row.floor.as_ref().filter(|_| valid)).or_default().push(at);
    }
    let mut found: Vec<Vec<Candidate>> = rows.iter().map(|_| Vec::new()).collect();
    let mut spoken = HashSet::new();
    for (floor, places) in by_floor {
        let run = places.iter().map(|at| rows[*at].run).max().unwrap_or_default();
        for places in places.chunks(pass.destination.capabilities().batch_items.max(1)) {
            let sought: Vec<Sought> = places.iter().map(|at| Sought::like(&rows[*at])).collect();
            let answers = matches(pass, target, &sought, floor).await?;
            let digests: Vec<Option<Digest>> = places.iter().map(|at| rows[*at].digest).collect();
            spoken.extend(spoken_for(pass, target, &digests, &answers, floor.map(|floor| (floor, run))).await?);
            for (at, candidates) in places.iter().zip(answers) {
                found[*at] = candidates;
            }
        }
    }
    found.iter_mut().for_each(|candidates| candidates.retain(|one| !spoken.contains(&one.found.id)));
    Ok(found)
}

/// What answers for rows of the same bytes that are there without a known id: behind this floor, which is that of this run,
/// or of a later one.
async fn spoken_for(
    pass: &Pass,
    target: &TargetFolder,
    digests: &[Option<Digest>],
    answers: &[Vec<Candidate>],
    floor: Option<(&Position, u32)>,
) -> Result<HashSet<ItemId>> {
    let answers: HashMap<Digest, &Vec<Candidate>> =
        digests.iter().zip(answers).filter_map(|(digest, answers)| digest.map(|digest| (digest, answers))).collect();
    let digests: Vec<Digest> = answers.keys().copied().collect();
    let mut spoken = HashSet::new();
    for (digest, mut alike) in digests.iter().zip(pass.journal.alike(&digests).await?) {
        alike.retain(|row| {
            row.state.is_there()
                && floor.is_none_or(|(floor, run)| row.floor.as_ref() == Some(floor) || row.run > run)
                && row.target.as_ref().is_some_and(|there| there.folder == target.id && there.item.is_none())
        });
        spoken.extend(answering(&alike, answers[digest]));
    }
    Ok(spoken)
}

/// The identifiers that rows with other bytes have in common: they cannot tell which of them arrived.
fn shared(rows: &[Row]) -> HashSet<String> {
    let mut bytes: HashMap<&str, HashSet<Option<Digest>>> = HashMap::new();
    for row in rows {
        if let Some(uid) = &row.uid {
            bytes.entry(uid).or_default().insert(row.digest);
        }
    }
    bytes.into_iter().filter(|(_, bytes)| bytes.len() > 1).map(|(uid, _)| uid.to_owned()).collect()
}

async fn decide(
    pass: &Pass,
    target: &TargetFolder,
    rows: Vec<Row>,
    found: Vec<Vec<Candidate>>,
    shared: &HashSet<String>,
) -> Result<Vec<Row>> {
    let (mut entries, mut due, mut leftovers) = (Vec::new(), Vec::new(), Vec::new());
    // The identifier of a mail proves little; but nobody else can say whether a stream arrived, which carries no mark.
    // Where several are in doubt that share it, it says nothing: rather twice than not at all.
    let markless = |row: &Row| {
        pass.routes(row.kind).any(|route| route.format == Format::FASTTRANSFER)
            && !pass.rules.has(MailboxFlags::NO_DUPLICATE_SEARCH)
            && !row.uid.as_ref().is_some_and(|uid| shared.contains(uid))
    };
    let answers = pair(found, |at, candidate| {
        let (row, Match { id, by, revision, complete, .. }) = (&rows[at], &candidate.found);
        let proves = *by != Evidence::Uid || row.kind != Kind::Mail || markless(row);
        if !candidate.is_unowned() || !proves {
            return false;
        }
        if !complete {
            leftovers.push(Write::Remove { id: id.clone(), expect: revision.clone() });
        }
        *complete && target.claim(id)
    });
    for (mut row, answer) in rows.into_iter().zip(answers) {
        match answer.map(|candidate| candidate.found) {
            Some(found) => {
                // Ids are those of one folder in one epoch.
                let here = |there: &Target| there.folder == target.id && there.epoch == target.epoch;
                let former = row.target.take().filter(here);
                let replaced = former.as_ref().and_then(|there| there.item.clone());
                row.state = if replaced.is_some() { RowState::Updated } else { RowState::Copied };
                // Whoever died between the new version and the removal of the old one left both.
                leftovers.extend(
                    replaced
                        .filter(|old| *old != found.id)
                        .map(|id| Write::Remove { id, expect: former.and_then(|there| there.revision) }),
                );
                row.evidence = Some(found.by);
                row.via = pass.routes(row.kind).next().map(|route| route.write.clone());
                let mut there = target.target();
                there.item = Some(found.id);
                there.revision = found.revision;
                row.target = Some(there);
                pass.count(|progress| {
                    progress.copied += 1;
                    progress.bytes += row.size;
                });
            }
            // Within one run it is the item that gets no answer. A run that died says nothing about its items.
            None if row.attempt >= pass.rules.attempts && row.run == pass.journal.run() => {
                let error = Error::new(ErrorKind::Unavailable, "every write of this item stayed without an answer")
                    .on(mailmove_core::Side::Destination)
                    .with("attempts", row.attempt)
                    .remedy("look at the destination server's log, then remigrate failed items");
                row.state = RowState::Failed;
                row.failure = Some(Failure::new(&error));
                pass.count(|progress| progress.failed += 1);
            }
            None => {
                row.state = RowState::Pending;
                row.reason = None;
                target.resend(row.clone());
                due.push(row.clone());
            }
        }
        pass.stamp(&mut row);
        entries.push(Entry::Row(Box::new(row)));
    }
    if !leftovers.is_empty() {
        // A half that cannot be removed now is found again as incomplete; it never counts as there.
        for verdict in pass.destination.write(&target.id, &leftovers).await {
            if let Err(error) = verdict
                && error.kind() != ErrorKind::NotFound
            {
                pass.note(format!("a half-made or former item stays in \"{}\": {error}", target.name()));
            }
        }
    }
    pass.journal.record(entries).await?;
    Ok(due)
}

/// False when the run was stopped before it was quiet.
async fn wait_until_quiet(pass: &Pass, target: &TargetFolder, rows: &[Row]) -> Result<bool> {
    let settle = pass.destination.capabilities().settle;
    let youngest = rows.iter().map(|row| row.at).max().unwrap_or(OffsetDateTime::UNIX_EPOCH);
    // A clock that was set back makes an intent young, never old.
    let age = Duration::try_from(OffsetDateTime::now_utc() - youngest).unwrap_or_default();
    let wait = settle.saturating_sub(age);
    pass.observer.tell(Event::Settling { folder: target.name(), items: rows.len() as u64, wait });
    if !pause(pass, wait).await {
        return Ok(false);
    }
    let still = (settle / 8).clamp(Duration::from_millis(20), Duration::from_secs(1));
    let mut before = target.status(&*pass.destination).await?;
    // A folder into which others deliver all the time never stands still; the age of the intents decides then.
    for _ in 0..10 {
        if !pause(pass, still).await {
            return Ok(false);
        }
        let now = target.status(&*pass.destination).await?;
        if (now.items, &now.position) == (before.items, &before.position) {
            break;
        }
        before = now;
    }
    Ok(true)
}

async fn pause(pass: &Pass, time: Duration) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => !pass.is_over(),
        () = pass.stop.asked() => false,
    }
}

/// After intents were sent again: an item beyond what the rows own, with the bytes of such an intent and behind its
/// floor, is the first sending come late. It is ours and goes, if what was sent again is there.
pub(crate) async fn remove_doubles(pass: &Pass, target: &TargetFolder) -> Result<()> {
    let mut doubles = Vec::new();
    for row in target.take_resent() {
        let (Some(floor), Some(digest)) = (&row.floor, row.digest) else { continue };
        let now = pass.journal.rows(row.place.folder, std::slice::from_ref(&row.place.item)).await?.pop().flatten();
        let stands =
            |row: &Row| row.target.as_ref().is_some_and(|there| there.folder == target.id && there.item.is_some());
        if !now.is_some_and(|row| matches!(row.state, RowState::Copied | RowState::Updated) && stands(&row)) {
            continue;
        }
        // Whoever has these bytes and is not known to stand somewhere may be what is one too many here.
        let open = |row: &Row| matches!(row.state, RowState::Pending | RowState::Intended | RowState::Failed);
        if pass.journal.alike(&[digest]).await?.iter().flatten().any(open) {
            continue;
        }
        let found = matches(pass, target, &[Sought::like(&row)], Some(floor)).await?.pop().unwrap_or_default();
        // Each was sent once more, and leaves one behind.
        let late = found.into_iter().find(|candidate| {
            let certain = matches!(candidate.found.by, Evidence::Digest | Evidence::Mark);
            candidate.is_unowned() && certain && candidate.anonymous == 0 && target.claim(&candidate.found.id)
        });
        doubles.extend(late.map(|late| Write::Remove { id: late.found.id, expect: late.found.revision }));
    }
    if doubles.is_empty() {
        return Ok(());
    }
    let capabilities = pass.destination.capabilities();
    if !capabilities.removes {
        pass.note(format!("{} late writes stand twice in \"{}\"; remove one of each", doubles.len(), target.name()));
        return Ok(());
    }
    for batch in doubles.chunks(capabilities.batch_items.max(1)) {
        for verdict in pass.destination.write(&target.id, batch).await {
            match verdict {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{FolderKey, Place};

    #[test]
    fn an_identifier_of_other_bytes_says_nothing_and_one_of_twins_does() {
        let row = |item: &str, uid: &str, bytes: &str| {
            let place = Place { folder: FolderKey(1), item: item.into() };
            let mut row = Row::new(place, Kind::Mail, RowState::Intended);
            (row.uid, row.digest) = (Some(uid.to_owned()), Some(Digest::of(bytes.as_bytes())));
            row
        };
        let rows = [row("1", "twins", "a"), row("2", "twins", "a"), row("3", "others", "b"), row("4", "others", "c")];
        assert_eq!(shared(&rows), HashSet::from(["others".to_owned()]));
    }
}
