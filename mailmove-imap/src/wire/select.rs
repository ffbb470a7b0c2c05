//! EXAMINE and SELECT (RFC 3501 §6.3.1, RFC 7162 §3.1).

use super::{Code, Operation, Request, StatusLine, Untagged};

/// A mailbox as it was when it was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selected {
    pub(crate) exists: u32,
    pub(crate) validity: Option<u32>,
    pub(crate) next: Option<u32>,
    /// `None`: the mailbox keeps no mod-sequences.
    pub(crate) modseq: Option<u64>,
    /// What may be stored for good; `None`: the server did not say, everything then.
    pub(crate) permanent: Option<Vec<String>>,
    /// It was opened for writing.
    pub(crate) writable: bool,
}

/// `EXAMINE mailbox` or `SELECT mailbox`.
pub(crate) struct Select {
    name: Vec<u8>,
    writable: bool,
    condstore: bool,
    selected: Selected,
}

impl Select {
    /// Opens for reading: nothing changes in it, `\Recent` included.
    pub(crate) fn examine(name: &[u8], condstore: bool) -> Self {
        Self { name: name.to_vec(), writable: false, condstore, selected: Selected::default() }
    }

    /// Opens for writing.
    pub(crate) fn for_writing(name: &[u8]) -> Self {
        Self { name: name.to_vec(), writable: true, condstore: false, selected: Selected::default() }
    }
}

impl Operation for Select {
    type Output = Selected;

    fn request(&mut self) -> Request {
        let request = Request::new(if self.writable { "SELECT" } else { "EXAMINE" }).quoted(&self.name);
        // Asked so, HIGHESTMODSEQ comes before the end of the command, not some time after it.
        if self.condstore { request.text(" (CONDSTORE)") } else { request }
    }

    fn absorb(&mut self, data: Untagged) -> Option<Untagged> {
        let selected = &mut self.selected;
        match data {
            Untagged::Exists(count) => selected.exists = count,
            Untagged::Flags => {}
            Untagged::Line(StatusLine { code: Some(code), .. }) => selected.learn(code),
            other => return Some(other),
        }
        None
    }

    fn finish(mut self, done: StatusLine) -> Result<Selected, StatusLine> {
        if !done.is_ok() {
            return Err(done);
        }
        if let Some(code) = done.code {
            self.selected.learn(code);
        }
        self.selected.writable = self.writable;
        Ok(self.selected)
    }
}

impl Selected {
    fn learn(&mut self, code: Code) {
        match code {
            Code::UidValidity(validity) => self.validity = Some(validity),
            Code::UidNext(next) => self.next = Some(next),
            Code::HighestModseq(modseq) => self.modseq = Some(modseq).filter(|modseq| *modseq > 0),
            Code::NoModseq => self.modseq = None,
            Code::PermanentFlags(flags) => self.permanent = Some(flags),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::untagged::testing::{incoming, untagged};
    use super::super::{Incoming, request::testing::printed};
    use super::*;

    #[test]
    fn everything_that_opening_says_is_kept() {
        let mut select = Select::examine(b"a b", true);
        assert_eq!(printed(select.request()), "EXAMINE \"a b\" (CONDSTORE)");
        for line in [
            "* FLAGS (\\Seen)",
            "* 17 EXISTS",
            "* OK [UIDVALIDITY 3857529045] x",
            "* OK [UIDNEXT 4392] x",
            "* OK [HIGHESTMODSEQ 99] x",
            "* OK [PERMANENTFLAGS ()] x",
        ] {
            assert!(select.absorb(untagged(line)).is_none(), "{line}");
        }
        let Incoming::Tagged(_, done) = incoming("m1 OK [READ-ONLY] done") else { panic!("tagged") };
        let expected = Selected {
            exists: 17,
            validity: Some(3857529045),
            next: Some(4392),
            modseq: Some(99),
            permanent: Some(Vec::new()),
            writable: false,
        };
        assert_eq!(select.finish(done).unwrap(), expected);
    }
}
