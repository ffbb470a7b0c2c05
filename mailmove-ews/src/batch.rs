//! What travels together, and what to do when it cannot.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use mailmove_core::{Error, ErrorKind, Recovery, Result};

/// How many things the server bears in one request: fewer after trouble, more again while all goes well.
#[derive(Debug)]
pub(crate) struct Appetite {
    most: usize,
    now: AtomicUsize,
}

impl Appetite {
    /// As many as this, until there is trouble.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, now: AtomicUsize::new(most) }
    }

    /// How many a request takes now.
    pub(crate) fn items(&self) -> usize {
        self.now.load(Ordering::Relaxed)
    }

    /// A request went well.
    pub(crate) fn sated(&self) {
        let more = |now: usize| (now < self.most).then(|| (now + 1 + now / 4).min(self.most));
        let _ = self.now.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// A request with so many things was too much.
    pub(crate) fn spoiled(&self, items: usize) {
        self.now.fetch_min((items / 2).max(1), Ordering::Relaxed);
    }

    /// Judges a whole request by how it ended. One that stopped in the middle was too much, too.
    pub(crate) fn judge<T>(&self, items: usize, outcome: &Result<Vec<Result<T>>>) {
        let stopped = |error: &Error| crate::error::code(error) == Some("ErrorBatchProcessingStopped");
        match outcome {
            Ok(verdicts) if verdicts.iter().any(|one| one.as_ref().is_err_and(stopped)) => self.spoiled(items),
            Ok(_) => self.sated(),
            Err(error) if matches!(error.kind(), ErrorKind::TooLarge | ErrorKind::Timeout | ErrorKind::Unavailable) => {
                self.spoiled(items);
            }
            Err(_) => {}
        }
    }
}

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

/// Whether a whole request can have failed because of one thing in it.
pub(crate) fn may_be_one_items(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::TooLarge | ErrorKind::Refused | ErrorKind::Protocol | ErrorKind::NotFound)
        && error.recovery() != Recovery::StopMailbox
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
    fn appetite_shrinks_at_once_and_grows_slowly() {
        let appetite = Appetite::new(25);
        appetite.judge::<()>(25, &Err(Error::new(ErrorKind::TooLarge, "")));
        assert_eq!(appetite.items(), 12);
        let stopped = Error::new(ErrorKind::Unavailable, "").with("code", "ErrorBatchProcessingStopped");
        appetite.judge(12, &Ok(vec![Ok(()), Err(stopped)]));
        assert_eq!(appetite.items(), 6);
        appetite.judge::<()>(6, &Err(Error::new(ErrorKind::AccessDenied, "")));
        assert_eq!(appetite.items(), 6);
        let sizes: Vec<usize> = (0..8)
            .map(|_| {
                appetite.judge(1, &Ok(vec![Ok(())]));
                appetite.items()
            })
            .collect();
        assert_eq!(sizes, [8, 11, 14, 18, 23, 25, 25, 25]);
        appetite.spoiled(1);
        assert_eq!(appetite.items(), 1);
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
    }
}
