//! UID MOVE (RFC 6851) and UID COPY, with the UIDs the copies got (RFC 4315).

use super::{Code, Operation, Request, StatusLine, UidSet, Untagged};

/// `UID MOVE set mailbox` or `UID COPY set mailbox`.
pub(crate) struct Relocate {
    verb: &'static str,
    set: UidSet,
    mailbox: Vec<u8>,
    code: Option<Code>,
}

/// Old and new UIDs side by side; empty when the server does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Relocated {
    pub(crate) validity: Option<u32>,
    pub(crate) pairs: Vec<(u32, u32)>,
}

impl Relocate {
    pub(crate) fn new(moves: bool, set: UidSet, mailbox: &[u8]) -> Self {
        let verb = if moves { "UID MOVE" } else { "UID COPY" };
        Self { verb, set, mailbox: mailbox.to_vec(), code: None }
    }
}

impl Operation for Relocate {
    type Output = Relocated;

    fn request(&mut self) -> Request {
        Request::new(format!("{} {}", self.verb, self.set)).quoted(&self.mailbox)
    }

    /// MOVE tells COPYUID before its end, so that the expunges can follow.
    fn absorb(&mut self, data: Untagged) -> Option<Untagged> {
        match data {
            Untagged::Line(StatusLine { code: Some(code @ Code::CopyUid { .. }), .. }) => {
                self.code = Some(code);
                None
            }
            other => Some(other),
        }
    }

    fn finish(self, done: StatusLine) -> Result<Relocated, StatusLine> {
        if !done.is_ok() {
            return Err(done);
        }
        Ok(match self.code.or(done.code) {
            Some(Code::CopyUid { validity, from, to }) if from.count() == to.count() => {
                Relocated { validity: Some(validity), pairs: from.iter().zip(to.iter()).collect() }
            }
            _ => Relocated::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::untagged::testing::{incoming, untagged};
    use super::super::{Incoming, request::testing::printed};
    use super::*;

    #[test]
    fn new_uids_come_before_or_with_the_end() {
        let mut relocate = Relocate::new(true, UidSet::range(3, 4), b"to");
        assert_eq!(printed(relocate.request()), "UID MOVE 3:4 \"to\"");
        assert!(relocate.absorb(untagged("* OK [COPYUID 5 3:4 8:9] x")).is_none());
        let Incoming::Tagged(_, done) = incoming("m1 OK done") else { panic!("tagged") };
        assert_eq!(relocate.finish(done).unwrap().pairs, [(3, 8), (4, 9)]);
        let Incoming::Tagged(_, done) = incoming("m1 OK [COPYUID 5 3 8] done") else { panic!("tagged") };
        assert_eq!(Relocate::new(false, UidSet::range(3, 3), b"to").finish(done).unwrap().pairs, [(3, 8)]);
    }
}
