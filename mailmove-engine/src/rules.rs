//! What shall be moved, and how.

use mailmove_core::{Digest, ItemRef, Kind, MailboxFlags, Role};
use serde::Serialize;
use time::OffsetDateTime;

/// What shall be moved, and how. The default moves everything and removes nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rules {
    /// The flags of the bulk format.
    #[serde(serialize_with = "flag_bits")]
    pub flags: MailboxFlags,
    /// Only these folders and what is below them; empty: all.
    pub include: Vec<FolderPattern>,
    /// Not these folders, nor what is below them.
    pub exclude: Vec<FolderPattern>,
    /// These folders, with what is below them, go elsewhere. The longest that fits wins.
    pub map: Vec<FolderMap>,
    /// Everything goes below this folder of the destination; empty: to the top.
    pub below: Vec<String>,
    /// A folder with a role goes into the destination's folder of that role, whatever it is called there.
    pub map_roles: bool,
    /// Folders of these roles are left out.
    pub skip_roles: Vec<Role>,
    /// Only these kinds.
    pub kinds: Vec<Kind>,
    /// Only items of this moment or later: mail by when it was received, events by when they begin, everything else by
    /// when it was last modified. Items without that date are moved.
    pub since: Option<OffsetDateTime>,
    /// Only items before this moment, by the same dates.
    pub before: Option<OffsetDateTime>,
    /// Only items up to this many bytes, by the listing's estimate.
    pub max_bytes: Option<u64>,
    /// Only so much of each folder, to try things out; everything else is left out for now.
    pub sample: Option<Sample>,
    /// Only what is still to be done, from earlier runs: folders are not read for anything new.
    pub errors_only: bool,
    /// What happens at the destination to what went at the source.
    pub removals: Removals,
    /// Whether an item that the best route does not take may go by the next one.
    pub other_routes: bool,
    /// Whether subscriptions are carried.
    pub subscriptions: bool,
    /// How often an item is tried, over all runs, before it stays failed.
    pub attempts: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            flags: MailboxFlags::empty(),
            include: Vec::new(),
            exclude: Vec::new(),
            map: Vec::new(),
            below: Vec::new(),
            map_roles: true,
            // Views of messages that stand in other folders as well.
            skip_roles: vec![Role::All, Role::Flagged, Role::Important],
            kinds: Kind::ALL.to_vec(),
            since: None,
            before: None,
            max_bytes: None,
            sample: None,
            errors_only: false,
            removals: Removals::Keep,
            other_routes: true,
            subscriptions: true,
            attempts: 3,
        }
    }
}

/// So much of each folder, what is there already included, in the order in which the source lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// At most so many items.
    pub items: u64,
    /// At most so many bytes, by the listing's estimate. An item that does not fit is passed over.
    pub bytes: u64,
}

/// What happens at the destination to what went at the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Removals {
    /// Nothing.
    Keep,
    /// Items that we wrote and nobody touched since are removed too.
    Mirror {
        /// Even when more than a tenth of a folder went at once.
        force: bool,
    },
}

/// Folders by the path that people see: names joined by `/`, `*` for any text. A pattern names the folders it fits and
/// everything below them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FolderPattern(String);

impl FolderPattern {
    /// A pattern.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// Whether it names this folder.
    pub fn fits(&self, path: &[String]) -> bool {
        (1..=path.len()).any(|depth| glob(self.0.as_bytes(), path[..depth].join("/").as_bytes()))
    }
}

/// A folder, with what is below it, that goes elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FolderMap {
    /// The path at the source.
    pub from: Vec<String>,
    /// The path at the destination.
    pub to: Vec<String>,
}

/// Why the rules leave an item out: short stable names.
pub(crate) mod reason {
    pub(crate) const KIND: &str = "kind";
    pub(crate) const DATE: &str = "date";
    pub(crate) const SIZE: &str = "size";
    pub(crate) const SAMPLE: &str = "sample";
}

impl Rules {
    /// Whether this kind is moved: by the list and by the flags.
    pub fn moves(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind) && !self.flags.contains(MailboxFlags::skipping(kind))
    }

    /// Why this item is left out, if it is.
    pub(crate) fn filters(&self, item: &ItemRef) -> Option<&'static str> {
        if !self.moves(item.kind) {
            return Some(reason::KIND);
        }
        let date = if item.kind == Kind::Mail { item.received } else { item.dated };
        if let Some(date) = date {
            let early = self.since.is_some_and(|since| date < since);
            let late = self.before.is_some_and(|before| date >= before);
            if early || late {
                return Some(reason::DATE);
            }
        }
        self.max_bytes.is_some_and(|limit| item.size > limit).then_some(reason::SIZE)
    }

    /// Whether this folder is read at all.
    pub(crate) fn reads(&self, path: &[String]) -> bool {
        let included = self.include.is_empty() || self.include.iter().any(|pattern| pattern.fits(path));
        included && !self.exclude.iter().any(|pattern| pattern.fits(path))
    }

    /// Whether a folder was named by the caller, so that its role does not leave it out.
    pub(crate) fn names(&self, path: &[String]) -> bool {
        self.include.iter().any(|pattern| pattern.fits(path))
    }

    /// What decides which items of a folder are wanted; another digest means: list from the start.
    pub(crate) fn selection(&self) -> Digest {
        let kinds: Vec<&str> = Kind::ALL.into_iter().filter(|kind| self.moves(*kind)).map(Kind::as_str).collect();
        let stamp = |date: Option<OffsetDateTime>| date.map(OffsetDateTime::unix_timestamp_nanos);
        // Left out where there is none: the digests of former runs stay true.
        let sample = self.sample.map(|sample| format!(" {sample:?}")).unwrap_or_default();
        let text = format!("{kinds:?} {:?} {:?} {:?}{sample}", stamp(self.since), stamp(self.before), self.max_bytes);
        Digest::of(text.as_bytes())
    }

    pub(crate) fn has(&self, flag: MailboxFlags) -> bool {
        self.flags.contains(flag)
    }
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        Some((byte, rest)) => text.first() == Some(byte) && glob(rest, &text[1..]),
    }
}

fn flag_bits<S: serde::Serializer>(flags: &MailboxFlags, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u32(flags.bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('/').map(str::to_owned).collect()
    }

    #[test]
    fn a_pattern_names_a_folder_and_all_below() {
        let pattern = FolderPattern::new("Work/2*");
        assert!(pattern.fits(&path("Work/2024")));
        assert!(pattern.fits(&path("Work/2024/May")));
        assert!(!pattern.fits(&path("Work")));
        assert!(!pattern.fits(&path("Work/May")));
    }

    #[test]
    fn flags_take_kinds_away_and_change_the_selection() {
        let mut rules = Rules::default();
        let all = rules.selection();
        rules.flags = MailboxFlags::SKIP_CALENDARS;
        assert!(!rules.moves(Kind::Event) && rules.moves(Kind::Mail));
        assert_ne!(rules.selection(), all);
    }
}
