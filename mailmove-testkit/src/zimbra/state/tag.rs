//! Tags.

use super::{Mailbox, now};
use crate::zimbra::refusal::Refusal;

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

impl Mailbox {
    pub(crate) fn tag_named(&self, name: &str) -> Option<&Tag> {
        let name = name.to_lowercase();
        self.tags.values().find(|tag| tag.name.to_lowercase() == name)
    }

    pub(crate) fn create_tag(&mut self, name: &str, color: i64, rgb: Option<String>) -> Result<i64, Refusal> {
        let name = name.trim_end();
        if !Tag::name_is_fine(name) {
            return Err(
                Refusal::new("mail.INVALID_NAME", format!("invalid name: {name}")).argument("name", "STR", name)
            );
        }
        if let Some(tag) = self.tag_named(name) {
            let words = format!("object with that name already exists: {name}");
            let refusal = Refusal::new("mail.ALREADY_EXISTS", words).argument("name", "STR", name);
            return Err(refusal.argument("itemId", "IID", tag.id));
        }
        let (id, change) = (self.next_id(), self.changed());
        let tag = Tag { id, name: name.to_owned(), color, rgb, rev: change, ms: change, md: now() };
        self.tags.insert(id, tag);
        Ok(id)
    }

    pub(crate) fn delete_tag(&mut self, id: i64) -> Result<(), Refusal> {
        self.tags.remove(&id).ok_or_else(|| Refusal::missing("TAG", id))?;
        let tagged: Vec<i64> = self.items.values().filter(|item| item.tags.contains(&id)).map(|item| item.id).collect();
        for item in tagged {
            self.touch(item, |item| item.tags.retain(|tag| *tag != id));
        }
        self.bury("tag", id);
        Ok(())
    }

    /// The names of tags, as `tn` writes them.
    pub(crate) fn tag_names(&self, tags: &[i64]) -> String {
        let names = tags
            .iter()
            .filter_map(|tag| self.tags.get(tag))
            .map(|tag| tag.name.replace('\\', "\\\\").replace(',', "\\,"));
        names.collect::<Vec<_>>().join(",")
    }
}
