//! Whole messages (RFC 3501 §6.4.5), by a set of UIDs.

use mailmove_core::Spool;

use super::{FetchData, Operation, Request, Sink, StatusLine, UidSet, Untagged};

/// Where the bodies go.
#[derive(Debug, Clone)]
pub(crate) enum BodyTarget {
    /// Into this spool.
    Spool(Spool),
    /// Into a digest; the bytes are not kept.
    Digest,
}

/// `UID FETCH set (UID FLAGS INTERNALDATE BODY.PEEK[])`. Several may be in flight: servers answer them side by side, so
/// data goes to the command that asked for the UID and has no body for it yet.
pub(crate) struct FetchBodies {
    uids: Vec<u32>,
    found: Vec<Option<FetchData>>,
    missing: usize,
    target: BodyTarget,
}

/// What came.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// In the order of the UIDs asked for; `None` where the server had nothing.
    pub(crate) messages: Vec<Option<FetchData>>,
    /// The server refused, perhaps only a part: the messages that did come are whole.
    pub(crate) refused: Option<StatusLine>,
}

impl FetchBodies {
    /// The UIDs must ascend.
    pub(crate) fn new(uids: Vec<u32>, target: BodyTarget) -> Self {
        debug_assert!(uids.is_sorted());
        let mut found = Vec::new();
        found.resize_with(uids.len(), || None);
        Self { missing: uids.len(), uids, found, target }
    }

    fn place(&self, uid: u32) -> Option<usize> {
        self.uids.binary_search(&uid).ok().filter(|at| self.found[*at].is_none())
    }
}

impl Operation for FetchBodies {
    type Output = Fetched;

    fn request(&mut self) -> Request {
        let set = UidSet::ascending(self.uids.iter().copied());
        Request::new(format!("UID FETCH {set} (UID FLAGS INTERNALDATE BODY.PEEK[])"))
    }

    fn absorb(&mut self, data: Untagged) -> Option<Untagged> {
        let Untagged::Fetch(message) = data else { return Some(data) };
        match message.uid.filter(|_| message.body.is_some()).and_then(|uid| self.place(uid)) {
            Some(place) => {
                self.found[place] = Some(message);
                self.missing -= 1;
                None
            }
            None => Some(Untagged::Fetch(message)),
        }
    }

    fn sink(&mut self, uid: Option<u32>) -> Option<Sink> {
        let wanted = uid.map_or(self.missing > 0, |uid| self.place(uid).is_some());
        wanted.then(|| match &self.target {
            BodyTarget::Spool(spool) => Sink::Spool(Box::new(spool.writer())),
            BodyTarget::Digest => Sink::Digest(Box::default()),
        })
    }

    fn finish(self, done: StatusLine) -> Result<Fetched, StatusLine> {
        if !done.is_ok() && self.missing == self.uids.len() {
            return Err(done);
        }
        Ok(Fetched { messages: self.found, refused: Some(done).filter(|done| !done.is_ok()) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::testing::printed;
    use super::super::untagged::testing::untagged;
    use super::*;

    fn ok() -> StatusLine {
        StatusLine { status: super::super::Status::Ok, code: None, text: String::new() }
    }

    #[test]
    fn data_goes_to_the_place_of_its_uid_and_only_once() {
        let mut fetch = FetchBodies::new(vec![3, 4, 9], BodyTarget::Digest);
        assert_eq!(printed(fetch.request()), "UID FETCH 3:4,9 (UID FLAGS INTERNALDATE BODY.PEEK[])");
        assert!(fetch.absorb(untagged("* 2 FETCH (UID 9 BODY[] \"x\")")).is_none());
        assert!(
            fetch.absorb(untagged("* 2 FETCH (UID 9 BODY[] \"x\")")).is_some(),
            "a second command may have asked too"
        );
        assert!(fetch.absorb(untagged("* 2 FETCH (UID 3 FLAGS ())")).is_some(), "flags alone are no answer");
        assert!(fetch.absorb(untagged("* 2 FETCH (UID 5 BODY[] \"x\")")).is_some());
        assert!(fetch.sink(Some(3)).is_some() && fetch.sink(Some(9)).is_none() && fetch.sink(None).is_some());
        let fetched = fetch.finish(ok()).unwrap();
        assert_eq!(fetched.messages.iter().map(Option::is_some).collect::<Vec<_>>(), [false, false, true]);
    }

    #[test]
    fn a_refusal_after_a_part_keeps_the_part() {
        let no = StatusLine { status: super::super::Status::No, ..ok() };
        let mut fetch = FetchBodies::new(vec![1, 2], BodyTarget::Digest);
        fetch.absorb(untagged("* 1 FETCH (UID 1 BODY[] \"x\")"));
        let fetched = fetch.finish(no.clone()).unwrap();
        assert!(fetched.refused.is_some() && fetched.messages[0].is_some());
        assert_eq!(FetchBodies::new(vec![1], BodyTarget::Digest).finish(no.clone()).unwrap_err(), no);
    }
}
