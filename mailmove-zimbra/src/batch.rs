//! What travels together.

use std::ops::Range;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream;

/// Cuts a row of things of these sizes into batches. One that is larger than a batch goes alone.
pub(crate) fn split(sizes: &[u64], most_items: usize, most_bytes: u64) -> Vec<Range<usize>> {
    let mut batches: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0_u64;
    for (at, size) in sizes.iter().enumerate() {
        match batches.last_mut() {
            Some(batch) if batch.len() < most_items && bytes.saturating_add(*size) <= most_bytes => batch.end = at + 1,
            _ => {
                batches.push(at..at + 1);
                bytes = 0;
            }
        }
        bytes = bytes.saturating_add(*size);
    }
    batches
}

/// The parts of a batch that are still to be tried, in their order. One that fails is halved until it is one thing.
#[derive(Debug)]
pub(crate) struct Ranges(Vec<Range<usize>>);

impl Ranges {
    /// All of a batch of this many.
    pub(crate) fn new(count: usize) -> Self {
        Self((count > 0).then_some(0..count).into_iter().collect())
    }

    /// Tries this part again in two halves, the first one next.
    pub(crate) fn halve(&mut self, range: Range<usize>) {
        let middle = range.start + range.len() / 2;
        self.0.extend([middle..range.end, range.start..middle]);
    }

    /// The next part.
    pub(crate) fn next(&mut self) -> Option<Range<usize>> {
        self.0.pop()
    }
}

/// Runs these, no more than so many side by side; the outcomes stand in the order of the futures.
pub(crate) async fn side_by_side<T: Send>(futures: Vec<BoxFuture<'_, T>>, most: usize) -> Vec<T> {
    stream::iter(futures).buffered(most.max(1)).collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_bounded_by_number_and_by_bytes() {
        assert_eq!(split(&[1, 1, 1, 1, 1], 2, 100), [0..2, 2..4, 4..5]);
        assert_eq!(split(&[5, 5, 50, 5, 6], 10, 10), [0..2, 2..3, 3..4, 4..5]);
        assert_eq!(split(&[u64::MAX, u64::MAX], 10, 10), [0..1, 1..2]);
        assert!(split(&[], 2, 100).is_empty());
    }

    #[test]
    fn halves_come_in_order_until_each_is_one() {
        let mut ranges = Ranges::new(5);
        let mut tried = Vec::new();
        while let Some(range) = ranges.next() {
            match range.len() {
                1 => tried.push(range.start),
                _ => ranges.halve(range),
            }
        }
        assert_eq!(tried, [0, 1, 2, 3, 4]);
        assert!(Ranges::new(0).next().is_none());
    }
}
