//! Folder names: between the path that people see and the name on the wire.

use crate::wire::{Namespace, mailbox_name};

/// Where one's own folders live on this server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Space {
    /// What goes before every name but INBOX, delimiter included.
    pub(crate) prefix: Vec<u8>,
    pub(crate) delimiter: Option<char>,
    /// Prefixes of other people's and of shared folders.
    foreign: Vec<Vec<u8>>,
    /// Names may have been encoded twice.
    pub(crate) twice: bool,
}

impl Space {
    pub(crate) fn new(prefix: impl Into<Vec<u8>>, delimiter: Option<char>) -> Self {
        Self { prefix: prefix.into(), delimiter, foreign: Vec::new(), twice: false }
    }

    /// From what the server said, or from the first name it listed when it has no NAMESPACE.
    pub(crate) fn learn(namespace: Option<&Namespace>, listed: Option<char>, prefix: Option<&str>) -> Self {
        let personal = namespace.and_then(|space| space.personal.first());
        let delimiter = personal.and_then(|(_, delimiter)| *delimiter).or(listed);
        let own = match prefix {
            Some(prefix) => mailbox_name::encode(prefix).into_bytes(),
            None => personal.map(|(prefix, _)| prefix.clone()).unwrap_or_default(),
        };
        let foreign = namespace.map(|space| space.foreign.clone()).unwrap_or_default();
        let foreign = foreign.into_iter().filter(|prefix| !prefix.is_empty() && *prefix != own).collect();
        Self { prefix: own, delimiter, foreign, twice: false }
    }

    /// Whether a name is somebody else's.
    pub(crate) fn is_foreign(&self, wire: &[u8]) -> bool {
        self.foreign.iter().any(|prefix| wire.starts_with(prefix) || self.without_delimiter(prefix) == wire)
            && !(self.prefix.len() > 1 && wire.starts_with(&self.prefix))
    }

    /// The path for people. INBOX is `["INBOX"]` in whatever case it came. `None` for the bare prefix, which is no folder.
    pub(crate) fn path(&self, wire: &[u8], delimiter: Option<char>) -> Option<Vec<String>> {
        if wire.eq_ignore_ascii_case(b"INBOX") {
            return Some(vec!["INBOX".to_owned()]);
        }
        if wire == self.prefix || wire == self.without_delimiter(&self.prefix) {
            return None;
        }
        let own = wire.strip_prefix(self.prefix.as_slice()).unwrap_or(wire);
        let text = String::from_utf8_lossy(own);
        let mut path: Vec<String> = match delimiter.or(self.delimiter) {
            Some(delimiter) => text.split(delimiter).map(|name| self.people(name)).collect(),
            None => vec![self.people(&text)],
        };
        // A listed name may end with the delimiter: it can only hold folders.
        if path.len() > 1 && path.last().is_some_and(String::is_empty) {
            path.pop();
        }
        if path.len() > 1 && self.prefix.is_empty() && path[0].eq_ignore_ascii_case("INBOX") {
            path[0] = "INBOX".to_owned();
        }
        Some(path)
    }

    /// Whether a name is spelt on the wire as we would spell it.
    pub(crate) fn is_well_spelt(&self, wire: &[u8], delimiter: Option<char>) -> bool {
        self.path(wire, delimiter).and_then(|path| self.wire(&path)).is_some_and(|spelt| spelt == wire)
    }

    /// The path with its names as they stand on the wire.
    pub(crate) fn spelt(&self, wire: &[u8], delimiter: Option<char>) -> Vec<String> {
        let text = String::from_utf8_lossy(wire.strip_prefix(self.prefix.as_slice()).unwrap_or(wire));
        match delimiter.or(self.delimiter) {
            Some(delimiter) => text.split(delimiter).map(str::to_owned).collect(),
            None => vec![text.into_owned()],
        }
    }

    /// The name on the wire. `None` when it has levels and the server knows none.
    pub(crate) fn wire(&self, path: &[String]) -> Option<Vec<u8>> {
        if let [name] = path
            && name.eq_ignore_ascii_case("INBOX")
        {
            return Some(b"INBOX".to_vec());
        }
        let mut wire = self.prefix.clone();
        for (at, name) in path.iter().enumerate() {
            if at > 0 {
                let mut bytes = [0; 4];
                wire.extend_from_slice(self.delimiter?.encode_utf8(&mut bytes).as_bytes());
            }
            wire.extend_from_slice(mailbox_name::encode(name).as_bytes());
        }
        Some(wire)
    }

    /// A name for people; one that is not modified UTF-7 is taken as it stands.
    fn people(&self, wire: &str) -> String {
        let name = mailbox_name::decode(wire).unwrap_or_else(|| wire.to_owned());
        // Nobody means `Gr&APYA3w-e`.
        let meant = || mailbox_name::decode(&name).filter(|meant| !meant.is_ascii());
        self.twice.then(meant).flatten().unwrap_or(name)
    }

    fn without_delimiter<'a>(&self, prefix: &'a [u8]) -> &'a [u8] {
        let mut bytes = [0; 4];
        match self.delimiter {
            Some(delimiter) => prefix.strip_suffix(delimiter.encode_utf8(&mut bytes).as_bytes()).unwrap_or(prefix),
            None => prefix,
        }
    }
}

/// How names stand on the wire. Within, they are always modified UTF-7, so that ids do not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// Modified UTF-7 (RFC 3501 §5.1.3).
    Utf7,
    /// UTF-8, once UTF8=ACCEPT is switched on (RFC 9755).
    Utf8,
}

impl Spelling {
    pub(crate) fn of(utf8: bool) -> Self {
        if utf8 { Self::Utf8 } else { Self::Utf7 }
    }

    /// A name that the server said.
    pub(crate) fn heard(self, name: Vec<u8>) -> Vec<u8> {
        match (self, std::str::from_utf8(&name)) {
            (Self::Utf8, Ok(text)) => mailbox_name::encode(text).into_bytes(),
            _ => name,
        }
    }

    /// A name as the server wants it.
    pub(crate) fn said(self, name: Vec<u8>) -> Vec<u8> {
        match (self, std::str::from_utf8(&name)) {
            (Self::Utf8, Ok(text)) => mailbox_name::decode(text).map_or(name, String::into_bytes),
            _ => name,
        }
    }
}

/// The first of the code points that stand for octets 0x80 to 0xFF in names that are no UTF-8: ids are text, and must
/// find back to the very octets.
const STRAY: u32 = 0xF700;

/// A name on the wire as text, octet for octet.
pub(crate) fn id_of(wire: &[u8]) -> String {
    let mut text = String::with_capacity(wire.len());
    for chunk in wire.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().filter_map(|byte| char::from_u32(STRAY + u32::from(*byte))));
    }
    text
}

/// The name behind an id.
pub(crate) fn wire_of(id: &str) -> Vec<u8> {
    let mut wire = Vec::with_capacity(id.len());
    let mut bytes = [0; 4];
    for c in id.chars() {
        match u32::from(c).checked_sub(STRAY) {
            Some(byte @ 0x80..=0xFF) => wire.push(byte as u8),
            _ => wire.extend_from_slice(c.encode_utf8(&mut bytes).as_bytes()),
        }
    }
    wire
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn prefixes_come_and_go() {
        let space = Space::new("INBOX.", Some('.'));
        assert_eq!(space.path(b"INBOX.Sent", None), Some(path(&["Sent"])));
        assert_eq!(space.path(b"inbox", None), Some(path(&["INBOX"])));
        assert_eq!(space.wire(&path(&["Projekte", "Übersicht"])).unwrap(), b"INBOX.Projekte.&ANw-bersicht");
        assert_eq!(space.wire(&path(&["inbox"])).unwrap(), b"INBOX");
        assert_eq!(space.path(&space.wire(&path(&["INBOX", "child"])).unwrap(), None), Some(path(&["INBOX", "child"])));
    }

    #[test]
    fn without_a_prefix_the_inbox_may_have_children() {
        let space = Space::new("", Some('/'));
        assert_eq!(space.path(b"Inbox/child", None), Some(path(&["INBOX", "child"])));
        assert_eq!(space.wire(&path(&["INBOX", "child"])).unwrap(), b"INBOX/child");
        assert_eq!(space.path(b"a/b/", None), Some(path(&["a", "b"])));
        assert_eq!(Space::new("", None).wire(&path(&["a", "b"])), None);
    }

    #[test]
    fn other_peoples_folders_are_known() {
        let namespace = Namespace {
            personal: vec![(b"".to_vec(), Some('/'))],
            foreign: vec![b"Other Users/".to_vec(), b"".to_vec()],
        };
        let space = Space::learn(Some(&namespace), None, None);
        assert!(space.is_foreign(b"Other Users/bob") && space.is_foreign(b"Other Users"));
        assert!(!space.is_foreign(b"Other"));
        assert_eq!(Space::learn(None, Some('.'), Some("INBOX.")).prefix, b"INBOX.");
    }

    #[test]
    fn a_name_that_was_encoded_twice_is_shown_as_it_was_meant() {
        let mut space = Space::new("", Some('/'));
        assert_eq!(space.path(b"Gr&-APYA3w-e/R&-D", None), Some(path(&["Gr&APYA3w-e", "R&D"])));
        space.twice = true;
        assert_eq!(space.path(b"Gr&-APYA3w-e/R&-D", None), Some(path(&["Gr\u{f6}\u{df}e", "R&D"])));
        assert_eq!(space.path(b"Gr&APYA3w-e", None), Some(path(&["Gr\u{f6}\u{df}e"])));
    }

    #[test]
    fn ids_do_not_depend_on_how_the_server_spells() {
        let name = "INBOX.Gr\u{f6}\u{df}e \u{1f389} & more".as_bytes().to_vec();
        let heard = Spelling::Utf8.heard(name.clone());
        assert_eq!(heard, b"INBOX.Gr&APYA3w-e &2DzfiQ- &- more");
        assert_eq!(Spelling::Utf8.said(heard.clone()), name);
        assert_eq!(Spelling::Utf7.heard(heard.clone()), heard);
        assert_eq!(Spelling::Utf8.said(b"a\xff".to_vec()), b"a\xff");
    }

    proptest! {
        #[test]
        fn ids_find_back_to_the_very_octets(wire in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(wire_of(&id_of(&wire)), wire);
        }

        #[test]
        fn paths_find_back(names in proptest::collection::vec("[^/\\p{Cc}]{1,12}", 1..4)) {
            let space = Space::new("", Some('/'));
            prop_assume!(!names[0].eq_ignore_ascii_case("inbox"));
            let wire = space.wire(&names).unwrap();
            prop_assert_eq!(space.path(&wire, None), Some(names));
        }
    }
}
