//! The numbers by which the file names what is a closed list in the program. A number once given stays.

use mailmove_core::{Evidence, Kind};

use crate::ledger::RowState;

const KINDS: [Kind; 6] = [Kind::Mail, Kind::Event, Kind::Contact, Kind::Task, Kind::Note, Kind::Journal];

/// First those to be done, then those of items that are there, then the others: indexes ask for ranges.
const STATES: [RowState; 11] = [
    RowState::Pending,
    RowState::Failed,
    RowState::Intended,
    RowState::Copied,
    RowState::Updated,
    RowState::AlreadyThere,
    RowState::Kept,
    RowState::GoneAtSource,
    RowState::GoneAtDestination,
    RowState::Filtered,
    RowState::Lost,
];

const EVIDENCE: [Evidence; 5] = [Evidence::Id, Evidence::Mark, Evidence::Digest, Evidence::Uid, Evidence::Key];

pub(super) fn kind(kind: Kind) -> i64 {
    place(&KINDS, kind)
}

pub(super) fn kind_of(code: i64) -> Option<Kind> {
    at(&KINDS, code)
}

pub(super) fn state(state: RowState) -> i64 {
    place(&STATES, state)
}

pub(super) fn state_of(code: i64) -> Option<RowState> {
    at(&STATES, code)
}

pub(super) fn evidence(evidence: Evidence) -> i64 {
    place(&EVIDENCE, evidence)
}

pub(super) fn evidence_of(code: i64) -> Option<Evidence> {
    at(&EVIDENCE, code)
}

/// States as a set of bits; no states mean all.
pub(super) fn mask(states: &[RowState]) -> i64 {
    if states.is_empty() { -1 } else { states.iter().fold(0, |bits, &one| bits | 1 << state(one)) }
}

/// Whether the states are all such as the index of due rows holds.
pub(super) fn all_due(states: &[RowState]) -> bool {
    let due = |state: &RowState| matches!(state, RowState::Pending | RowState::Intended | RowState::Failed);
    !states.is_empty() && states.iter().all(due)
}

fn place<T: PartialEq>(list: &[T], wanted: T) -> i64 {
    list.iter().position(|known| *known == wanted).map_or(-1, |place| place as i64)
}

fn at<T: Copy>(list: &[T], code: i64) -> Option<T> {
    usize::try_from(code).ok().and_then(|place| list.get(place)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_number_and_comes_back() {
        assert!(Kind::ALL.into_iter().all(|one| kind_of(kind(one)) == Some(one)));
        assert!(RowState::ALL.into_iter().all(|one| state_of(state(one)) == Some(one)));
        assert!(EVIDENCE.into_iter().all(|one| evidence_of(evidence(one)) == Some(one)));
        assert_eq!((kind_of(6), state_of(11), evidence_of(-1)), (None, None, None));
    }

    #[test]
    fn the_numbers_in_the_indexes_are_those_of_the_states() {
        let codes = |wanted: &dyn Fn(RowState) -> bool| -> Vec<i64> {
            STATES.into_iter().filter(|&one| wanted(one)).map(state).collect()
        };
        assert_eq!(codes(&|one| all_due(&[one])), [0, 1, 2]);
        assert_eq!([RowState::Pending, RowState::Failed, RowState::Intended].map(state), [0, 1, 2]);
        assert_eq!(state(RowState::GoneAtSource), 7);
        assert_eq!(codes(&RowState::is_there), [3, 4, 5, 6, 7]);
    }
}
