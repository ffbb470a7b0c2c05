use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

bitflags::bitflags! {
    /// The state of one item. Not to be confused with [`MailboxFlags`](crate::MailboxFlags), which steer a migration.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
    #[serde(transparent)]
    pub struct ItemFlags: u16 {
        /// Has been read (`\Seen`).
        const SEEN = 1;
        /// Has been answered (`\Answered`).
        const ANSWERED = 1 << 1;
        /// Needs attention (`\Flagged`).
        const FLAGGED = 1 << 2;
        /// Marked for removal but still there (`\Deleted`).
        const DELETED = 1 << 3;
        /// Is a draft (`\Draft`).
        const DRAFT = 1 << 4;
        /// Has been forwarded (`$Forwarded`, RFC 5788).
        const FORWARDED = 1 << 5;
        /// Is junk (`$Junk`).
        const JUNK = 1 << 6;
    }
}

/// What a user can set on an item without changing its content: its state and its categories.
///
/// Categories are IMAP keywords, Exchange categories, Zimbra tags. They are compared without regard to ASCII case and
/// keep the spelling in which they came.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Flags {
    /// The state bits.
    pub state: ItemFlags,
    categories: BTreeSet<Category>,
}

impl Flags {
    /// These states, no categories.
    pub fn new(state: ItemFlags) -> Self {
        Self { state, categories: BTreeSet::new() }
    }

    /// The same with one more category.
    pub fn with_category(mut self, name: impl Into<String>) -> Self {
        self.add_category(name);
        self
    }

    /// Adds a category; a spelling that is already there stays.
    pub fn add_category(&mut self, name: impl Into<String>) {
        self.categories.insert(Category(name.into()));
    }

    /// The categories, sorted without regard to case.
    pub fn categories(&self) -> impl ExactSizeIterator<Item = &str> {
        self.categories.iter().map(|category| category.0.as_str())
    }

    /// Whether this category is set.
    pub fn has_category(&self, name: &str) -> bool {
        self.categories.contains(&Category(name.to_owned()))
    }

    /// Nothing set.
    pub fn is_empty(&self) -> bool {
        self.state.is_empty() && self.categories.is_empty()
    }

    /// What is set here and not in `other`.
    pub fn minus(&self, other: &Flags) -> Flags {
        Flags {
            state: self.state - other.state,
            categories: self.categories.difference(&other.categories).cloned().collect(),
        }
    }

    /// What is set here or in `other`.
    pub fn plus(&self, other: &Flags) -> Flags {
        Flags {
            state: self.state | other.state,
            categories: self.categories.union(&other.categories).cloned().collect(),
        }
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states = self.state.iter_names().map(|(name, _)| name);
        f.debug_set().entries(states).entries(self.categories()).finish()
    }
}

/// A category name; equality and order ignore ASCII case.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct Category(String);

impl Category {
    fn folded(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl PartialEq for Category {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Category {}

impl PartialOrd for Category {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Category {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded().cmp(other.folded())
    }
}

impl std::hash::Hash for Category {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded().for_each(|byte| state.write_u8(byte));
        state.write_u8(0xff);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_what_is_added_and_what_is_removed() {
        let before = Flags::new(ItemFlags::SEEN).with_category("Work");
        let after = Flags::new(ItemFlags::FLAGGED).with_category("work").with_category("Later");
        assert_eq!(after.minus(&before), Flags::new(ItemFlags::FLAGGED).with_category("later"));
        assert_eq!(before.minus(&after), Flags::new(ItemFlags::SEEN));
    }

    #[test]
    fn categories_keep_their_spelling_and_ignore_case() {
        let flags = Flags::default().with_category("Work").with_category("WORK");
        assert_eq!(flags.categories().collect::<Vec<_>>(), ["Work"]);
        assert!(flags.has_category("wOrK"));
    }
}
