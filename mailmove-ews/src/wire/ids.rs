//! How folders and items are named on the wire.

use mailmove_core::Result;

use super::writer::Writer;
use super::xml::{Element, Xml};

/// A folder: by its own id, or by what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FolderRef {
    /// By its id.
    Id(String),
    /// By the name that every mailbox knows (`inbox`), in the mailbox of this address or in the caller's.
    Distinguished { name: &'static str, mailbox: Option<String> },
}

impl FolderRef {
    pub(crate) fn write(&self, out: &mut Writer) {
        match self {
            FolderRef::Id(id) => out.empty("t:FolderId", &[("Id", id)]),
            FolderRef::Distinguished { name, mailbox: None } => {
                out.empty("t:DistinguishedFolderId", &[("Id", name)]);
            }
            FolderRef::Distinguished { name, mailbox: Some(address) } => {
                out.open_with("t:DistinguishedFolderId", &[("Id", name)]);
                out.open("t:Mailbox");
                out.leaf("t:EmailAddress", address);
                out.close();
                out.close();
            }
        }
    }
}

/// An item, and which version of it is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ItemKey {
    pub(crate) id: String,
    pub(crate) change_key: Option<String>,
}

impl ItemKey {
    pub(crate) fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), change_key: None }
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        self.write_as(out, "t:ItemId");
    }

    pub(crate) fn write_as(&self, out: &mut Writer, name: &'static str) {
        match &self.change_key {
            Some(key) => out.empty(name, &[("Id", &self.id), ("ChangeKey", key)]),
            None => out.empty(name, &[("Id", &self.id)]),
        }
    }

    /// From an `ItemId` that was just opened.
    pub(crate) fn read(element: &Element, xml: &mut Xml) -> Result<Self> {
        let of = |name| element.attribute(name).map(str::to_owned);
        let key = Self { id: of("Id").unwrap_or_default(), change_key: of("ChangeKey") };
        xml.skip()?;
        Ok(key)
    }
}

/// Writes a list of items.
pub(crate) fn write_items(out: &mut Writer, items: &[ItemKey]) {
    out.open("m:ItemIds");
    items.iter().for_each(|item| item.write(out));
    out.close();
}
