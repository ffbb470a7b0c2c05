use mailmove_core::{Body, Result, Spool};

use super::envelope::Operation;
use super::ids::{FolderRef, ItemKey};
use super::item::read_items;
use super::property::Property;
use super::tree::Field;
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
    pub(crate) content: Content,
    pub(crate) class: Option<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) properties: Vec<(Property, String)>,
    /// Whether it was read; what is no message knows no such state.
    pub(crate) read: Option<bool>,
}

/// What a new item is made of.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// A message, or an appointment in iCalendar.
    Mime(Body),
    /// Fields that every class has, up to the categories; those behind them; those of this class. Each in the order of
    /// the schema.
    Fields { head: Vec<Field>, middle: Vec<Field>, tail: Vec<Field> },
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
            if let Content::Mime(mime) = &item.content {
                out.base64("t:MimeContent", mime);
            }
            if let Some(class) = &item.class {
                out.leaf("t:ItemClass", class);
            }
            item.content.head().iter().for_each(|field| field.write(out));
            write_categories(out, &item.categories);
            item.content.middle().iter().for_each(|field| field.write(out));
            item.properties.iter().for_each(|(property, value)| property.write_value(out, value));
            item.content.tail().iter().for_each(|field| field.write(out));
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

impl Content {
    fn head(&self) -> &[Field] {
        if let Content::Fields { head, .. } = self { head } else { &[] }
    }

    fn middle(&self) -> &[Field] {
        if let Content::Fields { middle, .. } = self { middle } else { &[] }
    }

    fn tail(&self) -> &[Field] {
        if let Content::Fields { tail, .. } = self { tail } else { &[] }
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
