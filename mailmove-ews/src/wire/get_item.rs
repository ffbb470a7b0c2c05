use mailmove_core::{Result, Spool};

use super::envelope::Operation;
use super::ids::{ItemKey, write_items};
use super::item::{ItemData, read_items};
use super::shape::Shape;
use super::writer::Writer;
use super::xml::{Element, Xml};

/// Items by their ids.
pub(crate) struct GetItem {
    pub(crate) shape: Shape,
    pub(crate) items: Vec<ItemKey>,
}

impl Operation for GetItem {
    const NAME: &'static str = "GetItem";
    type Part = Option<ItemData>;

    fn write(&self, out: &mut Writer) {
        out.open("m:GetItem");
        self.shape.write(out);
        write_items(out, &self.items);
        out.close();
    }

    fn read(&self, element: &Element, xml: &mut Xml, spool: &Spool, part: &mut Self::Part) -> Result<()> {
        match element.name.as_str() {
            "Items" => *part = read_items(xml, spool)?.into_iter().next(),
            _ => xml.skip()?,
        }
        Ok(())
    }
}
