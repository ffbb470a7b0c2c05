use mailmove_core::{Result, Spool};

use super::envelope::Operation;
use super::ids::{FolderRef, ItemKey};
use super::item::{ItemData, boolean};
use super::shape::Shape;
use super::writer::Writer;
use super::xml::{Element, Xml};

/// What changed in a folder.
pub(crate) struct SyncFolderItems {
    pub(crate) folder: FolderRef,
    pub(crate) shape: Shape,
    /// Since when; everything without.
    pub(crate) state: Option<String>,
}

/// How many changes servers give at once at most.
const MOST: &str = "512";

/// A page of changes.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) state: Option<String>,
    /// Whether nothing more is there, when the server says so.
    pub(crate) last: Option<bool>,
    pub(crate) changes: Vec<Changed>,
}

/// One change.
#[derive(Debug)]
pub(crate) enum Changed {
    /// Created or updated.
    Present(Box<ItemData>),
    /// Gone.
    Deleted(ItemKey),
    /// Only its read state changed.
    Read(ItemKey, bool),
}

impl Operation for SyncFolderItems {
    const NAME: &'static str = "SyncFolderItems";
    type Part = Changes;

    fn write(&self, out: &mut Writer) {
        out.open("m:SyncFolderItems");
        self.shape.write(out);
        out.open("m:SyncFolderId");
        self.folder.write(out);
        out.close();
        if let Some(state) = &self.state {
            out.leaf("m:SyncState", state);
        }
        out.leaf("m:MaxChangesReturned", MOST);
        out.close();
    }

    fn read(&self, element: &Element, xml: &mut Xml, spool: &Spool, part: &mut Self::Part) -> Result<()> {
        match element.name.as_str() {
            "SyncState" => part.state = Some(xml.text()?),
            "IncludesLastItemInRange" => part.last = boolean(&xml.text()?),
            "Changes" => {
                while let Some(change) = xml.child()? {
                    match change.name.as_str() {
                        "Create" | "Update" => {
                            while xml.child()?.is_some() {
                                part.changes.push(Changed::Present(Box::new(ItemData::read(xml, spool)?)));
                            }
                        }
                        "Delete" => part.changes.extend(ids(xml)?.0.map(Changed::Deleted)),
                        "ReadFlagChange" => {
                            let (key, read) = ids(xml)?;
                            part.changes.extend(key.zip(read).map(|(key, read)| Changed::Read(key, read)));
                        }
                        _ => xml.skip()?,
                    }
                }
            }
            _ => xml.skip()?,
        }
        Ok(())
    }
}

fn ids(xml: &mut Xml) -> Result<(Option<ItemKey>, Option<bool>)> {
    let (mut key, mut read) = (None, None);
    while let Some(field) = xml.child()? {
        match field.name.as_str() {
            "ItemId" => key = Some(ItemKey::read(&field, xml)?),
            "IsRead" => read = boolean(&xml.text()?),
            _ => xml.skip()?,
        }
    }
    Ok((key, read))
}
