//! Sequence sets: `1:4,7,9:*` (RFC 3501, 9).

use std::fmt::Write;

/// A set of sequence numbers or UIDs as the client wrote it; `*` is [`u32::MAX`] until it is resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Set(Vec<(u32, u32)>);

impl Set {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let ranges = text.split(',').map(|range| match range.split_once(':') {
            Some((first, last)) => Some((number(first)?, number(last)?)),
            None => number(range).map(|only| (only, only)),
        });
        ranges.collect::<Option<Vec<_>>>().map(Self)
    }

    /// The ranges in ascending order, joined where they meet, with `*` standing for `last`.
    pub(crate) fn resolve(&self, last: u32) -> Vec<(u32, u32)> {
        let resolved = |end: u32| if end == u32::MAX { last } else { end };
        let mut ranges: Vec<_> = self
            .0
            .iter()
            .map(|&(a, b)| (resolved(a).min(resolved(b)), resolved(a).max(resolved(b))))
            .filter(|&(_, b)| b > 0)
            .collect();
        ranges.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match joined.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => joined.push((first, last)),
            }
        }
        joined
    }

    /// The members of an ascending list of UIDs that are in the set.
    pub(crate) fn uids_of(&self, ascending: &[u32]) -> Vec<u32> {
        let last = ascending.last().copied().unwrap_or(0);
        let mut found = Vec::new();
        for (first, last) in self.resolve(last) {
            let from = ascending.partition_point(|&uid| uid < first);
            let to = ascending.partition_point(|&uid| uid <= last);
            found.extend_from_slice(&ascending[from..to]);
        }
        found
    }

    /// Like [`uids_of`](Self::uids_of), but the set counts places in the list, from 1. `None` when a place is beyond it.
    pub(crate) fn places_of(&self, ascending: &[u32]) -> Option<Vec<u32>> {
        let last = u32::try_from(ascending.len()).unwrap_or(u32::MAX);
        let mut found = Vec::new();
        for (first, last) in self.resolve(last) {
            found.extend_from_slice(ascending.get(first.checked_sub(1)? as usize..last as usize)?);
        }
        Some(found)
    }
}

/// `1:3,7` for an ascending list.
pub(crate) fn compact(ascending: &[u32]) -> String {
    let mut text = String::new();
    let mut rest = ascending;
    while let [first, ..] = rest {
        let run = rest.iter().zip(*first..).take_while(|(uid, expected)| **uid == *expected).count();
        let comma = if text.is_empty() { "" } else { "," };
        let _ = match run {
            1 => write!(text, "{comma}{first}"),
            _ => write!(text, "{comma}{first}:{}", rest[run - 1]),
        };
        rest = &rest[run..];
    }
    text
}

fn number(text: &str) -> Option<u32> {
    if text == "*" {
        return Some(u32::MAX);
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    digits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined_and_turned_around() {
        let set = Set::parse("7,3:1,2:4,10:*").unwrap();
        assert_eq!(set.resolve(12), [(1, 4), (7, 7), (10, 12)]);
    }

    #[test]
    fn a_range_behind_the_end_names_the_last_message() {
        assert_eq!(Set::parse("500:*").unwrap().uids_of(&[3, 9, 20]), [20]);
    }

    #[test]
    fn places_count_from_one_and_end_at_the_end() {
        let uids = [3, 9, 20];
        assert_eq!(Set::parse("1,3").unwrap().places_of(&uids), Some(vec![3, 20]));
        assert_eq!(Set::parse("*").unwrap().places_of(&uids), Some(vec![20]));
        assert_eq!(Set::parse("4").unwrap().places_of(&uids), None);
    }

    #[test]
    fn lists_are_written_compactly() {
        assert_eq!(compact(&[1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(compact(&[]), "");
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for text in ["", "0", "a", "1:", "1,,2", "01", "-1"] {
            assert_eq!(Set::parse(text), None, "{text}");
        }
    }
}
