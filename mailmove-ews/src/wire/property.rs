//! Extended properties: what the schema has no element for, by MAPI tag or by name.

use super::writer::Writer;
use super::xml::Element;

/// An extended property that is read or written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Property {
    /// 1 read, 8 not sent: a draft. Can be set only while an item is created.
    MessageFlags,
    /// When it was received.
    DeliveryTime,
    /// When it was sent.
    SubmitTime,
    /// When it was last modified. The schema has an element for it only from 2010 on.
    LastModified,
    /// 1 complete, 2 flagged.
    FlagStatus,
    /// 102 reply, 103 reply to all, 104 forward.
    LastVerb,
    /// 261 replied, 262 forwarded: what Outlook shows.
    IconIndex,
    /// Stays with an item through moves.
    SearchKey,
    /// The Message-ID.
    InternetMessageId,
    /// Deleted in an IMAP client, and not yet expunged.
    ImapDeleted,
    /// Our own mark.
    Mark,
    /// The identifier that an item's format carries, where Exchange has no place for it.
    Uid,
    /// When a journal entry began.
    JournalStart,
    /// A folder or item that no user sees.
    Hidden,
    /// The bytes of a folder's items.
    FolderSize,
    /// When it was created.
    Created,
    /// Which mailboxes hold what is in a public folder.
    Replicas,
}

impl Property {
    const ALL: [Property; 17] = [
        Property::MessageFlags,
        Property::DeliveryTime,
        Property::SubmitTime,
        Property::LastModified,
        Property::FlagStatus,
        Property::LastVerb,
        Property::IconIndex,
        Property::SearchKey,
        Property::InternetMessageId,
        Property::ImapDeleted,
        Property::Mark,
        Property::Uid,
        Property::JournalStart,
        Property::Hidden,
        Property::FolderSize,
        Property::Created,
        Property::Replicas,
    ];

    /// The attributes that name it, the type last.
    fn attributes(self) -> Vec<(&'static str, &'static str)> {
        let tagged = |tag, kind| vec![("PropertyTag", tag), ("PropertyType", kind)];
        let named = |name| {
            vec![("DistinguishedPropertySetId", "PublicStrings"), ("PropertyName", name), ("PropertyType", "String")]
        };
        match self {
            Property::MessageFlags => tagged("0x0e07", "Integer"),
            Property::DeliveryTime => tagged("0x0e06", "SystemTime"),
            Property::SubmitTime => tagged("0x0039", "SystemTime"),
            Property::LastModified => tagged("0x3008", "SystemTime"),
            Property::FlagStatus => tagged("0x1090", "Integer"),
            Property::LastVerb => tagged("0x1081", "Integer"),
            Property::IconIndex => tagged("0x1080", "Integer"),
            Property::SearchKey => tagged("0x300b", "Binary"),
            Property::InternetMessageId => tagged("0x1035", "String"),
            Property::Hidden => tagged("0x10f4", "Boolean"),
            Property::FolderSize => tagged("0x0e08", "Long"),
            Property::Created => tagged("0x3007", "SystemTime"),
            Property::Replicas => tagged("0x6698", "Binary"),
            Property::ImapDeleted => {
                vec![("DistinguishedPropertySetId", "Common"), ("PropertyId", "34160"), ("PropertyType", "Integer")]
            }
            Property::JournalStart => vec![
                ("PropertySetId", "0006200A-0000-0000-C000-000000000046"),
                ("PropertyId", "34566"),
                ("PropertyType", "SystemTime"),
            ],
            Property::Mark => named("X-Mailmove-Mark"),
            Property::Uid => named("X-Mailmove-Uid"),
        }
    }

    /// Names it in a shape or a condition.
    pub(crate) fn write_uri(self, out: &mut Writer) {
        out.empty("t:ExtendedFieldURI", &self.attributes());
    }

    /// Gives it a value.
    pub(crate) fn write_value(self, out: &mut Writer, value: &str) {
        out.open("t:ExtendedProperty");
        self.write_uri(out);
        out.leaf("t:Value", value);
        out.close();
    }

    /// The property that this `ExtendedFieldURI` names. Servers write tags in their own way.
    pub(crate) fn of(uri: &Element) -> Option<Property> {
        Property::ALL.into_iter().find(|property| {
            property.attributes().iter().filter(|(name, _)| *name != "PropertyType").all(|(name, wanted)| {
                uri.attribute(name).is_some_and(|given| match *name {
                    "PropertyTag" => number(given) == number(wanted),
                    _ => given.eq_ignore_ascii_case(wanted),
                })
            })
        })
    }
}

/// A tag in hexadecimal or in decimal.
fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::xml::Xml;

    fn uri(attributes: &str) -> Option<Property> {
        let text = format!("<t:ExtendedFieldURI {attributes}/>");
        Property::of(&Xml::new(std::io::Cursor::new(text.into_bytes())).find(&["ExtendedFieldURI"]).unwrap())
    }

    #[test]
    fn properties_are_known_however_their_tag_is_written() {
        assert_eq!(uri("PropertyTag='0xE07' PropertyType='Integer'"), Some(Property::MessageFlags));
        assert_eq!(uri("PropertyTag='3591' PropertyType='Integer'"), Some(Property::MessageFlags));
        assert_eq!(uri("PropertyTag='0xE09' PropertyType='Integer'"), None);
        let mark = "DistinguishedPropertySetId='PublicStrings' PropertyName='x-mailmove-mark' PropertyType='String'";
        assert_eq!(uri(mark), Some(Property::Mark));
    }
}
