use mailmove_core::{Result, Spool};

use super::envelope::Operation;
use super::ids::{ItemKey, write_items};
use super::writer::Writer;
use super::xml::{Element, Xml};

/// Removes items for good. Nothing is sent.
pub(crate) struct DeleteItem {
    pub(crate) items: Vec<ItemKey>,
}

impl Operation for DeleteItem {
    const NAME: &'static str = "DeleteItem";
    type Part = ();

    fn write(&self, out: &mut Writer) {
        let attributes = [
            ("DeleteType", "HardDelete"),
            ("SendMeetingCancellations", "SendToNone"),
            ("AffectedTaskOccurrences", "AllOccurrences"),
        ];
        out.open_with("m:DeleteItem", &attributes);
        write_items(out, &self.items);
        out.close();
    }

    fn read(&self, _: &Element, xml: &mut Xml, _: &Spool, _: &mut ()) -> Result<()> {
        xml.skip()
    }
}
