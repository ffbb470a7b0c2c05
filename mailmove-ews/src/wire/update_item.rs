use mailmove_core::{Result, Spool};

use super::create_item::write_categories;
use super::envelope::Operation;
use super::ids::ItemKey;
use super::item::read_items;
use super::property::Property;
use super::writer::Writer;
use super::xml::{Element, Xml};

/// Changes fields of items, each only when nobody changed the item in between. Nothing is sent.
pub(crate) struct UpdateItem {
    pub(crate) items: Vec<Update>,
    /// Whether to say that no read receipts shall go out. From Exchange 2013 on.
    pub(crate) suppress_receipts: bool,
}

/// The changes to one item, at least one.
#[derive(Debug, Clone)]
pub(crate) struct Update {
    /// The element of its class: `t:Message`, `t:CalendarItem`.
    pub(crate) element: &'static str,
    pub(crate) key: ItemKey,
    pub(crate) fields: Vec<Field>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    /// The read state.
    Read(bool),
    /// The categories: all of them.
    Categories(Vec<String>),
    /// An extended property; `None` takes it away.
    Property(Property, Option<String>),
}

impl Operation for UpdateItem {
    const NAME: &'static str = "UpdateItem";
    type Part = Option<ItemKey>;

    fn write(&self, out: &mut Writer) {
        let mut attributes = vec![
            ("ConflictResolution", "NeverOverwrite"),
            ("MessageDisposition", "SaveOnly"),
            ("SendMeetingInvitationsOrCancellations", "SendToNone"),
        ];
        if self.suppress_receipts {
            attributes.push(("SuppressReadReceipts", "true"));
        }
        out.open_with("m:UpdateItem", &attributes);
        out.open("m:ItemChanges");
        for item in &self.items {
            out.open("t:ItemChange");
            item.key.write(out);
            out.open("t:Updates");
            item.fields.iter().for_each(|field| field.write(out, item.element));
            out.close();
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

impl Field {
    fn write(&self, out: &mut Writer, element: &'static str) {
        let takes_away = match self {
            Field::Read(_) => false,
            Field::Categories(names) => names.is_empty(),
            Field::Property(_, value) => value.is_none(),
        };
        out.open(if takes_away { "t:DeleteItemField" } else { "t:SetItemField" });
        match self {
            Field::Read(read) => {
                out.empty("t:FieldURI", &[("FieldURI", "message:IsRead")]);
                out.open(element);
                out.leaf("t:IsRead", if *read { "true" } else { "false" });
                out.close();
            }
            Field::Categories(names) => {
                out.empty("t:FieldURI", &[("FieldURI", "item:Categories")]);
                if !takes_away {
                    out.open(element);
                    write_categories(out, names);
                    out.close();
                }
            }
            Field::Property(property, value) => {
                property.write_uri(out);
                if let Some(value) = value {
                    out.open(element);
                    property.write_value(out, value);
                    out.close();
                }
            }
        }
        out.close();
    }
}
