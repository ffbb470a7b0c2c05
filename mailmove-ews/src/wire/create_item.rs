use mailmove_core::{Body, Result, Spool};

use super::envelope::Operation;
use super::ids::{FolderRef, ItemKey};
use super::item::read_items;
use super::property::Property;
use super::writer::Writer;
use super::xml::{Element, Xml};

/// New items from MIME, each with the properties that MIME does not carry. Nothing is sent.
pub(crate) struct CreateItem {
    pub(crate) folder: FolderRef,
    pub(crate) items: Vec<NewItem>,
}

/// One item.
#[derive(Debug, Clone)]
pub(crate) struct NewItem {
    /// The element of its class: `t:Message`, `t:CalendarItem`.
    pub(crate) element: &'static str,
    /// A message, or an appointment in iCalendar.
    pub(crate) mime: Body,
    pub(crate) class: Option<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) properties: Vec<(Property, String)>,
    /// Whether it was read; what is no message knows no such state.
    pub(crate) read: Option<bool>,
}

impl Operation for CreateItem {
    const NAME: &'static str = "CreateItem";
    type Part = Option<ItemKey>;

    fn write(&self, out: &mut Writer) {
        out.open_with("m:CreateItem", &[("MessageDisposition", "SaveOnly"), ("SendMeetingInvitations", "SendToNone")]);
        out.open("m:SavedItemFolderId");
        self.folder.write(out);
        out.close();
        out.open("m:Items");
        for item in &self.items {
            out.open(item.element);
            out.base64("t:MimeContent", &item.mime);
            if let Some(class) = &item.class {
                out.leaf("t:ItemClass", class);
            }
            write_categories(out, &item.categories);
            item.properties.iter().for_each(|(property, value)| property.write_value(out, value));
            if let Some(read) = item.read {
                out.leaf("t:IsRead", if read { "true" } else { "false" });
            }
            out.close();
        }
        out.close();
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

/// Categories, where there are any: the element must not be empty.
pub(crate) fn write_categories(out: &mut Writer, categories: &[String]) {
    if categories.is_empty() {
        return;
    }
    out.open("t:Categories");
    categories.iter().for_each(|name| out.leaf("t:String", name));
    out.close();
}
