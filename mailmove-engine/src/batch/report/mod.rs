//! What became of a batch: for machines, for spreadsheets, for people.

mod attention;
mod html;
mod picture;
mod table;

use mailmove_core::Result;
use serde::{Serialize, Serializer};
use time::OffsetDateTime;

use super::item::BatchItem;
use super::pass::PassReport;
use super::project::Batch;
use super::run::Summary;

/// What became of a batch. Holds no secret, and no subject unless the flags asked for it.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct BatchReport {
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What holds for all mailboxes, as the host told the batch: that a connection was not encrypted, for instance.
    pub notes: Vec<String>,
    /// Where the mailboxes stand.
    pub summary: Summary,
    /// Every mailbox, in the order in which they came.
    pub mailboxes: Vec<MailboxReport>,
}

/// What became of one mailbox.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct MailboxReport {
    /// The mailbox.
    #[serde(serialize_with = "told")]
    pub item: BatchItem,
    /// What its passes did, oldest first.
    pub passes: Vec<PassReport>,
}

/// Without what only the batch itself needs to know.
fn told<S: Serializer>(item: &BatchItem, serializer: S) -> Result<S::Ok, S::Error> {
    let mut value = serde_json::to_value(item).map_err(serde::ser::Error::custom)?;
    if let Some(fields) = value.as_object_mut() {
        fields.remove("memory");
    }
    value.serialize(serializer)
}

impl Batch {
    /// What became of the batch so far. Can be asked at any time.
    pub async fn report(&self) -> Result<BatchReport> {
        let mut mailboxes = Vec::new();
        for item in self.items().await {
            mailboxes.push(MailboxReport { passes: self.passes(&item.id).await?, item });
        }
        let notes = self.0.settings.notes.clone();
        Ok(BatchReport { at: self.0.settings.clock.now(), notes, summary: self.summary().await, mailboxes })
    }
}

impl MailboxReport {
    /// The pass that says most about how the mailbox stands: the one under way, or else the last one that moved items.
    fn latest(&self) -> Option<&PassReport> {
        let moved = self.passes.iter().rev().find(|pass| pass.pass.moves());
        self.item.so_far.as_deref().filter(|pass| pass.pass.moves()).or(moved).or(self.passes.last())
    }

    /// Whether there is anything to say about what was done with it.
    fn has_passes(&self) -> bool {
        !self.passes.is_empty() || self.item.so_far.is_some()
    }

    /// Items and bytes written, over all passes.
    fn moved(&self) -> (u64, u64) {
        let passes = self.passes.iter().chain(self.item.so_far.as_deref());
        passes.fold((0, 0), |(items, bytes), pass| (items + pass.copied, bytes + pass.bytes))
    }
}
