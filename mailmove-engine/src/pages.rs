//! Pages whose items do not all have a row yet. The cursor moves over a page only when they do.

use std::collections::VecDeque;

use mailmove_core::Cursor;

/// The open pages of one feed, oldest first. Page 0 is none: work that no page waits for.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    open: VecDeque<Open>,
    last: u64,
}

#[derive(Debug)]
struct Open {
    number: u64,
    left: u64,
    reached: Reached,
}

/// How far the feed is read once a page is done with.
#[derive(Debug)]
pub(crate) struct Reached {
    pub(crate) cursor: Cursor,
    pub(crate) more: bool,
}

impl Pages {
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Opens a page and gives its number.
    pub(crate) fn open(&mut self, cursor: Cursor, more: bool) -> u64 {
        self.last += 1;
        self.open.push_back(Open { number: self.last, left: 0, reached: Reached { cursor, more } });
        self.last
    }

    /// One more thing of this page is under way.
    pub(crate) fn begin(&mut self, page: u64) {
        if let Some(open) = self.find(page) {
            open.left += 1;
        }
    }

    /// One thing of this page has its row.
    pub(crate) fn end(&mut self, page: u64) {
        if let Some(open) = self.find(page) {
            open.left = open.left.saturating_sub(1);
        }
    }

    /// Closes the oldest page if nothing of it is under way.
    pub(crate) fn close(&mut self) -> Option<Reached> {
        self.open.front().filter(|page| page.left == 0)?;
        self.open.pop_front().map(|page| page.reached)
    }

    fn find(&mut self, page: u64) -> Option<&mut Open> {
        self.open.iter_mut().find(|open| open.number == page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_waits_for_the_pages_before_it() {
        let mut pages = Pages::default();
        let first = pages.open(Cursor::new("1"), true);
        let second = pages.open(Cursor::new("2"), false);
        pages.begin(first);
        pages.begin(second);
        pages.end(second);
        assert!(pages.close().is_none());
        pages.end(first);
        assert_eq!(pages.close().unwrap().cursor.as_str(), "1");
        assert!(!pages.close().unwrap().more);
    }
}
