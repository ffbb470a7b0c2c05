//! The connections that all mailboxes of one server have together.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// For how long a place that was the last one stays for the next mailbox: mailboxes come after each other, and a further
/// connection of another one costs the server a sign-in that moves nothing.
const HELD: Duration = Duration::from_secs(1);

/// Counts connections. Every mailbox has its first one; further ones are for when there are few mailboxes, since each
/// costs the server a process and what it knows of the mailbox.
#[derive(Debug)]
pub(crate) struct Together {
    most: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    open: usize,
    /// When the last place was given back, of those that were all taken.
    last: Option<Instant>,
}

impl Counts {
    fn have_room(&self, most: usize) -> bool {
        self.open < most && self.last.is_none_or(|at| at.elapsed() >= HELD)
    }
}

/// One connection's place. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Place(Arc<Together>);

impl Together {
    /// With so many places; first connections may be more.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, counts: Mutex::default() })
    }

    /// A place for the first connection of a mailbox.
    pub(crate) fn first(self: &Arc<Self>) -> Place {
        self.counts().open += 1;
        Place(self.clone())
    }

    /// A place for a further one.
    pub(crate) fn further(self: &Arc<Self>) -> Option<Place> {
        let mut counts = self.counts();
        counts.have_room(self.most).then(|| {
            counts.open += 1;
            Place(self.clone())
        })
    }

    pub(crate) fn has_room(&self) -> bool {
        self.counts().have_room(self.most)
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.0.counts();
        if counts.open >= self.0.most {
            counts.last = Some(Instant::now());
        }
        counts.open -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn every_mailbox_has_its_first_and_a_place_just_left_is_for_the_next_mailbox() {
        let together = Together::new(2);
        let (one, two, three) = (together.first(), together.first(), together.first());
        assert!(together.further().is_none());
        drop((one, two));
        assert!(together.further().is_none(), "the next mailbox is about to be opened");
        tokio::time::advance(HELD).await;
        let further = together.further();
        assert!(further.is_some());
        assert!(together.further().is_none());
        drop(three);
    }
}
