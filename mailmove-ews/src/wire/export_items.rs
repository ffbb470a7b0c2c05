use mailmove_core::{Body, Result, Spool};

use super::envelope::Operation;
use super::ids::{ItemKey, write_items};
use super::writer::Writer;
use super::xml::{Element, Xml};

/// Whole items as FastTransfer streams. From Exchange 2010 SP1 on.
pub(crate) struct ExportItems {
    pub(crate) items: Vec<ItemKey>,
}

impl Operation for ExportItems {
    const NAME: &'static str = "ExportItems";
    type Part = Option<Result<Body>>;

    fn write(&self, out: &mut Writer) {
        out.open("m:ExportItems");
        write_items(out, &self.items);
        out.close();
    }

    fn read(&self, element: &Element, xml: &mut Xml, spool: &Spool, part: &mut Self::Part) -> Result<()> {
        match element.name.as_str() {
            "Data" => *part = Some(xml.body(spool)?),
            _ => xml.skip()?,
        }
        Ok(())
    }
}
