//! The properties that are written here: their ids ([MS-OXPROPS]), and the sets in which named ones have their numbers.

/// A set of named properties, in the order in which a stream has its octets.
pub(crate) type Set = [u8; 16];

/// A property of a message, a recipient or an attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// By its id alone.
    Tag(u16),
    /// By a number in a set.
    Number(Set, u32),
    /// By a name in a set.
    Text(Set, &'static str),
}

/// The sets whose ids end in the same twelve octets.
const fn outlook(first: u32) -> Set {
    let [a, b, c, d] = first.to_le_bytes();
    [a, b, c, d, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46]
}

pub(crate) const APPOINTMENT: Set = outlook(0x0006_2002);
pub(crate) const TASK: Set = outlook(0x0006_2003);
pub(crate) const ADDRESS: Set = outlook(0x0006_2004);
pub(crate) const COMMON: Set = outlook(0x0006_2008);
/// PSETID_Log.
pub(crate) const LOG: Set = outlook(0x0006_200a);
/// PSETID_Note.
pub(crate) const NOTE: Set = outlook(0x0006_200e);
pub(crate) const PUBLIC_STRINGS: Set = outlook(0x0002_0329);
pub(crate) const MEETING: Set =
    [0x90, 0xda, 0xd8, 0x6e, 0x0b, 0x45, 0x1b, 0x10, 0x98, 0xda, 0x00, 0xaa, 0x00, 0x3f, 0x13, 0x05];

/// IID_IMessage.
pub(crate) const MESSAGE: Set = outlook(0x0002_0307);

pub(crate) const CATEGORIES: Key = Key::Text(PUBLIC_STRINGS, "Keywords");
/// Our own mark.
pub(crate) const MARK: Key = Key::Text(PUBLIC_STRINGS, "X-Mailmove-Mark");
/// The identifier that an item's format carries.
pub(crate) const UID: Key = Key::Text(PUBLIC_STRINGS, "X-Mailmove-Uid");

pub(crate) const fn common(number: u32) -> Key {
    Key::Number(COMMON, number)
}

pub(crate) const fn appointment(number: u32) -> Key {
    Key::Number(APPOINTMENT, number)
}

pub(crate) const fn address(number: u32) -> Key {
    Key::Number(ADDRESS, number)
}

pub(crate) const fn task(number: u32) -> Key {
    Key::Number(TASK, number)
}

pub(crate) const fn log(number: u32) -> Key {
    Key::Number(LOG, number)
}

pub(crate) const fn note(number: u32) -> Key {
    Key::Number(NOTE, number)
}

pub(crate) const fn meeting(number: u32) -> Key {
    Key::Number(MEETING, number)
}

/// Ids of properties that need no name, as [MS-OXPROPS] calls them.
#[allow(missing_docs)]
pub(crate) mod tag {
    use super::Key::{self, Tag};

    pub(crate) const IMPORTANCE: Key = Tag(0x0017);
    pub(crate) const MESSAGE_CLASS: Key = Tag(0x001a);
    pub(crate) const PRIORITY: Key = Tag(0x0026);
    pub(crate) const SENSITIVITY: Key = Tag(0x0036);
    pub(crate) const SUBJECT: Key = Tag(0x0037);
    pub(crate) const CLIENT_SUBMIT_TIME: Key = Tag(0x0039);
    pub(crate) const SUBJECT_PREFIX: Key = Tag(0x003d);
    pub(crate) const REPRESENTING_ENTRY_ID: Key = Tag(0x0041);
    pub(crate) const REPRESENTING_NAME: Key = Tag(0x0042);
    pub(crate) const REPLY_ENTRIES: Key = Tag(0x004f);
    pub(crate) const REPLY_NAMES: Key = Tag(0x0050);
    pub(crate) const START_DATE: Key = Tag(0x0060);
    pub(crate) const END_DATE: Key = Tag(0x0061);
    pub(crate) const REPRESENTING_TYPE: Key = Tag(0x0064);
    pub(crate) const REPRESENTING_ADDRESS: Key = Tag(0x0065);
    pub(crate) const CONVERSATION_TOPIC: Key = Tag(0x0070);
    pub(crate) const CONVERSATION_INDEX: Key = Tag(0x0071);
    pub(crate) const TRANSPORT_HEADERS: Key = Tag(0x007d);
    pub(crate) const RECIPIENT_TYPE: Key = Tag(0x0c15);
    pub(crate) const SENDER_ENTRY_ID: Key = Tag(0x0c19);
    pub(crate) const SENDER_NAME: Key = Tag(0x0c1a);
    pub(crate) const SENDER_TYPE: Key = Tag(0x0c1e);
    pub(crate) const SENDER_ADDRESS: Key = Tag(0x0c1f);
    pub(crate) const DELIVERY_TIME: Key = Tag(0x0e06);
    pub(crate) const MESSAGE_FLAGS: Key = Tag(0x0e07);
    pub(crate) const NORMALIZED_SUBJECT: Key = Tag(0x0e1d);
    pub(crate) const ATTACH_NUMBER: Key = Tag(0x0e21);
    pub(crate) const ENTRY_ID: Key = Tag(0x0fff);
    pub(crate) const OBJECT_TYPE: Key = Tag(0x0ffe);
    pub(crate) const BODY: Key = Tag(0x1000);
    pub(crate) const RTF_COMPRESSED: Key = Tag(0x1009);
    pub(crate) const HTML: Key = Tag(0x1013);
    pub(crate) const NATIVE_BODY: Key = Tag(0x1016);
    pub(crate) const INTERNET_MESSAGE_ID: Key = Tag(0x1035);
    pub(crate) const INTERNET_REFERENCES: Key = Tag(0x1039);
    pub(crate) const IN_REPLY_TO: Key = Tag(0x1042);
    pub(crate) const LIST_HELP: Key = Tag(0x1043);
    pub(crate) const LIST_SUBSCRIBE: Key = Tag(0x1044);
    pub(crate) const LIST_UNSUBSCRIBE: Key = Tag(0x1045);
    pub(crate) const ICON_INDEX: Key = Tag(0x1080);
    pub(crate) const LAST_VERB: Key = Tag(0x1081);
    pub(crate) const FLAG_STATUS: Key = Tag(0x1090);
    pub(crate) const FOLLOWUP_ICON: Key = Tag(0x1095);
    pub(crate) const ROW_ID: Key = Tag(0x3000);
    pub(crate) const DISPLAY_NAME: Key = Tag(0x3001);
    pub(crate) const ADDRESS_TYPE: Key = Tag(0x3002);
    pub(crate) const EMAIL_ADDRESS: Key = Tag(0x3003);
    pub(crate) const CREATION_TIME: Key = Tag(0x3007);
    pub(crate) const MODIFICATION_TIME: Key = Tag(0x3008);
    pub(crate) const SEARCH_KEY: Key = Tag(0x300b);
    pub(crate) const ATTACH_DATA: Key = Tag(0x3701);
    pub(crate) const ATTACH_EXTENSION: Key = Tag(0x3703);
    pub(crate) const ATTACH_FILENAME: Key = Tag(0x3704);
    pub(crate) const ATTACH_METHOD: Key = Tag(0x3705);
    pub(crate) const ATTACH_LONG_FILENAME: Key = Tag(0x3707);
    pub(crate) const ATTACH_LONG_PATHNAME: Key = Tag(0x370d);
    pub(crate) const RENDERING_POSITION: Key = Tag(0x370b);
    pub(crate) const ATTACH_MIME_TAG: Key = Tag(0x370e);
    pub(crate) const ATTACH_CONTENT_ID: Key = Tag(0x3712);
    pub(crate) const ATTACH_CONTENT_LOCATION: Key = Tag(0x3713);
    pub(crate) const ATTACH_FLAGS: Key = Tag(0x3714);
    pub(crate) const DISPLAY_TYPE: Key = Tag(0x3900);
    pub(crate) const SMTP_ADDRESS: Key = Tag(0x39fe);
    pub(crate) const SEND_RICH_INFO: Key = Tag(0x3a40);
    pub(crate) const INTERNET_CODEPAGE: Key = Tag(0x3fde);
    pub(crate) const SENDER_SMTP: Key = Tag(0x5d01);
    pub(crate) const REPRESENTING_SMTP: Key = Tag(0x5d02);
    pub(crate) const RECIPIENT_DISPLAY_NAME: Key = Tag(0x5ff6);
    pub(crate) const RECIPIENT_FLAGS: Key = Tag(0x5ffd);
    pub(crate) const RECIPIENT_ANSWER: Key = Tag(0x5fff);
    pub(crate) const EXCEPTION_START: Key = Tag(0x7ffb);
    pub(crate) const EXCEPTION_END: Key = Tag(0x7ffc);
    pub(crate) const ATTACHMENT_FLAGS: Key = Tag(0x7ffd);
    pub(crate) const ATTACHMENT_HIDDEN: Key = Tag(0x7ffe);
    pub(crate) const CONTACT_PHOTO: Key = Tag(0x7fff);
}
