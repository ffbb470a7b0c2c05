//! Sets of UIDs, as they stand in commands and in response codes.

use std::fmt;

/// Ranges of UIDs in the order in which they were given. The order matters: APPENDUID names the UIDs of a MULTIAPPEND in
/// the order of its messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UidSet(Vec<(u32, u32)>);

impl UidSet {
    /// The most compact set of these UIDs, which must ascend.
    pub(crate) fn ascending(uids: impl IntoIterator<Item = u32>) -> Self {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for uid in uids {
            match ranges.last_mut() {
                Some((_, end)) if end.checked_add(1) == Some(uid) => *end = uid,
                Some((_, end)) if *end >= uid => {}
                _ => ranges.push((uid, uid)),
            }
        }
        Self(ranges)
    }

    pub(crate) fn range(from: u32, to: u32) -> Self {
        Self(vec![(from, to)])
    }

    /// Reads `1:5,9,7`. A range may stand the wrong way round; `*` and everything else that is no number is refused.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut ranges = Vec::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (from, to) = part.split_once(':').unwrap_or((part, part));
            let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
            ranges.push((from.min(to), from.max(to)));
        }
        Some(Self(ranges))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many UIDs are named.
    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|(from, to)| u64::from(to - from) + 1).sum()
    }

    /// Whether it names this UID.
    pub(crate) fn contains(&self, uid: u32) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&uid))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|(from, to)| *from..=*to)
    }

    /// The part from this UID on. Of an ascending set.
    pub(crate) fn from(&self, first: u32) -> Self {
        let ranges = self.0.iter().filter(|(_, to)| *to >= first).map(|(from, to)| ((*from).max(first), *to));
        Self(ranges.collect())
    }

    /// What is here and not in `other`. Of ascending sets.
    pub(crate) fn minus(&self, other: &UidSet) -> UidSet {
        let mut ranges = Vec::new();
        let mut holes = other.0.iter().peekable();
        for (from, to) in &self.0 {
            let mut next = Some(*from);
            while let (Some(begin), Some((first, last))) = (next, holes.peek()) {
                if *last < begin {
                    holes.next();
                    continue;
                }
                if *first > *to {
                    break;
                }
                if *first > begin {
                    ranges.push((begin, first - 1));
                }
                // Behind the last UID that there can be is none.
                next = last.checked_add(1);
                if *last > *to {
                    break;
                }
                holes.next();
            }
            if let Some(begin) = next.filter(|begin| begin <= to) {
                ranges.push((begin, *to));
            }
        }
        UidSet(ranges)
    }

    /// The set cut into pieces whose text stays below `bytes`.
    pub(crate) fn pieces(&self, bytes: usize) -> Vec<UidSet> {
        let mut pieces = vec![UidSet::default()];
        let mut length = 0;
        for range in &self.0 {
            let more = RangeText(*range).to_string().len() + 1;
            if length > 0 && length + more > bytes {
                pieces.push(UidSet::default());
                length = 0;
            }
            length += more;
            if let Some(piece) = pieces.last_mut() {
                piece.0.push(*range);
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }
}

impl fmt::Display for UidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(at, range)| {
            if at > 0 {
                f.write_str(",")?;
            }
            RangeText(*range).fmt(f)
        })
    }
}

struct RangeText((u32, u32));

impl fmt::Display for RangeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = self.0;
        if from == to { write!(f, "{from}") } else { write!(f, "{from}:{to}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_set_is_written_compactly_and_read_back_in_its_order() {
        let set = UidSet::ascending([1, 2, 3, 3, 7, 9, 10]);
        assert_eq!(set.to_string(), "1:3,7,9:10");
        assert_eq!(UidSet::parse(b"9,5:7").unwrap().iter().collect::<Vec<_>>(), [9, 5, 6, 7]);
        assert_eq!(UidSet::parse(b"7:5").unwrap().to_string(), "5:7");
        assert_eq!(UidSet::parse(b"5:*"), None);
    }

    #[test]
    fn the_last_uid_that_there_can_be_is_one_like_any_other() {
        let last = UidSet::ascending([u32::MAX - 1, u32::MAX, u32::MAX]);
        assert_eq!(last.to_string(), "4294967294:4294967295");
        assert_eq!(last.minus(&last), UidSet::default());
        assert_eq!(last.minus(&UidSet::range(1, u32::MAX - 1)).to_string(), "4294967295");
    }

    #[test]
    fn pieces_stay_below_the_line_length() {
        let set = UidSet::ascending((1..4000).step_by(2));
        let pieces = set.pieces(100);
        assert!(pieces.iter().all(|piece| piece.to_string().len() <= 100));
        assert_eq!(pieces.iter().flat_map(|piece| piece.iter().collect::<Vec<_>>()).count(), 2000);
    }

    proptest! {
        #[test]
        fn difference_is_set_difference(a in proptest::collection::btree_set(1u32..60, 0..40), b in proptest::collection::btree_set(1u32..60, 0..40)) {
            let (left, right) = (UidSet::ascending(a.iter().copied()), UidSet::ascending(b.iter().copied()));
            let expected: Vec<u32> = a.difference(&b).copied().collect();
            prop_assert_eq!(left.minus(&right).iter().collect::<Vec<_>>(), expected);
            let tail: Vec<u32> = a.iter().copied().filter(|uid| *uid >= 30).collect();
            prop_assert_eq!(left.from(30).iter().collect::<Vec<_>>(), tail);
        }
    }
}
