use mailmove_core::{Result, Spool};

use super::envelope::Operation;
use super::ids::{FolderRef, ItemKey, write_items};
use super::item::read_items;
use super::writer::Writer;
use super::xml::{Element, Xml};

/// Moves items into another folder, where they have other ids.
pub(crate) struct MoveItem {
    pub(crate) to: FolderRef,
    pub(crate) items: Vec<ItemKey>,
}

impl Operation for MoveItem {
    const NAME: &'static str = "MoveItem";
    type Part = Option<ItemKey>;

    fn write(&self, out: &mut Writer) {
        out.open("m:MoveItem");
        out.open("m:ToFolderId");
        self.to.write(out);
        out.close();
        write_items(out, &self.items);
        out.close();
    }

    fn read(&self, element: &Element, xml: &mut Xml, spool: &Spool, part: &mut Self::Part) -> Result<()> {
        match element.name.as_str() {
            "Items" => *part = read_items(xml, spool)?.into_iter().next().map(|item| item.key),
            _ => xml.skip()?,
        }
        Ok(())
    }
}
