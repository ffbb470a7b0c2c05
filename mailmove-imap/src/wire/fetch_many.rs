//! Facts about many messages: listings, flag scans, header fields, presence.

use super::{FetchData, Operation, Request, StatusLine, UidSet, Untagged};

/// `UID FETCH <set> (<items>) [(<modifiers>)]`.
pub(crate) struct FetchMany {
    request: String,
    /// First and last UID asked for.
    within: (u32, u32),
    needs: fn(&FetchData) -> bool,
    only: Option<UidSet>,
    many: Many,
}

/// What came, in the order in which it came.
#[derive(Debug, Default)]
pub(crate) struct Many {
    pub(crate) messages: Vec<FetchData>,
    /// What VANISHED (EARLIER) named.
    pub(crate) vanished: UidSet,
}

impl FetchMany {
    /// A listing: flags, dates, sizes, and `extra` items. An upper bound of `u32::MAX` is written as `*`; a server then
    /// names its last message even when that lies below, which is left out again here.
    pub(crate) fn listing(from: u32, to: u32, extra: &str) -> Self {
        let set = bounds(from, to);
        Self::new(format!("UID FETCH {set} (UID FLAGS INTERNALDATE RFC822.SIZE{extra})"), from, to, |data| {
            data.flags.is_some() && data.size.is_some()
        })
    }

    /// The listing of what changed after a mod-sequence (RFC 7162), with what vanished since.
    pub(crate) fn changed(from: u32, to: u32, extra: &str, since: u64, vanished: bool) -> Self {
        let mut listing = Self::listing(from, to, extra);
        let more = if vanished { " VANISHED" } else { "" };
        listing.request.push_str(&format!(" (CHANGEDSINCE {since}{more})"));
        listing
    }

    /// Flags, of everything or (RFC 7162) of what changed after a mod-sequence, with what vanished since.
    pub(crate) fn flags(from: u32, to: u32, changed: Option<(u64, bool)>) -> Self {
        let modifiers = match changed {
            Some((since, true)) => format!(" (CHANGEDSINCE {since} VANISHED)"),
            Some((since, false)) => format!(" (CHANGEDSINCE {since})"),
            None => String::new(),
        };
        let set = bounds(from, to);
        Self::new(format!("UID FETCH {set} (UID FLAGS){modifiers}"), from, to, FetchData::is_flags_only)
    }

    /// Which of these are still there. Several may be in flight: each takes only its own.
    pub(crate) fn presence(set: UidSet) -> Self {
        let request = format!("UID FETCH {set} (UID)");
        let plain = |data: &FetchData| data.body.is_none() && data.size.is_none();
        Self { only: Some(set), ..Self::new(request, 0, u32::MAX, plain) }
    }

    fn wants(&self, message: &FetchData) -> bool {
        let Some(uid) = message.uid else { return false };
        let asked = match &self.only {
            Some(set) => set.contains(uid) && !self.many.messages.iter().any(|known| known.uid == Some(uid)),
            None => (self.within.0..=self.within.1).contains(&uid),
        };
        asked && (self.needs)(message)
    }

    fn new(request: String, from: u32, to: u32, needs: fn(&FetchData) -> bool) -> Self {
        Self { request, within: (from, to), needs, only: None, many: Many::default() }
    }
}

impl Operation for FetchMany {
    type Output = Many;

    fn request(&mut self) -> Request {
        Request::new(std::mem::take(&mut self.request))
    }

    fn absorb(&mut self, data: Untagged) -> Option<Untagged> {
        match data {
            Untagged::Fetch(message) if self.wants(&message) => {
                self.many.messages.push(message);
                None
            }
            Untagged::Vanished { earlier: true, uids } => {
                self.many.vanished = uids;
                None
            }
            other => Some(other),
        }
    }

    fn finish(self, done: StatusLine) -> Result<Many, StatusLine> {
        if done.is_complete() { Ok(self.many) } else { Err(done) }
    }
}

pub(super) fn bounds(from: u32, to: u32) -> String {
    if to == u32::MAX { format!("{from}:*") } else { UidSet::range(from, to).to_string() }
}

#[cfg(test)]
mod tests {
    use super::super::request::testing::printed;
    use super::super::untagged::testing::untagged;
    use super::super::{Status, StatusLine};
    use super::*;

    fn ok() -> StatusLine {
        StatusLine { status: Status::Ok, code: None, text: String::new() }
    }

    #[test]
    fn the_last_message_below_an_open_range_is_left_out() {
        let mut listing = FetchMany::listing(7, u32::MAX, " EMAILID");
        assert_eq!(printed(listing.request()), "UID FETCH 7:* (UID FLAGS INTERNALDATE RFC822.SIZE EMAILID)");
        assert!(listing.absorb(untagged("* 6 FETCH (UID 6 FLAGS () RFC822.SIZE 1)")).is_some());
        assert!(listing.absorb(untagged("* 7 FETCH (UID 7 FLAGS () RFC822.SIZE 1)")).is_none());
        assert!(listing.absorb(untagged("* 7 FETCH (UID 7 FLAGS (a))")).is_some(), "news about flags is no listing");
        assert_eq!(listing.finish(ok()).unwrap().messages.len(), 1);
    }

    #[test]
    fn a_flag_scan_collects_what_vanished() {
        let mut scan = FetchMany::flags(1, 99, Some((12, true)));
        assert_eq!(printed(scan.request()), "UID FETCH 1:99 (UID FLAGS) (CHANGEDSINCE 12 VANISHED)");
        assert!(scan.absorb(untagged("* VANISHED (EARLIER) 3:5")).is_none());
        assert!(scan.absorb(untagged("* VANISHED 9")).is_some());
        assert!(scan.absorb(untagged("* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (13))")).is_none());
        let many = scan.finish(ok()).unwrap();
        assert_eq!((many.messages.len(), many.vanished.count()), (1, 3));
    }
}
