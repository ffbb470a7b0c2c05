//! LIST, LSUB and XLIST (RFC 3501 §6.3.8, RFC 5258, RFC 5819, RFC 6154).

use super::scanner::Scanner;
use super::{MailboxStatus, Operation, Request, StatusLine, Untagged, words_owned};

/// One mailbox as LIST names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListEntry {
    /// As they came, with their backslash.
    pub(crate) attributes: Vec<String>,
    pub(crate) delimiter: Option<char>,
    /// The name as it stands on the wire.
    pub(crate) name: Vec<u8>,
}

impl ListEntry {
    pub(crate) fn parse(scanner: &mut Scanner<'_>) -> Option<Self> {
        let attributes = words_owned(scanner.words()?);
        let delimiter = scanner.string().and_then(|text| text.chars().next());
        let name = scanner.name()?.into_owned();
        Some(Self { attributes, delimiter, name })
    }

    pub(crate) fn has(&self, attribute: &str) -> bool {
        self.attributes.iter().any(|known| known.eq_ignore_ascii_case(attribute))
    }
}

/// Everything that LIST told, and the STATUS responses between.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) mailboxes: Vec<ListEntry>,
    pub(crate) statuses: Vec<MailboxStatus>,
}

/// A command that lists mailboxes.
pub(crate) struct List {
    request: &'static str,
    subscribed: bool,
    listed: Listed,
}

impl List {
    /// Everything at once: names, roles, subscriptions, state (LIST-EXTENDED and LIST-STATUS).
    pub(crate) fn extended(special_use: bool, condstore: bool) -> Self {
        Self::new(match (special_use, condstore) {
            (true, true) => {
                "LIST \"\" \"*\" RETURN (SPECIAL-USE SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ))"
            }
            (true, false) => "LIST \"\" \"*\" RETURN (SPECIAL-USE SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY))",
            (false, true) => "LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ))",
            (false, false) => "LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY))",
        })
    }

    /// Names, with roles where RFC 6154 gives them only when asked.
    pub(crate) fn plain(special_use: bool) -> Self {
        Self::new(if special_use { "LIST \"\" \"*\" RETURN (SPECIAL-USE)" } else { "LIST \"\" \"*\"" })
    }

    /// Names with the roles that Gmail gave them before RFC 6154.
    pub(crate) fn xlist() -> Self {
        Self::new("XLIST \"\" \"*\"")
    }

    /// Subscribed names.
    pub(crate) fn subscribed() -> Self {
        Self { subscribed: true, ..Self::new("LSUB \"\" \"*\"") }
    }

    fn new(request: &'static str) -> Self {
        Self { request, subscribed: false, listed: Listed::default() }
    }
}

impl Operation for List {
    type Output = Listed;

    fn request(&mut self) -> Request {
        Request::new(self.request)
    }

    fn absorb(&mut self, data: Untagged) -> Option<Untagged> {
        match data {
            Untagged::List(entry) if !self.subscribed => self.listed.mailboxes.push(entry),
            Untagged::Subscribed(entry) if self.subscribed => self.listed.mailboxes.push(entry),
            Untagged::Status(status) if !self.subscribed => self.listed.statuses.push(status),
            other => return Some(other),
        }
        None
    }

    fn finish(self, done: StatusLine) -> Result<Listed, StatusLine> {
        if done.is_ok() { Ok(self.listed) } else { Err(done) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::untagged::testing::untagged;
    use super::*;

    fn entry(text: &str) -> ListEntry {
        match untagged(text) {
            Untagged::List(entry) | Untagged::Subscribed(entry) => entry,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_come_quoted_bare_or_with_extended_data() {
        let one = entry("* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent \\\"x\\\"\"");
        assert_eq!((one.name.as_slice(), one.delimiter), (&b"Sent \"x\""[..], Some('/')));
        assert!(one.has("\\sent"));
        let two = entry("* LIST (\\NonExistent) NIL flat (\"CHILDINFO\" (\"SUBSCRIBED\"))");
        assert_eq!((two.name.as_slice(), two.delimiter), (&b"flat"[..], None));
        assert_eq!(entry("* LSUB () \"\\\\\" a\\b").delimiter, Some('\\'));
        assert_eq!(entry("* LIST () \"/\" Nil").name, b"Nil");
    }

    #[test]
    fn status_lines_between_are_kept() {
        let mut list = List::extended(true, true);
        assert!(list.absorb(untagged("* STATUS a (MESSAGES 1)")).is_none());
        assert!(list.absorb(untagged("* LSUB () \"/\" a")).is_some());
        assert_eq!(list.listed.statuses.len(), 1);
    }
}
