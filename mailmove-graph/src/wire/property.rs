//! Extended properties: what Graph has no field for, by MAPI tag or by name.

use serde::Deserialize;
use serde_json::{Value, json};

/// An extended property that is read or written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Property {
    /// 1 read, 8 not sent: a draft. Can be set only while an item is created.
    MessageFlags,
    /// When it was received.
    DeliveryTime,
    /// When it was sent.
    SubmitTime,
    /// How large it is, in bytes.
    Size,
    /// 102 reply, 103 reply to all, 104 forward.
    LastVerb,
    /// 261 replied, 262 forwarded: what Outlook shows.
    IconIndex,
    /// Deleted in an IMAP client, and not yet expunged.
    ImapDeleted,
    /// 1 personal, 2 private, 3 confidential.
    Sensitivity,
    /// The message class.
    Class,
    /// The header as it came in.
    TransportHeaders,
    /// The Message-IDs of the thread.
    References,
    /// The Message-ID that was answered.
    InReplyTo,
    /// The subject of the thread, as Exchange writes it.
    ThreadTopic,
    /// The place in the thread, as Exchange writes it.
    ThreadIndex,
    /// The bytes of a folder's items.
    FolderSize,
    /// Whether a contact has a picture.
    HasPicture,
    /// The Message-ID, where there is no field for it.
    MessageId,
    /// What stays with an item wherever it goes, streams included.
    SearchKey,
    /// Our own mark.
    Mark,
    /// The identifier that an item's format carries, where Exchange has no place for it.
    Uid,
    /// Lines of the item's format that Exchange has no place for, or would act upon.
    Kept,
}

/// The set of names that everybody may use.
const PUBLIC_STRINGS: &str = "{00020329-0000-0000-C000-000000000046}";

impl Property {
    #[cfg(test)]
    const ALL: [Property; 20] = [
        Property::MessageFlags,
        Property::DeliveryTime,
        Property::SubmitTime,
        Property::Size,
        Property::LastVerb,
        Property::IconIndex,
        Property::ImapDeleted,
        Property::Sensitivity,
        Property::Class,
        Property::TransportHeaders,
        Property::References,
        Property::InReplyTo,
        Property::ThreadTopic,
        Property::ThreadIndex,
        Property::HasPicture,
        Property::MessageId,
        Property::SearchKey,
        Property::Mark,
        Property::Uid,
        Property::Kept,
    ];

    /// As requests name it.
    pub(crate) fn id(self) -> String {
        let fixed = match self {
            Property::MessageFlags => "Integer 0x0E07",
            Property::DeliveryTime => "SystemTime 0x0E06",
            Property::SubmitTime => "SystemTime 0x0039",
            Property::Size => "Integer 0x0E08",
            Property::LastVerb => "Integer 0x1081",
            Property::IconIndex => "Integer 0x1080",
            Property::ImapDeleted => "Integer {00062008-0000-0000-C000-000000000046} Id 0x8570",
            Property::Sensitivity => "Integer 0x0036",
            Property::Class => "String 0x001A",
            Property::TransportHeaders => "String 0x007D",
            Property::References => "String 0x1039",
            Property::InReplyTo => "String 0x1042",
            Property::ThreadTopic => "String 0x0070",
            Property::ThreadIndex => "Binary 0x0071",
            Property::FolderSize => "Long 0x0E08",
            Property::HasPicture => "Boolean {00062004-0000-0000-C000-000000000046} Id 0x8015",
            Property::MessageId => "String 0x1035",
            Property::SearchKey => "Binary 0x300B",
            Property::Mark => return format!("String {PUBLIC_STRINGS} Name X-Mailmove-Mark"),
            Property::Uid => return format!("String {PUBLIC_STRINGS} Name X-Mailmove-Uid"),
            Property::Kept => return format!("String {PUBLIC_STRINGS} Name X-Mailmove-Kept"),
        };
        fixed.to_owned()
    }

    /// With a value, as requests give it.
    pub(crate) fn with(self, value: impl Into<String>) -> Value {
        json!({ "id": self.id(), "value": value.into() })
    }
}

/// What to add to a query so that answers hold these properties.
pub(crate) fn expand(properties: &[Property]) -> String {
    let each: Vec<String> = properties.iter().map(|property| format!("id eq '{}'", property.id())).collect();
    format!("singleValueExtendedProperties($filter={})", each.join(" or "))
}

/// A property in an answer. Servers write ids in their own way.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct PropertyValue {
    #[serde(default)]
    id: String,
    #[serde(default)]
    value: Option<String>,
}

/// The value of a property among others.
pub(crate) fn find(values: &[PropertyValue], wanted: Property) -> Option<&str> {
    let wanted = normal(&wanted.id());
    values.iter().find(|value| normal(&value.id) == wanted)?.value.as_deref()
}

/// The properties that this tells apart must stay apart.
fn normal(id: &str) -> String {
    let words = id.split_whitespace().skip(1).map(|word| {
        let word = word.to_ascii_lowercase();
        match word.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(number) => number.to_string(),
            None => word,
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_known_however_the_server_writes_them() {
        let value = |id: &str| vec![PropertyValue { id: id.to_owned(), value: Some("v".to_owned()) }];
        assert_eq!(find(&value("Integer 0xe07"), Property::MessageFlags), Some("v"));
        assert_eq!(find(&value("Integer 0xe08"), Property::MessageFlags), None);
        let mark = "String {00020329-0000-0000-c000-000000000046} Name x-mailmove-mark";
        assert_eq!(find(&value(mark), Property::Mark), Some("v"));
        let deleted = "Integer {00062008-0000-0000-c000-000000000046} Id 0x8570";
        assert_eq!(find(&value(deleted), Property::ImapDeleted), Some("v"));
    }

    #[test]
    fn no_two_properties_are_one() {
        let names: std::collections::HashSet<String> = Property::ALL.iter().map(|one| normal(&one.id())).collect();
        assert_eq!(names.len(), Property::ALL.len());
    }
}
