//! The destination is not trusted blindly: rows that say "there" are held against what is there.

use mailmove_core::{Result, Wanted};

use crate::ledger::{Entry, Row, RowState, Select};
use crate::pass::{Pass, SourceFolder};
use crate::twins::{Sought, matches, pair};

/// Why a folder is looked at again, and so what it means when an item is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// It holds fewer items than the ledger owns: its user removed some. They are reported, not copied back.
    FewerItems,
    /// It was created again, its ids are new. What is missing is written again.
    Recreated,
    /// The caller asked to verify what was moved before (flag 2048). What is missing is written again.
    Asked,
}

/// Goes through the rows of one source folder.
pub(crate) async fn relook(pass: &Pass, folder: &SourceFolder, why: Why) -> Result<()> {
    let states: Vec<RowState> = RowState::ALL
        .into_iter()
        .filter(|state| state.is_there() || (*state == RowState::GoneAtDestination && why == Why::Asked))
        .collect();
    let select = Select::all().in_folder(folder.row.key).in_states(&states);
    let limit = pass.destination.capabilities().batch_items.clamp(1, 500);
    let (mut after, mut found, mut missing) = (None, 0u64, 0u64);
    loop {
        let rows = pass.journal.scan(&select, after.as_ref(), limit).await?;
        let Some(last) = rows.last() else { break };
        let end = rows.len() < limit;
        after = Some(last.place.clone());
        let entries = compare(pass, folder, rows, why, (&mut found, &mut missing)).await?;
        pass.journal.record(entries).await?;
        if end || pass.is_over() {
            break;
        }
    }
    if why == Why::Recreated {
        let name = folder.target.name();
        pass.note(format!(
            "\"{name}\" was created again at the destination: {found} items found, {missing} written again"
        ));
    }
    Ok(())
}

async fn compare(
    pass: &Pass,
    folder: &SourceFolder,
    rows: Vec<Row>,
    why: Why,
    (found, missing): (&mut u64, &mut u64),
) -> Result<Vec<Entry>> {
    let target = &folder.target;
    let in_place =
        |row: &Row| row.target.as_ref().is_some_and(|there| there.folder == target.id && there.epoch == target.epoch);
    // What was adopted where it stood is none of this folder's business.
    let home = [Some(&target.id), folder.before.as_ref()];
    let elsewhere = |row: &Row| row.target.as_ref().is_some_and(|there| !home.contains(&Some(&there.folder)));
    let rows: Vec<Row> = rows.into_iter().filter(|row| why == Why::Asked || !elsewhere(row)).collect();
    let sought: Vec<Sought> = rows
        .iter()
        .map(|row| match row.target.as_ref().and_then(|there| there.item.clone()).filter(|_| in_place(row)) {
            Some(id) => Sought::new(row.place.clone(), Wanted::Known(id), row.flags.clone(), row.received),
            None => Sought::like(row),
        })
        .collect();
    let is_known = |at: usize| matches!(sought[at].wanted, Wanted::Known(_));
    let there = matches(pass, target, &sought, None).await?;
    let unclear: Vec<bool> = there.iter().map(|found| found.iter().any(|candidate| candidate.arriving)).collect();
    let answers = pair(there, |at, candidate| {
        is_known(at) || candidate.is_for(&rows[at].place) && target.claim(&candidate.found.id)
    });
    let known: Vec<bool> = (0..sought.len()).map(is_known).collect();
    let mut entries = Vec::new();
    for (((mut row, known), unclear), answer) in rows.into_iter().zip(known).zip(unclear).zip(answers) {
        match answer {
            Some(_) if known => {
                *found += 1;
                continue;
            }
            Some(candidate) => {
                let mut there = target.target();
                there.item = Some(candidate.found.id);
                there.revision = candidate.found.revision;
                row.target = Some(there);
                if row.state == RowState::GoneAtDestination {
                    row.state = RowState::AlreadyThere;
                }
                pass.stamp(&mut row);
                entries.push(Entry::Row(Box::new(row)));
                *found += 1;
                continue;
            }
            // Without an id, absence proves nothing unless we know that ids begin anew.
            // Nor is gone what may stand behind the copy of a twin that is just being written.
            None if !known
                && why == Why::FewerItems
                && (unclear || row.target.as_ref().is_none_or(|there| there.item.is_none())) =>
            {
                continue;
            }
            None => {}
        }
        *missing += 1;
        let gone = row.state == RowState::GoneAtSource;
        row.target = None;
        if !gone {
            row.state = if why == Why::FewerItems { RowState::GoneAtDestination } else { RowState::Pending };
            row.reason = None;
            row.attempt = 0;
        }
        pass.stamp(&mut row);
        entries.push(Entry::Row(Box::new(row)));
    }
    Ok(entries)
}
