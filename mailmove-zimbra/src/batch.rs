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
}
