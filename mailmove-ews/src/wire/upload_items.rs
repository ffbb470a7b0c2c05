use mailmove_core::{Body, Result, Spool};

use super::envelope::Operation;
use super::ids::ItemKey;
use super::writer::Writer;
use super::xml::{Element, Xml};

/// Puts in whole items from FastTransfer streams. From Exchange 2010 SP1 on. Sends no mail and touches no date.
pub(crate) struct UploadItems {
    pub(crate) folder: String,
    pub(crate) items: Vec<Upload>,
}

/// One item.
pub(crate) struct Upload {
    /// The item in whose place it goes.
    pub(crate) replaces: Option<ItemKey>,
    pub(crate) data: Body,
}

impl Operation for UploadItems {
    const NAME: &'static str = "UploadItems";
    type Part = Option<ItemKey>;

    fn write(&self, out: &mut Writer) {
        out.open("m:UploadItems");
        out.open("m:Items");
        for item in &self.items {
            let action = if item.replaces.is_some() { "Update" } else { "CreateNew" };
            out.open_with("t:Item", &[("CreateAction", action), ("IsAssociated", "false")]);
            out.empty("t:ParentFolderId", &[("Id", &self.folder)]);
            if let Some(key) = &item.replaces {
                key.write(out);
            }
            out.base64("t:Data", &item.data);
            out.close();
        }
        out.close();
        out.close();
    }

    fn read(&self, element: &Element, xml: &mut Xml, _: &Spool, part: &mut Self::Part) -> Result<()> {
        match element.name.as_str() {
            "ItemId" => *part = Some(ItemKey::read(element, xml)?),
            _ => xml.skip()?,
        }
        Ok(())
    }
}
