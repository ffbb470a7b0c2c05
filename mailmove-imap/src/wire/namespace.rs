//! NAMESPACE (RFC 2342).

use super::scanner::Scanner;
use super::{Operation, Request, StatusLine, Untagged};

/// The prefixes of one's own mailboxes, of other people's, and of shared ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Namespace {
    pub(crate) personal: Vec<(Vec<u8>, Option<char>)>,
    /// Other people's and shared.
    pub(crate) foreign: Vec<Vec<u8>>,
}

impl Namespace {
    pub(crate) fn parse(scanner: &mut Scanner<'_>) -> Option<Self> {
        let personal = group(scanner)?;
        let mut foreign = group(scanner).unwrap_or_default();
        foreign.extend(group(scanner).unwrap_or_default());
        Some(Self { personal, foreign: foreign.into_iter().map(|(prefix, _)| prefix).collect() })
    }
}

fn group(scanner: &mut Scanner<'_>) -> Option<Vec<(Vec<u8>, Option<char>)>> {
    if !scanner.eat(b'(') {
        scanner.skip_value();
        return Some(Vec::new());
    }
    let mut spaces = Vec::new();
    while scanner.eat(b'(') {
        let prefix = scanner.bytes()?.into_owned();
        let delimiter = scanner.string().and_then(|text| text.chars().next());
        while !scanner.eat(b')') {
            scanner.peek()?;
            scanner.skip_value();
        }
        spaces.push((prefix, delimiter));
    }
    scanner.eat(b')').then_some(spaces)
}

/// `NAMESPACE`.
#[derive(Default)]
pub(crate) struct NamespaceQuery {
    found: Namespace,
}

impl Operation for NamespaceQuery {
    type Output = Namespace;

    fn request(&mut self) -> Request {
        Request::new("NAMESPACE")
    }

    fn absorb(&mut self, data: Untagged) -> Option<Untagged> {
        match data {
            Untagged::Namespace(namespace) => {
                self.found = namespace;
                None
            }
            other => Some(other),
        }
    }

    fn finish(self, done: StatusLine) -> Result<Namespace, StatusLine> {
        if done.is_ok() { Ok(self.found) } else { Err(done) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::untagged::testing::untagged;
    use super::*;

    #[test]
    fn prefixes_are_told_apart() {
        let Untagged::Namespace(space) = untagged(
            "* NAMESPACE ((\"INBOX.\" \".\" \"X-EXT\" (\"a\"))) ((\"user.\" \".\")) ((\"\" \".\")(\"#x\" NIL))",
        ) else {
            panic!("a namespace");
        };
        assert_eq!(space.personal, [(b"INBOX.".to_vec(), Some('.'))]);
        assert_eq!(space.foreign, [b"user.".to_vec(), b"".to_vec(), b"#x".to_vec()]);
        let Untagged::Namespace(space) = untagged("* NAMESPACE ((\"\" \"/\")) NIL NIL") else { panic!("a namespace") };
        assert_eq!((space.personal.len(), space.foreign.len()), (1, 0));
    }
}
