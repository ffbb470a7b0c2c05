//! Tags.

/// A tag; its numbers begin at 64 in old versions and are those of items since.
#[derive(Debug, Clone)]
pub(crate) struct Tag {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) color: i64,
    pub(crate) rgb: Option<String>,
    pub(crate) rev: i64,
    pub(crate) ms: i64,
    pub(crate) md: i64,
}

impl Tag {
    /// A name without what tags may not hold.
    pub(crate) fn name_is_fine(name: &str) -> bool {
        !name.trim().is_empty()
            && name.chars().count() <= 128
            && !name.starts_with('\\')
            && !name.chars().any(|character| matches!(character, ':' | '\\') || character.is_control())
    }
}
