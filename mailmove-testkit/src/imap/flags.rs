//! The flags of one message.

use std::fmt;

const SYSTEM: [&str; 5] = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"];

/// System flags as bits, keywords by name: a message without keywords allocates nothing for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    system: u8,
    keywords: Vec<Box<str>>,
}

impl Flags {
    pub(crate) const SEEN: &'static str = "\\Seen";
    pub(crate) const DELETED: &'static str = "\\Deleted";

    pub(crate) fn of<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut flags = Self::default();
        for name in names {
            flags.insert(name.as_ref());
        }
        flags
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        match bit(name) {
            Some(bit) => self.system & bit != 0,
            None => self.keywords.iter().any(|keyword| keyword.eq_ignore_ascii_case(name)),
        }
    }

    pub(crate) fn insert(&mut self, name: &str) {
        match bit(name) {
            Some(bit) => self.system |= bit,
            None if self.contains(name) => {}
            None => self.keywords.push(name.into()),
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        match bit(name) {
            Some(bit) => self.system &= !bit,
            None => self.keywords.retain(|keyword| !keyword.eq_ignore_ascii_case(name)),
        }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let system = SYSTEM.iter().enumerate().filter(|(at, _)| self.system & (1 << at) != 0).map(|(_, name)| *name);
        system.chain(self.keywords())
    }

    pub(crate) fn keywords(&self) -> impl Iterator<Item = &str> {
        self.keywords.iter().map(AsRef::as_ref)
    }

    pub(crate) fn keep_keywords(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.keywords.retain(|keyword| keep(keyword));
    }

    /// The same flags, whatever the order of the keywords.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        self.system == other.system
            && self.keywords.len() == other.keywords.len()
            && self.keywords().all(|keyword| other.contains(keyword))
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.names().enumerate() {
            write!(f, "{}{name}", if at == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

/// One of the five flags every server knows.
pub(crate) fn is_system(name: &str) -> bool {
    bit(name).is_some()
}

fn bit(name: &str) -> Option<u8> {
    SYSTEM.iter().position(|system| system.eq_ignore_ascii_case(name)).map(|at| 1 << at)
}

#[cfg(test)]
mod tests {
    use super::Flags;

    #[test]
    fn flags_are_a_set_without_regard_to_case() {
        let mut flags = Flags::of(["\\seen", "$Forwarded", "\\SEEN", "$forwarded"]);
        assert_eq!(flags.to_string(), "\\Seen $Forwarded");
        flags.remove("$FORWARDED");
        assert_eq!(flags.to_string(), "\\Seen");
        assert!(flags.same_as(&Flags::of(["\\Seen"])));
    }
}
