use time::OffsetDateTime;

use super::{Fingerprint, Flags, Format, ItemId, Kind, Loss};
use crate::Body;

/// A whole item on its way from a source to a destination.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Item {
    /// Its id at the source.
    pub origin: ItemId,
    /// What it is.
    pub kind: Kind,
    /// The standard in which its body is written.
    pub format: Format,
    /// Its bytes.
    pub body: Body,
    /// How to recognise it elsewhere.
    pub fingerprint: Fingerprint,
    /// State and categories.
    pub flags: Flags,
    /// When it was received, with the zone in which the source said so.
    pub received: Option<OffsetDateTime>,
    /// When it was created, where that is another thing than received.
    pub created: Option<OffsetDateTime>,
    /// When it was last modified.
    pub modified: Option<OffsetDateTime>,
    /// The Exchange message class, where the source has one (`IPM.Note`).
    pub class: Option<String>,
    /// What the source could not give.
    pub losses: Vec<Loss>,
}

impl Item {
    /// An item with this body, its fingerprint taken from the body, and nothing else set.
    pub fn new(origin: impl Into<ItemId>, kind: Kind, format: Format, body: Body) -> Self {
        Self {
            origin: origin.into(),
            kind,
            format,
            fingerprint: Fingerprint::new(*body.digest(), body.len()),
            body,
            flags: Flags::default(),
            received: None,
            created: None,
            modified: None,
            class: None,
            losses: Vec::new(),
        }
    }
}
