//! STATUS (RFC 3501 §6.3.10, RFC 7162, RFC 7889).

use super::scanner::Scanner;
use super::{Operation, Request, StatusLine, Untagged};

/// What STATUS said about one mailbox.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MailboxStatus {
    /// The name as it stands on the wire.
    pub(crate) name: Vec<u8>,
    pub(crate) messages: Option<u64>,
    pub(crate) next: Option<u32>,
    pub(crate) validity: Option<u32>,
    pub(crate) modseq: Option<u64>,
}

impl MailboxStatus {
    pub(crate) fn parse(scanner: &mut Scanner<'_>) -> Option<Self> {
        let mut status = Self { name: scanner.name()?.into_owned(), ..Self::default() };
        if !scanner.eat(b'(') {
            return None;
        }
        while !scanner.eat(b')') && scanner.peek().is_some() {
            match scanner.word().to_ascii_uppercase().as_slice() {
                b"MESSAGES" => status.messages = scanner.number(),
                b"UIDNEXT" => status.next = scanner.number().and_then(|next| next.try_into().ok()),
                // Never zero (RFC 3501 §9, nz-number). Dovecot says so of a folder that another session just puts in order.
                b"UIDVALIDITY" => {
                    let validity = scanner.number().and_then(|number| number.try_into().ok());
                    status.validity = validity.filter(|validity| *validity > 0);
                }
                // Zero and one mean that the server keeps no mod-sequences here.
                b"HIGHESTMODSEQ" => status.modseq = scanner.number().filter(|modseq| *modseq > 0),
                _ => scanner.skip_value(),
            }
        }
        Some(status)
    }
}

/// `STATUS mailbox (…)`.
pub(crate) struct StatusQuery {
    name: Vec<u8>,
    condstore: bool,
    found: Option<MailboxStatus>,
}

impl StatusQuery {
    pub(crate) fn new(name: &[u8], condstore: bool) -> Self {
        Self { name: name.to_vec(), condstore, found: None }
    }
}

impl Operation for StatusQuery {
    /// `None`: the server said OK and nothing else.
    type Output = Option<MailboxStatus>;

    fn request(&mut self) -> Request {
        let modseq = if self.condstore { " HIGHESTMODSEQ" } else { "" };
        Request::new("STATUS").quoted(&self.name).text(format!(" (MESSAGES UIDNEXT UIDVALIDITY{modseq})"))
    }

    fn absorb(&mut self, data: Untagged) -> Option<Untagged> {
        match data {
            Untagged::Status(status) if self.found.is_none() && same_mailbox(&status.name, &self.name) => {
                self.found = Some(status);
                None
            }
            other => Some(other),
        }
    }

    fn finish(self, done: StatusLine) -> Result<Self::Output, StatusLine> {
        if done.is_ok() { Ok(self.found) } else { Err(done) }
    }
}

fn same_mailbox(one: &[u8], two: &[u8]) -> bool {
    one == two || (one.eq_ignore_ascii_case(b"INBOX") && two.eq_ignore_ascii_case(b"INBOX"))
}

#[cfg(test)]
mod tests {
    use super::super::untagged::testing::untagged;
    use super::*;

    #[test]
    fn what_is_not_known_is_passed_over() {
        let Untagged::Status(status) =
            untagged("* STATUS \"a b\" (SIZE 12 MAILBOXID (x) MESSAGES 3 UIDNEXT 9 HIGHESTMODSEQ 0)")
        else {
            panic!("a status");
        };
        assert_eq!((status.messages, status.next, status.modseq), (Some(3), Some(9), None));
        assert_eq!(status.name, b"a b");
    }

    #[test]
    fn zero_is_no_uidvalidity() {
        let Untagged::Status(status) = untagged("* STATUS a (UIDVALIDITY 0 UIDNEXT 1)") else { panic!("a status") };
        assert_eq!((status.validity, status.next), (None, Some(1)));
    }

    #[test]
    fn a_query_takes_only_its_own_mailbox() {
        let mut query = StatusQuery::new(b"INBOX", false);
        assert!(query.absorb(untagged("* STATUS other (MESSAGES 3)")).is_some());
        assert!(query.absorb(untagged("* STATUS inbox (MESSAGES 3)")).is_none());
    }
}
