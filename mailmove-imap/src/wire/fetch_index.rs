//! By what messages can be recognised without reading them whole.

use mailmove_core::{Digest, Fingerprint};

use super::fetch_many::bounds;
use super::{Operation, Request, StatusLine, Untagged};

/// One message: enough to say that it may be the one that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Indexed {
    pub(crate) uid: u32,
    /// What the server says; not always the truth.
    pub(crate) size: u64,
    /// The weak key, see [`Fingerprint::mail_key`].
    pub(crate) key: Option<Digest>,
}

/// `UID FETCH from:to (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (…)])`. Header fields are dropped as soon as their key
/// is made: a folder may hold hundreds of thousands of messages.
pub(crate) struct FetchIndex {
    from: u32,
    to: u32,
    found: Vec<Indexed>,
}

impl FetchIndex {
    pub(crate) fn new(from: u32, to: u32) -> Self {
        Self { from, to, found: Vec::new() }
    }
}

impl Operation for FetchIndex {
    /// Ascending, each UID once.
    type Output = Vec<Indexed>;

    fn request(&mut self) -> Request {
        let set = bounds(self.from, self.to);
        let fields = "MESSAGE-ID DATE FROM TO SUBJECT";
        Request::new(format!("UID FETCH {set} (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({fields})])"))
    }

    fn absorb(&mut self, data: Untagged) -> Option<Untagged> {
        let Untagged::Fetch(message) = data else { return Some(data) };
        match (message.uid, message.size, &message.header) {
            (Some(uid), Some(size), Some(header)) if (self.from..=self.to).contains(&uid) => {
                self.found.push(Indexed { uid, size, key: Fingerprint::mail_key(header).1 });
                None
            }
            _ => Some(Untagged::Fetch(message)),
        }
    }

    fn finish(mut self, done: StatusLine) -> Result<Self::Output, StatusLine> {
        if !done.is_complete() {
            return Err(done);
        }
        self.found.sort_by_key(|message| message.uid);
        self.found.dedup_by_key(|message| message.uid);
        Ok(self.found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::testing::printed;
    use super::super::untagged::testing::untagged;
    use super::super::{Response, Status, framer::Literal};
    use super::*;

    #[test]
    fn a_header_becomes_its_key() {
        let mut index = FetchIndex::new(5, u32::MAX);
        assert!(
            printed(index.request()).starts_with("UID FETCH 5:* (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID")
        );
        let text = b"* 1 FETCH (UID 7 RFC822.SIZE 9 BODY[HEADER.FIELDS (X)] {20}".to_vec();
        let offset = text.len() - 4;
        let header = b"Message-ID: <1@x>\r\n".to_vec();
        let mut response =
            Response { text: [text, b")".to_vec()].concat(), literals: vec![(offset, Literal::Bytes(header))] };
        match super::super::Incoming::parse(&mut response) {
            super::super::Incoming::Untagged(data) => assert!(index.absorb(data).is_none()),
            other => panic!("{other:?}"),
        }
        assert!(index.absorb(untagged("* 1 FETCH (UID 4 RFC822.SIZE 9 BODY[HEADER.FIELDS (X)] \"\")")).is_some());
        let done = StatusLine { status: Status::Ok, code: None, text: String::new() };
        let found = index.finish(done).unwrap();
        assert_eq!((found.len(), found[0].uid, found[0].key.is_some()), (1, 7, true));
    }
}
