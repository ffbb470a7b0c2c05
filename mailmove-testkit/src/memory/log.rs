//! What changed in a feed, and the cursors into it.

use std::collections::BTreeMap;

use mailmove_core::{Cursor, Error, ErrorKind, Result};

/// The changes of one feed, by readings of the mailbox's clock. An item that changes again leaves its earlier place.
#[derive(Debug, Default)]
pub(super) struct Log {
    changed: BTreeMap<u64, u64>,
    gone: BTreeMap<u64, Departure>,
    /// Changes before this one are forgotten.
    floor: u64,
}

/// An item that went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Departure {
    /// Its number.
    pub(super) uid: u64,
    /// From where: from one folder of a mailbox-wide feed, or from the feed.
    pub(super) folder: Option<u64>,
}

/// One line of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// The item with this number changed.
    Changed(u64),
    /// An item went.
    Gone(Departure),
}

impl Log {
    pub(super) fn changed(&mut self, before: u64, now: u64, uid: u64) {
        self.changed.remove(&before);
        self.changed.insert(now, uid);
    }

    pub(super) fn gone(&mut self, now: u64, departure: Departure) {
        self.gone.insert(now, departure);
    }

    /// Takes the item out of the changes: it went, or has another number now.
    pub(super) fn forget_item(&mut self, changed: u64) {
        self.changed.remove(&changed);
    }

    /// Forgets every change up to now, so that cursors from before have expired.
    pub(super) fn forget(&mut self, now: u64) {
        self.floor = now;
        self.gone.clear();
    }

    pub(super) fn remembers(&self, after: u64) -> bool {
        after >= self.floor
    }

    /// Everything behind this reading, in order.
    pub(super) fn after(&self, after: u64) -> impl Iterator<Item = (u64, Entry)> {
        let mut changed = self.changed.range(after + 1..).map(|(at, uid)| (*at, Entry::Changed(*uid))).peekable();
        let mut gone = self.gone.range(after + 1..).map(|(at, gone)| (*at, Entry::Gone(*gone))).peekable();
        std::iter::from_fn(move || match (changed.peek(), gone.peek()) {
            (Some((one, _)), Some((other, _))) if other < one => gone.next(),
            (Some(_), _) => changed.next(),
            (None, _) => gone.next(),
        })
    }
}

/// How far a feed was read, within one epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    /// In a listing that began at this reading: up to this number.
    Listing { began: u64, uid: u64 },
    /// Everything up to this reading.
    Changes { after: u64 },
}

impl Reached {
    pub(super) fn cursor(self, epoch: u64) -> Cursor {
        Cursor::new(match self {
            Reached::Listing { began, uid } => format!("{epoch} listing {began} {uid}"),
            Reached::Changes { after } => format!("{epoch} changes {after}"),
        })
    }

    /// Reads a cursor; one that is of another epoch, or not of ours, has expired.
    pub(super) fn parse(cursor: &Cursor, epoch: u64) -> Result<Self> {
        let mut words = cursor.as_str().split(' ');
        let number = |words: &mut std::str::Split<'_, char>| words.next().and_then(|word| word.parse().ok());
        let reached = (number(&mut words) == Some(epoch)).then_some(()).and_then(|()| match words.next() {
            Some("listing") => Some(Reached::Listing { began: number(&mut words)?, uid: number(&mut words)? }),
            Some("changes") => Some(Reached::Changes { after: number(&mut words)? }),
            _ => None,
        });
        reached.ok_or_else(expired)
    }
}

pub(super) fn expired() -> Error {
    Error::new(ErrorKind::CursorExpired, "the cursor is older than what is remembered")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_tells_changes_and_departures_in_order_and_each_item_once() {
        let mut log = Log::default();
        log.changed(0, 1, 10);
        log.changed(0, 2, 11);
        log.gone(3, Departure { uid: 12, folder: None });
        log.changed(1, 4, 10);
        let gone = Entry::Gone(Departure { uid: 12, folder: None });
        assert_eq!(log.after(0).collect::<Vec<_>>(), [(2, Entry::Changed(11)), (3, gone), (4, Entry::Changed(10))]);
        assert_eq!(log.after(3).collect::<Vec<_>>(), [(4, Entry::Changed(10))]);
    }

    #[test]
    fn a_cursor_is_read_back_within_its_epoch_only() {
        for reached in [Reached::Listing { began: 7, uid: 9 }, Reached::Changes { after: 8 }] {
            assert_eq!(Reached::parse(&reached.cursor(3), 3).unwrap(), reached);
            assert_eq!(Reached::parse(&reached.cursor(3), 4).unwrap_err().kind(), ErrorKind::CursorExpired);
        }
        assert_eq!(Reached::parse(&Cursor::new("rubbish"), 3).unwrap_err().kind(), ErrorKind::CursorExpired);
    }
}
