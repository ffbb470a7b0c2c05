//! A set that was read is the same when it is read again; a difference is what a set of the standard library says.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use mailmove_imap::fuzzing::{uid_set, uids_minus};

fuzz_target!(|text: &[u8]| {
    if let Some((written, count)) = uid_set(text) {
        assert_eq!(uid_set(written.as_bytes()), Some((written.clone(), count)));
    }
    let mut sets = [BTreeSet::new(), BTreeSet::new()];
    for word in text.chunks_exact(5) {
        let number = u32::from_be_bytes([word[1], word[2], word[3], word[4]]);
        // Near to each other and near to the ends, or nothing overlaps.
        let number = match word[0] & 3 {
            0 => number,
            1 => number % 64,
            _ => u32::MAX - number % 64,
        };
        sets[usize::from(word[0] >> 7)].insert(number);
    }
    let [left, right] = sets.map(|set| set.into_iter().collect::<Vec<u32>>());
    let expected: BTreeSet<u32> = left.iter().copied().filter(|uid| !right.contains(uid)).collect();
    let found = uids_minus(&left, &right);
    let mut members = BTreeSet::new();
    for range in found.split(',').filter(|range| !range.is_empty()) {
        let (from, to) = range.split_once(':').unwrap_or((range, range));
        let number = |text: &str| text.parse::<u32>().expect("a number");
        members.extend(number(from)..=number(to));
    }
    assert_eq!(members, expected);
});
