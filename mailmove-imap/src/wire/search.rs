//! UID SEARCH, with its compact answer where the server has it (RFC 4731).

use super::scanner::Scanner;
use super::{Operation, Request, StatusLine, UidSet, Untagged};

/// `UID SEARCH UID <from>:<to>`: which UIDs exist.
pub(crate) struct Search {
    request: String,
    found: UidSet,
}

impl Search {
    pub(crate) fn existing(from: u32, to: u32, compact: bool) -> Self {
        let result = if compact { "RETURN (ALL) " } else { "" };
        let to = if to == u32::MAX { "*".to_owned() } else { to.to_string() };
        Self { request: format!("UID SEARCH {result}UID {from}:{to}"), found: UidSet::default() }
    }
}

impl Operation for Search {
    /// Ascending.
    type Output = UidSet;

    fn request(&mut self) -> Request {
        Request::new(std::mem::take(&mut self.request))
    }

    fn absorb(&mut self, data: Untagged) -> Option<Untagged> {
        match data {
            Untagged::Search(uids) => {
                self.found = uids;
                None
            }
            other => Some(other),
        }
    }

    fn finish(self, done: StatusLine) -> Result<UidSet, StatusLine> {
        if done.is_complete() { Ok(self.found) } else { Err(done) }
    }
}

pub(super) fn parse_search(scanner: &mut Scanner<'_>) -> UidSet {
    let mut uids = Vec::new();
    while let Some(uid) = scanner.number() {
        uids.extend(u32::try_from(uid));
    }
    uids.sort_unstable();
    UidSet::ascending(uids)
}

pub(super) fn parse_esearch(scanner: &mut Scanner<'_>) -> UidSet {
    scanner.words();
    while scanner.peek().is_some() {
        let name = scanner.word();
        if name.eq_ignore_ascii_case(b"ALL") {
            return UidSet::parse(scanner.word()).unwrap_or_default();
        }
        if name.is_empty() {
            scanner.skip_value();
            scanner.eat(b')');
        }
    }
    UidSet::default()
}

#[cfg(test)]
mod tests {
    use super::super::untagged::testing::untagged;
    use super::*;

    #[test]
    fn both_answers_are_the_same_set() {
        let set = |text: &str| match untagged(text) {
            Untagged::Search(set) => set.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(set("* SEARCH 4 2 3 9 (MODSEQ 7)"), "2:4,9");
        assert_eq!(set("* ESEARCH (TAG \"m1\") UID ALL 2:4,9"), "2:4,9");
        assert_eq!(set("* ESEARCH (TAG \"m1\") UID"), "");
        assert_eq!(set("* SEARCH"), "");
    }
}
